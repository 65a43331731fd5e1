#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: attaching and detaching a disk over and over leaves nothing behind
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: xen-blkfront xen-blkback
# time: 2400
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/census.sh"

[ -n "$XPV_LONG" ] && cycles=200 || cycles=5
[ -n "$XPV_LONG" ] && quick_cycles=800 || quick_cycles=12

cycle() {
	xl block-attach cycles "$(disk_spec cycles "xvdc:$(disk_path cycles)")" >/tmp/xl.log 2>&1 &&
		guest_run cycles 'for i in $(seq 50); do [ -b /dev/xvdc ] && break; sleep 0.1; done
			dd if=/dev/urandom of=/dev/xvdc bs=64k count=4 conv=fsync 2>/dev/null' 20 &&
		xl block-detach cycles xvdc >/tmp/xl.log 2>&1 &&
		return
	cat /tmp/xl.log
	return 1
}

run_cycles() {
	for i in $(seq "$1"); do
		cycle || { echo "cycle $i failed"; return 1; }
	done
	wait_for 10 '! ls /sys/bus/xen-backend/devices | grep -q vbd'
}

# The same by the store alone, as the toolstack does it in the end.
quick_cycle() {
	plug_nodes cycles 51760 "$(disk_path cycles)" &&
		plug_wait "$front" 4 && plug_wait "$back" 4 || return 1
	xenstore-write "$back/online" 0 "$back/state" 5
	plug_wait "$back" 6 && plug_wait "$front" 6 && unplug_nodes cycles 51760 &&
		wait_for 10 "! [ -e /sys/bus/xen-backend/devices/vbd-$domid-51760 ]"
}

run_quick_cycles() {
	for i in $(seq $quick_cycles); do
		quick_cycle || { echo "cycle $i failed: $(plug_state "$front") $(plug_state "$back")"; return 1; }
	done
	# The toolstack takes empty directories away, too.
	for dir in "${front%/*}" "${back%/*}" "${back%/*/*}"; do
		[ -n "$(xenstore-ls "$dir")" ] || xenstore-rm "$dir"
	done
}

ktap_print_header
ktap_set_plan 9
disk_make cycles 64M >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest boots' guest_create cycles || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the first cycles work' run_cycles 3
census >/tmp/before
ktap_test_result "$cycles cycles work" run_cycles $cycles
ktap_test_result "$quick_cycles cycles without the toolstack work" run_quick_cycles
census >/tmp/after
census_results $((cycles + quick_cycles))
ktap_finished
