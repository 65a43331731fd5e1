#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: mtu=9000 of the toolstack holds at both ends, through a new backend, and packets of that size pass whole
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree* intree/ours* intree/intree*
# needs: xen-netfront xen-netback
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

four=10.77.0.1

guest_mtu_is() {
	wait_for 5 "[ \"\$(guest_run mtu 'cat /sys/class/net/eth0/mtu')\" = $1 ]" || {
		guest_run mtu 'cat /sys/class/net/eth0/mtu'
		return 1
	}
}

# The in-tree frontend does not look at the node: its user must.
guest_learns_it() {
	[ "$XPV_FRONT" = ours ] || guest_run mtu 'ip link set eth0 mtu 9000' || return 1
	guest_mtu_is 9000
}

vif_mtu_is() {
	wait_for 5 "[ \"\$(cat /sys/class/net/$(net_vif mtu)/mtu)\" = $1 ]" || {
		cat "/sys/class/net/$(net_vif mtu)/mtu"
		return 1
	}
}

# By the nodes that xl has written, one for each end, while it is connected.
mtu_becomes() {
	domid=$(__guest mtu domid)
	xenstore-write "/local/domain/0/backend/vif/$domid/0/mtu" "$1" "/local/domain/$domid/device/vif/0/mtu" "$1" &&
		vif_mtu_is "$1" && guest_mtu_is "$1" && connection_is_the_same
}

connections() {
	dmesg | grep -c "vif-$(__guest mtu domid)-0: connected"
}

connection_is_the_same() {
	echo "$(connections) connections"
	[ "$(connections)" = "$connected" ]
}

smaller_holds() {
	mtu_becomes 4000 && net_load mtu ping $four 3960 3972 1 whole && ! net_load mtu ping $four 3973 3973 1 whole
}

larger_holds_again() {
	mtu_becomes 9000 && net_load mtu ping $four 8960 8972 1 whole
}

larger_is_refused() {
	net_load mtu ping $four 8973 8973 1 whole >/tmp/larger && return 1
	cat /tmp/larger
	grep -q 'Message too long' /tmp/larger
}

new_backend() {
	net_back_load && wait_for 20 '[ "$(xenstore-read "/local/domain/$(xl domid mtu)/device/vif/0/state")" = 4 ]'
}

ktap_print_header
[ "$XPV_FRONT/$XPV_BACK" = ours/ours ] && ktap_set_plan 14 || ktap_set_plan 8
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' net_guest mtu 2 vif=xpv0,mtu=9000 ||
	ktap_exit_fail_msg 'no guest'
ktap_test_result "dom0's end has it" vif_mtu_is 9000
ktap_test_result "the guest's end has it" guest_learns_it
ktap_test_result 'echoes from nothing to the MTU, whole' net_load mtu ping $four 0 8972 $((XPV_LONG ? 1 : 67)) whole
ktap_test_result 'the largest, whole' net_load mtu ping $four 8960 8972 1 whole
ktap_test_result 'a larger one is not sent whole' larger_is_refused
ktap_test_result 'a larger one passes in fragments' net_load mtu ping $four 8973 30000 $((XPV_LONG ? 97 : 997))
ktap_test_result 'TCP' net_load mtu tcp $four 8192
if [ "$XPV_FRONT/$XPV_BACK" = ours/ours ]; then
	connected=$(connections)
	ktap_test_result 'the toolstack has it smaller while connected' smaller_holds
	ktap_test_result 'and as it was' larger_holds_again
	ktap_test_result 'the backend is loaded anew' new_backend
	ktap_test_result "the guest's end has it still" guest_mtu_is 9000
	ktap_test_result "dom0's end has it again" vif_mtu_is 9000
	ktap_test_result 'the largest passes again' net_load mtu ping $four 8960 8972 1 whole
fi
guest_destroy mtu
ktap_finished
