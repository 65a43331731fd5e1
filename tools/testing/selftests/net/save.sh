#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest is saved and restored in the middle of a connection, which goes on
# runs: dom0
# guest: pv pvh* hvm*
# pair: ours/ours ours/intree* intree/ours* intree/intree*
# vifs: xpv0
# needs: xen-netfront xen-netback
# time: 180

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

image=/root/save.img
rounds=$([ -n "$XPV_LONG" ] && echo 5 || echo 1)

save_and_restore() {
	net_traffic_flows save || { echo 'no traffic before'; return 1; }
	xl save save $image >/tmp/save.log 2>&1 || { cat /tmp/save.log; return 1; }
	xl restore $image >/tmp/save.log 2>&1 || { cat /tmp/save.log; return 1; }
	rm $image
	guest_refresh save && net_traffic_flows save
}

ktap_print_header
ktap_set_plan $((rounds + 4))
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' net_guest save 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'data flows' eval 'net_traffic save 10.77.0.1; net_traffic_flows save'
for round in $(seq $rounds); do
	ktap_test_result "save and restore, round $round" save_and_restore || ktap_exit_fail_msg 'no guest'
done
ktap_test_result 'all of it was right' net_traffic_ends save
ktap_test_result 'the guest goes' guest_destroy save
ktap_finished
