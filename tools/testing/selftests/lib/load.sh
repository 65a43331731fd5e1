#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: load.sh start KIND...	use these devices of the guest until told to stop
#        load.sh flows KIND...	wait until each was answered, of what was asked from now on
#        load.sh end KIND...	stop, and tell whether all was right
# Runs in a guest, see soak.sh. What is written is read back and compared. A KIND is
# xvdb or xvdc, disks, or net or sock, for connections to dom0 over the network or PV
# sockets, or share, for the one at /mnt/soak.

dir=/tmp/load
to='10.77.0.1 7000'

# Requests of all sizes, many at a time, and flushes.
use_xvdb() {
	while ! [ -e xvdb.stop ]; do
		fio --name=xvdb --filename=/dev/xvdb --rw=randrw --bsrange=512-64k --size=12m --direct=1 \
			--ioengine=libaio --iodepth=8 --fsync=64 --verify=crc32c --verify_fatal=1 --thread \
			--minimal --output=xvdb.fio || { cat xvdb.fio; return 1; }
		echo round
	done
}

# One that comes and goes: fio would take longer to begin than all the rest.
use_xvdc() {
	head -c 262144 /dev/urandom >xvdc.data
	while ! [ -e xvdc.stop ]; do
		dd if=xvdc.data of=/dev/xvdc bs=32k oflag=direct 2>xvdc.dd &&
			dd if=/dev/xvdc bs=32k count=8 iflag=direct 2>xvdc.dd | cmp - xvdc.data || { cat xvdc.dd; return 1; }
		echo round
	done
}

use_net() {
	netload traffic $to net.stop
}

# Connections end with their backend, and new ones are made.
use_sock() {
	NETLOAD_PROTOCOL=259 NETLOAD_LOSSES=1 netload traffic $to sock.stop
}

# Files come and go, and one stays open, of which a line is read now and then.
use_share() {
	n=0
	exec 3</mnt/soak/open
	while ! [ -e share.stop ]; do
		n=$((n + 1))
		head -c 100000 /dev/urandom >source && cp source /mnt/soak/a && mv /mnt/soak/a /mnt/soak/b &&
			cmp source /mnt/soak/b || return 1
		read -r line <&3
		[ "$line" = "line $n" ] || { echo "read '$line', not 'line $n'"; return 1; }
		echo round
	done
}

# Behind what dom0 asks for.
use() {
	renice -n 5 $$ >/dev/null
	"use_$1" >>"$1" 2>&1 || { echo "$1 failed:"; tail -n 5 "$1"; } >>failed
	: >"$1.ended"
}

start() {
	for kind; do
		case $kind in xvd*)
			for i in $(seq 100); do [ -b "/dev/$kind" ] && break; sleep 0.1; done
			;;
		esac
		rm -f "$kind.stop" "$kind.ended"
		: >"$kind"
		setsid sh "$0" use "$kind" >/dev/null 2>&1 </dev/null &
	done
}

# answered DISK: n, its requests until now
answered() {
	read -r reads _ _ _ writes _ <"/sys/block/$1/stat" && n=$((reads + writes))
}

flowed() {
	case $1 in
	xvd*) answered "$1" && [ $n -ge $enough ] ;;
	*) grep -q '^round' "$1" ;;
	esac
}

# Whatever has to do with files alone is cheap: a process takes an emulated guest 20 ms.
flows() {
	for kind; do
		case $kind in xvd*) ;; *) : >"$kind" ;; esac
	done
	for kind; do
		case $kind in xvd*) answered "$kind" && enough=$((n + 20)) || return 1 ;; esac
		for i in $(seq 600); do
			flowed "$kind" && continue 2
			[ -e failed ] || [ -e "$kind.ended" ] && break
			sleep 0.05
		done
		cat failed 2>/dev/null || { echo "$kind does not go on:"; tail -n 5 "$kind"; }
		return 1
	done
	! cat failed 2>/dev/null
}

end() {
	for kind; do : >"$kind.stop"; done
	for kind; do
		for i in $(seq 900); do [ -e "$kind.ended" ] && break; sleep 0.05; done
		[ -e "$kind.ended" ] || echo "$kind does not end" >>failed
		echo "$kind: $(tail -n 1 "$kind")"
	done
	! cat failed 2>/dev/null
}

mkdir -p $dir && cd $dir && "$@"
