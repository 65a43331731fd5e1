#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest that takes nothing, or little, of what it is sent costs dom0 a small queue, and another guest nothing
# runs: dom0
# guest: pv
# pair: none/ours none/intree*
# needs: xen-netback
# memory: 192
# length: long
# time: 240
#
# Two guests, each with a scripted frontend and a mirror of its own. What the deaf
# one is sent is a steady stream from dom0, far more than it has buffers for; how
# much that costs dom0's processor by itself is measured before, with nobody behind
# the stream's bridge. Then it takes a packet now and then.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/peer.sh"

PLUG_CLASS=vif
NETPEER=/xpv/programs/netpeer
SECONDS_EACH=12

# What goes to a group that nobody on the bridge asked for goes to all of it.
stream() {
	$NETPEER stream xpv1end $SECONDS_EACH 2000
}

# KB of dom0's memory in use, caches left out
used() {
	awk '/^MemTotal:/ { n += $2 } /^(MemFree|Buffers|Cached|SReclaimable):/ { n -= $2 } END { print n }' /proc/meminfo
}

# The most that is used while that process lives, beyond what was before
used_most() {
	__before=$2 __most=0
	while kill -0 "$1" 2>/dev/null; do
		__now=$(($(used) - __before))
		[ "$__now" -le $__most ] || __most=$__now
		sleep 0.3
	done
	echo $__most
}

# measure NAME: how often, and how slowly, the other guest is answered meanwhile;
# and what waits for this one at the worst moment, and at the end
measure() {
	peer_start calm neighbour 0
	sleep 1
	__used=$(used)
	stream &
	__stream=$!
	used_most $__stream "$__used" >"/tmp/$1.used" &
	vif=$(net_vif deaf)
	net_waiting_most "$vif" "kill -0 $__stream 2>/dev/null" >"/tmp/$1.most" &&
		net_waiting "$vif" >"/tmp/$1.after" || return 1
	guest_run calm 'touch /tmp/stop'
	guest_run calm "for i in \$(seq 100); do grep -q '^end' /tmp/neighbour.out && break; sleep 0.2; done
		cat /tmp/neighbour.out" 40 >"/tmp/$1.out"
	grep rounds "/tmp/$1.out"
	sed -n 's/.* \([0-9]*\) rounds, the slowest \([0-9]*\) ms.*/\1 \2/p' "/tmp/$1.out" >"/tmp/$1.rounds"
	sed -n 's/.* frames sent, \([0-9]*\) lost.*/\1/p' "/tmp/$1.out" >"/tmp/$1.lost"
	grep lost "/tmp/$1.out"
	[ -s "/tmp/$1.rounds" ] && [ -s "/tmp/$1.lost" ] && ! grep '^not ok' "/tmp/$1.out"
}

before() {
	measure before
}

with_a_deaf_one() {
	peer_start deaf mute 0
	sleep 2
	measure with
}

with_a_miser() {
	guest_run deaf 'touch /tmp/stop; sleep 1' && peer_start deaf miser 0 && sleep 2 && measure miser
}

was_sent_much() {
	# shellcheck disable=SC2046 # numbers
	set -- $(cat "/sys/class/net/$(net_vif deaf)/statistics/tx_packets" "/sys/class/net/$(net_vif deaf)/statistics/tx_dropped")
	echo "$1 packets given to the deaf one, $2 dropped"
	[ "$1" -gt 100 ]
}

# drops REASON: at the deaf one's end
drops() {
	ethtool -S "$(net_vif deaf)" | awk "/queue_[0-9]*_rx_drop_$1:/ { n += \$2 } END { print n + 0 }"
}

# What is too much, and then what comes after the drain time-out; no other reason is one.
# In sum that is what the interface tells.
drops_have_their_reason() {
	excess=$(drops excess) stalled=$(drops stalled)
	others=$(($(drops filter) + $(drops large) + $(drops gone)))
	read -r dropped <"/sys/class/net/$(net_vif deaf)/statistics/tx_dropped"
	echo "dropped as excess $excess, as stalled $stalled, else $others; of $dropped"
	[ "$excess" -gt 0 ] && [ "$stalled" -gt 0 ] && [ $others = 0 ] && [ "$dropped" -ge $((excess + stalled)) ]
}

# Its frames and their echoes; one that comes late is not lost.
nothing_is_lost() {
	ktap_print_msg "$XPV_BACK: of the first one's frames were lost $(cat /tmp/before.lost), $(cat /tmp/with.lost) beside the deaf one, $(cat /tmp/miser.lost) beside the miser"
	[ "$XPV_BACK" != ours ] || [ "$(cat /tmp/with.lost)$(cat /tmp/miser.lost)" = 00 ]
}

# Of what waits for it, 2 MB are kept once it has been silent for 100 ms, and what
# comes in 30 ms, until the next look. By the drain time-out, 10 s after it took the
# last one, all is gone. In-tree, the queueing discipline's limit holds: recorded.
memory_is_bounded() {
	read -r most </tmp/with.most
	read -r after </tmp/with.after
	read -r used </tmp/with.used
	read -r used_before </tmp/before.used
	ktap_print_msg "$XPV_BACK: $most KB wait at the worst moment, $after KB after the time-out"
	ktap_print_msg "$XPV_BACK: dom0 has $used KB more in use at the worst moment, $used_before KB without it"
	[ "$most" -gt 100 ] || return 1
	[ "$XPV_BACK" = ours ] || return 0
	[ "$most" -lt 4096 ] && [ "$after" -lt 256 ] && [ "$used" -lt $((used_before + 8192)) ]
}

# One that takes something may have 16 MB waiting, and what comes in 100 ms: less than
# the queueing discipline would hold, which has 10240 packets, 25 MB.
miser_is_bounded() {
	read -r most </tmp/miser.most
	ktap_print_msg "$XPV_BACK: $most KB wait for the miser at the worst moment"
	[ "$most" -gt 100 ] && { [ "$XPV_BACK" != ours ] || [ "$most" -lt 20480 ]; }
}

# Two measurements on a machine that others use, too, differ by much, and a round of a
# second or so is there now and then without the deaf one, too.
latency_stays() {
	read -r rounds slowest </tmp/before.rounds
	read -r rounds_with slowest_with </tmp/with.rounds
	ktap_print_msg "$XPV_BACK: $rounds rounds, the slowest $slowest ms; with the deaf one $rounds_with, $slowest_with ms"
	[ $((rounds_with * 3)) -ge "$rounds" ] && [ "$slowest_with" -lt $((slowest + 2000)) ]
}

both_go() {
	guest_run deaf 'touch /tmp/stop; sleep 1'
	guest_destroy calm && guest_destroy deaf &&
		wait_for 15 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]' && ! dmesg | grep LEAK
}

ktap_print_header
[ "$XPV_BACK" = ours ] && ktap_set_plan 12 || ktap_set_plan 11
net_mirror xpv0
net_port xpv1
ktap_test_result 'a guest is up' peer_guest calm vif=xpv0 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'another one boots' peer_guest deaf vif=xpv1 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the first one works' before || ktap_exit_fail_msg 'nothing to compare with'
ktap_test_result 'it works beside one that takes nothing' with_a_deaf_one
ktap_test_result 'that one was sent more than it took' was_sent_much
ktap_test_result 'what waits for it is little, and gone by the time-out' memory_is_bounded
[ "$XPV_BACK" != ours ] || ktap_test_result 'it is counted why what was dropped was' drops_have_their_reason
ktap_test_result "nor does the first one's latency" latency_stays
ktap_test_result 'it works beside one that takes little' with_a_miser
ktap_test_result 'of which not too much waits either' miser_is_bounded
ktap_test_result 'and nothing of the first one was lost' nothing_is_lost
ktap_test_result 'both go' both_go
ktap_finished
