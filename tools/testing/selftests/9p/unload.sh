#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a mounted folder survives its backend; either driver can be unloaded, and the guest killed under it
# runs: dom0
# guest: pv pvh*
# pair: ours/ours
# vcpus: 2
# needs: 9pnet_xen xen-9pback
# memory: 384
# length: long
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/share.sh"

in_guest() {
	guest_run u "$1" "${2:-60}"
}

# A shell in the guest that keeps files open: what is written to /tmp/do it does,
# and says in /tmp/did how that ended. If it is there again before whoever wrote has
# closed, it finds nothing.
holder_starts() {
	in_guest 'mkfifo /tmp/do; cd /mnt/share0 && mkdir dir dir2 && for i in $(seq 1000); do echo "line $i"; done >dir/open &&
		cp dir/open dir/renamed && cp dir/open dir/removed && echo one >dir2/append
		cat >/tmp/holder <<END
cd /mnt/share0/dir
exec 3<open 4<renamed 5<removed 6>>../dir2/append
while :; do
	read -r command </tmp/do && [ -n "\$command" ] || continue
	eval "\$command" >/tmp/said 2>&1
	echo \$? >/tmp/did
done
END
		setsid sh /tmp/holder >/dev/null 2>&1 </dev/null & sleep 1'
}

# holder COMMAND: have it done, with the files open
holder() {
	in_guest "rm -f /tmp/did; echo '$1' >/tmp/do
		for i in \$(seq 150); do [ -s /tmp/did ] && break; sleep 0.1; done
		cat /tmp/said; exit \$(cat /tmp/did || echo 99)" 30
}

files_stay_open() {
	holder 'read -r a <&3 && [ "$a" = "line 1" ] && read -r b <&4 && [ "$b" = "line 1" ] && echo two >&6' &&
		[ "$(tail -n 1 "$folder/dir2/append")" = two ]
}

back_goes() {
	rmmod xen-9pback
}

back_comes() {
	insmod /xpv/modules/xen-9pback.ko && plug_wait "$back" 4 20 && plug_wait "$front" 4 20
}

files_go_on() {
	back_goes && back_comes || return 1
	holder 'read -r a <&3 && [ "$a" = "line 2" ] && echo three >&6 && ls . >/dev/null && [ "$(cat open | wc -l)" = 1000 ]' || return 1
	[ "$(tail -n 1 "$folder/dir2/append")" = three ] && in_guest 'cmp /mnt/share0/dir/open /mnt/share0/dir/renamed'
}

# The names that files have now count, not those they were opened by.
renamed_goes_on() {
	in_guest 'cd /mnt/share0 && mv dir/renamed dir2/moved && mv dir2 dir3' || return 1
	back_goes && back_comes || return 1
	holder 'read -r b <&4 && [ "$b" = "line 2" ] && echo four >&6' &&
		[ "$(tail -n 1 "$folder/dir3/append")" = four ]
}

# Another file of that name is not that file.
replaced_is_stale() {
	back_goes || return 1
	mv "$folder/dir/removed" "$folder/dir/kept" && echo other >"$folder/dir/removed"
	back_comes || return 1
	! holder 'read -r c <&5' && holder 'exec 5<&-; read -r a <&3 && [ "$a" = "line 3" ]' &&
		in_guest '[ "$(cat /mnt/share0/dir/removed)" = other ]'
}

dom0_locks() {
	/xpv/programs/posixfs --hold "$folder/locked" 0
}

guest_locks() {
	in_guest 'echo x >/mnt/share0/locked
		setsid posixfs --hold /mnt/share0/locked 600 >/tmp/held 2>&1 </dev/null & echo $! >/tmp/locker
		for i in $(seq 50); do grep -q locked /tmp/held && exit; sleep 0.1; done; cat /tmp/held; exit 1'
}

# The new backend is told of locks before anybody has an answer.
locks_go_on() {
	guest_locks && [ "$(dom0_locks)" = EAGAIN ] && back_goes && [ "$(dom0_locks)" = locked ] || return 1
	back_comes && in_guest 'ls /mnt/share0 >/dev/null' && [ "$(dom0_locks)" = EAGAIN ]
}

# Somebody took it while there was no backend.
lost_lock_is_stale() {
	back_goes || return 1
	/xpv/programs/posixfs --hold "$folder/locked" 600 >/tmp/dom0-held 2>&1 &
	wait_for 5 'grep -q locked /tmp/dom0-held' && back_comes && in_guest 'kill $(cat /tmp/locker)
		for i in $(seq 50); do grep Stale /tmp/held && break; sleep 0.1; done; cat /tmp/held; grep -q Stale /tmp/held'
	__stale=$?
	kill $!
	in_guest 'cat /mnt/share0/locked' && [ $__stale = 0 ]
}

traffic_starts() {
	in_guest "name=$1"'
		cat >/tmp/traffic <<END
cd /mnt/share0 && mkdir traffic\$1 && cd traffic\$1
while ! [ -e /tmp/stop ]; do
	head -c 700000 /dev/urandom >/tmp/t\$1 && cp /tmp/t\$1 a && cp a b && mv b c && cmp c /tmp/t\$1 &&
		for i in 1 2 3 4 5 6 7 8; do echo \$i >f\$i; done && [ "\$(cat f*)" = "1
2
3
4
5
6
7
8" ] || { echo wrong; exit 1; }
	echo round >>/tmp/rounds
	rm c f*
done
echo well
END
		rm -f /tmp/stop /tmp/rounds /tmp/ended*
		for i in 1 2 3; do setsid sh /tmp/traffic $name$i >/tmp/ended$i 2>&1 </dev/null & done; sleep 1'
}

traffic_ends_well() {
	in_guest 'n=$(cat /tmp/rounds | wc -l); for i in $(seq 100); do [ $(cat /tmp/rounds | wc -l) -gt $((n + 3)) ] && break; sleep 0.2; done
		touch /tmp/stop; for i in $(seq 200); do [ "$(cat /tmp/ended* | grep -c "well\|wrong")" = 3 ] && break; sleep 0.2; done
		cat /tmp/rounds | wc -l; cat /tmp/ended*; [ "$(cat /tmp/ended* | grep -c well)" = 3 ] && rm -r /mnt/share0/traffic*' 90
}

reloads() {
	for i in $(seq 10); do
		back_goes && back_comes || return 1
		sleep 1
	done
}

# A frontend that has not noticed yet is not asked for rings that it gave up, nor
# blamed for where it goes.
quick_reloads() {
	log_mark
	for i in 1 2 3 4 5; do
		back_goes && insmod /xpv/modules/xen-9pback.ko || return 1
	done
	plug_wait "$back" 4 20 && plug_wait "$front" 4 20 &&
		holder 'ls . >/dev/null' && ! log_said | grep 'error -'
}

# Who waits for a backend can be killed, and takes nothing along. Nobody tells that
# this backend is gone: it does not answer, and after 10 s counts as lost.
killed_while_gone() {
	back_goes || return 1
	in_guest 'cat /mnt/share0/dir/open >/dev/null & one=$!
		dd if=/dev/zero of=/mnt/share0/big bs=1M count=3 2>/dev/null & two=$!
		sleep 1; kill -9 $one $two; wait $one $two; true' 40 || return 1
	back_comes && holder 'read -r a <&3 && [ "$a" = "line 4" ]'
}

front_stays() {
	! in_guest 'rmmod 9pnet_xen 2>/dev/null'
}

front_reloads() {
	in_guest 'echo exit >/tmp/do
		sleep 1; umount /mnt/share0 && rmmod 9pnet_xen && insmod /modules/9pnet_xen.ko' || return 1
	share_mount u 0 && in_guest '[ "$(cat /mnt/share0/dir/open | wc -l)" = 1000 ]'
}

xenpv_attaches() {
	mkdir -p /tmp/shares/second && echo hello >/tmp/shares/second/file
	$xenpv attach u second /tmp/shares/second --read-only --squash=root || return 1
	$xenpv list u
	$xenpv list u | grep -q 'second .*Connected *Connected *ro /tmp/shares/second' &&
		in_guest 'mkdir -p /mnt/second; mount -t 9p -o trans=xen,version=9p2000.L second /mnt/second &&
			[ "$(cat /mnt/second/file)" = hello ] && ! echo x >/mnt/second/file && ! touch /mnt/second/new' &&
		! $xenpv attach u second /tmp/shares/second && ! $xenpv attach nosuch third /tmp &&
		! $xenpv attach u third /tmp/nosuch && ! $xenpv detach u third
}

# As a disk would: it goes on, and goes when it is not in use any more.
xenpv_leaves_one_in_use() {
	! $xenpv detach u second --wait=4 &&
		in_guest '[ "$(cat /mnt/second/file)" = hello ] && ls /mnt/second >/dev/null && umount /mnt/second' &&
		wait_for 5 "$xenpv list u | grep 'second .*Closed *Closed'"
}

xenpv_detaches() {
	$xenpv detach u second || return 1
	! $xenpv list u | grep second && in_guest '! mount -t 9p -o trans=xen,version=9p2000.L second /mnt/second'
}

# in_use PATH [OPTION]...: a folder of dom0 as "third", with a file open, that
# somebody reads and writes
in_use() {
	echo hello >"$1/file" && $xenpv attach u third "$@" || return 1
	in_guest 'mkdir -p /mnt/third; mount -t 9p -o trans=xen,version=9p2000.L third /mnt/third || exit
		cat >/tmp/user <<END
cd /mnt/third
exec 3<file
while dd if=file of=file2 bs=1k conv=fsync 2>/tmp/why; do echo round >>/tmp/went; sleep 0.1; done
echo ended >/tmp/ended
END
		rm -f /tmp/went /tmp/ended; setsid sh /tmp/user >/dev/null 2>&1 </dev/null &
		for i in $(seq 50); do [ -s /tmp/went ] && exit; sleep 0.1; done; exit 1'
}

# users_end SECONDS: those of "third" do, with an error, and it is unmounted
users_end() {
	in_guest "for i in \$(seq $(($1 * 10))); do [ -s /tmp/ended ] && break; sleep 0.1; done
		cat /tmp/why; grep -q 'put/output error' /tmp/why && ! cat /mnt/third/file 2>/dev/null && umount /mnt/third"
}

ends_by_force() {
	in_use /tmp/shares/second || return 1
	$xenpv detach u third --force --wait=1
	users_end 5 && ! $xenpv list u | grep third
}

# The backend is not there to be asked.
ends_without_backend() {
	in_use /tmp/shares/second && back_goes && sleep 1 || return 1
	$xenpv detach u third --wait=1
	users_end 5 || return 1
	$xenpv detach u third --force --wait=1
	back_comes
}

# The backend is there, and does nothing.
ends_with_stuck_backend() {
	modprobe ext4
	stuck=$(disk_make stuck 64M linear) && mkfs.ext4 -q -F "$stuck" >/dev/null 2>&1 && mkdir -p /tmp/shares/stuck &&
		mount -t ext4 "$stuck" /tmp/shares/stuck && in_use /tmp/shares/stuck || return 1
	dmsetup suspend --noflush --nolockfs stuck
	$xenpv detach u third --wait=1
	users_end 6
	ended=$?
	dmsetup resume --noudevsync stuck
	$xenpv detach u third --wait=10 && umount /tmp/shares/stuck && disk_remove stuck && [ $ended = 0 ]
}

# fail_after SECONDS: in the guest, for all its folders
fail_after() {
	in_guest "for i in /sys/bus/xen/devices/9pfs-*/fail_after; do echo $1 >\$i || exit; done"
}

# It is waited for, unless somebody says otherwise.
fails_with_stuck_backend() {
	stuck=$(disk_make silent 64M linear) && mkfs.ext4 -q -F "$stuck" >/dev/null 2>&1 && mkdir -p /tmp/shares/silent &&
		mount -t ext4 "$stuck" /tmp/shares/silent && in_use /tmp/shares/silent || return 1
	dmsetup suspend --noflush --nolockfs silent
	in_guest 'sleep 5; ! [ -s /tmp/ended ]' && fail_after 1 && users_end 4
	ended=$?
	dmsetup resume --noudevsync silent
	fail_after 0 && wait_for 20 "$xenpv list u | grep 'third .*Connected *Connected'" &&
		in_guest 'mount -t 9p -o trans=xen,version=9p2000.L third /mnt/third && [ "$(cat /mnt/third/file)" = hello ] &&
			umount /mnt/third' && $xenpv detach u third && umount /tmp/shares/silent && disk_remove silent && [ $ended = 0 ]
}

complaints() {
	grep -c 'the backend does not answer' "$(guest_log u)"
}

# The backend writes, and its disk takes long. It is asked nothing else until more
# than 10 s have gone, and then does that.
waits_for_slow_disk() {
	slow=$(disk_make slow 64M linear) && mkfs.ext4 -q -F "$slow" >/dev/null 2>&1 && mkdir -p /tmp/shares/slow &&
		mount -t ext4 -o sync,noatime "$slow" /tmp/shares/slow && echo hello >/tmp/shares/slow/file &&
		echo old >/tmp/shares/slow/file2 && $xenpv attach u third /tmp/shares/slow || return 1
	in_guest 'mount -t 9p -o trans=xen,version=9p2000.L third /mnt/third && cat /mnt/third/file' || return 1
	before=$(complaints)
	dmsetup suspend --noflush --nolockfs slow
	in_guest 'dd if=/dev/zero of=/mnt/third/file2 bs=64k count=1 conv=notrunc 2>/dev/null & one=$!
		sleep 1; kill -9 $one; sleep 13; grep "^State:.D" /proc/$one/status && [ "$(cat /mnt/third/file)" = hello ]'
	waited=$?
	dmsetup resume --noudevsync slow
	in_guest 'cat /mnt/third/file && umount /mnt/third' && $xenpv detach u third &&
		umount /tmp/shares/slow && disk_remove slow && [ $waited = 0 ] && [ "$(complaints)" = "$before" ]
}

fails_if_told_to() {
	policy=/sys/bus/xen/devices/9pfs-0/fail_after
	in_guest "[ \$(cat $policy) = 0 ] && echo 1 >$policy" && back_goes || return 1
	in_guest 'before=$(cut -d. -f1 /proc/uptime)
		! cat /mnt/share0/dir/open >/dev/null && ! touch /mnt/share0/new && ! ls /mnt/share0 || exit 1
		took=$(($(cut -d. -f1 /proc/uptime) - before)); echo "$took s"; [ $took -lt 5 ]' &&
		in_guest "echo 0 >$policy" && back_comes && in_guest '[ "$(cat /mnt/share0/dir/open | wc -l)" = 1000 ]'
}

# The toolstack knows nothing of a share that was plugged by its nodes, $front and
# $back. Nor does anybody of the guest.
back_forgets() {
	xenstore-rm "$front" 2>/dev/null
	xenstore-rm "$back"
	wait_for 20 '! ls /sys/bus/xen-backend/devices | grep 9pfs'
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log u)"
}

xenpv='/xpv/programs/xenpv 9p'
ktap_print_header
ktap_set_plan 27
folder=$(share_folder u) || ktap_exit_fail_msg 'no folder'
ktap_test_result 'the guest is up' share_guest u || ktap_exit_fail_msg 'no guest'
ktap_test_result 'its folder is mounted' eval 'share_plug u 0 "$folder" && share_mount u 0' || ktap_exit_fail_msg 'no folder'
plug_paths u 0
holder_starts
ktap_test_result 'files are open' files_stay_open
ktap_test_result 'they go on with a new backend' files_go_on
ktap_test_result 'so do those that were renamed meanwhile' renamed_goes_on
ktap_test_result 'one that was replaced is stale, and no other' replaced_is_stale
ktap_test_result 'locks are taken again' locks_go_on
ktap_test_result 'a file whose lock is lost is stale' lost_lock_is_stale
traffic_starts a
ktap_test_result 'the backend is unloaded and loaded under traffic' reloads
ktap_test_result 'nothing was lost' traffic_ends_well
ktap_test_result 'quick reloads are no mistake of the frontend' quick_reloads
ktap_test_result 'who waits for a backend can be killed' killed_while_gone
ktap_test_result 'the frontend stays while the folder is mounted' front_stays
ktap_test_result 'it is unloaded and loaded' front_reloads
ktap_test_result 'xenpv attaches a folder that can only be read' xenpv_attaches
ktap_test_result 'it leaves one that is in use' xenpv_leaves_one_in_use
ktap_test_result 'it detaches it when it is not in use' xenpv_detaches
ktap_test_result 'taken away by force, its users see errors' ends_by_force
ktap_test_result 'so they do if its backend is gone' ends_without_backend
ktap_test_result 'or does not answer' ends_with_stuck_backend
ktap_test_result 'who is killed as he writes waits for a slow disk' waits_for_slow_disk
ktap_test_result 'requests fail after a time, if somebody says so' fails_if_told_to
ktap_test_result 'so they do if the backend does not answer' fails_with_stuck_backend
traffic_starts b
ktap_test_result 'the guest is killed under traffic' guest_destroy u
ktap_test_result 'the backend lets it go' back_forgets
ktap_test_result 'nothing leaked' nothing_leaked
ktap_test_result 'the backend is unloaded' back_goes
rm -f /run/xpv/backend
ktap_finished
