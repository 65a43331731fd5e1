#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: XDP programs of either end pass, drop, send back and redirect what arrives, and come and go while data flows
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree* intree/ours* intree/intree*
# vifs: xpv0 xpv1
# needs: xen-netfront xen-netback
# vcpus: 2
# time: 420
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]
#
# The long form counts what is held before and after all of it, again and again.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/census.sh"

[ -n "$XPV_LONG" ] && rounds=3 || rounds=1

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

# What answered before the program does so after it.
drops() {
	program drop && ! NETLOAD_TRIES=1 udp 2000 && tcp && program pass && udp 2000
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
	for i in $(seq $rounds); do
		net_traffic_flows xdp && program pass && net_traffic_flows xdp && program none || return 1
	done
	net_traffic_ends xdp
}

# --- dom0's side: what the guest sends

# dom0_program WHAT: on dom0's end, in place of the one before
dom0_program() {
	if [ -f /tmp/xdp.pid ]; then
		kill "$(cat /tmp/xdp.pid)"
		wait_for 5 '! kill -0 $(cat /tmp/xdp.pid) 2>/dev/null'
	fi
	rm -f /tmp/xdp.pid /tmp/xdp.log
	[ "$1" != none ] || return 0
	setsid $NETLOAD xdp "$(net_vif xdp)" "$1" >/tmp/xdp.log 2>&1 </dev/null &
	echo $! >/tmp/xdp.pid
	wait_for 5 'grep -qs . /tmp/xdp.log'
	cat /tmp/xdp.log
	grep -q attached /tmp/xdp.log || { rm /tmp/xdp.pid; return 1; }
}

# guest_udp STEP [TRIES]
guest_udp() {
	in_guest "NETLOAD_TRIES=${2:-8} netload udp 10.77.0.1 $NET_PORT 8 1472 $1"
}

# counted NAME: of all queues
counted() {
	ethtool -S "$(net_vif xdp)" | awk "/queue_[0-9]*_tx_xdp_$1:/ { n += \$2 } END { print n + 0 }"
}

# does NAME WORK...: that counter grows
does() {
	counter=$1
	shift
	before=$(counted "$counter")
	"$@" || return 1
	ktap_print_msg "$(($(counted "$counter") - before)) $counter"
	[ "$(counted "$counter")" -gt "$before" ]
}

# Segments of the guest are cut for the program, and sums are made.
dom0_passes() {
	dom0_program pass && guest_udp 53 && tcp && [ "$(counted errors)" = 0 ]
}

# No answer, and not by the network's fault.
is_lost() {
	! guest_udp 500 1
}

dom0_drops() {
	dom0_program drop && does drop is_lost && tcp
}

dom0_aborts() {
	dom0_program abort && does errors is_lost && tcp
}

dom0_sends_back() {
	dom0_program tx && does tx guest_udp 11 && tcp
}

guest_received() {
	in_guest 'cat /sys/class/net/eth1/statistics/rx_packets'
}

dom0_redirects() {
	dom0_program "$(net_vif xdp 1)" || return 1
	came=$(guest_received)
	does redirect is_lost
	came=$(($(guest_received) - came))
	echo "$came packets came out at the guest's other end"
	[ "$came" -ge 2 ] && tcp
}

# What is larger than a page no program of ours can be given.
dom0_refuses() {
	dom0_program none && ip link set "$(net_vif xdp)" mtu 9000 && ! dom0_program pass
	good=$?
	ip link set "$(net_vif xdp)" mtu 1500 && dom0_program pass &&
		! ip link set "$(net_vif xdp)" mtu 9000 && return $good
}

dom0_come_and_go_under_traffic() {
	net_traffic xdp 10.77.0.1
	for i in $(seq $rounds); do
		net_traffic_flows xdp && dom0_program pass && net_traffic_flows xdp && dom0_program none || return 1
	done
	net_traffic_ends xdp
}

# Interfaces that are not used give back what their use took.
rests() {
	program none && dom0_program none && sleep 45
}

# Each of these sends from pages of its own, at either end, which have to come back.
redirects_again_and_again() {
	for i in $(seq $cycles); do
		redirects && program tx && udp 97 && program none &&
			dom0_redirects && dom0_program tx && guest_udp 97 && dom0_program none || return 1
	done
}

ktap_print_header
plan=8
[ "$XPV_BACK" != ours ] || plan=$((plan + 8))
[ "$XPV_FRONT/$XPV_BACK$XPV_LONG" != ours/ours1 ] || plan=$((plan + 6))
ktap_set_plan $plan
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with two networks' net_guest xdp 2 || ktap_exit_fail_msg 'no guest'
# A program sees no note of sums that are still to be made.
ethtool -K xpv0 tx off >/dev/null
ktap_test_result 'a program that passes' passes
ktap_test_result 'a program that drops' drops
ktap_test_result 'a program that sends back' sends_back
ktap_test_result 'a program that redirects' redirects
ktap_test_result 'no program' eval 'program none && tcp'
ktap_test_result 'programs come and go while data flows' come_and_go_under_traffic
if [ "$XPV_BACK" = ours ]; then
	ktap_test_result "dom0's: a program that passes" dom0_passes
	ktap_test_result "dom0's: a program that drops" dom0_drops
	ktap_test_result "dom0's: a program that fails" dom0_aborts
	ktap_test_result "dom0's: a program that sends back" dom0_sends_back
	ktap_test_result "dom0's: a program that redirects to another guest's end" dom0_redirects
	ktap_test_result "dom0's: an MTU that is too large is refused" dom0_refuses
	ktap_test_result "dom0's: no program" eval 'dom0_program none && tcp'
	ktap_test_result "dom0's: programs come and go while data flows" dom0_come_and_go_under_traffic
fi
if [ "$XPV_FRONT/$XPV_BACK$XPV_LONG" = ours/ours1 ]; then
	cycles=5
	rests
	census xdp >/tmp/before
	ktap_test_result 'packets are sent back and redirected at both ends, again and again' redirects_again_and_again
	rests
	census xdp >/tmp/after
	census_results $cycles
fi
ktap_test_result 'the guest goes' guest_destroy xdp
ktap_finished
