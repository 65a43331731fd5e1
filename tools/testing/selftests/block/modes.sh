#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the frontend's ways to carry data, and a backend whose offers change under traffic
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree*
# needs: fio xen-blkfront xen-blkback
# vcpus: 2
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run modes "$1" "${2:-60}"
}

front_with() {
	in_guest ". /selftests/lib/disk.sh; disk_front $1"
}

# The frontend anew, with PARAMETERS; the data is verified both ways.
works_with() {
	front_with "$1" && in_guest ". /selftests/lib/disk.sh; export XPV_FIO_SIZE=4m
		disk_fio /dev/xvdb 512-64k && disk_fio /dev/xvdb 64k-1m" 90
}

queues_are() {
	in_guest "[ \$(ls /sys/block/xvdb/mq | wc -l) = $1 ]"
}

frontend_says() {
	xenstore-ls -f "/local/domain/$(xl domid modes)/device/vbd" | grep -q "$1"
}

start_traffic() {
	in_guest 'rm -f /tmp/background.log' && guest_start modes \
		"fio --name=traffic --filename=/dev/xvdb --rw=randwrite --bsrange=4k-256k --size=24m --offset_increment=24m --numjobs=2 --direct=1 --ioengine=libaio --iodepth=8 --verify=crc32c --verify_fatal=1 --thread --minimal --output=/tmp/fio.log; echo done \$?" &&
		disk_traffic_flows modes
}

traffic_ends_well() {
	in_guest 'for i in $(seq 500); do grep -q "done" /tmp/background.log && break; sleep 0.2; done
		cat /tmp/background.log; grep -q "done 0" /tmp/background.log' 120
}

# Frames run out while others are at work: the request waits for theirs. Every second
# map is of an indirect request's data, its segments being mapped already.
short_of_frames() {
	fault=/sys/kernel/debug/xenbus-mt/fault
	for n in $([ -n "$XPV_LONG" ] && seq 20 || echo 6); do
		echo "vbd-$(xl domid modes)-51728 $n" >$fault
		in_guest 'fio --name=short --filename=/dev/xvdb --rw=randwrite --bs=128k --size=8m --direct=1 --ioengine=libaio \
			--iodepth=16 --verify=crc32c --verify_fatal=1 --do_verify=1 --thread --minimal --output=/tmp/fio.log ||
			{ cat /tmp/fio.log; exit 1; }' 60 || return 1
		cat $fault
		grep -q 'failed: frames' $fault || return 1
	done
	# And of one that is alone, for a while.
	echo "vbd-$(xl domid modes)-51728 1 30" >$fault
	in_guest 'dd if=/dev/xvdb of=/dev/null bs=64k count=1 iflag=direct' && cat $fault &&
		grep -q 'failed: frames' $fault && ! dmesg | grep "vbd-$(xl domid modes)-.*refused: .*page cannot be mapped"
}

one_queue_now() {
	wait_for 20 '! frontend_says multi-queue-num-queues && frontend_says "/state = .4"'
}

two_queues_again() {
	wait_for 20 'frontend_says "multi-queue-num-queues = .2" && frontend_says "/state = .4"'
}

polled_io() {
	in_guest 'fio --name=polled --filename=/dev/xvdb --rw=randwrite --bs=4k --size=2m --direct=1 \
			--ioengine=io_uring --hipri=1 --iodepth=4 --verify=crc32c --verify_fatal=1 --do_verify=1 \
			--thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }' 90
}

ring_events() {
	in_guest 'awk "/vbd-[0-9]*-51728-1\$/ { n = 0; for (i = 2; i < NF; i++) n += \$i; print n }" /proc/interrupts'
}

# Answers are found without events, but for the first one of the ring.
polling_needs_no_events() {
	in_guest '[ "$(cat /sys/block/xvdb/queue/io_poll)" = 1 ]' || return
	before=$(ring_events)
	polled_io || return
	after=$(ring_events)
	echo "$before events before, $after after"
	[ -n "$before" ] && [ $((after - before)) -le 1 ]
}

# Someone in the backend's domain says which disk it is.
name_disk() {
	back=$(xenstore-read "/local/domain/$(xl domid modes)/device/vbd/51728/backend")
	xenstore-write "$back/serial" 'disk 7/a'
}

has_name() {
	in_guest '[ "$(cat /sys/block/xvdb/serial)" = disk_7_a ]'
}

# Where the backend keeps no page, data is copied for no other reason than that it is
# not trusted.
carried() {
	in_guest 'cat /sys/kernel/debug/xenbus-mt/devices' |
		awk '/^device\/vbd/ { on = index($0, "/51728 ") } on && /^ring [0-9]+: live/' >/tmp/rings
	cat /tmp/rings
	[ -s /tmp/rings ] && ! grep -qv ", $1\$" /tmp/rings
}

lends_to_trusted() {
	front_with '' && carried lent
}

copies_for_untrusted() {
	works_with 'trusted=0' && carried copied
}

# The toolstack says it of one disk.
key_says_untrusted() {
	xenstore-write "$front/trusted" 0
	front_with '' && carried copied
}

# Reads of this disk leave pages as they were: so they show what those that are granted
# held before, in a kernel that does not wipe each page it hands out.
grants_nothing_of_others() {
	front_with 'trusted=0' && in_guest 'for i in $(seq 50); do [ -b /dev/xvdc ] && break; sleep 0.1; done
		dd if=/dev/xvdc of=/tmp/read bs=64k count=16 iflag=direct 2>/dev/null || exit
		n=$(tr -d "\0" </tmp/read | wc -c); echo "$n bytes of others"; rm /tmp/read; [ $n = 0 ]'
}

dirty_memory() {
	in_guest 'tr "\0" s </dev/zero | head -c 8m >/tmp/fill; rm /tmp/fill'
}

ktap_print_header
plan=$([ -n "$XPV_LONG" ] && echo 13 || echo 12)
[ "$XPV_BACK" != ours ] || plan=$((plan + 8))
[ "$XPV_BACK$XPV_LONG" != ours1 ] || plan=$((plan + 5))
ktap_set_plan $plan
disk_make void 16M void >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' guest_create modes disk=xvdb=64M "disk=xvdc:$(disk_path void)" \
	extra=init_on_alloc=0 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'as it comes' works_with ''
ktap_test_result 'two queues for two CPUs' queues_are 2
ktap_test_result 'the backend was told so' frontend_says 'multi-queue-num-queues = .2'
ktap_test_result 'the disk has no name' in_guest '! [ -e /sys/block/xvdb/serial ]'
name_disk
ktap_test_result 'without persistent pages' works_with 'feature_persistent=0'
ktap_test_result 'the disk has a name' has_name
[ "$XPV_BACK" != ours ] || ktap_test_result 'requests wait for frames' short_of_frames
ktap_test_result 'one small ring, 11 segments' works_with 'max_queues=1 max_ring_page_order=0 max_indirect_segments=11'
[ -z "$XPV_LONG" ] || ktap_test_result 'one small ring, copied' works_with 'max_queues=1 max_ring_page_order=0 max_indirect_segments=11 trusted=0'
ktap_test_result 'one queue' queues_are 1
ktap_test_result 'with a polled queue' works_with 'poll_queues=1'
ktap_test_result 'one of them is polled' queues_are 2
ktap_test_result 'polled requests bring no events' polling_needs_no_events
if [ "$XPV_BACK" = ours ]; then
	front=/local/domain/$(xl domid modes)/device/vbd/51728
	backend_reload xen-blkback feature_persistent=0
	ktap_test_result 'a backend that keeps nothing is lent the data' lends_to_trusted
	ktap_test_result 'not if it is not trusted' copies_for_untrusted
	dirty_memory
	ktap_test_result 'which sees nothing but what it is asked to write' grants_nothing_of_others
	ktap_test_result 'nor if one disk says so' key_says_untrusted
	xenstore-rm "$front/trusted"
	backend_reload xen-blkback
	works_with '' >/dev/null && start_traffic || ktap_exit_fail_msg 'no traffic'
	# What is out is put to a backend with fewer queues, smaller rings and smaller
	# requests: in several parts, on 32 slots that two queues share.
	ktap_test_result 'the backend offers less' backend_reload xen-blkback max_queues=1 max_ring_page_order=0 max_indirect_segments=0
	ktap_test_result 'the frontend follows' one_queue_now
	ktap_test_result 'no request was lost' traffic_ends_well
fi
if [ "$XPV_BACK$XPV_LONG" = ours1 ]; then
	start_traffic || ktap_exit_fail_msg 'no traffic'
	ktap_test_result 'the backend offers more again' backend_reload xen-blkback
	ktap_test_result 'the frontend follows' two_queues_again
	ktap_test_result 'no request was lost' traffic_ends_well
	works_with 'poll_queues=1' >/dev/null
	backend_reload xen-blkback max_queues=1
	ktap_test_result 'the backend has no queue to poll' one_queue_now
	ktap_test_result 'polled requests find another' polled_io
fi
ktap_finished
