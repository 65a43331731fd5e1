#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: with complete-checksums no checksum is left to be made, neither by the guest nor by what is behind dom0's end
# runs: dom0
# guest: pv
# pair: ours/ours intree/ours*
# vifs: xpv0
# needs: xen-netfront xen-netback
# time: 90

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

NETPEER=/xpv/programs/netpeer

# count: TCP, and datagrams with echoes; what came in at either end meanwhile, to
# /tmp/dom0.sums and /tmp/guest.sums
count() {
	seconds=$((3 * XPV_SLOW))
	guest_run sums "rm -f /tmp/sums; setsid netpeer sums eth0 $seconds >/tmp/sums 2>&1 </dev/null &
		for i in \$(seq 100); do grep -q counting /tmp/sums && exit; sleep 0.05; done; exit 1" 10 || return 1
	rm -f /tmp/dom0.sums
	$NETPEER sums "$(net_vif sums)" $seconds >/tmp/dom0.sums 2>&1 &
	wait_for 5 'grep -qs counting /tmp/dom0.sums' && net_load sums tcp 10.77.0.1 512 &&
		net_load sums udp 10.77.0.1 8 1400 97 && net_load sums udp fd77:0::1 8 1400 97
	good=$?
	wait $!
	guest_run sums 'for i in $(seq 100); do grep -q packets /tmp/sums && break; sleep 0.05; done; cat /tmp/sums' >/tmp/guest.sums
	ktap_print_msg "dom0: $(tail -n 1 /tmp/dom0.sums); guest: $(tail -n 1 /tmp/guest.sums)"
	return $good
}

# field NAME END
field() {
	sed -n "s/.*$1 \([0-9]*\).*/\1/p" "/tmp/$2.sums"
}

left_to_others() {
	count && [ "$(field blank dom0)" -gt 0 ] && [ "$(field blank guest)" -gt 0 ] && [ "$(field segments guest)" -gt 0 ]
}

all_are_made() {
	count && [ "$(field packets dom0)" -gt 20 ] && [ "$(field packets guest)" -gt 20 ] &&
		[ "$(field blank dom0)" = 0 ] && [ "$(field blank guest)" = 0 ] && [ "$(field segments guest)" = 0 ]
}

# Else the guest would make large ones of the segments that come.
as_they_come() {
	guest_run sums 'ethtool -K eth0 gro off' >/dev/null
}

complete() {
	xenstore-write "/local/domain/0/backend/vif/$(__guest sums domid)/0/complete-checksums" "$1" && sleep 0.5
}

dom0_offers_sums() {
	ethtool -k "$(net_vif sums)" | grep "^tx-checksumming: $1"
}

tcp() {
	net_load sums tcp 10.77.0.1 4096 2
}

ktap_print_header
ktap_set_plan 9
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' net_guest sums 2 || ktap_exit_fail_msg 'no guest'
as_they_come || ktap_exit_fail_msg 'the guest receives in its own way'
ktap_test_result 'sums are left to the other end' left_to_others
complete 1
ktap_test_result 'the key takes that from the interface' dom0_offers_sums off
ktap_test_result 'with the key, they are made' all_are_made
ktap_test_result 'TCP works' tcp
complete 0
ktap_test_result 'the key is followed' dom0_offers_sums on
ktap_test_result 'without it, they are left again' left_to_others
ktap_test_result 'TCP works again' tcp
ktap_test_result 'the guest goes' guest_destroy sums
ktap_finished
