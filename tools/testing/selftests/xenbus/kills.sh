#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: backends of all four classes are unloaded and loaded under their users, over and over: nothing is lost, nothing is left
# runs: dom0
# guest: pv
# pair: ours/ours
# memory: 192
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

SOAK_GUEST=kills
SOAK_USERS='xvdb net share sock'
cycles=$(soak_count 100)	# of four kills

attaches() {
	soak_share && $XENPV sock attach kills
}

anew() {
	for module in $XPV_BACKENDS; do
		soak_kill "$module" || return 1
	done
}

all_at_once() {
	pids='' status=0
	for module in $XPV_BACKENDS; do
		soak_kill "$module" &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || status=1
	done
	return $status
}

# One after the other, or all at once, whose frontends then come back at the same time.
cycle() {
	case $(($1 % 2)) in
	0) all_at_once ;;
	*) anew ;;
	esac && soak_flows
}

ktap_print_header
ktap_set_plan $((SOAK_RESULTS + 2))
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its disk and network' net_guest kills 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'it gets a share and sockets' attaches || ktap_exit_fail_msg 'no share'
soak "$cycles" "$((cycles * 4)) backends are unloaded and loaded under their users"
ktap_finished
