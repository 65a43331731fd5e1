#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the toolstack's rate= holds within 5%, over all queues together, in one direction only
# runs: dom0
# guest: pv
# pair: ours/ours intree/ours* intree/intree*
# needs: xen-netfront xen-netback iperf3
# time: 90
#
# The in-tree backend counts in ticks of the clock and lets less through: there
# the rate is recorded, not judged.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

megabits=20
seconds=$([ -n "$XPV_LONG" ] && echo 20 || echo 4)
# What is missed while the emulated host stands still for longer than a period is
# not made up for, and weighs more in a short time.
least=$([ -n "$XPV_LONG" ] && echo 950 || echo 900)

received() {
	cat "/sys/class/net/$(net_vif rate)/statistics/rx_bytes"
}

# Hundredths of a second, by builtins.
now() {
	read -r up _ </proc/uptime
	now=${up%.*}${up#*.}
}

# measure: the rate in kb/s at which the guest's bytes arrive, headers included,
# from when its first burst is over
measure() {
	sleep 1
	now
	start=$now
	before=$(received)
	sleep "$seconds"
	after=$(received)
	now
	kilobits=$(((after - before) * 8 / (now - start) / 10))
	echo "$kilobits kb/s"
}

holds() {
	guest_run rate "iperf3 -c 10.77.0.1 -t $((seconds + 2)) $* >/tmp/iperf.log 2>&1 &" 10
	measure
	guest_run rate "for i in \$(seq 50); do pidof iperf3 >/dev/null || exit 0; sleep 0.2; done; exit 1" ||
		echo 'iperf3 does not end'
	[ "$XPV_BACK" = intree ] || [ $kilobits -gt $((megabits * least)) ] &&
		[ $kilobits -lt $((megabits * 1050)) ]
}

# Connections enough that they are on both.
holds_over_queues() {
	holds -P 8 || return 1
	ethtool -S "$(net_vif rate)" | grep 'queue_[01]_tx_bytes' | tee /dev/stderr |
		awk '$2 > 1000000 { used++ } END { exit used != 2 }'
}

other_way_is_free() {
	guest_run rate "iperf3 -c 10.77.0.1 -R -t 2 -f k" 30 | tee /tmp/iperf.log | tail -n 4
	kilobits=$(sed -n 's/.* \([0-9]*\) Kbits.sec .*receiver.*/\1/p' /tmp/iperf.log)
	[ "$kilobits" -gt $((megabits * 2000)) ]
}

ktap_print_header
[ -n "$XPV_LONG" ] && ktap_set_plan 6 || ktap_set_plan 5
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' \
	net_guest rate 2 "vcpus=$([ -n "$XPV_LONG" ] && echo 2 || echo 1)" "vif=xpv0,rate=${megabits}Mb/s" ||
	ktap_exit_fail_msg 'no guest'
ktap_test_result "${megabits} Mb/s hold for a flood of UDP" holds -u -b 200M
ktap_test_result "${megabits} Mb/s hold for TCP" holds
[ -z "$XPV_LONG" ] || ktap_test_result "${megabits} Mb/s hold for two queues together" holds_over_queues
ktap_test_result 'the other way is free' other_way_is_free
ktap_test_result 'data is right' net_load rate tcp 10.77.0.1 1024
guest_destroy rate
ktap_finished
