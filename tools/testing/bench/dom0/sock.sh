#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A guest that reaches dom0 by PV sockets, or by TCP over a network of in-tree
# drivers; see bench.sh. A load is LOAD:FROM:TO, LOAD being one of netbench's.

. /xpv/selftests/lib/dom0.sh
. /xpv/selftests/lib/plug.sh
. /xpv/bench/bench.sh

# shellcheck disable=SC2034 # for plug.sh
PLUG_CLASS=pvcalls
PATH=$PATH:/xpv/programs

name=bench
bridge=xpv0
here=10.77.0.1
there=10.77.0.2
port=7100	# of netbench, and the two behind it
own_port=7200	# of the guest's own server
backlog=1000	# of the vif; it is 32 by default
attached=	# what the guest has: sockets, vif

# --- Pairs ------------------------------------------------------------------

attach_sockets() {
	guest_run $name "$(front_loading ours pvcalls-front)" && plug_nodes $name 0 '' || return 1
	attached=sockets
	# shellcheck disable=SC2154 # plug.sh sets them
	plug_wait "$front" 4 20 && plug_wait "$back" 4 20
}

attach_vif() {
	guest_run $name "$(front_loading intree xen-netfront max_queues="$BENCH_QUEUES")" &&
		xl network-attach $name bridge=$bridge mac=00:16:3e:77:00:02 >/dev/null || return 1
	attached=vif
	guest_run $name "$(configuring $there)" &&
		echo $backlog >"/sys/class/net/vif$(xl domid $name).0/tx_queue_len"
}

detach() {
	case $attached in
	sockets) unplug_nodes $name 0 ;;
	vif) xl network-detach $name 0 >/dev/null 2>&1 ;;
	*) return ;;
	esac
	attached=
	wait_for 20 '! ls /sys/bus/xen-backend/devices | grep -q "vif\|pvcalls"' &&
		guest_run $name "$(front_unloading 'pvcalls-front xen-netfront')"
}

use_pair() {
	detach || fail "$pair: the device before does not go"
	[ "$pair" = native ] && return
	backend "${pair#*/}" "xen-netback.max_queues=$BENCH_QUEUES" || fail "$pair: no backend"
	case $pair in
	ours/*) attach_sockets ;;
	*) attach_vif ;;
	esac || fail "$pair: the guest has no device"
}

# --- Loads ------------------------------------------------------------------

# at PLACE COMMAND: run it there
at() {
	case $1,$pair in
	dom0,* | *,native) timeout 120 sh -c "$2" ;;
	*) guest_run $name "$2" 120 ;;
	esac
}

read_case() {
	IFS=: read -r case_name load from to requests <<-END
		$1
	END
	# What the guest listens at by PV sockets is dom0's.
	case $to,$pair in guest,intree/*) address=$there ;; *) address=$here ;; esac
	case $from,$pair in guest,ours/*) kind=pv ;; *) kind= ;; esac
	case $load in
	send | receive) at_port=$((port + 1)) ;;
	connects) at_port=$((port + 2)) ;;
	*) at_port=$port ;;
	esac
	[ "$to" != guest ] || at_port=$own_port
}

# served: the guest's own server, if it is one
served() {
	[ "$to" = guest ] || return 0
	case $pair in ours/*) by=pv ;; *) by= ;; esac
	at guest "setsid netbench $by greet $own_port >/tmp/greet.log 2>&1 </dev/null & echo \$! >/tmp/greet.pid; sleep 1
		kill -0 \$(cat /tmp/greet.pid) || { cat /tmp/greet.log; exit 1; }"
}

unserved() {
	[ "$to" = guest ] || return 0
	at guest 'kill $(cat /tmp/greet.pid); sleep 0.5'
}

loading() {
	echo "netbench $kind $load $address $at_port $1"
}

# A block of 64 KiB a second is about half a megabit.
wall() {
	read_case "$1"
	served || fail "$pair: $case_name: nobody serves"
	at "$from" "$(loading "${BENCH_SECONDS}s")" >/tmp/speed 2>&1
	unserved
	speed=$(grep -x '[0-9.]*' /tmp/speed) || cat /tmp/speed
	case $load in send | receive) factor=0.524288 ;; *) factor=1 ;; esac
	echo "@wall $pair $case_name $(echo "${speed:-0} $factor" | awk '{ printf "%.1f", $1 * $2 }')"
}

# Rows before, between and after two runs, the second thrice as long.
counts() {
	read_case "$1"
	served || fail "$pair: $case_name: nobody serves"
	script=
	for times in 1 1 3; do
		script="$script
			$(loading $((times * requests))) || exit 1
			sleep 0.5; swapoff /mark 2>/dev/null; true"
	done
	at "$from" "$script" >/tmp/counted 2>&1 || fail "$pair: $case_name: $(tail -n 3 /tmp/counted)"
	unserved
	for times in 0 1 4; do
		echo "@mark $pair $case_name $((times * requests))"
	done
}

# An address of its own does not change with the ports.
net_bridge $bridge && ip link set $bridge address 02:00:00:00:00:01 || fail 'no bridge'
setsid netbench serve $port >/tmp/serve.log 2>&1 </dev/null &
guest_create $name front=none vcpus="$BENCH_QUEUES" memory=256 disk= vif= || fail 'the guest does not boot'
at guest "for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/\$f/disable_ipv6; done
	echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save"
bench
