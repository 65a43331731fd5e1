#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: attaching, mounting, unmounting and detaching a folder, over and over, leaves nothing behind
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: 9pnet_xen xen-9pback
# memory: 384
# length: long
# time: 1800
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/share.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/census.sh"

xenpv='/xpv/programs/xenpv 9p'
[ -n "$XPV_LONG" ] && cycles=200 || cycles=5

cycle() {
	$xenpv attach c again "$folder" --wait=15 || return 1
	guest_run c 'mkdir -p /mnt/again && mount -t 9p -o trans=xen,version=9p2000.L again /mnt/again &&
		head -c 300000 /dev/urandom >/tmp/f && cp /tmp/f /mnt/again/f && cmp /tmp/f /mnt/again/f &&
		rm /mnt/again/f && umount /mnt/again' 30 || return 1
	$xenpv detach c again
}

run_cycles() {
	for i in $(seq "$1"); do
		cycle || { echo "cycle $i failed"; return 1; }
	done
	wait_for 10 '! ls /sys/bus/xen-backend/devices | grep -q 9pfs'
}

mount_cycles() {
	guest_run c "for i in \$(seq $1); do mount -t 9p -o trans=xen,version=9p2000.L stays /mnt/stays && ls /mnt/stays >/dev/null &&
		mount -t 9p -o trans=xen,version=9p2000.L stays /mnt/again && ls /mnt/again >/dev/null &&
		umount /mnt/stays && umount /mnt/again || exit 1; done" $((60 + $1))
}

ktap_print_header
ktap_set_plan 9
folder=$(share_folder c) || ktap_exit_fail_msg 'no folder'
ktap_test_result 'the guest is up' share_guest c || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the first cycles work' run_cycles 2
census >/tmp/before
ktap_test_result "$cycles cycles work" run_cycles $cycles
mkdir -p /tmp/shares/stays
guest_run c 'mkdir -p /mnt/stays'
$xenpv attach c stays /tmp/shares/stays
ktap_test_result "$((cycles * 4)) mounts of a folder that stays work" mount_cycles $((cycles * 2))
$xenpv detach c stays
wait_for 10 '! ls /sys/bus/xen-backend/devices | grep -q 9pfs'
census >/tmp/after
census_results $cycles
guest_destroy c
ktap_finished
