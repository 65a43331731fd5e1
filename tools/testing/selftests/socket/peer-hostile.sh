#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a hostile user of sockets is refused or stopped, and leaves nothing, however it goes
# runs: dom0
# guest: pv pvh*
# pair: none/ours
# needs: pvcalls-back
# memory: 256
# vcpus: 2
# length: long
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/sock.sh"

has_sent() {
	grep -q 'sockets: 20 of' /sys/kernel/debug/xenbus-mt/devices && guest_run peer 'grep -q sent /tmp/dies.out' 5
}

# No socket of the guest's is left in dom0's network, nor about to go: only what TCP
# keeps for a while once both ends have closed (06).
no_connections() {
	! grep -i ' [0-9A-F]*:1B58 [0-9A-F][0-9A-F] ' /proc/net/tcp /proc/net/tcp6 | grep -v ':1B58 06 '
}

# The guest's own nodes went with it.
devices_go() {
	for __number in 0 1; do
		plug_paths peer $__number
		xenstore-rm "$back" || return 1
	done
	wait_for 15 '! ls /sys/bus/xen-backend/devices | grep -q pvcalls'
}

ktap_print_header
ktap_set_plan 58
ktap_test_result 'somebody serves in dom0' sock_server || ktap_exit_fail_msg 'no server'
ktap_test_result 'the guest is up' peer_guest peer || ktap_exit_fail_msg 'no guest'
sock_plug peer 0
peer_run peer hostile 0 90
ktap_test_result 'nothing is held' peer_holds_nothing
sock_plug peer 1
peer_start peer dies 1
ktap_test_result 'it has connections' wait_for 20 has_sent
ktap_test_result 'it is destroyed' guest_destroy peer
ktap_test_result 'all is let go of' wait_for 15 peer_holds_nothing
ktap_test_result 'who read from it sees a reset, not an end' wait_for 10 '[ "$(grep -c reset /tmp/serve.log)" = 20 ]'
ktap_test_result 'no connection is left' wait_for 10 no_connections
ktap_test_result 'the devices go' devices_go
ktap_test_result 'the server goes' sock_server_end
ktap_finished
