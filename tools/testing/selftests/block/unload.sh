#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: either driver can be unbound and unloaded, with and without traffic, and the guest killed under it
# runs: dom0
# guest: pv
# pair: ours/ours
# disks: xvdb=128M
# needs: fio xen-blkfront xen-blkback
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run unload "$1" "${2:-60}"
}

disk_works() {
	in_guest 'for i in $(seq 50); do [ -b /dev/xvdb ] && break; sleep 0.2; done
		[ -b /dev/xvdb ] && dd if=/dev/urandom of=/tmp/a bs=64k count=16 2>/dev/null &&
		dd if=/tmp/a of=/dev/xvdb bs=64k oflag=direct 2>/dev/null &&
		dd if=/dev/xvdb of=/tmp/b bs=64k count=16 iflag=direct 2>/dev/null &&
		cmp /tmp/a /tmp/b' 30
}

# Until it is told to stop, or finds that something is wrong.
start_endless_traffic() {
	in_guest 'cat >/tmp/endless <<END
while ! [ -e /tmp/stop ]; do
	fio --name=traffic --filename=/dev/xvdb --rw=randwrite --bs=4k --size=16m --direct=1 --ioengine=libaio --iodepth=8 \
		--fsync=64 --verify=crc32c --verify_fatal=1 --thread --minimal --output=/tmp/fio.log || { echo "wrong"; exit; }
	echo round >>/tmp/rounds
done
echo well
END
		rm -f /tmp/stop /tmp/rounds /tmp/ended; setsid sh /tmp/endless >/tmp/ended 2>&1 </dev/null &
		sleep 1'
}

endless_traffic_ends_well() {
	in_guest 'n=$(cat /tmp/rounds | wc -l); for i in $(seq 300); do [ $(cat /tmp/rounds | wc -l) -gt $((n + 1)) ] && break; sleep 0.2; done
		touch /tmp/stop; for i in $(seq 300); do grep -q "well\|wrong" /tmp/ended && break; sleep 0.2; done
		cat /tmp/rounds | wc -l; cat /tmp/ended; grep -q well /tmp/ended' 150
}

many_reloads() {
	start_endless_traffic || return 1
	for i in $(seq $reloads); do
		backend_reload xen-blkback && sleep 1 || return 1
	done
	endless_traffic_ends_well
}

start_traffic() {
	in_guest 'rm -f /tmp/background.log' && guest_start unload \
		"fio --name=traffic --filename=/dev/xvdb --rw=randwrite --bs=4k --size=16m --direct=1 --ioengine=libaio --iodepth=8 --verify=crc32c --verify_fatal=1 --thread --minimal --output=/tmp/fio.log; echo done \$?" &&
		disk_traffic_flows unload
}

traffic_ends_well() {
	in_guest 'for i in $(seq 500); do grep -q "done" /tmp/background.log && break; sleep 0.2; done
		cat /tmp/background.log; grep -q "done 0" /tmp/background.log' 120
}

device() {
	ls /sys/bus/xen-backend/devices | grep vbd
}

backend_rebind() {
	name=$(device)
	echo "$name" >/sys/bus/xen-backend/drivers/vbd/unbind &&
		sleep 1 && echo "$name" >/sys/bus/xen-backend/drivers/vbd/bind
}

# A frontend that has not noticed yet is not asked for rings that it gave up.
quick_reloads() {
	log_mark
	for i in 1 2 3 4 5; do
		rmmod xen-blkback && insmod $XPV_MODULES/xen-blkback.ko || return 1
	done
	disk_works && ! log_said | grep 'error -'
}

# fails_soon DISK: a read of it ends in an error, in less time than 5 s
fails_soon() {
	in_guest "before=\$(cut -d. -f1 /proc/uptime)
		! dd if=/dev/$1 of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null || exit 1
		took=\$((\$(cut -d. -f1 /proc/uptime) - before)); echo \"\$took s\"; [ \$took -lt 5 ]"
}

# Who would rather have errors than wait has them, and then the disk again.
fails_if_told_to() {
	policy=/sys/bus/xen/devices/vbd-51728/fail_after
	in_guest "[ \$(cat $policy) = 0 ] && echo 1 >$policy && [ \$(cat $policy) = 1 ] && ! echo soon 2>/dev/null >$policy" &&
		rmmod xen-blkback && fails_soon xvdb && fails_soon xvdb &&
		insmod $XPV_MODULES/xen-blkback.ko && in_guest "echo 0 >$policy" && disk_works
}

# plug_used DISK: one that somebody in the guest has open
plug_used() {
	plug_nodes unload 51744 "$(disk_path "$1")" && plug_wait "$front" 4 &&
		in_guest 'for i in $(seq 50); do [ -b /dev/xvdc ] && break; sleep 0.1; done
			setsid sleep 60 </dev/xvdc >/dev/null 2>&1 &
			for i in $(seq 50); do
				ls -l /proc/[0-9]*/fd/0 2>/dev/null | grep -q /dev/xvdc && exit; sleep 0.05
			done; exit 1'
}

# The toolstack takes a disk away that is in use, and whose backend is gone.
orphan_is_detached() {
	disk_make orphan 16M >/dev/null && plug_used orphan || return 1
	rmmod xen-blkback && xenstore-write "$back/online" 0 "$back/state" 5 && fails_soon xvdc &&
		[ "$(plug_state "$front")" = 6 ] && unplug_nodes unload 51744 && in_guest 'killall sleep' &&
		insmod $XPV_MODULES/xen-blkback.ko && disk_works
}

# One that works goes on, and goes when it is not in use any more.
used_is_not_detached() {
	plug_used orphan || return 1
	xenstore-write "$back/online" 0 "$back/state" 5 && sleep 1.5 &&
		in_guest 'dd if=/dev/xvdc of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null && killall sleep' &&
		plug_wait "$front" 6 5 && plug_wait "$back" 6 5 && unplug_nodes unload 51744
}

storage_stops() {
	dmsetup suspend --noflush --nolockfs stuck
}

storage_goes_on() {
	dmsetup resume --noudevsync stuck
}

# Nothing of the guest is in the storage, so the backend is done with it as well.
unused_leaves_stuck_storage() {
	disk_make stuck 16M linear >/dev/null && plug_used stuck && in_guest 'killall sleep' || return 1
	storage_stops
	xenstore-write "$back/online" 0 "$back/state" 5
	plug_wait "$front" 6 5 && plug_wait "$back" 6 5
	left=$?
	storage_goes_on
	unplug_nodes unload 51744
	return $left
}

# The backend is there, and answers nothing. It is Closed when its storage has let go
# of the guest's pages, and not before.
used_leaves_stuck_storage() {
	plug_used stuck || return 1
	storage_stops
	xenstore-write "$back/online" 0 "$back/state" 5
	fails_soon xvdc && plug_wait "$front" 6 2 && [ "$(plug_state "$back")" = 5 ]
	left=$?
	storage_goes_on
	plug_wait "$back" 6 5 && unplug_nodes unload 51744 && in_guest 'killall sleep' && [ $left = 0 ]
}

# By force it ends at once, and the next disk is that of another, while storage still
# has what the first was asked for.
forced_leaves_stuck_storage() {
	plug_used stuck || return 1
	storage_stops
	in_guest 'rm -f /tmp/ended; (dd if=/dev/xvdc of=/dev/null bs=4k count=1 iflag=direct; echo $? >/tmp/ended) >/dev/null 2>&1 </dev/null &
		sleep 1; ! [ -e /tmp/ended ]' && unplug_nodes unload 51744 &&
		in_guest 'for i in $(seq 20); do [ -s /tmp/ended ] && break; sleep 0.1; done; [ "$(cat /tmp/ended)" = 1 ]' &&
		plug_nodes unload 51744 "$(disk_path orphan)" && plug_wait "$front" 4 5 &&
		in_guest 'for i in $(seq 20); do [ -b /dev/xvdc ] && break; sleep 0.1; done
			dd if=/dev/xvdc of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null'
	left=$?
	storage_goes_on
	unplug_nodes unload 51744
	in_guest 'killall sleep' && [ $left = 0 ]
}

# What is written to the start of xvdc, a letter to a line, is what dom0 finds there.
filled() {
	[ "$(dd if="$(disk_path stuck)" bs=64k count=1 iflag=direct 2>/dev/null | uniq)" = "$1" ]
}

# Who would rather have errors than wait for storage that is stuck has them. What was
# asked may be done yet, but before what is asked of the next connection.
stuck_storage_fails_if_told_to() {
	policy=/sys/bus/xen/devices/vbd-51744/fail_after
	fill='dd of=/dev/xvdc bs=64k count=1 iflag=fullblock oflag=direct 2>/tmp/why'
	plug_used stuck || return 1
	storage_stops
	in_guest "rm -f /tmp/filled; (yes A | $fill; echo ended >/tmp/filled) >/dev/null 2>&1 </dev/null &
		sleep 2; [ -e /tmp/filled ] && exit 1; echo 1 >$policy
		for i in \$(seq 50); do [ -e /tmp/filled ] && break; sleep 0.1; done
		cat /tmp/why; grep 'put/output error' /tmp/why" && fails_soon xvdc && plug_wait "$front" 6 2
	failed=$?
	storage_goes_on
	plug_wait "$front" 4 && filled A && in_guest "yes B | $fill" && filled B && in_guest 'killall sleep' &&
		xenstore-write "$back/online" 0 "$back/state" 5 && plug_wait "$front" 6 5 &&
		plug_wait "$back" 6 5 && unplug_nodes unload 51744 && disk_remove stuck && [ $failed = 0 ]
}

frontend_reload() {
	in_guest '. /selftests/lib/disk.sh; disk_front_leaves && ! [ -b /dev/xvdb ] && insmod /modules/xen-blkfront.ko'
}

frontend_rebind() {
	in_guest 'cd /sys/bus/xen/drivers/vbd && echo vbd-51728 >unbind && echo vbd-51728 >bind'
}

frontend_stays_under_traffic() {
	in_guest '! rmmod xen-blkfront && [ -d /sys/module/xen_blkfront ]'
}

# The disk goes from under its user: the I/O ends, with errors, and the disk
# comes back.
frontend_rebind_under_traffic() {
	frontend_rebind && in_guest 'for i in $(seq 100); do grep -q "done" /tmp/background.log && exit; sleep 0.2; done; exit 1'
}

backend_forgets() {
	wait_for 20 '[ -z "$(device)" ]'
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log unload)"
}

# Whoever looks at a device while it goes must not stumble. Looking takes dom0's time.
[ -n "$XPV_LONG" ] && pause=0.05 || pause=0.2
look_on() {
	while sleep $pause; do
		cat /sys/bus/xen-backend/devices/*/statistics/* /sys/kernel/debug/xenbus-mt/devices
	done >/dev/null 2>&1
}

ktap_print_header
[ -n "$XPV_LONG" ] && reloads=10 || reloads=0
ktap_set_plan $((23 + 2 * (reloads > 0)))
ktap_test_result 'the guest is up' guest_create unload || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the disk works' disk_works
look_on &
ktap_test_result 'the backend is unloaded and loaded' backend_reload xen-blkback
ktap_test_result 'the disk works after it' disk_works
ktap_test_result 'the backend is unbound and bound' backend_rebind
ktap_test_result 'the disk works after it' disk_works
start_traffic || ktap_exit_fail_msg 'no traffic'
ktap_test_result 'the backend is unloaded and loaded under traffic' backend_reload xen-blkback
ktap_test_result 'no request was lost' traffic_ends_well
[ $reloads = 0 ] ||
	ktap_test_result 'nothing is lost in many reloads' many_reloads
ktap_test_result 'quick reloads are no mistake of the frontend' quick_reloads
ktap_test_result 'requests fail after a time, if somebody says so' fails_if_told_to
ktap_test_result 'a disk in use goes if its backend is gone' orphan_is_detached
ktap_test_result 'and stays if it is not' used_is_not_detached
ktap_test_result 'one that nobody uses goes, though its storage is stuck' unused_leaves_stuck_storage
ktap_test_result 'so does one in use, whose users see errors' used_leaves_stuck_storage
ktap_test_result 'by force it goes at once, and another takes its place' forced_leaves_stuck_storage
[ -z "$XPV_LONG" ] ||
	ktap_test_result 'requests to stuck storage fail after a time, if somebody says so' stuck_storage_fails_if_told_to
ktap_test_result 'the frontend is unloaded and loaded' frontend_reload
ktap_test_result 'the disk works after it' disk_works
start_traffic || ktap_exit_fail_msg 'no traffic'
ktap_test_result 'the frontend stays while the disk is open' frontend_stays_under_traffic
ktap_test_result 'the frontend is unbound under traffic' frontend_rebind_under_traffic
ktap_test_result 'the disk works after it' disk_works
start_traffic || ktap_exit_fail_msg 'no traffic'
ktap_test_result 'the guest is killed under traffic' guest_destroy unload
ktap_test_result 'the backend lets it go' backend_forgets
kill $!
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
