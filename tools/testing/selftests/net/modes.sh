#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the frontend's ways to carry data: queues, pages kept mapped, a backend that is not trusted, one that filters groups, two vifs
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree* intree/ours* intree/intree*
# vifs: xpv0 xpv1
# needs: xen-netfront xen-netback ethtool
# vcpus: 2
# time: 180

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

[ -n "$XPV_LONG" ] && step=131 kilobytes=4096 reloads=8 || step=997 kilobytes=1024 reloads=3

data_is_right() {
	net_load modes udp 10.77.0.1 8 9000 $step && net_load modes tcp 10.77.0.1 $kilobytes 4 &&
		net_load modes tcp fd77:1::1 $kilobytes
}

# works_with [PARAMETER]...: of the frontend, which is loaded anew
works_with() {
	net_front_load modes "$@" && net_configure modes 2 && data_is_right
}

frontend_says() {
	xenstore-ls -f "/local/domain/$(xl domid modes)/device/vif/0" | grep "$1"
}

queues_are() {
	guest_run modes "[ \$(ls -d /sys/class/net/eth0/queues/tx-* | wc -l) = $1 ]"
}

# sum SIDE NAME: of a counter of ethtool's, over the queues, on standard input
sum() {
	awk -v name="^ *($1_queue_[0-9]+|queue_[0-9]+_$1)_$2:" '$0 ~ name { n += $NF } END { print n + 0 }'
}

# Between our ends next to all data is in pages that stay mapped: but what comes before
# they are, and buffers that the stack has instead of those.
pages_stay_mapped() {
	ethtool -S "$(net_vif modes)" >/tmp/back
	for side in tx rx; do
		staged=$(sum $side staged </tmp/back) copied=$(sum $side copied </tmp/back)
		echo "$side: $staged slots in pages that stay mapped, $copied copied by Xen"
		[ "$staged" -gt 200 ] && [ "$staged" -gt $((copied * 3)) ] || return 1
	done
}

# What a frontend that is loaded next may have mapped, so that all it sends need not
# be copied.
keep_pages() {
	[ "$XPV_BACK" != ours ] || echo "$1" >/sys/module/xen_netback/parameters/max_staging_grants
}

sent() {
	guest_run modes 'ethtool -S eth0' >/tmp/front
	echo "$(sum tx packets </tmp/front) $(sum tx copied </tmp/front)"
}

# copied all|some: of the packets sent. What is counted as copied is what the driver is
# given; so that these are the packets, it is given no segments to make.
copied() {
	guest_run modes 'ethtool -K eth0 tso off gso off >/dev/null' || return 1
	before=$(sent) && net_load modes tcp 10.77.0.1 1024 && after=$(sent) || return 1
	packets=$((${after% *} - ${before% *})) copied=$((${after#* } - ${before#* }))
	echo "$copied of $packets packets were copied"
	[ "$packets" -gt 500 ] || return 1
	case $1 in
	all) [ "$copied" = "$packets" ] ;;
	some) [ "$copied" -lt $((packets / 2)) ] ;;
	esac
}

# By the store, as xl's "trusted=0" has it.
key_is_heeded() {
	key=/local/domain/$(xl domid modes)/device/vif/0/trusted
	xenstore-write "$key" 0 && works_with && copied all
	good=$?
	xenstore-rm "$key"
	return $good
}

# Each on a network of its own.
vifs_are_apart() {
	guest_run modes 'for i in 0 1; do cat /sys/class/net/eth$i/statistics/tx_packets; done' >/tmp/before
	net_load modes ping 10.77.1.1 0 99 1 || return 1
	guest_run modes 'for i in 0 1; do cat /sys/class/net/eth$i/statistics/tx_packets; done' >/tmp/after
	paste /tmp/before /tmp/after | tee /dev/stderr |
		awk '{ n[NR] = $2 - $1 } END { exit !(n[1] < 50 && n[2] >= 100) }'
}

both_at_once() {
	guest_run modes "netload tcp 10.77.0.1 $NET_PORT 4096 2 >/tmp/0.log 2>&1 & pid=\$!
		netload tcp 10.77.1.1 $NET_PORT 4096 2 || exit; wait \$pid || { cat /tmp/0.log; exit 1; }"
}

# In the guest: the names of vif 0, 1 and so on.
NAMES='for i in 0 1; do
		net=/sys/bus/xen/devices/vif-$i/net
		for t in $(seq 100); do [ -n "$(ls $net 2>/dev/null)" ] && break; sleep 0.05; done
		echo "$i:$(ls $net)"
	done | tr "\n" " "
	echo'

# Whatever the names of earlier ones were, those of now are in order.
in_order() {
	names=$(guest_run modes "$NAMES")
	echo "$names"
	[ "$names" = '0:eth0 1:eth1 ' ]
}

# Both at once, which is how they may overtake each other.
always_in_order() {
	for i in $(seq $reloads); do
		net_front_load modes && in_order || return 1
	done
}

# Two packets to a group that nobody listens to; what the backend keeps back of all that came.
kept_back() {
	before=$(ethtool -S "$(net_vif modes)" | sum rx drop_filter)
	ping -n -c 2 -i 0.3 -w 2 -W 1 -I xpv0 224.0.0.199 >/dev/null 2>&1
	after=$(ethtool -S "$(net_vif modes)" | sum rx drop_filter)
	echo "$((after - before)) packets were kept back"
	[ $((after - before)) -ge 2 ]
}

filter_is() {
	wait_for 5 "[ \"\$(xenstore-read /local/domain/$(xl domid modes)/device/vif/0/request-multicast-control)\" = $1 ]"
}

received() {
	guest_run modes 'cat /sys/class/net/eth0/statistics/rx_packets'
}

filters() {
	filter_is 1 && kept_back
}

# While the guest wants all, in the same connection; and again when it does not.
filters_no_more() {
	guest_run modes 'ip link set eth0 promisc on || ifconfig eth0 promisc' && filter_is 0 && sleep 0.3 || return 1
	had=$(received)
	kept_back && return 1
	came=$(($(received) - had))
	echo "$came packets came in"
	[ $came -ge 2 ]
}

filters_again() {
	guest_run modes 'ip link set eth0 promisc off || ifconfig eth0 -promisc' && filters &&
		net_load modes tcp fd77:1::1 256
}

# Where the processor cannot watch the ring, being the only one, a stream is taken in
# batches, by the clock; if it is one whose packets come soon enough.
naps() {
	guest_run modes 'echo 0 >/sys/devices/system/cpu/cpu1/online' && works_with poll_us=10000 || return 1
	for i in $(seq 20); do
		net_load modes tcp 10.77.0.1 4096 4 && guest_run modes 'ethtool -S eth0' >/tmp/front || return 1
		napped=$(sum rx napped </tmp/front)
		[ "$napped" -lt 5 ] || break
	done
	guest_run modes 'echo 1 >/sys/devices/system/cpu/cpu1/online'
	echo "$napped naps brought a batch, $(sum rx napped_vainly </tmp/front) did not"
	[ "$napped" -ge 5 ]
}

# backend_counts SIDE NAME: of its counters
backend_counts() {
	ethtool -S "$(net_vif modes)" | sum "$1" "$2"
}

# stream_of_small [OPTION]: datagrams from the guest, or with -R to it, as fast as they can be
# made one by one. A backend that gathers them has as long for that as they take here.
stream_of_small() {
	poll_us=/sys/module/xen_netback/parameters/poll_us
	read -r usual <$poll_us
	echo 10000 >$poll_us
	guest_run modes "iperf3 -c 10.77.0.1 -u $1 -b 0 -l 64 -t 1 >/tmp/iperf3 || { cat /tmp/iperf3; exit 1; }"
	status=$?
	echo "$usual" >$poll_us
	return $status
}

# What Xen copies to a guest is copied many at a time, whoever sends it one by one.
gathers() {
	stream_of_small -R || return 1
	gathered=$(backend_counts rx gathered)
	echo "packets were gathered $gathered times, $(backend_counts rx gathered_vainly) times in vain"
	[ "$gathered" -ge 5 ] && data_is_right
}

# And what a guest sends one by one is taken so, where the processor has more to do than
# to watch its ring.
backend_naps() {
	stream_of_small || return 1
	napped=$(backend_counts tx napped)
	echo "$napped naps brought a batch, $(backend_counts tx napped_vainly) did not"
	[ "$napped" -ge 5 ] && data_is_right
}

ktap_print_header
plan=11
[ "$XPV_FRONT" != ours ] || plan=$((plan + 6))
if [ "$XPV_FRONT/$XPV_BACK" = ours/ours ]; then
	[ -n "$XPV_LONG" ] && plan=$((plan + 6)) || plan=$((plan + 4))
fi
ktap_set_plan $plan
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'the guest is up, with two networks' guest_create modes || ktap_exit_fail_msg 'no guest'
	ktap_test_result 'their names are in the order of their numbers' in_order
	ktap_test_result 'and are so each time the driver is loaded' always_in_order
	net_configure modes 2
else
	ktap_test_result 'the guest is up, with two networks' net_guest modes 2 || ktap_exit_fail_msg 'no guest'
fi
ktap_test_result 'as it comes' data_is_right
if [ "$XPV_FRONT/$XPV_BACK" = ours/ours ]; then
	ktap_test_result 'in pages that stay mapped' pages_stay_mapped
fi
ktap_test_result 'two queues for two CPUs' queues_are 2
ktap_test_result 'the backend was told so' frontend_says 'multi-queue-num-queues = "2"'
ktap_test_result 'each vif carries what is its own' vifs_are_apart
ktap_test_result 'both at once' both_at_once
keep_pages 0
ktap_test_result 'one queue' works_with max_queues=1
ktap_test_result 'is one queue' queues_are 1
if [ "$XPV_FRONT/$XPV_BACK" = ours/ours ]; then
	ktap_test_result 'packets for pages that are not mapped are gathered' gathers
	ktap_test_result 'and those of a stream to the backend are, too' backend_naps
fi
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'a backend that is trusted is lent pages' copied some
fi
ktap_test_result 'not trusting the backend' works_with trusted=0
if [ "$XPV_FRONT" = ours ]; then
	ktap_test_result 'then it sees copies only' copied all
	ktap_test_result 'and so it does if the store says so' key_is_heeded
fi
keep_pages 3072
ktap_test_result 'not trusting it, with one queue' works_with trusted=0 max_queues=1
if [ "$XPV_FRONT/$XPV_BACK" = ours/ours ]; then
	ktap_test_result 'as it came, but for a filter' works_with multicast_control=1
	ktap_test_result 'what nobody listens to is kept back, and counted' filters
	if [ -n "$XPV_LONG" ]; then
		ktap_test_result 'until all is wanted' filters_no_more
		ktap_test_result 'and is again when it is not' filters_again
	fi
else
	ktap_test_result 'as it came, again' works_with
fi
[ "$XPV_FRONT" != ours ] || ktap_test_result 'a stream is taken in batches' naps
guest_destroy modes
ktap_finished
