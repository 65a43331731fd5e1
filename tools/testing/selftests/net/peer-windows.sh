#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the backend keeps to what Windows drivers take for granted
# runs: dom0
# guest: pv pvh*
# pair: none/ours none/intree*
# needs: xen-netback
# vcpus: 2
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/peer.sh"

PLUG_CLASS=vif

ktap_print_header
ktap_set_plan 30
ktap_test_result 'the guest is up' peer_guest peer vif=xpv0 || ktap_exit_fail_msg 'no guest'
net_mirror xpv0
peer_run peer windows 0
ktap_test_result 'the guest goes, and nothing is left' peer_gone peer
ktap_finished
