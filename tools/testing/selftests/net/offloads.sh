#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: ethtool tells and changes what it can at both ends, while data flows and stays right
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree* intree/ours* intree/intree*
# vifs: xpv0
# needs: xen-netfront xen-netback ethtool
# vcpus: 2
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

four=10.77.0.1
[ -n "$XPV_LONG" ] && channels='1 2 1 2' || channels='1 2'

in_guest() {
	guest_run offloads "$1" "${2:-60}"
}

# Each feature off and on again, at both ends, some of each at the same time.
toggles='failed=0
	for f in tx sg tso gso gro; do
		for how in off on; do
			ethtool -K $dev $f $how >/tmp/toggle 2>&1 || { echo "$dev: $f $how"; cat /tmp/toggle; failed=1; }
		done
		read -r up _ </proc/uptime; echo "$dev $f $up"
	done
	[ $failed = 0 ]'

toggle() {
	in_guest "dev=eth0; $toggles" 120 &
	dev=$vif
	eval "$toggles"
	here=$?
	wait $! && [ $here = 0 ]
}

toggle_under_traffic() {
	net_traffic offloads $four
	net_traffic_flows offloads || return 1
	for i in $(seq "$([ -n "$XPV_LONG" ] && echo 10 || echo 1)"); do
		toggle || return 1
	done
	net_traffic_flows offloads && net_traffic_ends offloads
}

# without FEATURE...: data is right without them, at the guest's end or at dom0's
without() {
	in_guest "for f in $*; do ethtool -K eth0 \$f off || exit; done" || return 1
	net_load offloads tcp $four 2048 && net_load offloads udp $four 8 4000 97
	good=$?
	in_guest "for f in $*; do ethtool -K eth0 \$f on; done"
	return $good
}

dom0_without() {
	for f; do ethtool -K "$vif" "$f" off || return 1; done
	net_load offloads tcp $four 2048 && net_load offloads udp $four 8 4000 97
	good=$?
	for f; do ethtool -K "$vif" "$f" on; done
	return $good
}

guest_feature_is() {
	in_guest "ethtool -k eth0 | grep '^$1: $2'"
}

statistics_count() {
	in_guest 'ethtool -S eth0 | tee /dev/stderr | grep -q rx_gso_checksum_fixup' || return 1
	for name in rx_gso_checksum_fixup tx_zerocopy_sent tx_zerocopy_success tx_zerocopy_fail tx_frag_overflow; do
		ethtool -S "$vif" | grep $name || return 1
	done
}

packets_are_counted() {
	in_guest 'cat /sys/class/net/eth0/statistics/rx_packets /sys/class/net/eth0/statistics/tx_packets' >/tmp/before
	net_load offloads ping $four 100 199 1 || return 1
	in_guest 'cat /sys/class/net/eth0/statistics/rx_packets /sys/class/net/eth0/statistics/tx_packets' >/tmp/after
	paste /tmp/before /tmp/after | tee /dev/stderr |
		awk '$2 - $1 >= 100 && $2 - $1 <= 150 { good++ } END { exit good != 2 }'
}

# vif_bytes DIRECTION: of all queues, the guest's tx or rx
vif_bytes() {
	ethtool -S "$vif" | awk "/queue_[0-9]*_$1_bytes:/ { n += \$2 } END { print n + 0 }"
}

# "TX RX" of the guest's, and as dom0's end has counted them
both_bytes() {
	echo "$(in_guest 'cat /sys/class/net/eth0/statistics/tx_bytes; cat /sys/class/net/eth0/statistics/rx_bytes' | tr '\n' ' ')" \
		"$(vif_bytes tx) $(vif_bytes rx)"
}

# What the stacks send by themselves just then is little.
bytes_are_counted() {
	both_bytes >/tmp/before && net_load offloads tcp $four 1024 2 && sleep 0.3 && both_bytes >/tmp/after || return 1
	paste -d' ' /tmp/before /tmp/after | tee /dev/stderr | awk '{
		tx = $5 - $1; rx = $6 - $2; dtx = tx - ($7 - $3); drx = rx - ($8 - $4)
		exit !(tx > 1000000 && rx > 1000000 && dtx * dtx < 1000000 && drx * drx < 1000000) }'
}

# For hotplug rules.
event_tells_names() {
	event=/sys/bus/xen-backend/devices/vif-$(__guest offloads domid)-0/uevent
	cat "$event"
	grep -qx "vif=$vif" "$event" &&
		grep -qx "script=$(xenstore-read "/local/domain/0/backend/vif/$(__guest offloads domid)/0/script")" "$event"
}

driver_tells_itself() {
	in_guest 'ethtool -i eth0' && ethtool -i "$vif" && in_guest 'ethtool eth0 | grep "Link detected: yes"' &&
		in_guest 'ethtool -T eth0 | grep -i software-receive'
}

# What dom0's end offers is what the guest's next connection has at most.
guest_queues() {
	in_guest 'ls -d /sys/class/net/eth0/queues/tx-*' | grep -c tx-
}

# channels_are N: at both ends of the new connection, and told
channels_are() {
	wait_for 10 "[ \$(guest_queues) = $1 ] && [ \$(ls -d /sys/class/net/$vif/queues/tx-* | wc -l) = $1 ]" || return 1
	now=$(in_guest 'ethtool -l eth0' | awk '/^Current/ { now = 1 } now && /^Combined:/ { print $2 }')
	echo "$now channels"
	[ "$now" = "$1" ] && net_load offloads tcp $four 2048 4
}

channels_change() {
	in_guest 'ethtool -L eth0 combined 1' && channels_are 1 &&
		in_guest 'ethtool -L eth0 combined 2' && channels_are 2
}

channels_change_under_traffic() {
	net_traffic offloads $four
	for i in $channels; do
		net_traffic_flows offloads && in_guest "ethtool -L eth0 combined $i" || return 1
	done
	net_traffic_flows offloads && net_traffic_ends offloads
}

# "RX TX" of what ethtool tells now
rings() {
	awk '/^Current/ { now = 1 } now && /^[RT]X:/ { printf "%s ", $2 }'
}

# rings_are RX TX: the guest's, which are TX and RX of dom0's end
rings_are() {
	found=$(in_guest 'ethtool -g eth0' | rings)
	echo "rings of the guest: $found"
	[ "$found" = "$1 $2 " ] && wait_for 10 "[ \"\$(ethtool -g $vif | rings)\" = '$2 $1 ' ]" &&
		net_load offloads tcp $four 2048
}

# The in-tree backend has rings of 256 and no others.
rings_change() {
	if [ "$XPV_BACK" != ours ]; then
		! in_guest 'ethtool -G eth0 rx 512'
		return
	fi
	in_guest 'ethtool -G eth0 rx 512 tx 1024' && rings_are 512 1024 &&
		in_guest 'ethtool -G eth0 rx 256 tx 256' && rings_are 256 256
}

table_is() {
	in_guest 'ethtool -x eth0' >/tmp/table
	found=$(sed -nE 's/^ +[0-9]+: +//p' /tmp/table | tr -s ' ' '\n' | sort -u | grep . | tr '\n' ' ')
	echo "queues in the table: $found"
	[ "$found" = "$1 " ]
}

# received QUEUE: packets
received() {
	in_guest 'ethtool -S eth0' | sed -n "s/^ *rx_queue_$1_packets: //p"
}

# steers_to QUEUE OTHER: what connections bring is on the one, and not on the other
steers_to() {
	sleep 0.3
	before=$(received "$1") before_other=$(received "$2")
	net_load offloads tcp $four 2048 4 || return 1
	came=$(($(received "$1") - before)) other=$(($(received "$2") - before_other))
	echo "$came packets on queue $1, $other on queue $2"
	[ "$came" -gt 50 ] && [ "$other" -lt 10 ]
}

hash_changes() {
	in_guest 'ethtool -X eth0 weight 1 0' && table_is 0 && steers_to 0 1 &&
		in_guest 'ethtool -X eth0 weight 0 1' && table_is 1 && steers_to 1 0 || return 1
	in_guest 'ethtool -X eth0 default' && table_is '0 1'
}

octets() {
	printf '00'
	for i in $(seq 39); do printf "$1%02x" "$i"; done
}

# What the guest wants is told there, and what dom0 was told.
key_changes() {
	in_guest "ethtool -X eth0 hkey $(octets :) && ethtool -x eth0" | grep "$(octets :)" &&
		net_load offloads tcp $four 2048 4 || return 1
	[ "$XPV_BACK" = ours ] || return 0
	cat "$debugfs/ctrl" && grep TOEPLITZ "$debugfs/ctrl" && grep "Hash Key: $(octets ' ')" "$debugfs/ctrl"
}

dom0_offers_queues() {
	ethtool -L "$vif" combined 1 && ethtool -l "$vif" | tail -n 2 | grep -q '1$' || return 1
	in_guest 'ethtool -G eth0 rx 512 tx 512; sleep 0.5; ethtool -l eth0'
	[ "$(guest_queues)" = 1 ] && net_load offloads tcp $four 2048 4 || return 1
	ethtool -L "$vif" combined 2 && in_guest 'ethtool -G eth0 rx 256 tx 256; sleep 0.5' &&
		[ "$(guest_queues)" = 2 ] && net_load offloads tcp $four 2048 4
}

# Its tx is the guest's rx.
dom0_offers_rings() {
	ethtool -G "$vif" tx 256 rx 512 && in_guest 'ethtool -G eth0 rx 1024 tx 1024; sleep 0.5' && ethtool -g "$vif" || return 1
	[ "$(ethtool -g "$vif" | rings)" = '512 256 ' ] &&
		net_load offloads tcp $four 2048 4 || return 1
	ethtool -G "$vif" tx 1024 rx 1024 && in_guest 'ethtool -G eth0 rx 256 tx 256; sleep 0.5' &&
		net_load offloads tcp $four 2048 4
}

# bql limit|inflight: of each queue, in bytes
bql() {
	cat "$limits"/tx-*/byte_queue_limits/"$1"
}

# The most in flight that is seen.
watch_inflight() {
	most=0
	while [ ! -e /tmp/watched ]; do
		for i in "$limits"/tx-*/byte_queue_limits/inflight; do
			read -r now <"$i"
			[ "$now" -le $most ] || most=$now
		done
	done
	echo $most >/tmp/inflight
}

# With a limit of a few packets (a frontend gives new buffers by sixteens) there is
# much waiting, but none until the time-out of 100 ms. What is judged of the limits is
# that they are what they were told to be, and that what is in flight keeps to them.
limits_hold() {
	limits=/sys/class/net/$vif/queues
	echo 65536 | tee "$limits"/tx-*/byte_queue_limits/limit_max >/dev/null
	echo 0 | tee "$limits"/tx-*/byte_queue_limits/limit_min >/dev/null
	net_load offloads tcp $four 64 2	# the limit follows what is taken
	rm -f /tmp/watched
	watch_inflight &
	read -r began _ </proc/uptime
	net_load offloads tcp $four 8192 2 && net_load offloads udp $four 8 9000 331
	good=$?
	read -r ended _ </proc/uptime
	touch /tmp/watched
	wait $!
	bql limit >/tmp/small
	bql inflight >/tmp/rest
	echo max | tee "$limits"/tx-*/byte_queue_limits/limit_max >/dev/null
	echo 262144 | tee "$limits"/tx-*/byte_queue_limits/limit_min >/dev/null
	for i in 1 2 3; do
		net_load offloads tcp $four 2048 4 || return 1
		bql limit >/tmp/large
		! limits_grew || break
	done
	read -r most </tmp/inflight
	echo "${began%.*} to ${ended%.*} s, at most $most bytes in flight, at rest $(tr '\n' ' ' </tmp/rest)"
	echo "limits of $(tr '\n' ' ' </tmp/small)bytes, then of $(tr '\n' ' ' </tmp/large)"
	[ $((${ended%.*} - ${began%.*})) -le $((15 * XPV_SLOW)) ] && limits_followed && return $good
}

# One that was within 64 KB, being used, is at 256 KB at least.
limits_grew() {
	paste /tmp/small /tmp/large | awk '$1 > 0 && $1 <= 65536 && $2 >= 262144 { good = 1 } END { exit !good }'
}

# What is in flight is more than the limit by a packet at most.
limits_followed() {
	limits_grew && [ "$most" -gt 0 ] && [ "$most" -le $((2 * 65536 + 1500)) ] &&
		awk '$1 > 2 * 65536 + 1500 { bad = 1 } END { exit bad }' /tmp/rest
}

ktap_print_header
plan=15
[ "$XPV_FRONT" != ours ] || plan=$((plan + 4))
[ "$XPV_FRONT$XPV_LONG" != ours1 ] || plan=$((plan + 1))
[ "$XPV_BACK" != ours ] || plan=$((plan + 1))
[ "$XPV_FRONT/$XPV_BACK" != ours/ours ] || plan=$((plan + 2))
[ "$XPV_FRONT/$XPV_BACK$XPV_LONG" != ours/ours1 ] || plan=$((plan + 1))
ktap_set_plan $plan
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' net_guest offloads 2 || ktap_exit_fail_msg 'no guest'
vif=$(net_vif offloads)
debugfs=/sys/kernel/debug/xen-netback/$vif
ktap_test_result 'both ends tell what they are' driver_tells_itself
ktap_test_result "events of dom0's end name the interface and its script" event_tells_names
for feature in tx-checksumming scatter-gather tcp-segmentation-offload; do
	ktap_test_result "$feature is on" guest_feature_is $feature on
done
ktap_test_result 'the statistics that tools look for are there' statistics_count
ktap_test_result 'packets are counted' packets_are_counted
ktap_test_result 'features change while data flows' toggle_under_traffic
ktap_test_result 'without checksum offload' without tx
ktap_test_result 'without segmentation' without tso gso gro
ktap_test_result 'without scatter-gather' without sg
ktap_test_result "without dom0's checksum offload" dom0_without tx
ktap_test_result "without dom0's segmentation" dom0_without tso gso
ktap_test_result "without dom0's scatter-gather" dom0_without sg
if [ "$XPV_FRONT" = ours ]; then
	[ -z "$XPV_LONG" ] || ktap_test_result 'the number of channels changes' channels_change
	ktap_test_result 'the number of channels changes while data flows' channels_change_under_traffic
	ktap_test_result 'the size of rings changes' rings_change
	ktap_test_result 'the hash steers' hash_changes
	ktap_test_result "the hash's key changes" key_changes
fi
if [ "$XPV_BACK" = ours ]; then
	ktap_test_result "the limits of dom0's queues hold, and nothing waits for ever" limits_hold
fi
if [ "$XPV_FRONT/$XPV_BACK" = ours/ours ]; then
	ktap_test_result 'bytes are counted alike at both ends' bytes_are_counted
	ktap_test_result 'dom0 offers queues, the guest takes them' dom0_offers_queues
	[ -z "$XPV_LONG" ] || ktap_test_result 'dom0 offers rings, the guest takes them' dom0_offers_rings
fi
guest_destroy offloads
ktap_finished
