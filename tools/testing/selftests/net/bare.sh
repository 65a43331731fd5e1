#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the frontend works on a backend that offers as little as QEMU's, and on one that filters if asked before it connects and looks at all that is in pages
# runs: dom0
# guest: pv pvh*
# pair: ours/none intree/none*
# needs: xen-netfront xpv-frames
# vcpus: 2
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/peer.sh"

PLUG_CLASS=vif
four=10.77.0.1

# The backend sees what leaves the bridge for it: whole sums, no segments to be made.
# start_backend [WORD]...: of netpeer's
start_backend() {
	[ -d /sys/class/net/xpv0port ] || net_port xpv0 || return 1
	ethtool -K xpv0port tx off tso off gso off >/dev/null || return 1
	/xpv/programs/netpeer bare "$domid" xpv0end "$@" >/tmp/bare.log 2>&1 &
}

bare_paths() {
	plug_paths bare 0
	back=/local/domain/0/backend/bare/$domid/0
}

# plug_bare [WORD]...
plug_bare() {
	bare_paths
	xenstore-write "$back/frontend-id" "$domid"
	xenstore-chmod "$back" n0 "r$domid"
	plug_frontend 0
	xenstore-write "$back/frontend" "$front" "$back/online" 1 "$back/handle" 0 "$back/mac" "$(__plug_mac 0)"
	plug_go
	start_backend "$@"
	plug_wait "$front" 4 20 && plug_wait "$back" 4
}

offers_are_taken() {
	[ "$(guest_run bare 'ethtool -k eth0' | grep -cE '^(scatter-gather|tcp-segmentation-offload): off')" = 2 ]
}

# What is lent is counted until it is answered: the limit is what it is told to be, within
# one completion, and all that is answered is counted no more.
limits_follow() {
	guest_run bare 'for i in /sys/class/net/eth0/queues/tx-*/byte_queue_limits; do
			echo 0 >$i/limit_min; echo $((1 << 15)) >$i/limit_max
		done' && net_load bare tcp $four 1024 2 && sleep 0.3 || return 1
	guest_run bare 'cd /sys/class/net/eth0/queues/tx-0/byte_queue_limits && echo $(cat limit inflight)' >/tmp/limits
	read -r limit inflight </tmp/limits
	echo "a limit of $limit bytes, $inflight in flight at rest"
	[ "$limit" -gt 0 ] && [ "$limit" -le 32768 ] && [ "$inflight" = 0 ]
}

# 192 frames, which the driver gets by sixteens; the backend sees in how many steps they
# come. The one before has it look.
burst() {
	guest_run bare 'for count in 1 192; do
			insmod /modules/xpv-frames.ko dev=eth0 count=$count && rmmod xpv-frames || exit
		done'
}

# It takes no packets, and is waited for. Who would rather know has no carrier.
hung_one_is_given_up() {
	policy=/sys/bus/xen/devices/vif-0/fail_after
	carrier=/sys/class/net/eth0/carrier
	bare_paths
	killall -STOP netpeer
	guest_run bare "setsid ping $four >/dev/null 2>&1 </dev/null & sleep 4
		[ \$(cat $policy $carrier | tr -d '\n') = 01 ] && echo 1 >$policy || { cat $policy $carrier; exit 1; }
		for i in \$(seq 50); do [ \$(cat $carrier) = 0 ] && break; sleep 0.1; done
		killall ping; cat $carrier; [ \$(cat $carrier) = 0 ]" && plug_wait "$front" 6 2
	given_up=$?
	killall -CONT netpeer
	plug_wait "$back" 6 && [ $given_up = 0 ]
}

leaves() {
	bare_paths
	guest_run bare 'echo vif-0 >/sys/bus/xen/drivers/vif/unbind' && plug_wait "$back" 6 &&
		wait_for 10 '! pidof netpeer' && xenstore-rm "$front" "$back"
}

# A group that nobody listens to.
to_others() {
	ping -n -c 2 -i 0.3 -w 2 -W 1 -I xpv0 224.0.0.199 >/dev/null 2>&1
	ping -n -6 -c 2 -i 0.3 -w 2 -W 1 -I xpv0 ff02::99 >/dev/null 2>&1
	true
}

frontend_filters() {
	guest_run bare 'rmmod xen-netfront && insmod /modules/xen-netfront.ko multicast_control=1 trusted=0' &&
		plug_bare filters looks
}

# Whoever asks for its address over IPv6 asks a group.
groups_pass() {
	net_configure bare 2 xpv0 && to_others && ip -6 neigh flush dev xpv0
	guest_run bare "setsid netload serve $NET_PORT >/tmp/serve.log 2>&1 </dev/null &" 10
	wait_for 10 "NETLOAD_TRIES=1 $NETLOAD udp fd77:0::2 $NET_PORT 8 8 1" && net_load bare tcp fd77:0::1 256
}

# One that wants all has to connect anew, since what was asked for stays.
all_are_wanted() {
	guest_run bare 'ip link set eth0 promisc on || ifconfig eth0 promisc'
	wait_for 10 '! pidof netpeer >/dev/null' && bare_paths && xenstore-rm "$front" "$back"
}

ktap_print_header
plan=14
[ "$XPV_FRONT" != ours ] || plan=27
[ "$XPV_FRONT" != ours ] || [ -z "$XPV_LONG" ] || plan=28
ktap_set_plan $plan
ktap_test_result 'the guest is up' guest_create bare || ktap_exit_fail_msg 'no guest'
net_bridge xpv0
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
# The in-tree frontend publishes each packet by itself.
[ "$XPV_FRONT" != ours ] || words=bursts
# shellcheck disable=SC2086 # a word or none
ktap_test_result 'the frontend connects' plug_bare $words || ktap_exit_fail_msg 'no network'
ktap_test_result 'it does not use what is not offered' offers_are_taken
ktap_test_result 'it has a network' net_configure bare 2 xpv0
ktap_test_result 'echoes of all sizes' net_load bare ping $four 0 1472 13
ktap_test_result 'echoes in fragments' net_load bare ping $four 1473 9000 331
ktap_test_result 'UDP of all sizes' net_load bare udp $four 8 3000 91
ktap_test_result 'TCP both ways at once' net_load bare tcp $four 1024 2
ktap_test_result 'TCP over IPv6' net_load bare tcp fd77:0::1 256
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'a burst is sent' burst
	ktap_test_result 'byte limits follow' limits_follow
	[ -z "$XPV_LONG" ] ||
		ktap_test_result 'one that hangs is given up, if somebody says so' hung_one_is_given_up
fi
ktap_test_result 'it leaves' leaves
peer_results /tmp/bare.log
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'it connects to one that filters' frontend_filters
	ktap_test_result 'what it listens to comes' groups_pass
	ktap_test_result 'it leaves that one when it wants all' all_are_wanted
	peer_results /tmp/bare.log
fi
ktap_test_result 'the guest goes' guest_destroy bare
ktap_finished
