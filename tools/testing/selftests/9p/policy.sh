#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what the toolstack says of a share holds: who is who, what may be changed, how much there may be
# runs: dom0
# guest: pv pvh*
# pair: intree/ours ours/ours*
# loop: yes
# needs: xen-9pback
# memory: 512
# length: long
# time: 200

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/share.sh"

# share NUMBER FOLDER [KEY=VALUE]...: plug and mount it
share() {
	__number=$1 __folder=$folder/$2
	shift 2
	mkdir -p "$__folder"
	share_plug g "$__number" "$__folder" "$@" && share_mount g "$__number"
}

in_share() {
	__number=$1
	shift
	guest_run g "cd /mnt/share$__number && $*" 60
}

owner() {
	stat -c %u:%g "$folder/$1"
}

cannot_be_changed() {
	mkdir -p "$folder/ro" && echo text >"$folder/ro/file"
	share 0 ro read-only=1 && in_share 0 'cat file && ls
		touch file2 && exit 1; echo x >file && exit 1; rm file && exit 1; mkdir d && exit 1
		mv file file3 && exit 1; chmod 600 file && exit 1; ln file file4 && exit 1
		touch file2 2>&1 | grep "Read-only"' && [ "$(cat "$folder/ro/file")" = text ]
}

all_are_one() {
	mkdir -p "$folder/all" && chown 1234:4321 "$folder/all"
	share 1 all squash=all squash-uid=1234 squash-gid=4321 &&
		in_share 1 'echo x >file && mkdir d && cat file' || return 1
	[ "$(owner all/file) $(owner all/d)" = '1234:4321 1234:4321' ]
}

# Of a folder with security_model none, which is the default, a new owner is kept
# as far as that works: one who may not is not told.
root_is_nobody() {
	mkdir -p "$folder/root" && chmod 777 "$folder/root" && echo secret >"$folder/root/secret"
	chmod 600 "$folder/root/secret"
	share 2 root squash=root && in_share 2 'echo x >file && ! cat secret && ! rm -f secret/x &&
		chown 0 file' || return 1
	[ "$(owner root/file)" = 65534:65534 ]
}

numbers_are_mapped() {
	mkdir -p "$folder/map" && chown 100000:200000 "$folder/map" && echo x >"$folder/map/ours"
	share 3 map uid-map=0:100000:65536 gid-map=0:200000:65536 &&
		in_share 3 'echo x >file && stat -c %u:%g file | grep -x 0:0 &&
			stat -c %u:%g ours | grep -x 65534:65534 && chown 5 ours' || return 1
	[ "$(owner map/file) $(owner map/ours)" = '100000:200000 0:0' ]
}

mapped_files_have_one_owner() {
	[ -z "$(find "$folder/mapped" ! -user 1234)" ] &&
		[ -z "$(find "$folder/mapped" -type l -o -type p -o -type c -o -type b)" ]
}

files_are_limited() {
	mkdir -p "$folder/limit" && touch "$folder/limit/one"
	share 5 limit max-files=4 max-space=2 max-open-files=6 &&
		in_share 5 'touch two && mkdir three && mkfifo four || exit 1
			touch five 2>&1 | grep -i quota || exit 1
			rm two && touch two' || return 1
	[ "$(ls "$folder/limit" | wc -l)" = 4 ]
}

space_is_limited() {
	in_share 5 'dd if=/dev/zero of=one bs=64k count=40 2>&1 | grep -i quota || exit 1
		rm one && dd if=/dev/zero of=one bs=64k count=20 && truncate -s 1M one &&
		! truncate -s 3M one' || return 1
	[ "$(stat -c %s "$folder/limit/one")" = 1048576 ]
}

open_files_are_limited() {
	in_share 5 'exec 3<one 4<one 5<one 6<one 7<one 8<one || exit 1
		cat one >/dev/null && exit 1; exec 3<&-; cat one >/dev/null'
}

devices_are_allowed() {
	share 6 devices allow-devices=1 allow-setuid=1 &&
		in_share 6 'mknod null c 1 3 && touch suid && chmod 4755 suid &&
			stat -c %a suid | grep -x 4755' || return 1
	[ "$(stat -c '%F %t %T' "$folder/devices/null")" = 'character special file 1 3' ]
}

# Who relies on it would find the folder full some day.
deleting_is_refused() {
	PLUG_KEYS='auto-delete=1 max-files=4'
	plug_nodes g 8 "$folder/all"
	PLUG_KEYS=
	plug_wait "$back" 6 15 && xenstore-read "error/backend/9pfs/$domid/8/error" | grep 'auto-delete: "1" cannot be had'
}

two_guests_would_see_each_other() {
	mkdir -p "$folder/ro2" && share 7 all && in_share 7 'cat file && echo more >>file' &&
		in_share 1 'grep -x more file'
}

ktap_print_header
ktap_set_plan 37
folder=$(share_folder policy 128M) || ktap_exit_fail_msg 'no folder'
ktap_test_result 'the guest is up' share_guest g || ktap_exit_fail_msg 'no guest'
ktap_test_result 'read-only: nothing is changed' cannot_be_changed
ktap_test_result 'squash=all: all are one user' all_are_one
ktap_test_result 'squash=root: root is nobody' root_is_nobody
ktap_test_result 'uid-map and gid-map: numbers are mapped' numbers_are_mapped
mkdir -p "$folder/mapped" && chown 1234:1234 "$folder/mapped"
ktap_test_result 'mapped-xattr: the share is mounted' share 4 mapped security_model=mapped-xattr
share_posixfs g 4
ktap_test_result 'mapped-xattr: files have one owner and no type' mapped_files_have_one_owner
ktap_test_result 'max-files: no more of them' files_are_limited
ktap_test_result 'max-space: no more of it' space_is_limited
ktap_test_result 'auto-delete: is refused with a limit, and the reason told' deleting_is_refused
ktap_test_result 'max-open-files: no more of them' open_files_are_limited
ktap_test_result 'allow-devices, allow-setuid: they are made' devices_are_allowed
ktap_test_result 'two shares of one folder see the same' two_guests_would_see_each_other
grep -A 12 9pfs /sys/kernel/debug/xenbus-mt/devices | tail -40
ktap_test_result 'the devices go' share_end g 0 1 2 3 4 5 6 7 8
ktap_finished
