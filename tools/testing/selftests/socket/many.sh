#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a thousand connections in a row and a gigabyte pass through PV sockets; all comes back
# runs: dom0
# guest: pv
# pair: ours/ours
# vcpus: 2
# needs: pvcalls-front pvcalls-back
# memory: 640
# length: long
# time: 300
# allow: gnttab_usage_print_all|-------- active|\[ref\] localdom|grant-table for remote|frames \([0-9]+ max\)|no active grant|\[0x[0-9a-f]+\]

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/pvsock.sh"
. "${0%/*}/../lib/census.sh"

# posixsock CHECK HOW-MANY
posixsock() {
	guest_run g "POSIXSOCK_MANY=$2 POSIXSOCK_CYCLES=$2 POSIXSOCK_SECONDS=$((100 * ${XPV_SLOW:-1})) \
		posixsock pv,names,shutdown,options $PVSOCK_HOST 25000 $1" 120
}

exchange() {
	guest_run g "NETLOAD_PROTOCOL=259 netload tcp $PVSOCK_HOST $NET_PORT $1 $2" 200
}

# Few rings are kept, and all are of one size: so Xen can tell of all their grants, and
# there are as many as before.
guest() {
	pvsock_guest g extra='pvcalls-front.idle_rings=4 pvcalls-front.large_rings=0'
}

# Ends are let go of in the background, and at most idle_rings stay.
nothing_is_left() {
	guest_run g 'for i in $(seq 50); do
			sed -n "s/.*: 0 at the backend.* rings, \([0-9]*\) of them idle/\1/p" /sys/kernel/debug/xenbus-mt/devices >/tmp/idle
			[ -s /tmp/idle ] && break
			sleep 0.2
		done
		cat /tmp/idle && [ "$(cat /tmp/idle)" -le 4 ]' && wait_for 10 'grep "sockets: 0" /sys/kernel/debug/xenbus-mt/devices'
}

ktap_print_header
ktap_set_plan 14
net_bridge xpv0
ktap_test_result 'somebody serves in dom0' net_serve || ktap_exit_fail_msg 'no server'
ktap_test_result 'the guest is up' guest || ktap_exit_fail_msg 'no guest'
ktap_test_result 'both ends connect' pvsock_plug g || ktap_exit_fail_msg 'no backend'
# The first connections make what is kept.
ktap_test_result 'a hundred connections at once' posixsock many 100
ktap_test_result 'nothing is left of them' nothing_is_left
census >/tmp/before
ktap_test_result 'a thousand connections in a row, with both ends here' posixsock cycles 1000
ktap_test_result 'half a gigabyte each way on one connection, every byte compared' exchange 524288 1
ktap_test_result 'nothing is left of them' nothing_is_left
census >/tmp/after
census_results 1000
ktap_test_result 'the device goes' pvsock_end g
ktap_finished
