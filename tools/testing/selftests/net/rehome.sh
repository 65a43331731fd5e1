#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest's network goes on with another driver domain's backend, since its own panicked, and with dom0's, in the middle of a connection
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: xen-netfront xen-netback
# length: long
# time: 300
# allow: sysrq triggered crash|Call Trace:

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/driverdomain.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

driver_domains_boot() {
	driver_domains 'dda ddb' vif=xpv0 extra=xen_legacy_crash && driver_domain_bridge dda && driver_domain_bridge ddb
}

guest_has_vif() {
	guest_create ha vif=backend=dda,bridge=br0 && net_configure ha 2 xpv0
}

flows() {
	net_traffic_flows ha && guest_run ha 'tail -n 1 /tmp/traffic.log'
}

spare_takes_over() {
	driver_domain_panics dda && rehome ha vif/0 ddb && flows
}

# goes_on_with BACKEND BRIDGE [OPTION]
goes_on_with() {
	rehome ha vif/0 "$1" "bridge=$2" "${3:---wait=10}" && flows
}

# A second interface: the guest lets go of it within five seconds, and the domain does when
# it goes on.
hung_one_is_detached() {
	front=/local/domain/$domid/device/vif/1
	xl network-attach ha backend=ddb bridge=br0 && /xpv/dom0/await 4 15 $front/state &&
		back=$(xenstore-read $front/backend) &&
		guest_run ha 'ip link set "$(ls /sys/bus/xen/devices/vif-1/net)" up' && xl pause ddb || return 1
	xenstore-write "$back/online" 0 "$back/state" 5
	/xpv/dom0/await 6 5 $front/state
	left=$?
	xl unpause ddb
	backend_closes "$back" && xl network-detach ha 1 && flows && [ $left = 0 ]
}

hung_one_is_left() {
	xl pause ddb && rehome ha vif/0 0 bridge=xpv0 --wait=3 --force && flows && guest_destroy ddb && flows
}

# listed BACKEND: by xl, as the domain that serves the interface
listed() {
	xl network-list ha
	xl network-list ha | awk -v b="$1" '$1 == 0 && $2 == b { found = 1 } END { exit !found }'
}

detaches() {
	xl network-detach ha 0 && wait_for 10 '! traces' && guest_run ha '! [ -d /sys/class/net/eth0 ]'
}

traces() {
	xenstore-ls -f | grep "/vif/$domid/0\|/$domid/device/vif/"
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK /var/log/xen/console/guest-*.log
}

ktap_print_header
ktap_set_plan 13
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'two driver domains boot' driver_domains_boot || ktap_exit_fail_msg 'no driver domains'
ktap_test_result 'a guest has a network of one' guest_has_vif || ktap_exit_fail_msg 'no guest'
domid=$(xl domid ha)
ktap_test_result 'data flows' eval 'net_traffic ha 10.77.0.1; flows'
ktap_test_result 'the driver domain panics, and the spare takes over' spare_takes_over
ktap_test_result 'xl knows' listed "$(xl domid ddb)"
ktap_test_result 'it goes on with dom0' goes_on_with 0 xpv0
ktap_test_result 'xl knows' listed 0
ktap_test_result 'and with the driver domain again' goes_on_with ddb br0
ktap_test_result 'an interface is detached from a domain that hangs' hung_one_is_detached
ktap_test_result 'a hung driver domain is left behind by force' hung_one_is_left
ktap_test_result 'all of it was right' net_traffic_ends ha
ktap_test_result 'the interface is detached, and leaves nothing' detaches
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
