/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual-device numbers: which disk the toolstack meant.
 *
 * Pure: user space compiles vdev.c for its tests.
 */
#ifndef BLKFRONT_VDEV_H
#define BLKFRONT_VDEV_H

#include <linux/types.h>

/* As long as the block layer's own. */
#define BLKFRONT_NAME_LEN	32

/**
 * struct blkfront_vdev - a disk's number and name under major 202
 * @minor: its first minor
 * @minors: how many are its own: 16 or 256 for a disk, 1 for a partition that
 *	the toolstack attached by itself
 * @name: as in /dev
 */
struct blkfront_vdev {
	unsigned int minor;
	unsigned int minors;
	char name[BLKFRONT_NAME_LEN];
};

/**
 * blkfront_vdev_parse() - make sense of a "virtual-device" number
 * @number: what the store says
 * @vdev: filled on success
 *
 * A plain number is major << 8 | minor: of xvd, or of the IDE and SCSI disks
 * of old, which become the xvd disk of the same letter. An extended one is
 * 1 << 28 | disk << 8 | partition. (Xen's man page
 * xen-vbd-interface(7) defines both.)
 *
 * Context: any; pure.
 * Return: 0; -ENODEV for a number that names no disk.
 */
int blkfront_vdev_parse(unsigned int number, struct blkfront_vdev *vdev);

#endif
