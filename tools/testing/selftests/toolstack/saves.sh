#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest that uses a disk, a network, a share and sockets is saved and restored, over and over: nothing is lost, nothing is left
# runs: dom0
# guest: pv
# pair: ours/ours
# memory: 160
# disks: xvdb=32M
# vifs: xpv0
# needs: fio xen-blkfront xen-blkback xen-netfront xen-netback 9pnet_xen xen-9pback pvcalls-front pvcalls-back
# length: long
# time: 1800
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/census.sh"
. "${0%/*}/../lib/soak.sh"

SOAK_GUEST=saves
SOAK_USERS='xvdb net share sock'
image=/tmp/saves.img
cycles=$(soak_count 100)

# The toolstack knows nothing of folders and sockets, see xenpv(8).
attaches() {
	soak_share && $XENPV sock attach saves &&
		{ $XENPV 9p dump saves && $XENPV sock dump saves; } | sed "s|^xenpv|$XENPV|" >/tmp/devices
}

cycle() {
	xl save saves $image && xl restore -p $image && rm $image && sh /tmp/devices && xl unpause saves &&
		guest_refresh saves && soak_flows
}

anew() {
	for module in $XPV_BACKENDS; do
		soak_kill "$module" || return 1
	done
}

ktap_print_header
ktap_set_plan $((SOAK_RESULTS + 2))
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its disk and network' net_guest saves 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'it gets a share and sockets' attaches || ktap_exit_fail_msg 'no share'
soak "$cycles" "it is saved and restored $cycles times"
ktap_finished
