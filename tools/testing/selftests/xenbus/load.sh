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
		[ $((end - start)) -le 1 ]'
}

backend_comes() {
	insmod $XPV_MODULES/xen-blkback.ko || return 1
	guest_run load 'for i in $(seq 50); do [ -b /dev/xvdc ] && exit; sleep 0.2; done; exit 1'
}

ktap_print_header
ktap_set_plan 3
ktap_test_result 'the guest boots without drivers' guest_create load front=none ||
	ktap_exit_fail_msg 'no guest'
disk_make load 64M >/dev/null
rmmod xen-blkback
plug_nodes load 51744 "$(disk_path load)"
ktap_test_result 'the frontend loads within a second' load_in_a_second
ktap_test_result 'the disk appears when the backend does' backend_comes
unplug_nodes load 51744
ktap_finished
