#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: requests of many megabytes, where both ends want them
# runs: dom0
# guest: pv
# pair: ours/ours
# disks: xvdb=96M
# needs: fio xen-blkfront xen-blkback
# memory: 640
# length: long
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run large "$1" "${2:-60}"
}

backend_offers() {
	backend ours "xen-blkback.max_indirect_segments=$1"
}

segments_are() {
	in_guest "cat /sys/block/xvdb/queue/max_segments; [ \$(cat /sys/block/xvdb/queue/max_segments) = $1 ]"
}

# The block layer makes requests of 1280 KB at most unless it is told.
frontend_with() {
	in_guest ". /selftests/lib/disk.sh; disk_front $1 &&
		cat /sys/block/xvdb/queue/max_hw_sectors_kb >/sys/block/xvdb/queue/max_sectors_kb"
}

requests() {
	cat /sys/bus/xen-backend/devices/vbd-*-51728/statistics/wr_req
}

# 64 MB in as few requests as the limits of both ends let them be.
sequential() {
	before=$(requests)
	in_guest 'dd if=/dev/urandom of=/tmp/data bs=1M count=64 2>/dev/null
		dd if=/tmp/data of=/dev/xvdb bs=16M oflag=direct 2>/dev/null &&
		echo 3 >/proc/sys/vm/drop_caches &&
		dd if=/dev/xvdb bs=16M count=4 iflag=direct 2>/dev/null | cmp - /tmp/data' || return 1
	made=$(($(requests) - before))
	echo "64 MB in $made requests"
	[ $made -le "$1" ]
}

dom0_finds_it() {
	sum=$(in_guest 'md5sum </tmp/data')
	[ "$(dd if="$(disk_path large-xvdb)" bs=1M count=64 iflag=direct 2>/dev/null | md5sum)" = "$sum" ]
}

random() {
	in_guest '. /selftests/lib/disk.sh; export XPV_FIO_SIZE=16m; disk_fio /dev/xvdb 512k-8m' 120
}

start_traffic() {
	in_guest 'rm -f /tmp/background.log' && guest_start large \
		"fio --name=traffic --filename=/dev/xvdb --rw=randwrite --bsrange=1m-8m --size=80m --direct=1 --ioengine=libaio --iodepth=4 --verify=crc32c --verify_fatal=1 --thread --minimal --output=/tmp/fio.log; echo done \$?" &&
		disk_traffic_flows large 3
}

traffic_ends_well() {
	in_guest 'for i in $(seq 500); do grep -q "done" /tmp/background.log && break; sleep 0.2; done
		cat /tmp/background.log; grep -q "done 0" /tmp/background.log' 120
}

connected_with() {
	plug_paths large 51728
	wait_for 20 "[ \"\$(xenstore-read $back/feature-max-indirect-segments)\" = $1 ] &&
		[ \"\$(plug_state $back)\" = 4 ]"
}

ktap_print_header
ktap_set_plan 16
ktap_test_result 'the backend offers 4096 segments' backend_offers 4096 || ktap_exit_fail_msg 'no backend'
ktap_test_result 'the guest is up' guest_create large || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the offer is there' connected_with 4096
ktap_test_result 'the frontend takes its 256 of them' segments_are 256
frontend_with max_indirect_segments=4096 || ktap_exit_fail_msg 'no disk'
ktap_test_result 'it takes all if told' segments_are 4096
ktap_test_result 'few requests carry much, copied' sequential 8
ktap_test_result 'dom0 finds the data' dom0_finds_it
ktap_test_result 'random writes of 512 KB to 8 MB read back' random
frontend_with 'max_indirect_segments=600 feature_persistent=0' || ktap_exit_fail_msg 'no disk'
ktap_test_result 'a limit of no round number' segments_are 600
ktap_test_result 'few requests carry much, lent' sequential 40
ktap_test_result 'random writes of 512 KB to 8 MB read back' random
frontend_with 'max_indirect_segments=4096' && start_traffic || ktap_exit_fail_msg 'no traffic'
ktap_test_result 'the backend takes less under traffic' backend_reload xen-blkback max_indirect_segments=200
ktap_test_result 'the frontend follows' connected_with 200
ktap_test_result 'no request was lost' traffic_ends_well
ktap_test_result 'the backend takes no indirect requests' backend_reload xen-blkback max_indirect_segments=0
ktap_test_result 'the disk works' random
guest_destroy large
ktap_finished
