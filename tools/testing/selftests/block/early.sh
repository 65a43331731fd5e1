#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a disk that goes while its partition table is read, and while requests are out, goes cleanly
# runs: dom0
# guest: pv
# pair: ours/ours
# vcpus: 2
# needs: xen-blkfront xen-blkback
# time: 300
#
# The frontend's lane then waits for works that may run at that moment. Were they
# on a queue that memory reclaim does not count on, the kernel would warn, which
# ends the guest.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

[ -n "$XPV_LONG" ] && rounds=20 || rounds=1
device=51728

in_guest() {
	guest_run early "$1" 20
}

freeze() {
	dmsetup suspend --noflush --nolockfs early
}

thaw() {
	dmsetup resume --noudevsync early
}

# Connected on both ends, and the first read does not end.
is_being_read() {
	plug_wait "$front" 4 && plug_wait "$back" 4 &&
		in_guest 'for i in $(seq 50); do
			grep -q add_work /proc/[0-9]*/stack && exit; sleep 0.1
		done; exit 1'
}

guest_forgets() {
	in_guest 'for i in $(seq 100); do
			[ -e /sys/bus/xen/devices/vbd-51728 ] || exit 0; sleep 0.1
		done; exit 1'
}

# round OUT: OUT takes the disk away
round() {
	freeze && plug_nodes early $device "$(disk_path early)" && is_being_read || return 1
	"$1" && guest_forgets || return 1
	thaw && wait_for 10 "! [ -e /sys/bus/xen-backend/devices/vbd-$domid-$device ]"
}

by_force() {
	unplug_nodes early $device
}

# The backend says that it closes while the frontend's first read is out.
politely() {
	xenstore-write "$back/online" 0 "$back/state" 5
	sleep 0.2
	unplug_nodes early $device
}

unbound() {
	in_guest 'echo vbd-51728 >/sys/bus/xen/drivers/vbd/unbind' && unplug_nodes early $device
}

rounds_of() {
	for i in $(seq $rounds); do
		round "$1" || { echo "round $i failed: $(plug_state "$front") $(plug_state "$back")"; return 1; }
	done
}

disk_works() {
	plug_nodes early $device "$(disk_path early)" && plug_wait "$front" 4 &&
		in_guest 'for i in $(seq 50); do [ -b /dev/xvdb ] && break; sleep 0.1; done
			[ -b /dev/xvdb ] && dd if=/dev/urandom of=/dev/xvdb bs=64k count=4 conv=fsync 2>/dev/null' &&
		unplug_nodes early $device && guest_forgets
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log early)"
}

ktap_print_header
ktap_set_plan 6
disk_make early 64M linear >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' guest_create early || ktap_exit_fail_msg 'no guest'
ktap_test_result 'its nodes are deleted' rounds_of by_force
ktap_test_result 'its backend closes' rounds_of politely
ktap_test_result 'its driver is unbound' rounds_of unbound
ktap_test_result 'it works when it is left alone' disk_works
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
