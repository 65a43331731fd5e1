#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a disk that is stuck, while connecting or in mid-I/O, delays the attaching of no other
# runs: dom0
# guest: pv
# pair: ours/ours intree/intree*
# needs: xen-blkfront xen-blkback
# time: 300
#
# On the in-tree pair the same is recorded, not judged: it is what ours is
# compared with.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

limit=$((8 * XPV_SLOW))	# seconds an attach is waited for
first=$(((1 << 28) + 16 * 256))	# the disk after xvdp; 256 minors each
case $XPV_BACK,$XPV_LONG in ours,1) attaches=20 ;; ours,*) attaches=5 ;; *) attaches=2 ;; esac

# Hundredths of a second. Builtins only: a process costs as much as an attach.
now() {
	read -r up _ </proc/uptime
	now=${up%.*}${up#*.}
}

# A write that stays in the page cache makes the open, or the flush that comes
# with it, wait for the device.
suspend_with_dirty_pages() {
	dd if=/dev/zero of="$1" bs=64k count=8 conv=notrunc 2>/dev/null
	dmsetup suspend --noflush --nolockfs "$(basename "$1")"
}

# attach DEVICE PATH: how long, in ms, until both ends are connected
attach() {
	plug_prepare stuck "$1" "$2"
	now
	start=$now
	plug_go
	until [ "$(plug_state "$front")" = 4 ] || [ $((now - start)) -ge ${limit}00 ]; do
		now
	done
	now
	echo $(((now - start) * 10))
}

attach_others() {
	for i in $(seq $attaches); do
		attach $((first + i * 256)) "$(disk_path other$i)"
	done >/tmp/unsorted
	echo "in order: $(tr '\n' ' ' </tmp/unsorted)"
	sort -n /tmp/unsorted >/tmp/latencies
	for i in $(seq $attaches); do
		unplug_nodes stuck $((first + i * 256))
	done
	slowest=$(tail -n 1 /tmp/latencies)
	median=$(sed -n "$(((attaches + 1) / 2))p" /tmp/latencies)
	echo "$XPV_FRONT/$XPV_BACK $1: $attaches attaches, median $median ms, slowest $slowest ms$(
		[ "$slowest" -lt ${limit}000 ] || echo ' or more: gave up')"
}

others_are_fast() {
	[ "$XPV_BACK" != ours ] || [ "$slowest" -lt $((1000 * XPV_SLOW)) ]
}

# others_attach_fast STUCK WORDS: while one is STUCK, which is a command. What delays
# others does so again; what else the machine under the emulator had to do is over.
others_attach_fast() {
	"$1" || return 1
	attach_others "$2"
	others_are_fast || {
		disks_settle
		attach_others "$2, again"
		others_are_fast
	} && "$1"
}

# At most as far as Initialised, both before the others and after them.
is_connecting() {
	plug_paths stuck 51728
	case $(plug_state "$front") in
	[123]) ;;
	*) __complain "it is not stuck: its frontend is in state $(plug_state "$front")" ;;
	esac
}

stuck_one_connects() {
	dmsetup resume --noudevsync stuck
	plug_paths stuck 51728
	plug_wait "$front" 4 20
}

is_reading() {
	guest_run stuck 'cat /tmp/background.log; ! [ -s /tmp/background.log ] && pidof dd >/dev/null' ||
		__complain 'it is not stuck: the read has ended'
}

read_is_stuck() {
	guest_start stuck 'dd if=/dev/xvdb of=/dev/null bs=64k count=16 iflag=direct && echo read'
	sleep 1
	is_reading
}

read_ends() {
	dmsetup resume --noudevsync stuck
	guest_run stuck 'for i in $(seq 50); do grep -x read /tmp/background.log && exit; sleep 0.2; done; exit 1'
}

disks_settle() {
	wait_for 60 "[ \$(ls /sys/bus/xen-backend/devices | grep -c vbd) -le 1 ]"
}

ktap_print_header
ktap_set_plan 8
disk_make stuck 64M linear >/dev/null || ktap_exit_fail_msg 'no disk'
for i in $(seq $attaches); do
	disk_make other$i 16M >/dev/null || ktap_exit_fail_msg 'no disk'
done
ktap_test_result 'the guest is up' guest_create stuck || ktap_exit_fail_msg 'no guest'

exec 9<"$(disk_path stuck)"	# keeps the dirty pages
suspend_with_dirty_pages "$(disk_path stuck)"
plug_nodes stuck 51728 "$(disk_path stuck)"
sleep 1
ktap_test_result 'others attach while one is stuck connecting' \
	others_attach_fast is_connecting 'while one is stuck connecting'
ktap_test_result 'the stuck one connects once its device is back' stuck_one_connects
ktap_test_result 'the others are gone' disks_settle

dmsetup suspend --noflush --nolockfs stuck
ktap_test_result 'a read is stuck' read_is_stuck
ktap_test_result 'others attach while one is stuck in mid-I/O' \
	others_attach_fast is_reading 'while one is stuck in mid-I/O'
ktap_test_result 'the read ends once its device is back' read_ends
exec 9<&-
ktap_test_result 'the others are gone again' disks_settle
unplug_nodes stuck 51728
ktap_finished
