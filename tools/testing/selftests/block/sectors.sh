#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: disks of 4096-byte sectors, counted in 512 bytes as the protocol says, or in sectors as old peers do
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree*
# needs: fio xen-blkfront xen-blkback
# time: 200

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run sectors "$1" "${2:-60}"
}

frontend_with() {
	in_guest ". /selftests/lib/disk.sh; disk_front $1"
}

backend_counts_large() {
	echo "$1" >/sys/module/xen_blkback/parameters/large_sectors
}

size_is() {
	in_guest "cat /sys/block/xvdb/size; [ \$(cat /sys/block/xvdb/size) = $1 ] &&
		[ \$(cat /sys/block/xvdb/queue/logical_block_size) = 4096 ]"
}

store_says() {
	plug_paths sectors 51728
	[ "$(xenstore-read "$back/sectors") $(xenstore-read "$front/feature-large-sector-size" 2>/dev/null)" = "$1" ]
}

# Where dom0 looks for it, of the disk's last blocks too.
data_is_in_its_place() {
	in_guest 'dd if=/dev/urandom of=/tmp/data bs=4k count=300 2>/dev/null
		dd if=/tmp/data of=/dev/xvdb bs=4k seek=5001 oflag=direct 2>/dev/null &&
		dd if=/tmp/data of=/dev/xvdb bs=1200k seek=13 oflag=direct 2>/dev/null &&
		dd if=/tmp/data of=/dev/xvdb bs=4k seek=16084 oflag=direct 2>/dev/null && md5sum </tmp/data' >/tmp/sum || return 1
	for block in 5001 3900 16084; do
		[ "$(dd if="$(disk_path sectors)" bs=4k skip=$block count=300 iflag=direct 2>/dev/null | md5sum)" = "$(cat /tmp/sum)" ] ||
			{ echo "not at block $block"; return 1; }
	done
}

verifies() {
	in_guest '. /selftests/lib/disk.sh; export XPV_FIO_SIZE=4m; disk_fio /dev/xvdb 4k-512k' 90
}

discard_is_in_its_place() {
	in_guest 'fio --name=trim --filename=/dev/xvdb --rw=trim --bs=64k --offset=64k --size=64k --direct=1 \
			--thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }'
	dd if="$(disk_path sectors)" of=/tmp/hole bs=64k skip=1 count=1 iflag=direct 2>/dev/null
	head -c 65536 /dev/zero | cmp - /tmp/hole &&
		[ "$(dd if="$(disk_path sectors)" bs=64k count=1 iflag=direct 2>/dev/null | tr -d '\0' | wc -c)" != 0 ]
}

fill_start() {
	in_guest 'dd if=/dev/urandom of=/dev/xvdb bs=64k count=4 oflag=direct 2>/dev/null'
}

# Memory need not be aligned to blocks where data is copied; where it is not,
# each page has to carry whole ones.
alignment_is() {
	in_guest "cat /sys/block/xvdb/queue/dma_alignment; [ \$(cat /sys/block/xvdb/queue/dma_alignment) = $1 ]"
}

unaligned_memory() {
	in_guest 'fio --name=unaligned --filename=/dev/xvdb --rw=randwrite --bsrange=4k-64k --size=2m --direct=1 \
			--ioengine=libaio --iodepth=4 --iomem_align=512 --verify=crc32c --verify_fatal=1 \
			--thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }'
}

# One disk of the frontend that is told so by its own key.
single_disk() {
	plug_prepare sectors 51744 "$(disk_path single)"
	xenstore-write "$front/large-sectors" 1
	plug_go
	plug_wait "$front" 4 20 || return 1
	in_guest 'for i in $(seq 50); do [ -b /dev/xvdc ] && break; sleep 0.1; done
		cat /sys/block/xvdb/size /sys/block/xvdc/size
		[ "$(cat /sys/block/xvdb/size) $(cat /sys/block/xvdc/size)" = "131072 32768" ]' &&
		[ "$(xenstore-read "$back/sectors")" = 4096 ]
	status=$?
	unplug_nodes sectors 51744
	return $status
}

# Users that were told of the first backend may never ask again.
keeps_nothing_mapped() {
	plug_paths sectors 51728
	backend_reload xen-blkback feature_persistent=0 && unaligned_memory &&
		[ "$(xenstore-read "$back/feature-persistent")" = 0 ] && alignment_is 511
}

standard() {
	ktap_test_result 'the size, counted in 512 bytes' size_is 131072
	ktap_test_result 'the store says so' store_says '131072 '
	ktap_test_result 'data is where it belongs' data_is_in_its_place
	ktap_test_result 'random writes read back' verifies
	ktap_test_result 'copied data can be anywhere in memory' unaligned_memory
	ktap_test_result 'which the disk says' alignment_is 511
	if [ "$XPV_BACK" = ours ]; then
		ktap_test_result 'also with a later backend that keeps nothing mapped' keeps_nothing_mapped
		backend_reload xen-blkback
	fi
	frontend_with feature_persistent=0
	ktap_test_result 'lent pages carry whole blocks' alignment_is 4095
	ktap_test_result 'data is where it belongs' data_is_in_its_place
	ktap_test_result 'random writes read back' verifies
}

legacy() {
	backend_counts_large 1
	frontend_with large_sectors=0
	ktap_test_result 'only one end counts in blocks: neither does' size_is 131072
	frontend_with large_sectors=1
	ktap_test_result 'the size, counted in blocks' size_is 131072
	ktap_test_result 'the store says so' store_says '16384 1'
	ktap_test_result 'data is where it belongs' data_is_in_its_place
	ktap_test_result 'random writes read back' verifies
	ktap_test_result 'lent, data is where it belongs' lent_legacy
	fill_start
	ktap_test_result 'a discard is where it belongs' discard_is_in_its_place
	frontend_with ''
	ktap_test_result 'one disk alone can count in blocks' single_disk
}

lent_legacy() {
	frontend_with 'large_sectors=1 feature_persistent=0' && data_is_in_its_place && verifies
}

ktap_print_header
[ "$XPV_BACK" = ours ] && ktap_set_plan 19 || ktap_set_plan 11
disk_make sectors 64M null4k >/dev/null && disk_make single 16M null4k >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' guest_create sectors "disk=xvdb:$(disk_path sectors)" || ktap_exit_fail_msg 'no guest'
standard
if [ "$XPV_BACK" = ours ]; then
	legacy
else
	frontend_with large_sectors=1
	ktap_test_result 'a backend that does not count in blocks shows eight times the size' size_is 1048576
fi
ktap_finished
