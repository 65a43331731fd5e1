// SPDX-License-Identifier: GPL-2.0
/*
 * usage: blkpeer PEER NUMBER
 *        blkpeer check DISK SECTOR COUNT SEED
 *        blkpeer cdrom DISK
 *        blkpeer backend DOMID NUMBER
 *
 * Plays a frontend on the disk of that virtual-device number, which must have
 * no driver. Or looks, in dom0, at what one wrote, or is a backend there, for a
 * guest's driver. Or asks the driver of a disk whether that is a CD drive.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/cdrom.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "blk.h"

static void loader32(struct device *dev)
{
	play_loader(dev, &abi32);
}

static void loader64(struct device *dev)
{
	play_loader(dev, &abi64);
}

static const struct peer peers[] = {
	{ "windows", play_windows },
	{ "windows-ejected", play_windows_ejected },
	{ "windows-resized", play_windows_resized },
	{ "loader32", loader32 },
	{ "loader64", loader64 },
	{ "firmware", play_firmware },
	{ "unikraft", play_unikraft },
	{ "netbsd", play_netbsd },
	{ "freebsd", play_freebsd },
	{ "hostile", play_hostile },
	{ "hostile-queues", play_hostile_queues },
	{ "neighbour", play_neighbour },
	{ }
};

/* Past the page cache, which may be older than what a guest wrote. */
static void check(const char *disk, __u64 sector, unsigned int nr,
		  unsigned int seed)
{
	static __u8 data[1 << 20] __attribute__((aligned(PAGE_BYTES)));
	int fd = open(disk, O_RDONLY | O_DIRECT);
	size_t size = nr * SECTOR_BYTES;

	if (fd < 0)
		give_up("%s: %s", disk, strerror(errno));
	if (size > sizeof(data) ||
	    pread(fd, data, size, sector * SECTOR_BYTES) != (ssize_t)size)
		give_up("%s: cannot read sector %llu", disk,
			(unsigned long long)sector);
	report_as("image");
	rule("holds what was written",
	     is_pattern(data, sector, nr, seed));
}

/* As programs do that look for CDs. */
static void cdrom(const char *disk)
{
	int fd = open(disk, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		give_up("%s: %s", disk, strerror(errno));
	report_as(disk);
	rule("is a CD drive", ioctl(fd, CDROM_GET_CAPABILITY, 0) >= 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 6 && !strcmp(argv[1], "check"))
		check(argv[2], strtoull(argv[3], NULL, 10), atoi(argv[4]),
		      atoi(argv[5]));
	else if (argc == 3 && !strcmp(argv[1], "cdrom"))
		cdrom(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "backend"))
		hostile_backend(argv[2], argv[3]);
	else if (argc == 3)
		peer_play(peers, "vbd", argv[1], argv[2]);
	else
		give_up("usage: blkpeer PEER NUMBER | check ... | cdrom DISK | backend ...");
	return any_broken();
}
