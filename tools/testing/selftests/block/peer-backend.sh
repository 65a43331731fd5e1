#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: wrong answers of a backend end in a message and Closed, and what was asked is asked again; refused operations are done without
# runs: dom0
# guest: pv pvh*
# pair: ours/none
# needs: xen-blkfront
# allow: grant_table: WARNING: g.e. 0x[0-9a-f]+ still in use
# time: 180

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"

# Where no driver of dom0's looks.
peer_paths() {
	plug_paths backend 51728
	back=/local/domain/0/backend/peer/$domid/51728
}

plug_peer() {
	xenstore-write "$back/frontend-id" "$domid"
	xenstore-chmod "$back" n0 "r$domid"
	plug_frontend 51728
	xenstore-write "$back/frontend" "$front" "$back/online" 1
	plug_go
	/xpv/programs/blkpeer backend "$domid" 51728 >/tmp/backend.log 2>&1 &
	echo $! >/tmp/backend.pid
	plug_wait "$front" 4 20 && plug_wait "$back" 4 && guest_run backend \
		'for i in $(seq 50); do [ -b /dev/xvdb ] && exit; sleep 0.1; done; exit 1'
}

in_guest() {
	guest_run backend "$1" "${2:-40}"
}

# In several requests at once.
reads_back() {
	in_guest 'dd if=/dev/xvdb of=/tmp/b bs=256k count=2 iflag=direct 2>/dev/null && cmp /tmp/a /tmp/b'
}

data_is_kept() {
	in_guest 'dd if=/dev/urandom of=/tmp/a bs=256k count=2 2>/dev/null &&
		dd if=/tmp/a of=/dev/xvdb bs=256k oflag=direct 2>/dev/null' && reads_back
}

# From now on; what was said of the harm before is not taken for what is said of this.
harm() {
	in_guest 'dmesg -c >/dev/null' && xenstore-write "$back/harm" "$1"
}

said() {
	in_guest "dmesg | grep 'vbd-51728: $1' || { echo 'no message like: $1'; dmesg | tail -n 5; exit 1; }"
}

# is_stopped HARM MESSAGE: whoever reads finds nothing of it but a delay
is_stopped() {
	harm "$1" && reads_back || return 1
	xenstore-read "$back/harm" 2>/dev/null && echo 'there was no occasion' && return 1
	said "$2" && plug_wait "$front" 4
}

behave() {
	xenstore-rm "$back/harm"
}

# Still connected, and said nothing of being not.
goes_on() {
	behave && reads_back && [ "$(plug_state "$front")" = 4 ] && ! in_guest "dmesg | grep 'backend answered'"
}

flush() {
	in_guest 'dd if=/tmp/a of=/dev/xvdb bs=4k count=1 oflag=direct conv=fsync 2>/dev/null'
}

refused_read_fails() {
	harm no-read && in_guest '! dd if=/dev/xvdb of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null' && goes_on
}

failed_flush_fails() {
	harm bad-flush && ! flush && goes_on && flush
}

# First a barrier is tried in its place; then there is no cache.
flush_is_done_without() {
	harm no-flush && flush && said 'backend refuses flush' && said 'backend refuses barrier' &&
		in_guest 'cat /sys/block/xvdb/queue/write_cache; for i in $(seq 20); do
			grep -q through /sys/block/xvdb/queue/write_cache && exit; sleep 0.1; done; exit 1' && goes_on
}

# As QEMU says it. A discard is a hint: it does not fail for that.
discard_is_done_without() {
	harm no-discard && in_guest 'blkdiscard -o 1048576 -l 65536 /dev/xvdb' && said 'backend refuses discard' &&
		in_guest 'for i in $(seq 20); do
			[ $(cat /sys/block/xvdb/queue/discard_max_bytes) = 0 ] && exit; sleep 0.1; done; exit 1' && goes_on
}

# Nothing comes any more, and then there is nobody.
mute_one_is_left() {
	harm mute && in_guest 'setsid sh -c "dd if=/dev/xvdb of=/dev/null bs=4k count=1 iflag=direct; echo end \$?" \
		>/tmp/mute 2>&1 </dev/null & sleep 1; ! grep end /tmp/mute' || return 1
	kill -9 "$(cat /tmp/backend.pid)"
	xenstore-write "$back/online" 0 "$back/state" 5
	in_guest 'for i in $(seq 60); do grep "end 1" /tmp/mute && exit; sleep 0.2; done; cat /tmp/mute; exit 1' 20 &&
		plug_wait "$front" 6 10
}

nothing_is_held() {
	xenstore-rm "$front" "$back"
	in_guest '. /selftests/lib/disk.sh
		for i in $(seq 50); do [ -b /dev/xvdb ] || break; sleep 0.1; done; ! [ -b /dev/xvdb ] && disk_front_leaves' &&
		! grep LEAK "$(guest_log backend)"
}

ktap_print_header
ktap_set_plan 23
ktap_test_result 'the guest is up' guest_create backend || ktap_exit_fail_msg 'no guest'
peer_paths
ktap_test_result 'the frontend connects' plug_peer || ktap_exit_fail_msg 'no disk'
ktap_test_result 'data is kept' data_is_kept
ktap_test_result 'an answer to what was not asked' is_stopped unasked 'backend answered what was not asked'
ktap_test_result 'to what was answered long ago' is_stopped late 'backend answered what was not asked'
ktap_test_result 'the same answer twice' is_stopped twice 'backend answered what was not asked'
ktap_test_result 'another operation' is_stopped operation 'backend answered operation 0 with 1'
ktap_test_result 'an index that jumps' is_stopped jump 'backend answered more than was asked'
ktap_test_result 'one that goes back' is_stopped back 'backend answered more than was asked'
ktap_test_result 'an answer before the page is free' is_stopped mapped 'backend still maps pages of an answered request'
ktap_test_result 'a refused read fails' refused_read_fails
ktap_test_result 'a failed flush fails' failed_flush_fails
ktap_test_result 'a refused flush is done without' flush_is_done_without
ktap_test_result 'a refused discard is done without' discard_is_done_without
ktap_test_result 'a backend that says nothing, and dies' mute_one_is_left
peer_results /tmp/backend.log
ktap_test_result 'nothing is held' nothing_is_held
ktap_finished
