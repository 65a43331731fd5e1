#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what a guest writes is what dom0 finds on the image, for every pair and guest type
# runs: dom0
# guest: pv pvh+ hvm*
# pair: ours/ours ours/intree intree/ours
# disks: xvdb=256M
# needs: fio xen-blkfront xen-blkback
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

disk=/dev/xvdb

in_guest() {
	guest_run verify ". /selftests/lib/disk.sh; XPV_LONG=$XPV_LONG; $*" "$([ -n "$XPV_LONG" ] && echo 600 || echo 90)"
}

image_is_clean() {
	e2fsck -fn "$(disk_path verify-xvdb)"
}

image_has_the_files() {
	mkdir -p /tmp/image
	mount -t ext4 -o ro "$(disk_path verify-xvdb)" /tmp/image || return 1
	(cd /tmp/image && md5sum -c SUMS)
	__status=$?
	umount /tmp/image
	return $__status
}

ktap_print_header
ktap_set_plan 7
ktap_test_result 'the guest boots' guest_create verify boot=real || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the disk is found' in_guest test -b $disk
ktap_test_result 'random writes of 512 B to 64 KB read back' in_guest disk_fio $disk 512-64k
ktap_test_result 'random writes of 64 KB to 1 MB read back' in_guest disk_fio $disk 64k-1m
ktap_test_result 'ext4 takes files and gives them back' in_guest disk_files $disk
guest_destroy verify
wait_for 10 '! ls /sys/bus/xen-backend/devices | grep -q vbd'
ktap_test_result 'dom0 finds the file system clean' image_is_clean
ktap_test_result 'dom0 finds the files equal' image_has_the_files
ktap_finished
