#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: two guests talk over a bridge, and out through dom0's routing
# runs: dom0
# guest: pv
# pair: ours/ours intree/ours* ours/intree* intree/intree*
# vifs: xpv0
# needs: xen-netfront xen-netback
# time: 180

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

[ -n "$XPV_LONG" ] && kilobytes=65536 || kilobytes=4096
ip=/usr/bin/ip		# the shell's own knows no namespaces

serve_in() {
	guest_run "$1" "setsid netload serve $NET_PORT >/tmp/serve.log 2>&1 </dev/null &" 10
}

# Beyond dom0 is a network of its own.
make_outside() {
	modprobe veth
	$ip netns add outside && $ip link add xpvout type veth peer name out netns outside &&
		$ip addr add 10.79.0.1/24 dev xpvout && $ip link set xpvout up &&
		$ip -n outside addr add 10.79.0.2/24 dev out && $ip -n outside link set out up &&
		$ip -n outside route add 10.77.0.0/24 via 10.79.0.1 &&
		echo 1 >/proc/sys/net/ipv4/ip_forward || return 1
	mkdir -p $XPV_RUN/services
	setsid $ip netns exec outside $NETLOAD serve $NET_PORT >/tmp/outside.log 2>&1 </dev/null &
	echo $! >$XPV_RUN/services/outside
	for guest in left right; do
		guest_run $guest 'ip route add default via 10.77.0.1' || return 1
	done
}

remove_outside() {
	$ip link del xpvout
	$ip netns del outside
}

both_at_once() {
	net_load left tcp 10.77.0.3 $kilobytes 2 >/tmp/left.log 2>&1 &
	net_load right tcp 10.77.0.2 $kilobytes 2 >/tmp/right.log 2>&1
	right=$?
	wait $!
	left=$?
	cat /tmp/left.log /tmp/right.log
	[ $left -eq 0 ] && [ $right -eq 0 ]
}

from_outside() {
	$ip netns exec outside $NETLOAD "$@"
}

ktap_print_header
ktap_set_plan 11
ktap_test_result 'a guest is up, with its network' net_guest left 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'another one, too' net_guest right 3 || ktap_exit_fail_msg 'no guest'
serve_in left
serve_in right
ktap_test_result 'there is a network outside' make_outside
ktap_test_result 'echoes from guest to guest' net_load left ping 10.77.0.3 0 4000 37
ktap_test_result 'UDP from guest to guest' net_load right udp 10.77.0.2 8 20000 173
ktap_test_result 'TCP between the guests, each way at once' both_at_once
ktap_test_result 'TCP from a guest to the outside' net_load left tcp 10.79.0.2 $kilobytes 2
ktap_test_result 'UDP from a guest to the outside' net_load right udp 10.79.0.2 8 9000 173
ktap_test_result 'TCP from the outside to a guest' from_outside tcp 10.77.0.3 $NET_PORT $kilobytes 2
ktap_test_result 'UDP from the outside to a guest' from_outside udp 10.77.0.2 $NET_PORT 8 9000 173
ktap_test_result 'the guests go' eval 'guest_destroy left && guest_destroy right'
remove_outside
ktap_finished
