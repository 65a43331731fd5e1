#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the core of what programs do with PV sockets, in a guest that has them by xl's "pvcalls="; the backend goes and comes
# runs: dom0
# guest: pv
# pair: ours/ours
# vcpus: 2
# needs: pvcalls-front pvcalls-back
# memory: 256
# time: 60

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/pvsock.sh"

connects() {
	plug_paths g 0
	plug_wait "$front" 4 15 && plug_wait "$back" 4 15
}

at_once() {
	sed -n 's/.* came, \([0-9]*\) were served at once.*/\1/p' /sys/kernel/debug/xenbus-mt/devices
}

# A byte there, which is sent where its event is, and one back, which the network brings.
no_worker_for_little() {
	service netbench /xpv/programs/netbench serve 28000
	sleep 1
	before=$(at_once)
	guest_run g "netbench pv trips $PVSOCK_HOST 28000 300" || return 1
	here=$(($(at_once) - before))
	echo "of 300 bytes $here were sent without a worker"
	[ $here -ge 250 ]
}

# 6.1 has none.
hook_is_missed() {
	guest_run g 'for command in "run --bpf" "run --bpf --fallback"; do
			xenpv $command echo ran >/tmp/said 2>&1; [ $? = 1 ] || exit 1
			cat /tmp/said; grep -q "this kernel has no hook for it" /tmp/said && ! grep -q ran /tmp/said || exit 1
		done'
}

goes_with_guest() {
	guest_destroy g && wait_for 10 '! ls /sys/bus/xen-backend/devices | grep -q pvcalls'
}

ktap_print_header
ktap_set_plan 20
net_bridge xpv0
ktap_test_result 'a guest of xl has sockets here' pvsock_guest g "config=pvcalls = [ 'backend=0' ]" ||
	ktap_exit_fail_msg 'no guest'
ktap_test_result 'both ends connect' connects || ktap_exit_fail_msg 'no backend'
pvsock_posixsock g echo nonblock refused names six wishes stream full closed half pipe reset edge options
ktap_test_result 'little is sent without a worker' no_worker_for_little
ktap_test_result 'connections end with the backend, and new ones are made' pvsock_reload g
ktap_test_result 'an old kernel cannot do it by a hook, and says so' hook_is_missed
ktap_test_result 'the device goes with the guest' goes_with_guest
ktap_finished
