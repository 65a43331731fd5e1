#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A folder in memory, and a guest that has it from our backend, or another from
# QEMU; see bench.sh. A load is KIND:CACHE:JOBS.

. /xpv/selftests/lib/dom0.sh
. /xpv/selftests/lib/plug.sh
. /xpv/bench/bench.sh

# shellcheck disable=SC2034 # for plug.sh
PLUG_CLASS=9pfs
PATH=$PATH:/xpv/programs

folder=/tmp/shares/bench
place=/mnt/bench
size=64		# of the file that is read and written, MB
tree=320	# files
archive=64	# files that are unpacked for speed
guest=		# who has the folder

# The default is 50 us for a ring of ours.
back_options() {
	[ "$1" != ours ] || echo "xen-9pback.poll_us=$((poll_us * 5 / 2))"
}

# The second who reads a page has it moved to the list of active ones, and no pair is to
# be the one that does.
make_folder() {
	mkdir -p $folder/tree $folder/work &&
		dd if=/dev/urandom of=$folder/data bs=1M count=$size 2>/dev/null &&
		cat $folder/data $folder/data $folder/data >/dev/null &&
		fsbench tree $folder/tree $tree
}

# --- Pairs ------------------------------------------------------------------

# guest_is NAME [KEY=VALUE]...: it has been created
guest_is() {
	guest_exists "$1" || guest_create "$@" front=none vcpus="$BENCH_QUEUES" memory=384 disk= vif=
}

# A QEMU serves the devices that its guest was made with, and none twice.
attach() {
	case $pair in
	*/q9p)
		guest=rival
		guest_is "$guest" config="p9 = [ 'tag=share0,path=$folder,security_model=none' ]" && load_front &&
			plug_paths "$guest" 0
		;;
	*)
		guest=bench
		guest_is "$guest" && load_front && plug_nodes "$guest" 0 $folder
		;;
	esac || return 1
	# shellcheck disable=SC2154 # plug.sh sets them
	plug_wait "$front" 4 20 && plug_wait "$back" 4 20
}

load_front() {
	guest_run "$guest" "modprobe 9p && $(front_loading "${pair%/*}" 9pnet_xen)"
}

detach() {
	case $guest in
	rival) guest_destroy "$guest" ;;
	bench) unplug_nodes "$guest" 0 ;;
	*) return ;;
	esac
	wait_for 15 '! ls /sys/bus/xen-backend/devices | grep -q 9pfs' || return 1
	[ "$guest" = rival ] || guest_run "$guest" "$(front_unloading 9pnet_xen)" || return 1
	guest=
}

use_pair() {
	detach || fail "$pair: the folder before does not go"
	[ "$pair" = native ] && return
	# shellcheck disable=SC2046 # one word an option
	backend "${pair#*/}" $(back_options "${pair#*/}") || fail "$pair: no backend"
	attach || fail "$pair: no folder in the guest"
}

# mounted: for one case, with the largest messages that the frontend has
mounted() {
	[ "$pair" = native ] || guest_run "$guest" "mkdir -p $place && mount -t 9p \
		-o trans=xen,version=9p2000.L,msize=1048576,cache=$cache share0 $place"
}

unmounted() {
	[ "$pair" = native ] || guest_run "$guest" "umount $place"
}

# in_place COMMAND: where the files are used
in_place() {
	case $pair in
	native) timeout 150 sh -c "$1" ;;
	*) guest_run "$guest" "$1" 150 ;;
	esac
}

# --- Loads ------------------------------------------------------------------
# Each prints the command for its load; in counting $amount is a number, else a
# time such as 1s.

# Terse output, version 3: reads per second, writes per second.
fio_command() {
	case $amount in
	*s) limit="--time_based --runtime=$amount" ;;
	*) limit="--io_size=100g --number_ios=$amount" ;;
	esac
	echo "fio --name=b --filename=$root/data --rw=$1 --bs=$2 --size=${size}m --ioengine=psync --fallocate=none \
		--numjobs=$jobs --group_reporting --thread --norandommap --gtod_reduce=1 --minimal ${3-$limit} \
		--output=/tmp/fio || cat /tmp/fio
		awk -F ';' '{ print \$8 + \$49 }' /tmp/fio"
}

forget='echo 3 >/proc/sys/vm/drop_caches'

read_() { fio_command read 1m; }
write_() { fio_command write 1m; }
randread_() { fio_command randread 4k; }
randwrite_() { fio_command randwrite 4k; }
storm_() { echo "fsbench storm $root/work $amount"; }
walk_() { echo "fsbench walk $root/tree $amount"; }

# With a cache there is but one time: all of the file, or of the tree.
fresh_read_() {
	echo "$forget"
	case $amount in
	*s) fio_command read 1m '' ;;
	*) fio_command read 1m ;;
	esac
}

fresh_walk_() {
	case $amount in *s) amount=$tree ;; esac
	echo "$forget; fsbench walk $root/tree $amount"
}

# Into a folder that was not there.
untar_() {
	case $amount in *s) amount=$archive ;; esac
	echo "now() { read -r up rest </proc/uptime; echo \${up%.*}\${up#*.}; }
		to=\$(mktemp -d $root/work/XXXXXX); start=\$(now)
		busybox tar xf /tmp/$amount.tar -C \$to && awk \"BEGIN { print $amount * 100 / (\$(now) - \$start) }\""
}

# archives FILES...: what is unpacked, where it is
archives() {
	[ "$kind" != untar ] || in_place "for n in $*; do
		[ -e /tmp/\$n.tar ] && continue
		mkdir -p /tmp/\$n && fsbench tree /tmp/\$n \$n && busybox tar cf /tmp/\$n.tar -C /tmp/\$n . || exit 1
	done"
}

read_case() {
	IFS=: read -r case_name kind cache jobs requests <<-END
		$1
	END
	[ "$pair" = native ] && root=$folder || root=$place
}

# tidied: what a load leaves
tidied() {
	rm -rf $folder/work
	mkdir $folder/work
}

wall() {
	read_case "$1"
	{ mounted && archives $archive; } || fail "$pair: $case_name does not begin"
	amount=${BENCH_SECONDS}s
	in_place "$("${kind}_")" >/tmp/speed 2>&1
	speed=$(grep -x '[0-9.]*' /tmp/speed) || cat /tmp/speed
	echo "@wall $pair $case_name ${speed:-0}"
	unmounted || fail "$pair: $case_name does not end"
	tidied
}

# Rows before, between and after two runs, the second thrice as long.
counts() {
	read_case "$1"
	{ mounted && archives "$requests" $((3 * requests)); } || fail "$pair: $case_name does not begin"
	script=
	for times in 1 1 3; do
		amount=$((times * requests))
		script="$script
			($("${kind}_")) >/tmp/speed 2>&1; swapoff /mark 2>/dev/null
			grep -qx '[0-9.]*' /tmp/speed || { cat /tmp/speed; exit 1; }"
	done
	in_place "$script" >/tmp/counted || fail "$pair: $case_name: $(tail -n 3 /tmp/counted)"
	for times in 0 1 4; do
		echo "@mark $pair $case_name $((times * requests * jobs))"
	done
	unmounted || fail "$pair: $case_name does not end"
	tidied
}

make_folder || fail 'no folder'
bench
