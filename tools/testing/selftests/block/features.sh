#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what a disk is like, is asked to sync, and has done reaches its other end as it is: sectors, discard, cache, kind, size, delays, numbers
# runs: dom0
# guest: pv pv@6.12*
# pair: ours/ours ours/intree*
# needs: fio xen-blkfront xen-blkback xpv-testdisk
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run features "$1" "${2:-60}"
}

queue_says() {
	in_guest "cat /sys/block/$1/queue/$2; [ \$(cat /sys/block/$1/queue/$2) = $3 ]"
}

large_sectors_verify() {
	in_guest '. /selftests/lib/disk.sh; XPV_FIO_SIZE=8m; disk_fio /dev/xvdb 4k-256k' 90
}

# What is discarded reads as zeroes on this device; what is beside it stays.
discard_works() {
	in_guest 'dd if=/dev/urandom of=/tmp/data bs=64k count=4 2>/dev/null
		dd if=/tmp/data of=/dev/xvdb bs=64k oflag=direct 2>/dev/null
		fio --name=trim --filename=/dev/xvdb --rw=trim --bs=64k --offset=64k --size=64k --direct=1 \
			--thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }
		dd if=/dev/zero of=/tmp/data bs=64k seek=1 count=1 conv=notrunc 2>/dev/null
		dd if=/dev/xvdb bs=64k count=4 iflag=direct 2>/dev/null | cmp - /tmp/data'
}

# A partition that begins at sector 16: kernels tell where the first unit of discards
# begins of partitions only.
partition() {
	{
		head -c 446 /dev/zero
		printf '\0\0\0\0\203\0\0\0\020\0\0\0\0\020\0\0'
		head -c 48 /dev/zero
		printf '\125\252'
	} | dd of="$1" conv=fsync 2>/dev/null
}

# Of the disk, where they begin at sector 32; sector 16 of the partition.
units_are() {
	in_guest 'cd /sys/block/xvde
		set -- $(cat queue/logical_block_size queue/physical_block_size queue/discard_granularity xvde1/discard_alignment)
		echo $*; [ "$*" = "512 4096 65536 8192" ]'
}

info_is() {
	plug_paths features "$1"
	[ "$(xenstore-read "$back/info")" = "$2" ] ||
		{ echo "$1: info $(xenstore-read "$back/info"), not $2"; return 1; }
}

# A CD drive by the word of the toolstack, and one that can take its disk out by its own.
# 1: a CD drive; 2: removable; 4: only read.
kinds_are() {
	info_is 51744 0 && info_is 51760 5 && info_is 51776 3 &&
		in_guest 'set -- $(cat /sys/block/xvd[cde]/removable); echo $*; [ "$*" = "0 0 1" ] &&
			! blkpeer cdrom /dev/xvdc && blkpeer cdrom /dev/xvdd && blkpeer cdrom /dev/xvde'
}

offers_flush() {
	plug_paths features "$1"
	[ "$(xenstore-read "$back/feature-flush-cache") $(xenstore-read "$back/feature-barrier")" = "$2 $2" ]
}

# cache_is NAME NUMBER OFFERED WORD: WORD is what the guest makes of it
cache_is() {
	offers_flush "$2" "$3" || return 1
	in_guest "cat /sys/block/$1/queue/write_cache; [ \"\$(cat /sys/block/$1/queue/write_cache)\" = 'write $4' ]"
}

syncing_reaches_the_disk() {
	before=$(test_disk flushes)
	in_guest 'for i in 1 2 3; do dd if=/dev/zero of=/dev/xvde bs=4k count=1 conv=fsync 2>/dev/null || exit; done'
	flushes=$(($(test_disk flushes) - before))
	echo "3 times synced: $flushes flushes"
	[ $flushes = 3 ]
}

# holds BLOCK BYTE: the test disk's block of 64 KB is full of it, an octal number
holds() {
	dd if="$(disk_path cached)" of=/tmp/block bs=64k skip="$1" count=1 iflag=direct 2>/dev/null &&
		head -c 65536 /dev/zero | tr '\0' "\\$2" | cmp - /tmp/block
}

# One block is synced, one written through, and one neither.
write_three_blocks() {
	in_guest 'tr "\0" s </dev/zero | head -c 65536 >/tmp/data
		dd if=/tmp/data of=/dev/xvde bs=64k seek=16 oflag=direct conv=fsync 2>/dev/null &&
		fio --name=sync --filename=/dev/xvde --rw=write --bs=64k --offset=1536k --size=64k --direct=1 --sync=1 \
			--buffer_pattern=0x73 --thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }
		dd if=/tmp/data of=/dev/xvde bs=64k seek=32 oflag=direct 2>/dev/null'
}

outlives_power_failure() {
	write_three_blocks && holds 16 163 && holds 24 163 && holds 32 163 || return 1
	test_disk_fails
	holds 16 163 && holds 24 163 && holds 32 0
}

# What the backend has counted of the test disk.
counted() {
	for number in rd_req rd_sect wr_req wr_sect f_req ds_req; do
		cat "/sys/bus/xen-backend/devices/vbd-$domid-51776/statistics/$number"
	done | tr '\n' ' '
}

# latencies: requests of the test disk, and those that took 64 ms or more
latencies() {
	awk -v device="/vbd/$domid/51776 " '/^[^ ]*\/vbd\// { on = index($0, device) }
		on && /latency/ { for (i = 1; i <= NF; i++)
			if (split($i, of, ":") == 2 && of[1] ~ /^[0-9]+$/) { all += of[2]; if (of[1] >= 65536) slow += of[2] } }
		END { print all + 0, slow + 0 }' /sys/kernel/debug/xenbus-mt/devices
}

known_requests() {
	in_guest 'dd if=/dev/xvde of=/dev/null bs=4k count=10 iflag=direct 2>/dev/null &&
		dd if=/dev/zero of=/dev/xvde bs=64k count=4 oflag=direct conv=fsync 2>/dev/null &&
		blkdiscard -o 16384 -l 65536 /dev/xvde'
}

# minus 'NUMBERS' 'NUMBERS'
minus() {
	echo "$1 $2" | awk '{ for (i = 1; i <= NF / 2; i++) printf("%s%d", i > 1 ? " " : "", $i - $(i + NF / 2)) }'
}

slow_known_requests() {
	echo 100 >/sys/module/xpv_testdisk/parameters/delay_ms
	known_requests
	echo 0 >/sys/module/xpv_testdisk/parameters/delay_ms
}

numbers_are_right() {
	counts=$(minus "$(counted)" "$counted_before")
	echo "reads, sectors, writes, sectors, flushes, discards: $counts"
	[ "$counts" = '10 80 4 512 1 1' ]
}

# Of those same requests: four were writes.
latencies_are_right() {
	took=$(minus "$(latencies)" "$latencies_before")
	echo "requests, and those of 64 ms or more: $took"
	[ "${took% *}" = 16 ] && [ "${took#* }" -ge 4 ] && [ "${took#* }" -lt 16 ]
}

# A read only has the worker run.
log_is_right() {
	# shellcheck disable=SC2046 # numbers
	set -- $(counted)
	log_mark
	echo 1 >/sys/module/xen_blkback/parameters/log_stats
	in_guest 'dd if=/dev/xvde of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null'
	wait_for 2 "log_said | grep -q 'vbd-$domid-51776.* queue 0: '"
	echo 0 >/sys/module/xen_blkback/parameters/log_stats
	echo "expected: wr $3 ($4 sectors), f $5, ds $6"
	log_said | grep "vbd-$domid-51776.* queue 0: "
	log_said | grep -q "vbd-$domid-51776.* queue 0: oo .*, rd .* wr $3 ($4 sectors), f $5, ds $6, "
}

is_read_only() {
	in_guest '[ "$(cat /sys/block/xvdd/ro)" = 1 ] && ! dd if=/dev/zero of=/dev/xvdd bs=4k count=1 oflag=direct'
}

# As a backend tells it; whether one notices is another test's.
grow() {
	plug_paths features 51744
	xenstore-write "$back/sectors" 98304 "$back/state" 4
}

has_grown() {
	in_guest 'for i in $(seq 20); do
			[ "$(cat /sys/block/xvdc/size)" = 98304 ] && exit
			sleep 0.1
		done
		cat /sys/block/xvdc/size
		exit 1'
}

told_of_growth() {
	in_guest 'dmesg | grep "xvdc: detected capacity change"'
}

# It is waited for, and the guest says so.
answer_is_late() {
	in_guest 'echo 1000 >/sys/block/xvdf/queue/io_timeout'
	dmsetup suspend --noflush --nolockfs late
	guest_start features 'dd if=/tmp/data of=/dev/xvdf bs=4k count=1 oflag=direct && echo written'
	in_guest 'for i in $(seq 50); do
			dmesg | grep "xvdf: backend in domain 0 has not answered sector 0 for 1 s, 1 requests wait" && exit
			sleep 0.2
		done
		dmesg | tail -n 5; exit 1'
}

late_write_is_one() {
	in_guest 'pidof dd >/dev/null' || { echo 'it did not wait'; return 1; }
	dmsetup resume --noudevsync late
	in_guest 'for i in $(seq 50); do grep -x written /tmp/background.log && exit; sleep 0.1; done
		cat /tmp/background.log; exit 1' &&
		[ "$(dd if="$(disk_path late)" bs=4k count=1 iflag=direct 2>/dev/null | tr -d s | wc -c)" = 0 ]
}

users_are_told_of_growth() {
	in_guest 'grep -E "^(RESIZE|DEVNAME|ACTION)=" /tmp/uevents
		[ "$(grep -c ^RESIZE=1 /tmp/uevents) $(grep -c ^DEVNAME=xvdc /tmp/uevents)" = "1 1" ]'
}

ktap_print_header
[ "$XPV_BACK" = ours ] && ktap_set_plan 21 || ktap_set_plan 19
disk_make large 64M null4k >/dev/null && disk_make growing 32M >/dev/null &&
	disk_make fixed 16M >/dev/null && disk_make late 16M linear >/dev/null &&
	disk_make cached 16M test=cache=1,physical=4096,granularity=65536,alignment=16384,removable=1,cdrom=1 >/dev/null ||
	ktap_exit_fail_msg 'no disks'
partition "$(disk_path cached)"
ktap_test_result 'the guest is up' guest_create features \
	disk="xvdb:$(disk_path large)" disk="xvdc:$(disk_path growing)" \
	disk="format=raw,vdev=xvdd,access=ro,devtype=cdrom,backendtype=phy,target=$(disk_path fixed)" \
	disk="xvde:$(disk_path cached)" disk="xvdf:$(disk_path late)" ||
	ktap_exit_fail_msg 'no guest'
ktap_test_result 'sectors of 4096 bytes' queue_says xvdb logical_block_size 4096
ktap_test_result 'data on large sectors' large_sectors_verify
ktap_test_result 'the granularity of discards' queue_says xvdb discard_granularity 4096
ktap_test_result 'discard' discard_works
ktap_test_result 'read-only' is_read_only
ktap_test_result 'blocks of 512 bytes, 4096 of the device, and units of discard that begin elsewhere' units_are
ktap_test_result 'CD drives, and disks that can be removed' kinds_are
ktap_test_result 'a write cache' cache_is xvde 51776 1 back
ktap_test_result 'no flush is offered where there is none' cache_is xvdc 51744 0 through
ktap_test_result 'syncing reaches the disk' syncing_reaches_the_disk
ktap_test_result 'what was synced outlives a power failure, the rest does not' outlives_power_failure
plug_paths features 51776
counted_before=$(counted)
latencies_before=$(latencies)
slow_known_requests
ktap_test_result 'the numbers of what was asked are right' numbers_are_right
if [ "$XPV_BACK" = ours ]; then
	ktap_test_result 'so are those of how long it took' latencies_are_right
	ktap_test_result 'and those in the log' log_is_right
fi
ktap_test_result 'a late answer is waited for, and the guest says so' answer_is_late
ktap_test_result 'the write is done when it comes' late_write_is_one
guest_start features 'exec uevent env >/tmp/uevents'
grow
ktap_test_result 'a disk grows' has_grown
ktap_test_result 'and says so' told_of_growth
ktap_test_result 'programs are told' users_are_told_of_growth
ktap_test_result 'no I/O scheduler' in_guest 'grep "\[none\]" /sys/block/xvdb/queue/scheduler'
ktap_finished
