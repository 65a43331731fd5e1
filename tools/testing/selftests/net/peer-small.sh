#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: boot ROMs and small systems, none of which is Linux, find a network; one that takes nothing for a while loses its carrier
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

# Both time-outs as short as they can be told apart.
impatient_backend() {
	net_back_load rx_drain_timeout_msecs=500 rx_stall_timeout_msecs=1500
}

carrier_is() {
	wait_for "$2" "[ \"\$(cat /sys/class/net/$vif/carrier)\" = $1 ]"
}

counter() {
	ethtool -S "$vif" | sed -n "s/^ *queue_0_$1: //p"
}

# queue_says PATTERN: in debugfs
queue_says() {
	cat "$queue" && grep -E "$1" "$queue"
}

carrier_goes() {
	log_mark
	peer_start peer sulky 0 && wait_for 20 "log_said | grep -q '$vif: the guest takes no packets: carrier off'" &&
		carrier_is 0 2
}

stall_is_told() {
	queue_says '^Rx needs [1-9][0-9]* buffers, drops, stalled' && grep 'RX: nr_ents 256' "$queue" || return 1
	for name in rx_ring_full rx_stalls rx_drop_stalled; do
		echo "$name $(counter $name)"
		[ "$(counter $name)" -ge 1 ] || return 1
	done
}

carrier_comes() {
	guest_run peer 'touch /tmp/take' && carrier_is 1 10 && queue_says '^Rx needs 0 buffers,'
}

kick_works() {
	guest_run peer 'for i in $(seq 300); do [ -e /tmp/silent ] && exit 0; sleep 0.1; done; exit 1' 40 || return 1
	! echo rubbish >"$queue" && echo kick >"$queue"
}

# One that does not tell of its buffers is not taken for dead. Its packets go, too.
mum_keeps_carrier() {
	stalls=$(counter rx_stalls)
	peer_start peer sulky-mum 0 && wait_for 20 "[ \$(counter rx_stalls) -gt $stalls ]" && sleep 2 &&
		queue_says '^Rx needs [1-9][0-9]* buffers, drops, [0-9]' && carrier_is 1 1 && guest_run peer 'touch /tmp/take'
}

ktap_print_header
[ "$XPV_BACK" = ours ] && ktap_set_plan 35 || ktap_set_plan 20
ktap_test_result 'the guest is up' peer_guest peer vif=xpv0 || ktap_exit_fail_msg 'no guest'
net_mirror xpv0
for peer in rom bsd simple; do
	peer_run peer $peer 0
done
if [ "$XPV_BACK" = ours ]; then
	vif=$(net_vif peer)
	queue=/sys/kernel/debug/xen-netback/$vif/io_ring_q0
	ktap_test_result 'a backend comes that is less patient' impatient_backend
	ktap_test_result 'one that takes nothing loses its carrier' carrier_goes
	ktap_test_result 'which is told and counted' stall_is_told
	ktap_test_result 'it has it back when it takes' carrier_comes
	ktap_test_result 'a queue is looked at when told to' kick_works
	peer_end peer sulky
	ktap_test_result 'one that tells of no buffers keeps its carrier' mum_keeps_carrier
	ktap_test_result 'its queue is looked at, too' kick_works
	peer_end peer sulky-mum
fi
ktap_test_result 'the guest goes, and nothing is left' peer_gone peer
ktap_finished
