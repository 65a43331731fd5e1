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

if [ -n "$XPV_LONG" ]; then
	cycles=200 rounds=100 many=8
else
	cycles=1 rounds=1 many=4
fi

cycle() {
	xl block-attach cycles "$(disk_spec cycles "xvdc:$(disk_path cycles)")" >/tmp/xl.log 2>&1 &&
		guest_run cycles 'for i in $(seq 50); do [ -b /dev/xvdc ] && break; sleep 0.1; done
			[ -b /dev/xvdc ] && dd if=/dev/urandom of=/dev/xvdc bs=64k count=4 conv=fsync 2>/dev/null' 20 &&
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

# The same by the store alone, as the toolstack does it in the end, with many
# disks at once.

# each_disk COMMAND...: with the number of each as its last word
each_disk() {
	for number in $(seq 51760 16 $((51760 + 16 * (many - 1)))); do
		"$@" "$number" || { echo "disk $number: $*"; return 1; }
	done
}

make_disk() {
	disk_make "many$1" 8M >/dev/null
}

plug_disk() {
	plug_nodes cycles "$1" "$(disk_path "many$1")"
}

disk_connects() {
	plug_paths cycles "$1"
	plug_wait "$front" 4 && plug_wait "$back" 4
}

ask_for_disk() {
	plug_paths cycles "$1"
	xenstore-write "$back/online" 0 "$back/state" 5
}

disk_closes() {
	plug_paths cycles "$1"
	plug_wait "$back" 6 && plug_wait "$front" 6 && unplug_nodes cycles "$1"
}

disk_is_gone() {
	wait_for 10 "! [ -e /sys/bus/xen-backend/devices/vbd-$domid-$1 ]"
}

quick_cycle() {
	each_disk plug_disk && each_disk disk_connects && each_disk ask_for_disk &&
		each_disk disk_closes && each_disk disk_is_gone
}

# The toolstack takes empty directories away, too.
tidy() {
	plug_paths cycles 51760
	for dir in "${front%/*}" "${back%/*}" "${back%/*/*}"; do
		[ -n "$(xenstore-ls "$dir")" ] || xenstore-rm "$dir"
	done
}

# What is allocated once, and not again.
first_cycles() {
	run_cycles 1 && quick_cycle && tidy
}

run_quick_cycles() {
	for i in $(seq $rounds); do
		quick_cycle || { echo "round $i failed"; return 1; }
	done
	tidy
}

ktap_print_header
ktap_set_plan 9
disk_make cycles 64M >/dev/null && each_disk make_disk || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' guest_create cycles || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the first cycles work' first_cycles
census cycles >/tmp/before
ktap_test_result "$cycles cycles work" run_cycles $cycles
ktap_test_result "$rounds cycles of $many disks at once work" run_quick_cycles
census cycles >/tmp/after
census_results $((cycles + rounds * many))
ktap_finished
