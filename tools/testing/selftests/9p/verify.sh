#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what a guest does in a shared folder is what dom0 finds there, and the other way round
# runs: dom0
# guest: pv pvh* hvm* pv@6.12*
# pair: intree/ours* ours/ours
# loop: yes
# needs: 9pnet_xen xen-9pback
# time: 1500

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/share.sh"

in_guest() {
	guest_run g "cd /mnt/share0 && $*" 90
}

files_of_the_guest() {
	in_guest 'for n in 0 1 4095 4096 4097 65536 1000000 2000000; do
			head -c $n /dev/urandom >file$n || exit 1
		done
		dd if=/dev/urandom of=large bs=1M count=3 2>/dev/null
		md5sum file* large >SUMS' || return 1
	(cd "$folder" && md5sum -c SUMS)
}

files_of_dom0() {
	(cd "$folder" && for n in 0 1 511 4096 99999 3000000; do
		head -c $n /dev/urandom >dom0-$n || exit 1
	done && md5sum dom0-* >SUMS0) || return 1
	in_guest md5sum -c SUMS0 || return 1
	sync
	echo 3 >/proc/sys/vm/drop_caches	# now they are on the disk alone
	in_guest md5sum -c SUMS0
}

# Of the mount before, maps that are shared and written to were refused, if that is
# what the kernel's 9p file system does without a cache.
mapped_memory() {
	share_mount g 0 cache=mmap && in_guest 'mkdir mapped && POSIXFS_SHARED=1 posixfs mapped maps' &&
		guest_run g 'umount /mnt/share0' || return 1
	[ "$(stat -c %s "$folder/mapped/posixfs/maps/file")" = 10000 ] &&
		grep -qa 'mapped and written' "$folder/mapped/posixfs/maps/file"
}

# By way of the page cache of the guest.
cached_files() {
	share_mount g 0 cache=loose && in_guest 'cp large copy && cmp large copy &&
		dd if=large of=copy bs=4k seek=3 count=100 conv=notrunc 2>/dev/null; sync; md5sum copy >SUMC' &&
		guest_run g 'umount /mnt/share0' && (cd "$folder" && md5sum -c SUMC)
}

every_block_is_right() {
	in_guest 'fio --name=verify --filename=fio --size=4m --rw=randwrite --bsrange=512-128k --numjobs=1 \
			--verify=crc32c --verify_fatal=1 --randseed=7 --thread --minimal --output=/tmp/fio.log ||
		{ cat /tmp/fio.log; exit 1; }
		[ $(stat -c %s fio) = 4194304 ]'
}

# A full disk is an error of who writes, and of nobody else.
no_space() {
	full=$(share_folder full 8M) && share_plug g 1 "$full" && share_mount g 1 &&
		guest_run g 'cd /mnt/share1 && echo kept >kept && dd if=/dev/zero of=fill bs=64k 2>&1 | tee /tmp/full
			grep "No space left" /tmp/full && [ "$(cat kept)" = kept ] && cat /mnt/share0/SUMS >/dev/null &&
			rm fill && echo more >>kept && cp kept other && cmp kept other' 60 || return 1
	[ "$(cat "$full/other")" = "$(printf 'kept\nmore')" ]
}

# watch MICROSECONDS: have a ring watched for so long, when it has become empty
watch() {
	echo "$1" >/sys/module/xen_9pback/parameters/poll_us
}

# Frontends that do not ask for events send them all the same; ours asks. On the only
# processor nobody can be watched for.
was_watched() {
	[ "$(grep -c ^processor /proc/cpuinfo)" -gt 1 ] || return 0
	grep -A 20 9pfs /sys/kernel/debug/xenbus-mt/devices >/tmp/rings
	grep 'polls won [1-9]' /tmp/rings && return
	[ "$XPV_FRONT" != ours ] && grep 'of each message' /tmp/rings
}

# Data goes from the ring to the file, unless a disk is so slow that the guest needs the
# room.
written_in_place() {
	grep 'writes in place' /sys/kernel/debug/xenbus-mt/devices >/tmp/placed
	cat /tmp/placed
	grep -q ' [1-9][0-9]* writes' /tmp/placed
}

# What is in dom0's memory goes from there to the ring.
read_at_once() {
	grep 'reads into the ring' /sys/kernel/debug/xenbus-mt/devices >/tmp/warm
	cat /tmp/warm
	grep -q ' [1-9][0-9]* reads' /tmp/warm
}

folder_is_sound() {
	umount "$folder" /tmp/shares/full && e2fsck -fn "$(disk_path share-verify)" && e2fsck -fn "$(disk_path share-full)"
}

ktap_print_header
ktap_set_plan 38
folder=$(share_folder verify 256M) || ktap_exit_fail_msg 'no folder'
ktap_test_result 'the guest is up' share_guest g ${XPV_LONG:+memory=384} || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the share is found' share_plug g 0 "$folder"
ktap_test_result 'it is mounted' share_mount g 0
ktap_test_result 'files of the guest arrive' files_of_the_guest
ktap_test_result 'files of dom0 arrive' files_of_dom0
watch 5000	# a request takes a hundred times as long here as on silicon
share_posixfs g 0 ${XPV_LONG:+20000}
ktap_test_result 'the ring was watched, where events are asked for' was_watched
watch 50
ktap_test_result 'every block is what was written last' every_block_is_right
ktap_test_result 'a full disk is told, and breaks nothing else' no_space
ktap_test_result 'it is unmounted' guest_run g 'umount /mnt/share0'
ktap_test_result 'files are mapped, shared and written to' mapped_memory
ktap_test_result 'files go by way of the page cache' cached_files
grep -A 20 9pfs /sys/kernel/debug/xenbus-mt/devices
ktap_test_result 'writes were copied once' written_in_place
ktap_test_result 'so were reads' read_at_once
ktap_test_result 'the devices go' share_end g 0 1
ktap_test_result 'dom0 finds the file system clean' folder_is_sound
ktap_finished
