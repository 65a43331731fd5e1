#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: attaching and detaching a vif under traffic, over and over, leaves nothing behind
# runs: dom0
# guest: pv
# pair: ours/ours intree/intree*
# vifs: xpv0
# needs: xen-netfront xen-netback
# time: 2400
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/census.sh"

PLUG_CLASS=vif
[ -n "$XPV_LONG" ] && cycles=200 || cycles=1
[ -n "$XPV_LONG" ] && quick_cycles=800 || quick_cycles=2

# Detached while a flood of datagrams goes both ways: it has begun, and it did not come
# to its end before that.
cycle() {
	xl network-attach cycles bridge=xpv1 mac=00:16:3e:77:00:01 >/tmp/xl.log 2>&1 || { cat /tmp/xl.log; return 1; }
	guest_run cycles "for i in \$(seq 50); do [ -d /sys/class/net/eth1 ] && break; sleep 0.1; done
		ip addr add 10.77.1.2/24 dev eth1 && ip link set eth1 up &&
			netload tcp 10.77.1.1 $NET_PORT 64 || exit 1
		sent=/sys/class/net/eth1/statistics/tx_packets
		read -r before <\$sent
		netload udp 10.77.1.1 $NET_PORT 8 60000 7 >/tmp/flood.log 2>&1 &
		echo \$! >/tmp/flood
		for i in \$(seq 100); do
			read -r now <\$sent; [ \$now -lt \$((before + 20)) ] || exit 0; sleep 0.05
		done; exit 1" 30 || return 1
	xl network-detach cycles 1 >/tmp/xl.log 2>&1 || { cat /tmp/xl.log; return 1; }
	guest_run cycles 'for i in $(seq 50); do [ -d /sys/class/net/eth1 ] || break; sleep 0.1; done
		kill $(cat /tmp/flood) 2>/dev/null; cat /tmp/flood.log
		! [ -d /sys/class/net/eth1 ] && { ! grep -q sizes /tmp/flood.log || grep -q "do not come back" /tmp/flood.log; }'
}

run_cycles() {
	for i in $(seq "$1"); do
		cycle || { echo "cycle $i failed"; return 1; }
	done
	wait_for 10 '[ "$(ls /sys/bus/xen-backend/devices | grep -c vif)" = 1 ]'
}

# The same by the store alone, as the toolstack does it in the end.
quick_cycle() {
	plug_nodes cycles 3 xpv1 &&
		plug_wait "$front" 4 && plug_wait "$back" 4 || return 1
	xenstore-write "$back/online" 0 "$back/state" 5
	plug_wait "$back" 6 && plug_wait "$front" 6 && unplug_nodes cycles 3 &&
		wait_for 10 "! [ -e /sys/bus/xen-backend/devices/vif-$domid-3 ] && ! [ -d /sys/class/net/vif$domid.3 ]"
}

run_quick_cycles() {
	for i in $(seq $quick_cycles); do
		quick_cycle || { echo "cycle $i failed: $(plug_state "$front") $(plug_state "$back")"; return 1; }
	done
}

traffic_starts() {
	net_traffic cycles 10.77.0.1
	net_traffic_flows cycles
}

# What is held is counted when nothing is on its way.
traffic_was_right() {
	net_traffic_flows cycles && net_traffic_ends cycles
}

ktap_print_header
ktap_set_plan 12
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
net_bridge xpv1 || ktap_exit_fail_msg 'no bridge'
ktap_test_result 'the guest is up, with its network' net_guest cycles 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'data flows on another vif' traffic_starts
ktap_test_result 'the first cycle works' run_cycles 1
ktap_test_result 'all that flowed meanwhile was right' traffic_was_right
census cycles >/tmp/before
traffic_starts
ktap_test_result "$cycles cycles work" run_cycles $cycles
ktap_test_result "$quick_cycles cycles without the toolstack work" run_quick_cycles
ktap_test_result 'all that flowed meanwhile was right' traffic_was_right
census cycles >/tmp/after
census_results $((cycles + quick_cycles))
guest_destroy cycles
ktap_finished
