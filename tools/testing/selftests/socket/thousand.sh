#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a thousand connections at once, both ends of each PV sockets of one guest: what they take of memory and Xen, and that all of it comes back
# runs: dom0
# guest: pv
# pair: ours/ours
# vcpus: 2
# needs: pvcalls-front pvcalls-back
# memory: 640
# length: long
# time: 400
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/pvsock.sh"
. "${0%/*}/../lib/census.sh"

devices=/sys/kernel/debug/xenbus-mt/devices
sockets=2000

# Rings of the usual size, few of which stay. An event channel for each is more than a
# guest has by itself.
guest() {
	pvsock_guest g extra='pvcalls-front.idle_rings=4 pvcalls-front.large_rings=0' \
		config='max_event_channels = 4095'
}

posixsock="posixsock pv,names,shutdown,options $PVSOCK_HOST 25000 many"

# What the most of them took to be mapped at is kept for later ones.
first_thousand() {
	guest_run g "POSIXSOCK_MANY=1000 POSIXSOCK_SECONDS=$((100 * ${XPV_SLOW:-1})) $posixsock" 120
}

# Until each has carried data.
a_thousand() {
	guest_run g 'touch /tmp/hold'
	guest_start g "POSIXSOCK_MANY=1000 POSIXSOCK_HOLD=/tmp/hold POSIXSOCK_SECONDS=$((300 * ${XPV_SLOW:-1})) $posixsock"
	guest_run g 'for i in $(seq 400); do grep -q "held\|ok" /tmp/background.log && break; sleep 0.5; done
		cat /tmp/background.log; grep -q held /tmp/background.log' 220
}

# memory: KB of pages and of slab, here and in the guest
memory() {
	sleep 1
	echo "$(eval "$__census_memory") $(guest_run g "$__census_memory")"
}

# held WHAT FILE: grants, maps or event channels
held() {
	sed -n "s/.*holds:.*[ ,]\([0-9]*\) $1.*/\1/p" "$2"
}

# each WHAT TOTAL MOST: of a socket
each() {
	echo "$1: $2, of a socket $(($2 * 10 / sockets / 10)).$(($2 * 10 / sockets % 10))"
	[ "$2" -le $((sockets * $3)) ]
}

# A ring is 17 pages, granted there and mapped here; and the network has a socket.
what_they_take() {
	read -r pages slab guest_pages guest_slab <<END
$(memory)
END
	read -r was was_slab guest_was guest_was_slab </tmp/memory
	cat $devices
	cat $devices >/tmp/here && guest_run g "cat $devices" >/tmp/there && cat /tmp/there
	each 'KB of pages in the guest' $((guest_pages - guest_was)) 72
	guest_is_small=$?
	each 'KB of slab in the guest' $((guest_slab - guest_was_slab)) 12 &&
		each 'KB of pages here' $((pages - was)) 16 &&
		each 'KB of slab here' $((slab - was_slab)) 24 &&
		each 'grants' "$(held grants /tmp/there)" 18 && each 'maps' "$(held maps /tmp/here)" 18 && [ $guest_is_small = 0 ]
}

# sockets_are AT-LEAST: that the backend counts
sockets_are() {
	[ "$(sed -n 's/.*sockets: \([0-9]*\).*/\1/p' $devices)" -ge "$1" ]
}

closes() {
	guest_run g 'rm /tmp/hold; for i in $(seq 200); do grep "ok - " /tmp/background.log && break; sleep 0.5; done
		grep -q "^ok" /tmp/background.log' 120
}

# Ends are let go of in the background, and at most idle_rings stay.
nothing_is_left() {
	guest_run g 'for i in $(seq 100); do
			sed -n "s/.*: 0 at the backend.* rings, \([0-9]*\) of them idle/\1/p" /sys/kernel/debug/xenbus-mt/devices >/tmp/idle
			[ -s /tmp/idle ] && break
			sleep 0.2
		done
		cat /tmp/idle && [ "$(cat /tmp/idle)" -le 4 ]' && wait_for 20 "grep 'sockets: 0' $devices"
}

ktap_print_header
ktap_set_plan 15
net_bridge xpv0
ktap_test_result 'the guest is up' guest || ktap_exit_fail_msg 'no guest'
ktap_test_result 'both ends connect' pvsock_plug g || ktap_exit_fail_msg 'no backend'
ktap_test_result 'a thousand connections at once' first_thousand
ktap_test_result 'nothing is left of them' nothing_is_left
census g >/tmp/before
memory >/tmp/memory
ktap_test_result 'a thousand more are held' a_thousand
ktap_test_result 'the backend has both ends of each' sockets_are $sockets
ktap_test_result 'each takes its ring, and little beside' what_they_take
ktap_test_result 'they end' closes
ktap_test_result 'nothing is left of them, either' nothing_is_left
census g >/tmp/after
census_results 200
ktap_test_result 'the device goes' pvsock_end g
ktap_finished
