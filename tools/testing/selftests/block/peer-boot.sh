#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a disk goes from boot loader to firmware to small systems, none of which is Linux; barriers keep what is written in order
# runs: dom0
# guest: pv pvh*
# pair: none/ours
# needs: xen-blkback xpv-testdisk
# time: 90

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"

image_holds_it() {
	peer_image peer-xvdb 0 512 2 &&
		peer_image peer-xvdb 512 88 3 &&
		peer_image peer-xvdb 1024 256 4 &&
		peer_image peer-xvdb 1536 256 5
}

# Each barrier had the cache written out, and none while something before it was under
# way; the one with data was on the disk with its answer.
barriers_reach_the_disk() {
	asked=$(test_disk flushes fuas overtook)
	echo "flushes, writes past the cache, flushes beside writes: $asked"
	[ "$asked" = '2 1 0 ' ]
}

check_cached() {
	/xpv/programs/blkpeer check "$(disk_path cached)" "$1" "$2" 7
}

# And so it outlives a power failure, as does what was written between the two. What was
# written behind them does not.
barriers_keep() {
	check_cached 120 8 || return 1
	test_disk_fails
	check_cached 0 72 && check_cached 80 32 && ! check_cached 120 8
}

# The frontend is connected, by its own account, before the backend begins.
firmware_comes_first() {
	plug_prepare peer 51744 "$(disk_make early 16M)"
	xenstore-write "$front/state" 1
	peer_start peer firmware 51744
	plug_wait "$front" 4 || return 1
	xenstore-write "$back/state" 1
}

ktap_print_header
ktap_set_plan 38
ktap_test_result 'the guest is up' peer_guest peer disk=xvdb=64M ||
	ktap_exit_fail_msg 'no guest'
for peer in loader32 loader64 firmware unikraft netbsd; do
	peer_run peer $peer 51728
done
ktap_test_result 'dom0 finds what was written' image_holds_it
ktap_test_result 'firmware is there before the backend' firmware_comes_first
peer_end peer firmware
unplug_nodes peer 51744
disk_make cached 16M test=cache=1,delay_ms=50 >/dev/null && plug_nodes peer 51760 "$(disk_path cached)"
peer_run peer freebsd 51760
ktap_test_result 'barriers reach the disk in order' barriers_reach_the_disk
ktap_test_result 'what a barrier followed outlives a power failure, the rest does not' barriers_keep
unplug_nodes peer 51760
ktap_test_result 'the guest goes, and nothing is left' peer_gone peer
ktap_finished
