#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a hostile frontend is refused or stopped, leaves nothing, and does not reach its neighbour
# runs: dom0
# guest: pv pvh*
# pair: none/ours
# needs: xen-blkback
# time: 180

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"

neighbour_works() {
	plug_paths peer 51744
	plug_wait "$front" 4
}

# A frontend that goes on when the toolstack has taken its disk away.
stubborn_loses_its_disk() {
	peer_start peer neighbour 51744
	neighbour_works || return 1
	unplug_nodes peer 51744
	wait_for 10 "! [ -e /sys/bus/xen-backend/devices/vbd-$domid-51744 ]"
}

# said MESSAGE: of the hostile device, in dom0's log
said() {
	dmesg | grep -E "vbd-$(__guest peer domid)-51728.*$1" | tail -n 1 |
		grep . || { echo "no message like: $1"; return 1; }
}

ktap_print_header
ktap_set_plan 38
ktap_test_result 'the guest is up' \
	peer_guest peer vcpus=2 disk=xvdb=64M disk=xvdc=16M ||
	ktap_exit_fail_msg 'no guest'
peer_start peer neighbour 51744
ktap_test_result 'a neighbour works' neighbour_works
peer_run peer hostile 51728 90
guest_run peer 'touch /tmp/stop'
peer_end peer neighbour
ktap_test_result 'refused requests are explained' said 'refused: '
ktap_test_result 'a producer that cannot be is explained' said 'more requests than'
ktap_test_result 'a ring that cannot be mapped is explained' said 'ring-ref.*mapped'
ktap_test_result 'a channel that cannot be bound is explained' said 'event-channel.*bound'
ktap_test_result 'dom0 finds what was written' peer_image peer-xvdb 0 32 6
peer_run peer hostile-queues 51728 60
ktap_test_result 'dom0 finds what was written by two queues' peer_image peer-xvdb 64 32 6
ktap_test_result 'the backend holds nothing of the guest' peer_holds_nothing
ktap_test_result 'a stubborn frontend loses its disk' stubborn_loses_its_disk
ktap_test_result 'the guest goes, and nothing is left' peer_gone peer
ktap_finished
