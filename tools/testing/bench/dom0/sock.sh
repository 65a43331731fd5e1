#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A guest that reaches dom0 by PV sockets, or by TCP over a network of in-tree
# drivers; see bench.sh. A load is LOAD:FROM:TO, LOAD being one of netbench's; small
# and large are files of an nginx, and get and set what redis-benchmark asks a redis.

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
own_port=7200	# of the guest's own servers, each has another
backlog=1000	# of the vif; it is 32 by default
attached=	# what the guest has: sockets, vif
tree=/opt/distro	# programs of the distribution, in the guest
programs='/usr/sbin/nginx /usr/bin/redis-server'

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

# --- Programs of the distribution -------------------------------------------

# What nginx serves, the same in dom0 and among the guest's programs.
site="mkdir -p tmp/www/site && cd tmp/www && dd if=/dev/zero of=site/small bs=1k count=1 2>/dev/null &&
	dd if=/dev/urandom of=site/large bs=1M count=4 2>/dev/null && cat >config <<'END'
user root root;
daemon off;
pid /tmp/www/pid;
events {
	worker_connections 64;
}
http {
	access_log off;
	client_body_temp_path /tmp/www/body;
	proxy_temp_path /tmp/www/proxy;
	fastcgi_temp_path /tmp/www/fastcgi;
	uwsgi_temp_path /tmp/www/uwsgi;
	scgi_temp_path /tmp/www/scgi;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000;
	server {
		listen $((own_port + 1));
		root /tmp/www/site;
	}
}
END"

# They and what they load, from a disk that goes again.
copying() {
	files="$programs $(for program in $programs; do LD_TRACE_LOADED_OBJECTS=1 "$program"; done |
		grep -o '/[^ ]*' | sort -u | tr '\n' ' ')"
	echo "modprobe xen-blkfront
		for i in \$(seq 50); do [ -b /dev/xvdz ] && break; sleep 0.1; done
		mkdir -p /mnt/distro && mount -t ext4 -o ro /dev/xvdz /mnt/distro || exit 1
		for file in $files; do
			mkdir -p $tree\${file%/*} && cp -L /mnt/distro\$file $tree\$file || exit 1
		done
		umount /mnt/distro && cd $tree && mkdir dev proc etc && mount -o bind /dev dev && mount -o bind /proc proc &&
		cp /usr/sbin/libxenpv-run.so . && echo root:x:0:0:::/bin/sh >etc/passwd && echo root:x:0: >etc/group && $site"
}

bring_programs() {
	root=$(awk '$2 == "/" && $1 ~ "^/dev/" { print $1 }' /proc/mounts)
	backend intree && xl block-attach $name "$(disk_spec $name "xvdz:$root:ro")" >/dev/null || return 1
	guest_run $name "$(copying)" || return 1
	xl block-detach $name xvdz >/dev/null 2>&1
	wait_for 20 '! ls /sys/bus/xen-backend/devices | grep -q vbd' && guest_run $name 'rmmod xen-blkfront' &&
		(cd / && sh -c "$site")
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
	small | large) at_port=$((own_port + 1)) ;;
	get | set) at_port=$((own_port + 2)) ;;
	*) at_port=$port ;;
	esac
	[ "$to,$load" != guest,connects ] || at_port=$own_port
}

# serving: the command for the guest's own server
serving() {
	case $load,$pair in
	connects,ours/*) echo "netbench pv greet $at_port" ;;
	connects,*) echo "netbench greet $at_port" ;;
	*,ours/*) echo "env LD_PRELOAD=/libxenpv-run.so chroot $tree $(program)" ;;
	*,native) program ;;
	*) echo "chroot $tree $(program)" ;;
	esac
}

program() {
	case $load in
	small | large) echo '/usr/sbin/nginx -e /tmp/www/error.log -c /tmp/www/config' ;;
	*) echo "/usr/bin/redis-server --port $at_port --bind 0.0.0.0 --protected-mode no --save '' --dir /tmp" ;;
	esac
}

# served: by the guest, if it is the one to
served() {
	[ "$to" = guest ] || return 0
	case $pair in ours/*) listening=dom0 ;; *) listening=guest ;; esac
	at guest "setsid $(serving) >/tmp/server.log 2>&1 </dev/null & echo \$! >/tmp/server.pid" &&
		at "$listening" "for i in \$(seq 100); do
			grep -q ':$(printf %04X "$at_port") 00000000:0000 0A' /proc/net/tcp && exit
			sleep 0.1
		done
		exit 1" || at guest 'cat /tmp/server.log; exit 1'
}

unserved() {
	[ "$to" = guest ] || return 0
	at guest 'kill $(cat /tmp/server.pid); sleep 0.5'
}

# Redis-benchmark has no time: it takes so many of each.
loading() {
	case $load in
	get) asking="-t get -c 50 -n $(number "$1" 3000)" ;;
	set) asking="-t set -c 10 -P 16 -d 200 -n $(number "$1" 10000)" ;;
	*)
		echo "netbench $kind $load $address $at_port $1"
		return
		;;
	esac
	echo "redis-benchmark --csv -h $address -p $at_port $asking >/tmp/redis || cat /tmp/redis
		awk -F '\"' 'NR == 2 { print \$4; found = 1 } END { exit !found }' /tmp/redis"
}

# number AMOUNT EACH-SECOND
number() {
	case $1 in
	*s) echo $((${1%s} * $2)) ;;
	*) echo "$1" ;;
	esac
}

# A block of 64 KiB a second is about half a megabit.
wall() {
	read_case "$1"
	served || fail "$pair: $case_name: nobody serves"
	at "$from" "$(loading "${BENCH_SECONDS}s")" >/tmp/speed 2>&1
	unserved
	speed=$(grep -x '[0-9.]*' /tmp/speed) || cat /tmp/speed
	case $load in send | receive | large) factor=0.524288 ;; *) factor=1 ;; esac
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
guest_create $name front=none vcpus="$BENCH_QUEUES" memory=320 disk= vif= || fail 'the guest does not boot'
at guest "for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/\$f/disable_ipv6; done
	echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save"
case " $BENCH_CASES" in *:small:* | *:large:* | *:get:* | *:set:*)
	bring_programs || fail 'the guest does not get its programs'
	;;
esac
bench
