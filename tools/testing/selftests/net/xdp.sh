#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: XDP programs of the frontend pass, drop, send back and redirect what arrives, and come and go while data flows
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree* intree/intree*
# vifs: xpv0 xpv1
# needs: xen-netfront xen-netback
# vcpus: 2
# memory: 256
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run xdp "$1" "${2:-60}"
}

# program WHAT: on eth0, in place of the one before
program() {
	in_guest "kill \$(cat /tmp/xdp 2>/dev/null) 2>/dev/null
		[ $1 != none ] || exit 0
		setsid netload xdp eth0 $1 >/tmp/xdp.log 2>&1 </dev/null & echo \$! >/tmp/xdp
		for i in \$(seq 50); do grep -q . /tmp/xdp.log && break; sleep 0.1; done
		cat /tmp/xdp.log; grep -q attached /tmp/xdp.log"
}

serve() {
	in_guest "setsid netload serve $NET_PORT >/tmp/serve.log 2>&1 </dev/null &"
}

stop_serving() {
	in_guest 'kill $(pidof netload)'
}

udp() {
	$NETLOAD udp 10.77.0.2 $NET_PORT 8 1472 "$1"
}

tcp() {
	net_load xdp tcp 10.77.0.1 2048 2
}

passes() {
	program pass && serve && wait_for 5 'udp 1000' && udp 53 && tcp
}

drops() {
	program drop && ! NETLOAD_TRIES=1 udp 2000 && tcp
}

# The guest's own server is gone; who answers is the program.
sends_back() {
	stop_serving
	program tx && udp 11 && tcp
}

received() {
	cat "/sys/class/net/$(net_vif xdp 1)/statistics/rx_packets"
}

redirects() {
	program eth1 || return 1
	before=$(received)
	NETLOAD_TRIES=1 udp 100
	after=$(received)
	echo "$((after - before)) packets came out at the other vif"
	[ $((after - before)) -ge 12 ] && tcp
}

come_and_go_under_traffic() {
	net_traffic xdp 10.77.0.1
	for i in 1 2 3; do
		net_traffic_flows xdp && program pass && net_traffic_flows xdp && program none || return 1
	done
	net_traffic_ends xdp
}

ktap_print_header
ktap_set_plan 8
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest boots, with two networks' net_guest xdp 2 || ktap_exit_fail_msg 'no guest'
# A program sees no note of sums that are still to be made.
ethtool -K xpv0 tx off >/dev/null
ktap_test_result 'a program that passes' passes
ktap_test_result 'a program that drops' drops
ktap_test_result 'a program that sends back' sends_back
ktap_test_result 'a program that redirects' redirects
ktap_test_result 'no program' eval 'program none && tcp'
ktap_test_result 'programs come and go while data flows' come_and_go_under_traffic
ktap_test_result 'the guest goes' guest_destroy xdp
ktap_finished
