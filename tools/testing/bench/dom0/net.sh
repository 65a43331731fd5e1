#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A guest on a bridge with dom0, and its peer, another one like it; see bench.sh.
# A load is KIND:FROM:TO, KIND being frames-SIZE of frames other than of 64 bytes. Each
# of these places is a host on the bridge xpv0; native, the guest is a network namespace
# of dom0.

. /xpv/selftests/lib/dom0.sh
. /xpv/bench/bench.sh

PATH=$PATH:/xpv/programs

name=bench
bridge=xpv0
port=7100	# of netbench; iperf3 has one for each queue, from 5201 on
namespace=xpvnative

# A round trip takes fifty times as long here as on silicon, in guests of either type.
poll_us=1000

# Both pairs get the same number of queues, and backlogs that are none by default.
backlog=1000

# options OURS|INTREE: of either end's module
options() {
	echo "max_queues=$BENCH_QUEUES"
	[ "$1" != ours ] || echo "poll_us=$poll_us"
}

back_options() {
	options "$1" | sed 's/^/xen-netback./'
}

case " $BENCH_CASES" in *:peer:*) guests="$name peer" ;; *) guests=$name ;; esac

# The shell's own has no namespaces.
ip() {
	/bin/ip "$@"
}

# --- Places -----------------------------------------------------------------

# at PLACE COMMAND: run it there
at() {
	case $1 in
	dom0) timeout 120 sh -c "$2" ;;
	guest)
		if [ "$pair" = native ]; then
			ip netns exec $namespace timeout 120 sh -c "$2"
		else
			guest_run $name "$2" 120
		fi
		;;
	*) guest_run "$1" "$2" 120 ;;
	esac
}

address() {
	case $1 in
	dom0) echo 10.77.0.1 ;;
	peer) echo 10.77.0.3 ;;
	*) echo 10.77.0.2 ;;
	esac
}

# interface PLACE: where the guest's traffic is seen there
interface() {
	case $1,$pair in
	dom0,native) echo xpvnat ;;
	dom0,*) echo "vif$(xl domid $name).0" ;;
	*) echo eth0 ;;
	esac
}

# The servers, and nothing that would send by itself or remember the pair before.
serving="modprobe -q af_packet; modprobe -q pktgen
	for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/\$f/disable_ipv6; done
	echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save
	for i in \$(seq $BENCH_QUEUES); do
		setsid iperf3 -s -p \$((5200 + i)) >/dev/null 2>&1 </dev/null &
	done
	setsid netbench serve $port >/dev/null 2>&1 </dev/null &"

# --- Pairs ------------------------------------------------------------------

attach() {
	xl network-attach "$1" bridge=$bridge "mac=00:16:3e:77:00:0${2##*.}" >/dev/null &&
		guest_run "$1" "$(configuring "$2")" &&
		echo $backlog >"/sys/class/net/vif$(xl domid "$1").0/tx_queue_len"
}

make_native() {
	modprobe veth
	[ -e /run/netns/$namespace ] || ip netns add $namespace || return 1
	ip link add xpvnat type veth peer name eth0 netns $namespace &&
		ip link set xpvnat master $bridge up &&
		at guest "ip link set lo up; $(configuring "$(address guest)")" &&
		at guest "$serving"
}

detach() {
	ip link del xpvnat 2>/dev/null
	for guest in $guests; do
		[ -d "/sys/bus/xen-backend/devices/vif-$(xl domid "$guest")-0" ] || continue
		xl network-detach "$guest" 0 >/dev/null 2>&1
	done
	wait_for 20 '! ls /sys/bus/xen-backend/devices | grep -q vif'
}

use_pair() {
	detach || fail "$pair: the network before does not go"
	if [ "$pair" = native ]; then
		make_native || fail 'no native network'
		return
	fi
	for guest in $guests; do
		guest_run "$guest" "$(front_unloading xen-netfront)" || fail "$pair: the frontend before does not go"
	done
	# shellcheck disable=SC2046 # one word an option
	backend "${pair#*/}" $(back_options "${pair#*/}") || fail "$pair: no backend"
	for guest in $guests; do
		guest_run "$guest" "$(front_loading "${pair%/*}" xen-netfront $(options "${pair%/*}"))" ||
			fail "$pair: no frontend"
		[ "$guest" = peer ] && place=peer || place=guest
		attach "$guest" "$(address $place)" || fail "$pair: no network in $guest"
	done
}

# --- Loads ------------------------------------------------------------------
# Each goes from $from to $to, prints its speed, and ends with $amount: a number
# when counting, or a time such as 1s.

# An iperf3 for each queue; with more than one, two connections each, since hashes may meet.
bulk() {
	[ "$BENCH_QUEUES" = 1 ] && connections=1 || connections=2
	case $amount in
	*s) limit="-t ${amount%s}" ;;
	*) limit="-n $((amount * 65536 / BENCH_QUEUES))" ;;
	esac
	at "$from" "for i in \$(seq $BENCH_QUEUES); do
			iperf3 -c $(address "$to") -p \$((5200 + i)) -P $connections -f k -i 0 $limit >/tmp/iperf\$i 2>&1 &
		done
		wait
		for i in \$(seq $BENCH_QUEUES); do
			grep receiver /tmp/iperf\$i | tail -n 1 | grep . || cat /tmp/iperf\$i
		done" |
		awk '{ for (i = 2; i <= NF; i++) if ($i == "Kbits/sec") kilobits += $(i - 1) }
			END { if (!kilobits) exit 1; printf "%.1f\n", kilobits / 1000 }'
}

trips() {
	at "$from" "netbench trips $(address "$to") $port $amount"
}

datagrams() {
	at "$from" "netbench datagrams $(address "$to") $port $amount"
}

# By a module that sends them when it is loaded.
frames() {
	case $from,$pair in dom0,* | *,native) folder=$XPV_MODULES ;; *) folder=/modules ;; esac
	at "$from" "insmod $folder/xpv-frames.ko dev=$(interface "$from") count=$amount queues=$BENCH_QUEUES &&
		rmmod xpv-frames"
}

# flooding INTERFACE SECONDS: pktgen on it, a thread for each queue
flooding() {
	echo "modprobe pktgen && cd /proc/net/pktgen || exit 1
		for i in \$(seq 0 $((BENCH_QUEUES - 1))); do
			echo rem_device_all >kpktgend_\$i
			echo add_device $1@\$i >kpktgend_\$i
			for word in 'count 0' 'delay 0' 'clone_skb 0' 'pkt_size $size' 'frags $frags' 'flag QUEUE_MAP_CPU' \
				'dst 10.77.9.9' 'dst_mac 02:00:00:00:00:99'; do
				echo \$word >$1@\$i
			done
		done
		timeout $2 sh -c 'echo start >pgctrl'
		for i in \$(seq 0 $((BENCH_QUEUES - 1))); do echo rem_device_all >kpktgend_\$i; done"
}

# What comes, by the clock of where it comes: hundredths of a second.
watching() {
	echo "look() {
			read -r packets </sys/class/net/$1/statistics/rx_packets
			read -r up rest </proc/uptime
			up=\${up%.*}\${up#*.}
		}
		sleep 1
		look
		before=\$packets start=\$up
		sleep $BENCH_SECONDS
		look
		echo \$(((packets - before) * 100 / (up - start)))"
}

flood() {
	at "$from" "$(flooding "$(interface "$from")" $((BENCH_SECONDS + 2)))" >/dev/null 2>&1 &
	at "$to" "$(watching "$(interface "$to")")"
	wait $!
}

# Frames that are for nobody would be for all ports of a bridge.
off_bridge() {
	[ "$kind" != frames ] || ip link set "$(interface dom0)" "$@"
}

# received: packets that have come; of other loads, what was sent is exact
received() {
	case $kind in
	frames | datagrams) at "$to" "cat /sys/class/net/$(interface "$to")/statistics/rx_packets" ;;
	*) echo "$1" ;;
	esac
}

read_case() {
	IFS=: read -r case_name kind from to requests <<-END
		$1
	END
	# Without the checksum, which no driver of ours sends.
	size=60
	case $kind in frames-*) size=$((${kind#*-} - 4)) kind=frames ;; esac
	# What is larger than a page is in pages.
	[ $size -gt 4096 ] && frags=$(((size + 4095) / 4096)) || frags=0
}

# peerless: there is no peer beside the native network
peerless() {
	[ "$pair,$to" = native,peer ]
}

wall() {
	read_case "$1"
	peerless && return
	amount=${BENCH_SECONDS}s
	off_bridge nomaster
	case $kind in
	frames) flood ;;
	*) $kind ;;
	esac >/tmp/speed
	off_bridge master $bridge
	speed=$(grep -x '[0-9.]*' /tmp/speed) || cat /tmp/speed
	echo "@wall $pair $case_name ${speed:-0}"
}

# Rows before, between and after two runs, the second thrice as long.
counts() {
	read_case "$1"
	peerless && return
	off_bridge nomaster
	sent=0
	for times in 1 1 3; do
		amount=$((times * requests))
		$kind >/tmp/speed || fail "$pair: $case_name: $(tail -n 3 /tmp/speed)"
		sent=$((sent + amount))
		sleep 0.5
		count=$(received $sent) && [ -n "$count" ] || fail "$pair: $case_name: $count received"
		swapoff /mark 2>/dev/null
		echo "@mark $pair $case_name $count"
	done
	off_bridge master $bridge
}

# An address of its own does not change with the ports.
net_bridge $bridge && ip link set $bridge address 02:00:00:00:00:01 || fail 'no bridge'
at dom0 "$serving"
for guest in $guests; do
	guest_create "$guest" front=none vcpus="$BENCH_QUEUES" memory=256 disk= vif= || fail "$guest does not boot"
	at "$guest" "$serving" || fail "nobody serves in $guest"
done
bench
