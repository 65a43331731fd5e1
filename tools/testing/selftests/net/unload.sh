#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: either driver can be unbound and unloaded, with and without traffic, and the guest killed under it
# runs: dom0
# guest: pv
# pair: ours/ours intree/intree*
# vifs: xpv0
# needs: xen-netfront xen-netback
# time: 240
#
# The in-tree frontend does not outlive its backend: on that pair, what remains
# proves the test.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run unload "$1" "${2:-60}"
}

works() {
	net_load unload ping 10.77.0.1 0 2000 97 && net_load unload tcp 10.77.0.1 512
}

device() {
	ls /sys/bus/xen-backend/devices | grep vif
}

backend_rebind() {
	name=$(device)
	echo "$name" >/sys/bus/xen-backend/drivers/vif/unbind &&
		sleep 1 && echo "$name" >/sys/bus/xen-backend/drivers/vif/bind && net_scripts
}

start_traffic() {
	net_traffic unload 10.77.0.1
	net_traffic_flows unload
}

backend_reload_under_traffic() {
	start_traffic && net_back_load && net_traffic_flows unload && net_traffic_ends unload
}

# How many echoes dom0 was asked for, and segments of TCP with a wrong sum it was sent.
asked() {
	awk '$1 == "Icmp:" && $2 ~ /^[0-9]/ { print $10 }' /proc/net/snmp
}

wrong_sums() {
	awk '$1 == "Tcp:" && $2 ~ /^[0-9]/ { print $16 }' /proc/net/snmp
}

# Small packets are copied, of large ones pages may be lent. What is sent again has its
# checksum to be made as before.
nothing_sent_is_lost() {
	before=$(asked) wrong=$(wrong_sums)
	start_traffic && in_guest 'for size in 56 1400; do
			setsid ping -n -q -i 0.02 -c 150 -W 2 -s $size 10.77.0.1 >/tmp/pings.$size 2>&1 </dev/null &
		done; sleep 0.5' && net_back_load && net_traffic_ends unload &&
		in_guest 'for i in $(seq 100); do [ "$(cat /tmp/pings.* | grep -c received)" = 2 ] && break; sleep 0.1; done
			grep received /tmp/pings.*' || return 1
	echo "$(($(asked) - before)) of 300 arrived, $(($(wrong_sums) - wrong)) segments with a wrong checksum"
	[ $(($(asked) - before)) = 300 ] && [ "$(wrong_sums)" = "$wrong" ]
}

many_reloads() {
	start_traffic || return 1
	for i in $(seq $reloads); do
		net_back_load && net_traffic_flows unload || { echo "reload $i"; return 1; }
	done
	net_traffic_ends unload
}

# A frontend that has not noticed yet is not asked for rings that it gave up.
quick_reloads() {
	log_mark
	for i in 1 2 3 4 5; do
		rmmod xen-netback && insmod $XPV_MODULES/xen-netback.ko || return 1
	done
	net_scripts && works && ! log_said | grep 'error -'
}

# The interface goes from under its connections.
frontend_reload_under_traffic() {
	start_traffic && net_front_load unload && net_configure unload 2
}

frontend_rebind_under_traffic() {
	start_traffic && in_guest 'cd /sys/bus/xen/drivers/vif && echo vif-0 >unbind && echo vif-0 >bind' &&
		net_configure unload 2
}

killed_under_traffic() {
	start_traffic && guest_destroy unload
}

backend_forgets() {
	wait_for 20 '[ -z "$(device)" ] && ! ls /sys/class/net | grep vif'
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log unload)"
}

# Whoever looks at a device while it goes must not stumble. Looking takes dom0's time.
[ -n "$XPV_LONG" ] && pause=0.05 || pause=0.2
look_on() {
	while sleep $pause; do
		cat /sys/class/net/vif*/statistics/* /proc/net/dev /sys/kernel/debug/xenbus-mt/devices \
			/sys/kernel/debug/xen-netback/*/*
		for __vif in /sys/class/net/vif*; do ethtool -S "${__vif##*/}"; done
	done >/dev/null 2>&1
}

# Packets that the backend does not answer, since it may not pass them on; and so
# many, each of a sender of its own, that some wait for their answers, as those beyond
# a quarter of the ring do. Byte queue limits let a few of them be, or many.
hold_packets() {
	in_guest 'for limit in /sys/class/net/eth0/queues/tx-*/byte_queue_limits/limit_min; do
		echo 1000000 >$limit
	done'
	xenstore-write "$back/rate" 2000,5000000 && sleep 0.5
	for i in $(seq 10); do
		in_guest "for i in \$(seq 45); do
			ping -q -c 1 -W 1 -s 1400 10.77.0.1 >/dev/null 2>&1 &
		done; sleep 1"
		[ "$(out_in_guest)" -lt 66 ] || return 0
	done
	echo "$(out_in_guest) slots wait"
	return 1
}

# Slots that wait for their answers.
out_in_guest() {
	in_guest "sed -n 's/.*transmit: .* slots, \([0-9]*\) out.*/\1/p' /sys/kernel/debug/xenbus-mt/devices" |
		awk '{ n += $1 } END { print n + 0 }'
}

goes_down_in_time() {
	echo "$(out_in_guest) slots wait"
	in_guest 'before=$(cut -d. -f1 /proc/uptime); ip link set eth0 down || exit
		took=$(($(cut -d. -f1 /proc/uptime) - before)); echo "$took s"; [ $took -le 2 ]' &&
		wait_for 10 '[ "$(out_in_guest)" = 0 ]'
}

comes_up_again() {
	xenstore-rm "$back/rate" && in_guest 'ip link set eth0 up' && sleep 1 && works
}

ktap_print_header
plan=9
[ "$XPV_BACK" != ours ] || plan=$((plan + 7))
[ "$XPV_FRONT/$XPV_BACK" != ours/ours ] || plan=$((plan + 4))
[ -n "$XPV_LONG" ] && [ "$XPV_BACK" = ours ] && reloads=10 plan=$((plan + 1)) || reloads=0
ktap_set_plan $plan
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' net_guest unload 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the network works' works
look_on &
if [ "$XPV_BACK" = ours ]; then
	ktap_test_result 'the backend is unloaded and loaded' net_back_load
	ktap_test_result 'the network works after it' works
	ktap_test_result 'the backend is unbound and bound' backend_rebind
	ktap_test_result 'the network works after it' works
	ktap_test_result 'a connection outlives the backend' backend_reload_under_traffic
	ktap_test_result 'the network works after it' works
	[ $reloads = 0 ] ||
		ktap_test_result 'it outlives many' many_reloads
	ktap_test_result 'quick reloads are no mistake of the frontend' quick_reloads
fi
if [ "$XPV_FRONT/$XPV_BACK" = ours/ours ]; then
	back=/local/domain/0/backend/vif/$(__guest unload domid)/0
	ktap_test_result 'what the guest sends meanwhile arrives' nothing_sent_is_lost
	ktap_test_result 'packets wait for their answers' hold_packets
	ktap_test_result 'the interface goes down all the same' goes_down_in_time
	ktap_test_result 'and comes up again' comes_up_again
fi
ktap_test_result 'the frontend is unloaded and loaded under traffic' frontend_reload_under_traffic
ktap_test_result 'the network works after it' works
ktap_test_result 'the frontend is unbound and bound under traffic' frontend_rebind_under_traffic
ktap_test_result 'the network works after it' works
ktap_test_result 'the guest is killed under traffic' killed_under_traffic
ktap_test_result 'the backend lets it go' backend_forgets
kill $!
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
