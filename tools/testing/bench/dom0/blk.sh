#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# One guest and one disk; see bench.sh. A load is RW:BS:DEPTH.

. /xpv/selftests/lib/dom0.sh
. /xpv/bench/bench.sh

name=bench
disk=/dev/xvdb
order=4		# of rings, in pages: 512 requests

# Both pairs get what makes them fastest, and no I/O scheduler; unknown parameters
# are not an error.
front_options="max_queues=$BENCH_QUEUES max_ring_page_order=$order max_indirect_segments=64"

back_options() {
	for option in max_queues=$BENCH_QUEUES max_ring_page_order=$order poll_us=$poll_us; do
		echo "xen-blkback.$option"
	done
}

# Of a disk without memory reads give nothing: no copy but the drivers' own.
make_disk() {
	case $BENCH_MODE in
	counts) disk_make $name 256M void ;;
	*) disk_make $name 128M && dd if=/dev/zero of=/dev/$name bs=1M count=128 oflag=direct 2>/dev/null ;;
	esac >/dev/null || fail 'no disk'
}

attach() {
	xl block-attach $name "$(disk_spec $name "xvdb:$(disk_path $name)")" >/dev/null &&
		guest_run $name "for i in \$(seq 100); do
		[ -b $disk ] && echo none >/sys/block/${disk##*/}/queue/scheduler && exit
		sleep 0.1; done; exit 1"
}

detach() {
	! [ -d "/sys/bus/xen-backend/devices/vbd-$(xl domid $name)-51728" ] || {
		xl block-detach $name xvdb >/dev/null 2>&1
		wait_for 10 '[ -z "$(ls /sys/bus/xen-backend/devices | grep vbd)" ]'
	}
}

use_pair() {
	detach || fail "$pair: the disk before does not go"
	[ "$pair" = native ] && return
	guest_run $name "$(front_unloading xen-blkfront)" || fail "$pair: the frontend before does not go"
	# shellcheck disable=SC2046 # one word an option
	backend "${pair#*/}" $(back_options) || fail "$pair: no backend"
	guest_run $name "$(front_loading "${pair%/*}" xen-blkfront "$front_options")" || fail "$pair: no frontend"
	attach || fail "$pair: no disk in the guest"
}

# in_place COMMAND: where the pair's I/O comes from
in_place() {
	case $pair in
	native) timeout 60 sh -c "$1" ;;
	*) guest_run $name "$1" 120 ;;
	esac
}

path() {
	[ "$pair" = native ] && disk_path $name || echo $disk
}

# fio_command CASE LIMIT...
fio_command() {
	IFS=: read -r _ rw bs depth _ <<-END
		$1
	END
	shift
	echo "fio --name=b --filename=$(path) --rw=$rw --bs=$bs --iodepth=$depth \
		--numjobs=$BENCH_QUEUES --group_reporting --direct=1 --ioengine=libaio \
		--thread --norandommap --gtod_reduce=1 --minimal $* --output=/tmp/fio \
		|| cat /tmp/fio"
}

# Terse output, version 3: reads per second, writes per second.
wall() {
	iops=$(in_place "$(fio_command "$1" --runtime="$BENCH_SECONDS" --time_based)
		cut -d ';' -f 8,49 /tmp/fio" | awk -F ';' '{ print $1 + $2 }')
	echo "@wall $pair ${1%%:*} ${iops:-0}"
}

# Rows before, between and after two runs: what they differ by is the requests'
# alone, without fio's start and end.
counts() {
	requests=${1##*:}
	in_place "$(fio_command "$1" --number_ios="$requests")
		swapoff /mark 2>/dev/null
		$(fio_command "$1" --number_ios="$requests")
		swapoff /mark 2>/dev/null
		$(fio_command "$1" --number_ios=$((3 * requests)))
		swapoff /mark 2>/dev/null"
	for times in 0 1 4; do
		echo "@mark $pair ${1%%:*} $((times * requests * BENCH_QUEUES))"
	done
}

make_disk
guest_create $name front=none vcpus="$BENCH_QUEUES" memory=512 disk= || fail 'the guest does not boot'
bench
