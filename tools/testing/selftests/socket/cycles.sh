#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: attaching sockets, using them and detaching, over and over, leaves nothing behind
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: pvcalls-front pvcalls-back
# memory: 384
# length: long
# time: 900
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/pvsock.sh"
. "${0%/*}/../lib/census.sh"

xenpv='/xpv/programs/xenpv sock'
cycles=100

cycle() {
	$xenpv attach c --wait=15 &&
		guest_run c "posixsock pv,names,shutdown,options $PVSOCK_HOST 25000 echo stream closed" 30 &&
		$xenpv detach c
}

run_cycles() {
	for i in $(seq "$1"); do
		cycle >/tmp/cycle || { cat /tmp/cycle; echo "cycle $i failed"; return 1; }
	done
	wait_for 10 '! ls /sys/bus/xen-backend/devices | grep -q pvcalls'
}

# Rings of which Xen can tell all the grants, see socket/many.
guest() {
	pvsock_guest c extra='pvcalls-front.large_rings=0'
}

ktap_print_header
ktap_set_plan 8
net_bridge xpv0
ktap_test_result 'the guest is up' guest || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the first cycles work' run_cycles 2
census >/tmp/before
ktap_test_result "$cycles cycles work" run_cycles $cycles
census >/tmp/after
census_results $cycles
guest_destroy c
ktap_finished
