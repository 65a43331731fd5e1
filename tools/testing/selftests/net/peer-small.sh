#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: boot ROMs and small systems, none of which is Linux, find a network
# runs: dom0
# guest: pv pvh*
# pair: none/ours none/intree*
# needs: xen-netback
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/peer.sh"

PLUG_CLASS=vif

ktap_print_header
ktap_set_plan 20
ktap_test_result 'the guest is up' peer_guest peer vif=xpv0 || ktap_exit_fail_msg 'no guest'
net_mirror xpv0
for peer in rom bsd simple; do
	peer_run peer $peer 0
done
ktap_test_result 'the guest goes, and nothing is left' peer_gone peer
ktap_finished
