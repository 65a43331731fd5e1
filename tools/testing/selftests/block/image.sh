#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a file is a disk without a loop device: data, discard, size, and which file may be named
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: fio xen-blkfront xen-blkback
# time: 300
# allow: physical-device-path

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

script=/xpv/hotplug/block-image

in_guest() {
	guest_run image "$1" "${2:-60}"
}

# A file system that can go past its page cache, and one that has nothing else.
make_files() {
	modprobe ext4
	mkfs.ext4 -q "$(disk_make below 192M)" && mkdir -p /tmp/image &&
		mount -t ext4 "$(disk_path below)" /tmp/image &&
		truncate -s 64M /tmp/image/sparse && truncate -s 32M /tmp/cached
}

# attach VDEV FILE [MODE]
attach() {
	xl block-attach image "format=raw,vdev=$1,access=${3:-rw},script=$script,target=$2" >/tmp/xl.log 2>&1 ||
		{ cat /tmp/xl.log; return 1; }
	in_guest "for i in \$(seq 50); do [ -b /dev/$1 ] && exit; sleep 0.1; done; exit 1"
}

detach() {
	xl block-detach image "$1" >/tmp/xl.log 2>&1 || { cat /tmp/xl.log; return 1; }
}

refuses_to_attach() {
	! attach "$@" && grep -q 'is in use' /tmp/xl.log
}

no_loop_device() {
	[ -z "$(losetup -a)" ] && ! xenstore-exists "/local/domain/0/backend/vbd/$(xl domid image)/51728/physical-device"
}

data_is_in_the_file() {
	in_guest "dd if=/dev/urandom of=/tmp/data bs=1k count=3001 2>/dev/null
		dd if=/tmp/data of=/dev/$1 bs=1536 seek=1001 oflag=direct conv=fsync 2>/dev/null; md5sum </tmp/data" >/tmp/sum
	[ "$(dd if="$2" bs=1536 skip=1001 2>/dev/null | head -c 3073024 | md5sum)" = "$(cat /tmp/sum)" ]
}

verifies() {
	in_guest ". /selftests/lib/disk.sh; export XPV_FIO_SIZE=8m; XPV_LONG=$XPV_LONG
		disk_fio /dev/$1 512-64k && disk_fio /dev/$1 64k-1m" 120
}

files_last() {
	in_guest ". /selftests/lib/disk.sh; disk_files /dev/$1"
}

blocks() {
	stat -c %b "$1"
}

# A hole that reads as zeroes, and frees what is below.
discards() {
	in_guest 'dd if=/dev/urandom of=/dev/xvdb bs=1M count=8 oflag=direct conv=fsync 2>/dev/null'
	sync; before=$(blocks /tmp/image/sparse)
	in_guest 'blkdiscard -o 2097152 -l 4194304 /dev/xvdb 2>/dev/null ||
		fio --name=trim --filename=/dev/xvdb --rw=trim --bs=1m --offset=2m --size=4m --direct=1 \
			--thread --minimal --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }
		dd if=/dev/xvdb of=/tmp/hole bs=1M skip=2 count=4 iflag=direct 2>/dev/null
		head -c 4194304 /dev/zero | cmp - /tmp/hole && rm /tmp/hole' || return 1
	sync; after=$(blocks /tmp/image/sparse)
	echo "$before blocks before, $after after"
	[ $((before - after)) -ge 8000 ]
}

guest_sees() {
	in_guest "for i in \$(seq 20); do [ \$(cat /sys/block/$1/size) = $2 ] && exit; sleep 0.1; done
		cat /sys/block/$1/size; exit 1"
}

# Nobody tells the kernel's drivers of a file's new size: its name is written again.
grows_when_told() {
	truncate -s 80M /tmp/image/sparse
	plug_paths image 51728
	xenstore-write "$back/physical-device-path" /tmp/image/sparse
	guest_sees xvdb 163840
}

grows_when_used() {
	truncate -s 96M /tmp/image/sparse
	in_guest 'dd if=/dev/xvdb of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null'
	guest_sees xvdb 196608
}

new_part_works() {
	in_guest 'dd if=/tmp/data of=/dev/xvdb bs=1M seek=90 oflag=direct 2>/dev/null; echo 3 >/proc/sys/vm/drop_caches
		dd if=/dev/xvdb bs=1M skip=90 count=3 2>/dev/null | head -c 3000000 >/tmp/back
		head -c 3000000 /tmp/data | cmp - /tmp/back'
}

is_read_only() {
	in_guest '[ "$(cat /sys/block/xvdd/ro)" = 1 ] && ! dd if=/dev/zero of=/dev/xvdd bs=4k count=1 oflag=direct 2>/dev/null'
}

# The backend is loaded anew while there is traffic.
survives_reload() {
	guest_start image "fio --name=traffic --filename=/dev/xvdb --rw=randwrite --bsrange=4k-64k --size=16m --direct=1 --ioengine=libaio --iodepth=8 --verify=crc32c --verify_fatal=1 --thread --minimal --output=/tmp/fio.log; echo done \$?" &&
		disk_traffic_flows image && backend_reload xen-blkback || return 1
	in_guest 'for i in $(seq 300); do grep -q "done" /tmp/background.log && break; sleep 0.2; done
		cat /tmp/background.log; grep -q "done 0" /tmp/background.log' 90
}

# named KEYS...: a disk with these keys beside the usual ones; sets error
named() {
	plug_paths image 51776
	xenstore-write "$back/frontend-id" "$domid"
	xenstore-chmod "$back" n0 "r$domid"
	plug_frontend 51776
	xenstore-write "$back/frontend" "$front" "$back/online" 1 "$back/mode" w \
		"$back/device-type" disk "$back/dev" xvde "$@"
	plug_go
	state=
	# One that refused tries again, once.
	wait_for 3 'state=$(plug_state "$back"); [ "$state" = 6 ] || [ "$state" = 4 ]'
	error=$(xenstore-read "/local/domain/0/error/backend/vbd/$domid/51776/error" 2>/dev/null)
	xenstore-rm "$front" "$back" "/local/domain/0/error/backend/vbd/$domid/51776"
	wait_for 10 "! [ -e /sys/bus/xen-backend/devices/vbd-$domid-51776 ]"
	echo "state $state: $error"
}

# refused TEXT PATH: it is not served, and the error says TEXT
refused() {
	plug_paths image 51776
	named "$back/physical-device-path" "$2" "$back/hotplug-status" connected
	[ "$state" = 6 ] || return 1
	case $error in *"$1"*) ;; *) return 1 ;; esac
}

# waits KEYS...: not served, and no error
waits() {
	named "$@"
	[ "$state" = 2 ] && [ -z "$error" ]
}

# What the guest can write names nothing.
frontend_names_nothing() {
	plug_paths image 51776
	waits "$front/physical-device-path" /tmp/image/sparse "$front/hotplug-status" connected \
		"$front/params" /tmp/image/sparse
}

unfinished_script_names_nothing() {
	plug_paths image 51776
	waits "$back/physical-device-path" /tmp/image/sparse
}

file_is_closed() {
	detach xvdb && umount /tmp/image
}

ktap_print_header
ktap_set_plan $([ -n "$XPV_LONG" ] && echo 29 || echo 25)
make_files || ktap_exit_fail_msg 'no files'
ktap_test_result 'the guest is up' guest_create image || ktap_exit_fail_msg 'no guest'
ktap_test_result 'a file is attached' attach xvdb /tmp/image/sparse
ktap_test_result 'without a loop device' no_loop_device
ktap_test_result 'data is where it belongs' data_is_in_the_file xvdb /tmp/image/sparse
ktap_test_result 'random writes read back' verifies xvdb
ktap_test_result 'ext4 takes files and gives them back' files_last xvdb
ktap_test_result 'a discard frees blocks' discards
ktap_test_result 'the file grows, and its name is written again' grows_when_told
ktap_test_result 'the file grows, and is used' grows_when_used
ktap_test_result 'what was added works' new_part_works
ktap_test_result 'the backend is loaded anew under traffic' survives_reload
ktap_test_result 'no second disk that writes it' refuses_to_attach xvdc /tmp/image/sparse
detach xvdc >/dev/null 2>&1
ktap_test_result 'a file that is cached is attached' attach xvdc /tmp/cached
ktap_test_result 'data is where it belongs' data_is_in_the_file xvdc /tmp/cached
[ -z "$XPV_LONG" ] || ktap_test_result 'random writes read back' verifies xvdc
[ -z "$XPV_LONG" ] || ktap_test_result 'ext4 takes files and gives them back' files_last xvdc
ktap_test_result 'it goes' detach xvdc
ktap_test_result 'it is attached for reading' attach xvdd /tmp/cached ro
ktap_test_result 'it cannot be written' is_read_only
ktap_test_result 'a second one may read it' attach xvdf /tmp/cached ro
ktap_test_result 'none may write it' refuses_to_attach xvdg /tmp/cached
ktap_test_result 'no such file' refused 'cannot be found' /tmp/image/none
[ -z "$XPV_LONG" ] || ktap_test_result 'a folder' refused 'no regular file' /tmp/image
ktap_test_result 'a character device' refused 'no regular file' /dev/zero
ktap_test_result 'a relative path' refused 'does not begin at the root' etc/passwd
[ -z "$XPV_LONG" ] || ktap_test_result 'a FIFO' refused 'no regular file' "$(mkfifo /tmp/fifo; echo /tmp/fifo)"
ktap_test_result 'the frontend names no file' frontend_names_nothing
ktap_test_result 'nor does a script that is not done' unfinished_script_names_nothing
ktap_test_result 'the file is closed when the disk is gone' file_is_closed
guest_destroy image
ktap_finished
