#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a frontend loads at once with its backend absent; the disk appears when the backend does
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: xen-blkfront xen-blkback
# time: 90

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

load_in_a_second() {
	guest_run load 'insmod /modules/xenbus-mt.ko || exit 1
		start=$(cut -d. -f1 /proc/uptime)
		insmod /modules/xen-blkfront.ko || exit 1
		end=$(cut -d. -f1 /proc/uptime)
		echo "loaded in $((end - start)) s"
		[ $((end - start)) -le '$XPV_SLOW' ]'
}

guest_finds() {
	guest_run load "for i in \$(seq 50); do [ -b /dev/$1 ] && exit; sleep 0.2; done; exit 1"
}

backend_comes() {
	insmod $XPV_MODULES/xen-blkback.ko && guest_finds xvdc
}

# Half a device: the frontend's nodes, and no backend directory they point to.
half_a_device() {
	plug_paths load 51760
	plug_frontend 51760
	xenstore-write "$front/state" 1
	guest_run load 'for i in $(seq 25); do [ -e /sys/bus/xen/devices/vbd-51760/driver ] && exit; sleep 0.2; done; exit 1' ||
		return 1
	[ "$(plug_state "$front")" = 1 ] || { echo "frontend in state $(plug_state "$front")"; return 1; }
}

the_other_half() {
	plug_nodes load 51760 "$(disk_path late)" && guest_finds xvdd
}

ktap_print_header
ktap_set_plan 5
ktap_test_result 'the guest is up without drivers' guest_create load front=none ||
	ktap_exit_fail_msg 'no guest'
disk_make load 64M >/dev/null
rmmod xen-blkback
plug_nodes load 51744 "$(disk_path load)"
ktap_test_result 'the frontend loads within a second' load_in_a_second
ktap_test_result 'the disk appears when the backend does' backend_comes
unplug_nodes load 51744
disk_make late 16M >/dev/null
ktap_test_result 'a frontend whose backend has no directory yet is kept' half_a_device
ktap_test_result 'its disk appears when the directory does' the_other_half
unplug_nodes load 51760
ktap_finished
