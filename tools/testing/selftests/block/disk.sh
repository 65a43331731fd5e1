#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a disk keeps what is written to it: fio verify from 512 B to 1 MB, ext4 with files
# runs: guest
# guest: pv
# pair: ours/ours
# disks: xvdb=256M
# needs: fio xen-blkfront xen-blkback
# length: long
# time: 180
#
# Overwrites $XPV_DISK. Leaves an ext4 file system with files and their
# checksums (SUMS) on it, so that the other end can look at them.

. "${0%/*}/../lib/ktap.sh"

. "${0%/*}/../lib/disk.sh"

ktap_print_header
if [ -z "$XPV_DISK" ]; then
	ktap_skip_all 'needs a disk to overwrite: set XPV_DISK'
	exit "$KSFT_SKIP"
fi
ktap_set_plan 4
ktap_test_result 'the disk is found' test -b "$XPV_DISK"
ktap_test_result 'random writes of 512 B to 64 KB read back' disk_fio "$XPV_DISK" 512-64k
ktap_test_result 'random writes of 64 KB to 1 MB read back' disk_fio "$XPV_DISK" 64k-1m
ktap_test_result 'ext4 takes files and gives them back' disk_files "$XPV_DISK"
ktap_finished
