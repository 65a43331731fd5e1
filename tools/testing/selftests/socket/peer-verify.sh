#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest's sockets connect, listen and carry bytes through dom0, and all comes back when they go
# runs: dom0
# guest: pv pvh*
# pair: none/ours
# needs: pvcalls-back
# vcpus: 2
# time: 90

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/sock.sh"

ktap_print_header
ktap_set_plan 87
ktap_test_result 'somebody serves in dom0' sock_server || ktap_exit_fail_msg 'no server'
ktap_test_result 'the guest is up' peer_guest peer || ktap_exit_fail_msg 'no guest'
sock_plug peer 0
peer_run peer verify 0 60
ktap_test_result 'nothing is held' peer_holds_nothing
grep -A 8 pvcalls /sys/kernel/debug/xenbus-mt/devices
sock_plug peer 1
peer_run peer many 1 60
ktap_test_result 'nothing is held' peer_holds_nothing
ktap_test_result 'the devices go' sock_end peer 0 1
ktap_test_result 'the server goes' sock_server_end
ktap_finished
