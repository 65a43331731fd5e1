#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the backend keeps to what Windows drivers take for granted
# runs: dom0
# guest: pv pvh*
# pair: none/ours none/intree*
# needs: xen-blkback
# time: 90

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"

image_holds_it() {
	peer_image peer-xvdb 0 2048 1 && peer_image peer-xvdb 16384 2048 1
}

eject() {
	plug_paths peer 51728
	wait_for 10 '[ "$(plug_state "$front")" = 4 ]' || return 1
	xl block-detach peer xvdb
}

ktap_print_header
ktap_set_plan 22
ktap_test_result 'the guest is up' peer_guest peer disk=xvdb=64M ||
	ktap_exit_fail_msg 'no guest'
peer_run peer windows 51728
ktap_test_result 'dom0 finds what was written' image_holds_it
peer_start peer windows-ejected 51728
ktap_test_result 'the disk is detached' eject
peer_end peer windows-ejected
ktap_test_result 'the guest goes, and nothing is left' peer_gone peer
ktap_finished
