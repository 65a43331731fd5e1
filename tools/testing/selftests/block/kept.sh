#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: pages stay mapped while they are used and go when they are not; an idle disk's new size is told
# runs: dom0
# guest: pv
# pair: ours/ours intree/ours*
# needs: fio xen-blkfront xen-blkback
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

disk=/dev/xvdb

# ring_number 'NAME': the number after NAME, summed over the rings
ring_number() {
	sed -n "s/.*$1 \([0-9]*\).*/\1/p" /sys/kernel/debug/xenbus-mt/devices |
		awk '{ sum += $1 } END { print sum + 0 }'
}

backend_that_forgets_soon() {
	backend ours xen-blkback.persistent_grant_unused_seconds=5
}

offers() {
	domid=$(xl domid kept)
	xenstore-read "/local/domain/$domid/device/vbd/51728/feature-persistent"
}

# fio_in_guest DEPTH
fio_in_guest() {
	guest_run kept "fio --name=kept --filename=$disk --rw=randrw --bs=4k \
		--size=32m --io_size=6m --direct=1 --ioengine=libaio \
		--iodepth=$1 --thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }"
}

# tell DEPTH: how many events a request took
tell() {
	requests=$(($(ring_number rd) + $(ring_number wr) - requests_before))
	events=$(($(ring_number 'events sent') - events_before))
	ktap_print_msg "$XPV_FRONT/$XPV_BACK depth $1: $requests requests, $events events sent, $(ring_number kept) pages kept"
}

fio_keeps_pages() {
	requests_before=$(($(ring_number rd) + $(ring_number wr)))
	events_before=$(ring_number 'events sent')
	fio_in_guest "$1" || return 1
	tell "$1"
	[ "$(offers)" = 1 ] && [ "$(ring_number kept)" -gt 0 ]
}

# Time on an emulated host is long: so is what counts as soon.
busy_ring_is_polled() {
	won_before=$(ring_number 'polls won')
	echo 3000 >/sys/module/xen_blkback/parameters/poll_us
	fio_in_guest 8
	good=$?
	echo 20 >/sys/module/xen_blkback/parameters/poll_us
	won=$(($(ring_number 'polls won') - won_before))
	echo "polls won: $won, and $won_before before"
	[ $good = 0 ] && [ $won -gt 0 ]
}

pages_go() {
	wait_for 20 '[ "$(ring_number kept)" -eq 0 ]'
}

# The kernel asks its shrinkers for memory.
frames_go() {
	[ "$(ring_number unused)" -gt 0 ] || __complain 'no frame to give back' || return 1
	echo 2 >/proc/sys/vm/drop_caches
	wait_for 5 '[ "$(ring_number unused)" -eq 0 ]'
}

grow() {
	truncate -s 96M /tmp/disks/grown && losetup -c "$loop"
}

guest_sees() {
	guest_run kept "for i in \$(seq 10); do
		[ \$(cat /sys/block/xvdb/size) = $1 ] && exit; sleep 0.2; done
		cat /sys/block/xvdb/size; exit 1"
}

# A disk whose toolstack wants less of it.
limits_hold() {
	plug_prepare kept 51744 "$(disk_path small)"
	xenstore-write "$back/limit-queues" 1 "$back/limit-ring-page-order" 2 \
		"$back/limit-persistent-grants" 0
	plug_go
	plug_wait "$front" 4 20 || return 1
	__got=$(for __key in multi-queue-max-queues max-ring-page-order feature-persistent; do
		xenstore-read "$back/$__key"
	done | tr '\n' ' ')
	unplug_nodes kept 51744
	[ "$__got" = '1 2 0 ' ] || __complain "offered: $__got"
}

ktap_print_header
ktap_set_plan 11
ktap_test_result 'the backend loads' backend_that_forgets_soon || ktap_exit_fail_msg 'no backend'
loop=$(disk_make grown 64M loop) || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' guest_create kept "disk=xvdb:$loop" || ktap_exit_fail_msg 'no guest'
ktap_test_result 'a page is kept, one request at a time' fio_keeps_pages 1
ktap_test_result 'pages are kept, 32 requests at a time' fio_keeps_pages 32
ktap_test_result 'a busy ring is polled' busy_ring_is_polled
ktap_test_result 'pages that nobody uses go' pages_go
ktap_test_result 'frames that nobody uses go when memory is short' frames_go
ktap_test_result 'a loop device grows' grow
ktap_test_result 'the guest of the idle disk sees its new size within 2 s' guest_sees 196608
ktap_test_result 'the disk works still' fio_in_guest 4
disk_make small 16M >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result "a device's own limits hold" limits_hold
guest_destroy kept
ktap_finished
