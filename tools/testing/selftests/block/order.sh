#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what a guest synced is on the disk, in order, though its backend was unloaded and loaded meanwhile; each request was carried out once
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: xen-blkfront xen-blkback xpv-testdisk
# length: long
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run order "$1" "${2:-60}"
}

# Four writers fill blocks of their own with a number, over and over, sync them, and note
# it on a disk without a cache. A block is 512 lines of a number, of 4 KB.
writers_start() {
	in_guest "rm -f /tmp/stop /tmp/ended.*
		cat >/tmp/writer <<'END'
n=\$2
until [ -e /tmp/stop ]; do
	n=\$((n + 1))
	yes \$n | dd of=/dev/xvdb bs=4k count=4 seek=\$((\$1 * 64)) iflag=fullblock oflag=direct conv=fsync 2>/tmp/why.\$1 &&
		yes \$n | dd of=/dev/xvdc bs=4k count=1 seek=\$1 iflag=fullblock oflag=direct 2>/tmp/why.\$1 ||
		{ echo failed >>/tmp/why.\$1; break; }
done
mv /tmp/why.\$1 /tmp/ended.\$1
END
		for i in 0 1 2 3; do setsid sh /tmp/writer \$i ${1}000000 >/dev/null 2>&1 </dev/null & done"
}

writers_end() {
	in_guest 'touch /tmp/stop
		for i in $(seq 200); do [ $(ls /tmp/ended.* 2>/dev/null | wc -l) = 4 ] && break; sleep 0.1; done
		[ $(ls /tmp/ended.* | wc -l) = 4 ] && ! grep -h "failed\|error" /tmp/ended.*' || return 1
}

# noted WRITER: its last number that was synced; nothing if that is not one alone
noted() {
	dd if="$(disk_path notes)" bs=4k count=1 skip="$1" iflag=direct 2>/dev/null | uniq
}

# All four have got on since the last look, so the backend serves.
get_on() {
	for writer in 0 1 2 3; do
		last=$(noted $writer)
		wait_for 10 "[ '$last' != \"\$(noted $writer)\" ]" ||
			{ echo "writer $writer stays at $last"; return 1; }
	done
}

reload_under_writers() {
	for i in $(seq $reloads); do
		get_on && backend_reload xen-blkback || return 1
	done
	get_on
}

# holds WRITER: its blocks have what it synced last, or what it wrote after that
holds() {
	synced=$(noted "$1")
	[ -n "$synced" ] || { echo "writer $1 noted nothing"; return 1; }
	for block in 0 1 2 3; do
		is=$(dd if="$(disk_path cached)" bs=4k count=1 skip=$(($1 * 64 + block)) iflag=direct 2>/dev/null | uniq)
		case $is in "$synced" | $((synced + 1))) continue ;; esac
		echo "block $block of writer $1 holds $is, and $synced was synced"
		return 1
	done
	echo "writer $1: $synced"
}

all_hold() {
	for writer in 0 1 2 3; do
		holds $writer || return 1
	done
}

# What the guest has had answered: writes, each of eight sectors, and flushes. The kernel counts
# what asks for a flush as a write, too, of none.
answered() {
	in_guest "awk '{ print \$7 / 8, \$16 }' /sys/block/xvdb/stat"
}

# One that goes shows all that it has carried out.
each_was_once() {
	asked=$(test_disk writes flushes) answered=$(answered)
	echo "writes and flushes: $answered of the guest, $asked of the disk"
	[ "$answered " = "$asked" ]
}

power_fails_under_writers() {
	writers_start 2 && get_on && backend_reload xen-blkback && get_on && guest_destroy order &&
		wait_for 10 '! ls /sys/bus/xen-backend/devices | grep -q vbd' || return 1
	test_disk_fails
	all_hold
}

ktap_print_header
ktap_set_plan 6
reloads=30
disk_make cached 16M test=cache=1,delay_ms=20 >/dev/null && disk_make notes 16M >/dev/null ||
	ktap_exit_fail_msg 'no disks'
ktap_test_result 'the guest is up' guest_create order disk="xvdb:$(disk_path cached)" disk="xvdc:$(disk_path notes)" ||
	ktap_exit_fail_msg 'no guest'
ktap_test_result 'four write and sync' writers_start 1
ktap_test_result 'they go on while the backend is unloaded and loaded' reload_under_writers
ktap_test_result 'to the end' writers_end
ktap_test_result 'each write and each flush was carried out once' each_was_once
ktap_test_result 'what was synced outlives the guest and the cache, and nothing older came after it' power_fails_under_writers
ktap_finished
