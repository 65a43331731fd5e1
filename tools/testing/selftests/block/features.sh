#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: large sectors, discard, read-only and a growing disk reach the guest as they are
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree*
# needs: fio xen-blkfront xen-blkback
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run features "$1" "${2:-60}"
}

queue_says() {
	in_guest "cat /sys/block/$1/queue/$2; [ \$(cat /sys/block/$1/queue/$2) = $3 ]"
}

large_sectors_verify() {
	in_guest '. /selftests/lib/disk.sh; XPV_FIO_SIZE=8m; disk_fio /dev/xvdb 4k-256k' 90
}

# What is discarded reads as zeroes on this device; what is beside it stays.
discard_works() {
	in_guest 'dd if=/dev/urandom of=/tmp/data bs=64k count=4 2>/dev/null
		dd if=/tmp/data of=/dev/xvdb bs=64k oflag=direct 2>/dev/null
		fio --name=trim --filename=/dev/xvdb --rw=trim --bs=64k --offset=64k --size=64k --direct=1 \
			--thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }
		dd if=/dev/zero of=/tmp/data bs=64k seek=1 count=1 conv=notrunc 2>/dev/null
		dd if=/dev/xvdb bs=64k count=4 iflag=direct 2>/dev/null | cmp - /tmp/data'
}

is_read_only() {
	in_guest '[ "$(cat /sys/block/xvdd/ro)" = 1 ] && ! dd if=/dev/zero of=/dev/xvdd bs=4k count=1 oflag=direct'
}

# As a backend tells it; whether one notices is another test's.
grow() {
	back=$(xenstore-read "/local/domain/$(xl domid features)/device/vbd/51744/backend")
	xenstore-write "$back/sectors" 98304 "$back/state" 4
}

has_grown() {
	in_guest 'for i in $(seq 20); do
			[ "$(cat /sys/block/xvdc/size)" = 98304 ] && exit
			sleep 0.1
		done
		cat /sys/block/xvdc/size
		exit 1'
}

told_of_growth() {
	in_guest 'dmesg | grep "xvdc: detected capacity change"'
}

ktap_print_header
ktap_set_plan 9
disk_make large 64M null4k >/dev/null && disk_make growing 32M >/dev/null &&
	disk_make fixed 16M >/dev/null || ktap_exit_fail_msg 'no disks'
ktap_test_result 'the guest is up' guest_create features \
	disk="xvdb:$(disk_path large)" disk="xvdc:$(disk_path growing)" \
	disk="format=raw,vdev=xvdd,access=ro,backendtype=phy,target=$(disk_path fixed)" ||
	ktap_exit_fail_msg 'no guest'
ktap_test_result 'sectors of 4096 bytes' queue_says xvdb logical_block_size 4096
ktap_test_result 'data on large sectors' large_sectors_verify
ktap_test_result 'the granularity of discards' queue_says xvdb discard_granularity 4096
ktap_test_result 'discard' discard_works
ktap_test_result 'read-only' is_read_only
grow
ktap_test_result 'a disk grows' has_grown
ktap_test_result 'and says so' told_of_growth
ktap_test_result 'no I/O scheduler' in_guest 'grep "\[none\]" /sys/block/xvdb/queue/scheduler'
ktap_finished
