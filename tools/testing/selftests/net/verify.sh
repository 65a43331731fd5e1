#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: every byte arrives: echoes of all sizes, UDP, TCP, over IPv4, IPv6 and a VLAN
# runs: dom0
# guest: pv pvh* hvm*
# pair: ours/ours ours/intree intree/ours intree/intree* ours/qnic*
# vifs: xpv0
# needs: xen-netfront xen-netback
# time: 240
#
# QEMU's backend is a card of one that does nothing else, for guests of all types alike.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

four=10.77.0.1
six=fd77:0::1
[ -n "$XPV_LONG" ] && step=1 || step=13
[ -n "$XPV_LONG" ] && kilobytes=65536 || kilobytes=4096

# An HVM guest boots for most of the time that there is; and QEMU's card takes a packet
# at a time, in a program that is emulated.
case $XPV_GUEST/$XPV_BACK in hvm/* | */qnic) step=13 kilobytes=4096 ;; esac

guest_up() {
	[ "$XPV_BACK" = qnic ] || { net_guest verify 2; return; }
	guest_create verify vif= && net_card verify xpv0 && net_configure verify 2 xpv0
}

tcp_from_dom0() {
	$NETLOAD tcp "$1" $NET_PORT $kilobytes 2
}

guest_serves() {
	guest_run verify "setsid netload serve $NET_PORT >/tmp/serve.log 2>&1 </dev/null &" 10
	wait_for 5 "$NETLOAD udp 10.77.0.2 $NET_PORT 8 8 1"
}

udp_from_dom0() {
	$NETLOAD udp "$1" $NET_PORT 8 2000 $((step * 7))
}

vlan_up() {
	modprobe 8021q
	ip link add link xpv0 name xpv0.7 type vlan id 7 && ip addr add 10.78.0.1/24 dev xpv0.7 &&
		ip link set xpv0.7 up &&
		guest_run verify 'modprobe 8021q
			ip link add link eth0 name eth0.7 type vlan id 7 &&
			ip addr add 10.78.0.2/24 dev eth0.7 && ip link set eth0.7 up'
}

dom0_heard_no_wrong_byte() {
	! grep '^byte\|came as\|something else' /tmp/netload.log
}

ktap_print_header
[ "$XPV_BACK" != qnic ] || [ -f /xpv/programs/qemu-card ] || {
	ktap_skip_all 'no QEMU with a network behind its card: run `tools/testing/rig/rig setup card`'
	exit "$KSFT_SKIP"
}
ktap_set_plan 15
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' guest_up || ktap_exit_fail_msg 'no guest'
ktap_test_result 'echoes from nothing to the MTU' net_load verify ping $four 0 1472 $step whole
ktap_test_result 'echoes in fragments' net_load verify ping $four 1400 20000 $((step * 97))
ktap_test_result 'echoes over IPv6' net_load verify ping $six 0 4000 $((step * 3))
ktap_test_result 'UDP of all sizes' net_load verify udp $four 8 2000 $step
ktap_test_result 'UDP up to the largest' net_load verify udp $four 2000 65507 $((step * 131))
ktap_test_result 'UDP over IPv6' net_load verify udp $six 8 2000 $((step * 7))
ktap_test_result 'TCP both ways at once' net_load verify tcp $four $kilobytes 2
ktap_test_result 'TCP over IPv6' net_load verify tcp $six $kilobytes 2
ktap_test_result 'the guest serves' guest_serves
ktap_test_result 'UDP from dom0' udp_from_dom0 10.77.0.2
ktap_test_result 'TCP from dom0' tcp_from_dom0 fd77:0::2
ktap_test_result 'a VLAN is set up' vlan_up
ktap_test_result 'TCP on the VLAN' net_load verify tcp 10.78.0.1 $kilobytes
ktap_test_result 'dom0 read no wrong byte' dom0_heard_no_wrong_byte
guest_destroy verify
ktap_finished
