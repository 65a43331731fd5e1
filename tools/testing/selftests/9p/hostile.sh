#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a hostile client is refused or stopped, leaves nothing, and its neighbour does not feel it
# runs: dom0
# guest: pv pvh*
# pair: none/ours
# loop: yes
# needs: xen-9pback
# vcpus: 2
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/share.sh"

# A folder on a disk that can be made to rest.
slow_folder() {
	disk=$(disk_make slow 64M linear) && mkfs.ext4 -q -F -b 4096 -I 256 "$disk" >/dev/null 2>&1 &&
		mkdir -p /tmp/shares/slow && mount -t ext4 -o noatime "$disk" /tmp/shares/slow &&
		dd if=/dev/urandom of=/tmp/shares/slow/slow bs=1M count=16 2>/dev/null &&
		dd if=/dev/urandom of=/tmp/shares/slow/quick bs=64k count=1 2>/dev/null || return 1
	for i in 0 1 2 3 4 5; do
		dd if=/dev/urandom of=/tmp/shares/slow/many$i bs=4k count=20 2>/dev/null || return 1
	done
}

# Of the slow file nothing is in memory, of the quick one all.
rest() {
	sync && echo 3 >/proc/sys/vm/drop_caches && ls -la /tmp/shares/slow &&
		cat /tmp/shares/slow/quick >/dev/null && dmsetup suspend --noudevsync --nolockfs slow
}

# go_on PEER: once it is waiting for that
go_on() {
	wait_for 40 "guest_run peer 'grep -q waiting /tmp/$1.out' 5"
	dmsetup resume --noudevsync slow
}

# A ring has had as many threads as it may have, and no more.
threads_are_bounded() {
	threads=$(sed -n 's/.* parked, .*; \([0-9]*\) threads at most.*/\1/p' /sys/kernel/debug/xenbus-mt/devices | sort -n | tail -n 1)
	echo "$threads threads at most"
	[ "$threads" = 64 ]
}

was_moved() {
	grep 'writes in place' /sys/kernel/debug/xenbus-mt/devices
	grep -q ' [1-9][0-9]* moved' /sys/kernel/debug/xenbus-mt/devices
}

# look PEER TEXT COMMAND: a result of this test, before it goes
look() {
	wait_for 40 "guest_run peer 'grep -q done /tmp/$1.out' 5"
	ktap_test_result "$2" "$3"
	guest_run peer 'touch /tmp/stop'
	peer_end peer "$1"
}

plug_share() {
	plug_nodes peer "$1" "$2"
}

ktap_print_header
ktap_set_plan 130
folder=$(share_folder hostile 64M) || ktap_exit_fail_msg 'no folder'
head -c 1000000 /dev/urandom >"$folder/file"
ktap_test_result 'the slow folder is made' slow_folder
ktap_test_result 'the guest is up' peer_guest peer || ktap_exit_fail_msg 'no guest'
plug_share 0 "$folder"
peer_run peer hostile 0 90
ktap_test_result 'nothing is held' peer_holds_nothing
plug_share 1 "$folder"
peer_run peer deaf 1
ktap_test_result 'nothing is held' peer_holds_nothing
plug_share 2 /tmp/shares/slow
ktap_test_result 'the disk rests' rest
peer_start peer flush 2
go_on flush
peer_end peer flush
ktap_test_result 'nothing is held' peer_holds_nothing
ktap_test_result 'the disk rests again' rest
peer_start peer crowd 2
go_on crowd
peer_end peer crowd
ktap_test_result 'nothing is held' peer_holds_nothing
ktap_test_result 'the disk rests once more' rest
peer_start peer many 2
go_on many
look many 'a ring has 64 threads and no more' threads_are_bounded
ktap_test_result 'nothing is held' peer_holds_nothing
ktap_test_result 'the disk rests a last time' rest
peer_start peer held 2
go_on held
look held 'the write was moved out of their way' was_moved
ktap_test_result 'nothing is held' peer_holds_nothing
mkdir -p /tmp/shares/other && mount -t ramfs none /tmp/shares/other
plug_share 3 /tmp/shares/other
peer_run peer copied 3
ktap_test_result 'nothing is held' peer_holds_nothing
ktap_test_result 'the devices go' share_end peer 0 1 2 3
umount /tmp/shares/other
ktap_finished
