#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a device is taken away by force, and another takes its number at once, at points of connecting and of disconnecting: it connects, and nothing is left
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: xen-blkfront xen-blkback xen-netfront xen-netback 9pnet_xen xen-9pback pvcalls-front pvcalls-back
# length: long
# time: 900
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/census.sh"

# So many seconds after it began. Connecting takes some tenths.
points='0 0.02 0.05 0.1 0.15 0.2 0.3 0.4 0.6 1'

# What is plugged of each class: its number, and what the backend serves.
choose() {
	PLUG_CLASS=$1
	case $1 in
	vbd) number=51728 what=$(disk_path force) ;;
	vif) number=1 what=xpv0 ;;
	9pfs) number=0 what=/tmp/force ;;
	pvcalls) number=0 what= ;;
	esac
	plug_paths force $number
}

connects() {
	plug_wait "$front" 4 15 && plug_wait "$back" 4 15 ||
		__complain "$1: frontend in state $(plug_state "$front"), backend in state $(plug_state "$back")"
}

# Who takes its place at once is seen by both buses, or taken for it.
another_takes_its_place() {
	unplug_nodes force $number && plug_nodes force $number "$what" && connects "$1"
}

goes() {
	unplug_nodes force $number
	wait_for 15 "! [ -e /sys/bus/xen-backend/devices/$PLUG_CLASS-$domid-$number ]" ||
		__complain 'the backend does not go' || return 1
	guest_run force "for i in \$(seq 100); do
		[ -e /sys/bus/xen/devices/$PLUG_CLASS-$number ] || exit 0; sleep 0.1; done; exit 1" 20 ||
		__complain 'the frontend does not go'
}

# What a guest's first device of a kind leaves are folders, for the next.
comes_and_goes() {
	choose "$1"
	plug_nodes force $number "$what" && connects "$1" && goes
}

while_connecting() {
	choose "$1"
	for point in $points; do
		plug_nodes force $number "$what"
		sleep "$point"
		another_takes_its_place "after $point s" && goes || return 1
	done
}

while_disconnecting() {
	choose "$1"
	plug_nodes force $number "$what" && connects 'to begin with' || return 1
	for point in $points; do
		xenstore-write "$back/online" 0 "$back/state" 5
		sleep "$point"
		another_takes_its_place "after $point s" || return 1
	done
}

# As the last one that took its place.
works() {
	choose "$1"
	case $1 in
	vbd) guest_run force 'dd if=/dev/xvdb of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null' ;;
	vif) guest_run force 'ip link set "$(ls /sys/bus/xen/devices/vif-1/net)" up && sleep 0.5 &&
		[ "$(cat /sys/bus/xen/devices/vif-1/net/*/carrier)" = 1 ]' ;;
	9pfs) guest_run force 'modprobe 9p; mkdir -p /mnt/force && mount -t 9p -o trans=xen,version=9p2000.L share0 /mnt/force &&
		[ "$(cat /mnt/force/file)" = hello ] && umount /mnt/force' ;;
	pvcalls) guest_run force 'NETLOAD_PROTOCOL=259 netload tcp 10.77.0.1 7000 16' ;;
	esac && goes
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log force)"
}

ktap_print_header
ktap_set_plan 17
net_bridge xpv0 && mkdir -p /tmp/force && echo hello >/tmp/force/file && disk_make force 16M >/dev/null &&
	service netload /xpv/programs/netload serve 7000 || ktap_exit_fail_msg 'nothing to serve'
ktap_test_result 'the guest is up' guest_create force || ktap_exit_fail_msg 'no guest'
ktap_test_result 'devices of all classes come and go' eval 'for class in vbd vif 9pfs pvcalls; do
		comes_and_goes $class || exit
	done'
census >/tmp/before
for class in vbd vif 9pfs pvcalls; do
	ktap_test_result "$class: another takes its place while it connects" while_connecting $class
	ktap_test_result "$class: another takes its place while it disconnects" while_disconnecting $class
	ktap_test_result "$class: the last one works" works $class
done
ktap_test_result 'nothing leaked' nothing_leaked
census >/tmp/after
paste /tmp/before /tmp/after | sed 's/^/# /'
for what in grants nodes; do
	ktap_test_result "$what are back to what they were" __census_back $what
done
ktap_finished
