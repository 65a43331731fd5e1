#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a disk is attached, loses its backend while it is used, and is detached, over and over, beside another under traffic: nothing is left
# runs: dom0
# guest: pv
# pair: ours/ours
# disks: xvdb=32M
# needs: fio xen-blkfront xen-blkback
# length: long
# time: 1800
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/census.sh"
. "${0%/*}/../lib/soak.sh"
. "${0%/*}/../lib/plug.sh"

SOAK_USERS=xvdb
SOAK_GUEST=kills
cycles=$(soak_count 200)
number=51744	# xvdc
load='sh /selftests/lib/load.sh'

# Every other one is also attached and detached by a backend that goes meanwhile.
kill_meanwhile() {
	[ $(($1 % 2)) = 1 ] || soak_kill xen-blkback
}

attaches() {
	plug_nodes kills $number "$(disk_path other)" && kill_meanwhile "$1" &&
		plug_wait "$front" 4 && plug_wait "$back" 4
}

# Two trips to the guest, each of which takes as long as all that the drivers do.
is_used() {
	guest_run kills "$load start xvdc && $load flows xvdc xvdb" && soak_kill xen-blkback &&
		guest_run kills "$load end xvdc && $load flows xvdb" 120
}

detaches() {
	xenstore-write "$back/online" 0 "$back/state" 5
	kill_meanwhile "$1" && plug_wait "$front" 6 && plug_wait "$back" 6 && unplug_nodes kills $number &&
		wait_for 10 "! [ -e /sys/bus/xen-backend/devices/vbd-$domid-$number ]"
}

cycle() {
	attaches "$1" && is_used && detaches "$1" && return
	echo "frontend $(plug_state "$front"), backend $(plug_state "$back")"
	return 1
}

anew() {
	soak_kill xen-blkback
}

ktap_print_header
ktap_set_plan $((SOAK_RESULTS + 1))
disk_make other 16M >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' guest_create kills || ktap_exit_fail_msg 'no guest'
soak "$cycles" "$cycles disks come, lose their backend while in use, and go"
ktap_finished
