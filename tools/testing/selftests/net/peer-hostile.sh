#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a hostile frontend is refused or stopped, leaves nothing, and its neighbours do not feel it, nor one that takes nothing
# runs: dom0
# guest: pv pvh*
# pair: none/ours none/intree*
# needs: xen-netback
# vcpus: 2
# time: 300
#
# A frontend that has pages kept mapped asks for too many, wrong ones, and all the time;
# it has a limit of its own, which it can reach.
#
# The in-tree backend, once it has stopped a device, never serves it again: there
# only those attacks are tried that do not stop it.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/peer.sh"

PLUG_CLASS=vif

neighbour_works() {
	plug_paths peer 1
	plug_wait "$front" 4
}

# What is sent to one that takes nothing is kept for a while, but not all of it: 2 MB
# at most once it has been silent for 100 ms, and what comes in 30 ms. The in-tree
# backend leaves it to the queueing discipline, and is recorded.
deaf_costs_little() {
	peer_start peer deaf 2
	end=$(($(date +%s) + 6))
	most=$(net_waiting_most "$(net_vif peer 2)" '[ $(date +%s) -lt $end ]') || return 1
	ktap_print_msg "$XPV_BACK: $most KB wait for one that takes nothing at the worst moment"
	[ "$most" -gt 0 ] && { [ "$XPV_BACK" != ours ] || [ "$most" -lt 8192 ]; }
}

STAGING_MAX=/sys/module/xen_netback/parameters/max_staging_grants

staging_begins() {
	max=$(cat $STAGING_MAX)
	echo 48 >$STAGING_MAX && peer_start peer staging 4 && plug_paths peer 4 && plug_wait "$back" 4
	good=$?
	echo "$max" >$STAGING_MAX
	return $good
}

# Some of what was sent and received was in pages that were kept, some was not, and
# some was in a page that was not to be written.
staging_counts() {
	ethtool -S "$(net_vif peer 4)" | grep -E 'queue_0_[rt]x_(staged|copied)' | tee /dev/stderr |
		awk '$2 > 0 { good++ } END { exit good < 4 }'
}

# Why the first peer on the fourth vif was stopped, each time, in the words and the order
# that it expects. Of ten messages in five seconds the kernel leaves further ones out.
log_explains() {
	sed -n 's/^# the log is to say: //p' /tmp/wild.out >/tmp/expected
	dmesg | sed -n "s/.*vif-$domid-3: queue 0: the frontend sent \(.*\) (error -[0-9]*)\$/\1/p" >/tmp/found
	awk 'NR == FNR { want[n++] = $0; next }
		{
			for (j = i + 0; j < n && want[j] != $0; j++)
				;
			if (j == n)
				exit
			i = j + 1
			good++
		}
		END { print good + 0 " of " n + 0 " were told"; exit !(n && good >= n - 4) }' /tmp/expected /tmp/found ||
		{ diff -u /tmp/expected /tmp/found; return 1; }
}

# said MESSAGE: of the hostile device, in dom0's log
said() {
	dmesg | grep -E "(vif-$domid-0|vif$domid.0).*$1" | tail -n 1 |
		grep . || { echo "no message like: $1"; return 1; }
}

ktap_print_header
[ "$XPV_BACK" = ours ] && ktap_set_plan 42 || ktap_set_plan 19
ktap_test_result 'the guest is up' peer_guest peer vif=xpv0 vif=xpv1 vif=xpv2 vif=xpv3 vif=xpv4 || ktap_exit_fail_msg 'no guest'
# All of them together have more pages granted than programs may by default.
guest_run peer 'echo 2048 >/sys/module/xen_gntalloc/parameters/limit'
# Each has a mirror of its own: one process could not answer them all.
for bridge in xpv0 xpv1 xpv2 xpv3 xpv4; do
	net_mirror $bridge
done
domid=$(__guest peer domid)
peer_start peer neighbour 1
ktap_test_result 'a neighbour works' neighbour_works
ktap_test_result 'one that takes nothing costs little' deaf_costs_little
if [ "$XPV_BACK" = ours ]; then
	ktap_test_result 'one that has pages kept begins' staging_begins
	peer_start peer wild 3
	peer_run peer hostile 0 200
	peer_end peer staging
	ktap_test_result 'its data was in pages kept and in others' staging_counts
	peer_end peer wild
	cp /tmp/peer.out /tmp/wild.out
else
	peer_run peer mild 0 200
fi
guest_run peer 'touch /tmp/stop'
peer_end peer deaf
peer_end peer neighbour
if [ "$XPV_BACK" = ours ]; then
	ktap_test_result 'what was wrong with packets is explained' log_explains
	ktap_test_result 'a ring that cannot be mapped is explained' said 'ring-ref'
	ktap_test_result 'a producer that cannot be is explained' said 'more requests than'
	ktap_test_result 'the backend holds nothing of the guest' peer_holds_nothing
fi
ktap_test_result 'the guest goes, and nothing is left' peer_gone peer
ktap_finished
