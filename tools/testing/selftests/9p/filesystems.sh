#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: XFS, Btrfs and F2FS are served as ext4 is: from the ring and into it, also what was moved out of it meanwhile
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: 9pnet_xen xen-9pback
# length: long
# time: 500

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/share.sh"

results=6	# of each file system
tools=/xpv/filesystems
number=0

# tool NAME ARGUMENT...: one of those packages
tool() {
	__tool=$tools/$1
	shift
	LD_LIBRARY_PATH=$tools "$__tool" "$@"
}

# can_have KIND: or say why not
can_have() {
	[ -x "$tools/mkfs.$1" ] || {
		echo "dom0 has no mkfs.$1, which rig setup filesystems brings"
		return 1
	}
	modprobe "$1" 2>/dev/null || grep -qw "$1" /proc/filesystems || {
		echo "dom0's kernel has no $1"
		return 1
	}
}

is_sound() {
	case $1 in
	xfs) tool xfs_repair -n "$2" ;;
	btrfs) tool btrfs check --readonly "$2" ;;
	f2fs) tool fsck.f2fs --dry-run "$2" ;;
	esac
}

# XFS takes no less than 300 MB.
make_folder() {
	tool "mkfs.$1" -q "$2" && mkdir -p "$folder" && mount -t "$1" "$2" "$folder"
}

served() {
	make_folder "$1" "$2" && share_plug g $number "$folder" && share_mount g $number
}

in_folder() {
	guest_run g "cd /mnt/share$number && $*" 90
}

# Of all sizes, from any place in the ring to any place of a file.
files_arrive() {
	in_folder 'dd if=/dev/urandom of=/tmp/data bs=1M count=4 2>/dev/null
		for bs in 4k 9999 65537 300k 1M; do
			dd if=/tmp/data of=file$bs bs=$bs 2>/dev/null || exit 1
		done
		dd if=/tmp/data of=changed bs=1M 2>/dev/null && dd if=/tmp/data of=changed bs=70001 seek=3 count=20 conv=notrunc 2>/dev/null
		cmp file1M /tmp/data && cmp file9999 /tmp/data && md5sum file* changed >SUMS' || return 1
	(cd "$folder" && md5sum -c SUMS)
}

# Back, from dom0's memory, from the disk, and by random pieces.
files_return() {
	in_folder md5sum -c SUMS || return 1
	sync
	echo 3 >/proc/sys/vm/drop_caches
	in_folder 'md5sum -c SUMS && dd if=file1M of=/tmp/back bs=300000 2>/dev/null && cmp /tmp/back /tmp/data &&
		fio --name=verify --filename=fio --size=4m --rw=randwrite --bsrange=4k-256k --verify=crc32c \
			--verify_fatal=1 --randseed=7 --thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }'
}

# of_rings WORD: how many "N WORD" the rings tell of
of_rings() {
	sed -n "s/.* \([0-9]*\) $1.*/\1/p" /sys/kernel/debug/xenbus-mt/devices | awk '{ n += $1 } END { print n + 0 }'
}

# A frozen file system takes nothing. What is to be written is moved, since those behind
# it want room, and arrives when it goes on.
moved() {
	in_folder 'for i in 1 2 3 4; do : >late$i; done'
	moves=$(of_rings moved)
	fsfreeze --freeze "$folder" || return 1
	guest_start g "for i in 1 2 3 4; do dd if=/tmp/data of=/mnt/share$number/late\$i bs=1M conv=notrunc 2>/dev/null & done; wait; echo all"
	wait_for 15 "[ \"\$(of_rings moved)\" -gt $moves ]"
	was=$?
	fsfreeze --unfreeze "$folder" || return 1
	wait_for 40 'guest_run g "grep all /tmp/background.log" 5'
	guest_run g ': >/tmp/background.log'
	of_rings moved
	in_folder 'for i in 1 2 3 4; do cmp late$i /tmp/data || exit 1; done' && return $was
}

by_the_ring() {
	reads=$(of_rings 'reads into') writes=$(of_rings 'writes in')
	echo "$reads reads into the ring, $writes writes from it"
	[ "$reads" -gt 0 ] && [ "$writes" -gt 0 ]
}

# finds_it_sound KIND DISK: also by its own checker
finds_it_sound() {
	share_end g $number && umount "$folder" && mount -t "$1" "$2" "$folder" || return 1
	(cd "$folder" && md5sum -c SUMS && cmp late1 file1M)
	was=$?
	umount "$folder" && is_sound "$1" "$2" && return $was
}

# try KIND: all that is told of it
try() {
	folder=/tmp/shares/$1
	if ! why=$(can_have "$1"); then
		for i in $(seq $results); do
			ktap_test_skip "$1: $i" "$why"
		done
		return
	fi
	disk=$(disk_make "share-$1" 320M)
	ktap_test_result "$1: a guest has it" served "$1" "$disk"
	ktap_test_result "$1: files of the guest arrive" files_arrive
	ktap_test_result "$1: and return" files_return
	ktap_test_result "$1: a write that waits is moved, and done" moved
	ktap_test_result "$1: nothing was copied beside the ring" by_the_ring
	ktap_test_result "$1: dom0 finds it all, and it is sound" finds_it_sound "$1" "$disk"
	disk_remove "share-$1"
	number=$((number + 1))
}

ktap_print_header
ktap_set_plan $((1 + 3 * results))
ktap_test_result 'the guest is up' share_guest g || ktap_exit_fail_msg 'no guest'
for kind in xfs btrfs f2fs; do
	try $kind
done
ktap_finished
