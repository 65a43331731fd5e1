#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what idle disks hold: memory goes back to what it was before they were used, and nothing wakes up
# runs: dom0
# guest: pv
# pair: ours/ours intree/intree*
# memory: 512
# needs: fio xen-blkfront xen-blkback
# length: long
# time: 400
#
# The in-tree pair is recorded, not judged: it is what ours is compared with.
# The short form has few disks, and a backend that forgets sooner.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

[ -n "$XPV_LONG" ] && disks=32 || disks=4
first=$((1 << 28))	# xvda as an extended number; 256 minors each
[ -z "$XPV_LONG" ] && [ "$XPV_BACK" = ours ] &&
	options=xen-blkback.persistent_grant_unused_seconds=4

in_guest() {
	guest_run idle "$1" "${2:-60}"
}

each_disk() {
	for i in $(seq $disks); do
		"$@" "$i" || return 1
	done
}

make() {
	disk_make "idle$1" 64M void >/dev/null
}

plug() {
	plug_nodes idle $((first + $1 * 256)) "$(disk_path "idle$1")"
}

connected() {
	plug_paths idle $((first + $1 * 256))
	plug_wait "$front" 4 20 && plug_wait "$back" 4 20
}

unplug() {
	unplug_nodes idle $((first + $1 * 256))
}

guest_sees_all() {
	in_guest "for i in \$(seq 100); do
		[ \$(ls /sys/block | grep -c xvd) -ge $disks ] && exit; sleep 0.1; done; exit 1"
}

attach_all() {
	each_disk plug && each_disk connected && guest_sees_all
}

# What is in use and cannot be had by dropping a cache; unreclaimable slab; KB.
# Kernel threads.
count='sync; echo 3 >/proc/sys/vm/drop_caches; sleep 0.5
	awk "/^MemTotal/ { used += \$2 } /^(MemFree|Buffers|Cached|SReclaimable)/ { used -= \$2 }
		/^SUnreclaim/ { slab = \$2 } END { print used, slab }" /proc/meminfo
	for p in /proc/[0-9]*; do [ -s $p/cmdline ] || cat $p/comm 2>/dev/null; done | grep -vc ^kworker'

# census NAME: both domains, to /tmp/NAME: used and slab of dom0, its threads,
# then the guest's
census() {
	{ eval "$count"; in_guest "$count"; } | tr '\n' ' ' >"/tmp/$1"
}

# tell NAME SINCE WORDS: what the census NAME has more than the one SINCE
tell() {
	set -- "$(cat "/tmp/$1")" "$(cat "/tmp/$2")" "$3"
	# shellcheck disable=SC2086 # numbers
	ktap_print_msg "$XPV_FRONT/$XPV_BACK $3: $(echo $1 $2 | awk -v n="$disks" '{
		printf "dom0 %d KB (%d of slab), %.1f threads; guest %d KB (%d of slab), %.1f threads",
			($1 - $7) / n, ($2 - $8) / n, ($3 - $9) / n, ($4 - $10) / n, ($5 - $11) / n, ($6 - $12) / n }')"
}

# All the numbers after NAME in what our engine says here, added up.
held() {
	sed -n "s/.*$1 \([0-9]*\).*/\1/p" /sys/kernel/debug/xenbus-mt/devices |
		awk '{ sum += $1 } END { print sum + 0 }'
}

guest_grants() {
	in_guest "sed -n 's/.*holds: \([0-9]*\) grants.*/\1/p' /sys/kernel/debug/xenbus-mt/devices |
		awk '{ sum += \$1 } END { print sum + 0 }'"
}

is_idle() {
	[ "$(held kept)" -eq 0 ] && [ "$(held unused)" -eq 0 ]
}

settle() {
	[ "$XPV_BACK" = ours ] || { sleep 5; return; }
	wait_for 60 is_idle
}

use_all() {
	jobs=$(for i in $(seq $disks); do echo "--name=$i --filename=\$(ls -d /dev/xvd* | sed -n ${i}p)"; done | tr '\n' ' ')
	in_guest "fio --rw=randwrite --bs=256k --size=32m --io_size=8m --direct=1 --ioengine=libaio \
		--iodepth=8 --thread --minimal --output=/tmp/fio.log $jobs || { cat /tmp/fio.log; exit 1; }" 240
}

# Not much here, since these disks answer at once.
they_hold_more() {
	now="$(held kept) $(held unused)"
	ktap_print_msg "$grants grants before, $(guest_grants) now; pages kept and frames unused: $now"
	[ "$now" != '0 0' ]
}

is_back() {
	is_idle && [ "$(guest_grants)" -le "$grants" ]
}

# Within a minute, the census included.
all_is_back() {
	[ "$XPV_BACK" = ours ] || { sleep 30; return; }
	read -r began _ </proc/uptime
	wait_for $((60 * XPV_SLOW)) is_back || {
		echo "$(guest_grants) grants, $(held kept) kept, $(held unused) unused"
		return 1
	}
	read -r ended _ </proc/uptime
	ktap_print_msg "back after $((${ended%.*} - ${began%.*})) s"
}

# What moves by itself (magazines, page tables, free pages that a processor keeps at
# hand) is worth two megabytes and a half, and a page or two for each disk. The
# long form has enough disks to tell more than that.
memory_is_back() {
	[ "$XPV_BACK" = ours ] || return 0
	# shellcheck disable=SC2046 # numbers
	set -- $(cat /tmp/after /tmp/attached)
	slack=$((2560 + 8 * disks))
	[ $(($1 - $7)) -le $slack ] && [ $(($4 - ${10})) -le $slack ]
}

# Far from what is measured (Documentation/drivers/blk*.rst), and from the in-tree
# pair's.
holds_little() {
	[ "$XPV_BACK" = ours ] || return 0
	# shellcheck disable=SC2046 # numbers
	set -- $(cat /tmp/attached /tmp/before)
	[ $((($1 - $7) / disks)) -lt 512 ] && [ $((($4 - ${10}) / disks)) -lt 2048 ]
}

# Ten seconds of works of ours, wakeups of the backend's threads, and events.
watch='t=/sys/kernel/tracing
	[ -e $t/trace ] || mount -t tracefs none $t
	echo 0 >$t/tracing_on; echo >$t/trace
	echo 1 >$t/events/workqueue/workqueue_execute_start/enable
	echo 1 >$t/events/irq/irq_handler_entry/enable
	echo 1 >$t/events/sched/sched_waking/enable
	echo 1 >$t/tracing_on; sleep 10; echo 0 >$t/tracing_on
	echo 0 >$t/events/enable
	grep "execute_start.*\(blk\(back\|front\)\|xenbus_mt\)\|name=\(vbd\|blkif\)\|sched_waking: comm=\(blkback\.\|[0-9]*\.[0-9]\)" $t/trace >/tmp/woken
	head -n 5 /tmp/woken; wc -l </tmp/woken'

watch_idle() {
	eval "$watch" >/tmp/woken.dom0
	in_guest "$watch" >/tmp/woken.guest
	dom0_wakes=$(tail -n 1 /tmp/woken.dom0) guest_wakes=$(tail -n 1 /tmp/woken.guest)
	ktap_print_msg "$XPV_FRONT/$XPV_BACK, $disks idle disks, 10 s: woken $dom0_wakes times in dom0, $guest_wakes in the guest"
}

nothing_wakes() {
	watch_idle
	[ "$XPV_BACK" = ours ] || return 0
	cat /tmp/woken.dom0 /tmp/woken.guest
	[ "$dom0_wakes" -eq 0 ] && [ "$guest_wakes" -eq 0 ]
}

ktap_print_header
ktap_set_plan 9
each_disk make || ktap_exit_fail_msg 'no disks'
# shellcheck disable=SC2086 # none or one word
ktap_test_result 'the backend loads' backend "$XPV_BACK" $options || ktap_exit_fail_msg 'no backend'
ktap_test_result 'the guest is up' guest_create idle || ktap_exit_fail_msg 'no guest'
in_guest 'modprobe xen-blkfront' >/dev/null 2>&1
sleep 2
census before
ktap_test_result "$disks disks are attached" attach_all || ktap_exit_fail_msg 'no disks in the guest'
settle
census attached
tell attached before 'a disk that is idle from the start'
ktap_test_result 'an idle disk holds little' holds_little
[ "$XPV_BACK" != ours ] || grants=$(guest_grants)
ktap_test_result 'they are used' use_all
if [ "$XPV_BACK" = ours ]; then
	ktap_test_result 'they hold more for that' they_hold_more
else
	ktap_test_skip 'they hold more for that' 'it cannot be seen'
fi
census used
tell used before 'a disk just after its use'
ktap_test_result 'what they had for that is back within a minute' all_is_back
census after
tell after before 'a disk that is idle again'
ktap_test_result 'memory is back, too' memory_is_back
ktap_test_result 'nothing wakes up for idle disks' nothing_wakes
each_disk unplug
ktap_finished
