#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the backends of all four classes are gone: what is asked fails after as long as the modules' parameters say, and each device can be detached in five seconds
# runs: dom0
# guest: pv
# pair: ours/ours
# disks: xvdb=16M
# vifs: xpv0
# needs: xen-blkfront xen-blkback xen-netfront xen-netback 9pnet_xen xen-9pback pvcalls-front pvcalls-back
# length: long
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/plug.sh"

XENPV=/xpv/programs/xenpv
share=/tmp/shares/gone

in_guest() {
	guest_run gone "$1" "${2:-60}"
}

# As the toolstack has it, in the order in which they go.
devices='vbd/51728 vif/0 9pfs/0 pvcalls/0'

guest_is_up() {
	net_guest gone 2 extra='xen-blkfront.fail_after=2 xen-netfront.fail_after=2 9pnet_xen.fail_after=2 pvcalls-front.fail_after=2'
}

attaches() {
	mkdir -p $share && echo hello >$share/file && $XENPV 9p attach gone gone $share && $XENPV sock attach gone &&
		in_guest 'modprobe 9p; mkdir -p /mnt/gone && mount -t 9p -o trans=xen,version=9p2000.L gone /mnt/gone'
}

all_work() {
	in_guest 'for i in $(seq 50); do [ -b /dev/xvdb ] && break; sleep 0.1; done
		dd if=/dev/xvdb of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null || { echo disk; exit 1; }
		[ "$(cat /mnt/gone/file)" = hello ] || { echo folder; exit 1; }
		NETLOAD_PROTOCOL=259 netload tcp 10.77.0.1 7000 16 || { echo sockets; exit 1; }' && net_load gone tcp 10.77.0.1 16
}

# The disk and a file are open.
come_into_use() {
	in_guest '(exec 3</dev/xvdb 4</mnt/gone/file; exec setsid sleep 600) >/dev/null 2>&1 </dev/null &'
}

each_has_it() {
	in_guest 'cd /sys/bus/xen/devices
		for i in vbd-51728 vif-0 9pfs-0 pvcalls-0; do
			echo "$i: $(cat $i/fail_after)"; [ "$(cat $i/fail_after)" = 2 ] || exit 1
		done
		for i in xen_blkfront xen_netfront 9pnet_xen pvcalls_front; do
			[ "$(cat /sys/module/$i/parameters/fail_after)" = 2 ] || exit 1
		done'
}

backends_go() {
	for module in $XPV_BACKENDS; do
		wait_for 5 "rmmod $module" || return 1
	done
}

backends_load() {
	for module in $XPV_BACKENDS; do
		insmod "$XPV_MODULES/$module.ko" || return 1
	done
}

backends_come() {
	backends_load && net_scripts && wait_for 10 '! unconnected >/dev/null' || { unconnected; return 1; }
}

unconnected() {
	for device in $devices; do
		state=$(xenstore-read "/local/domain/$domid/device/$device/state")
		[ "$state" = 4 ] || { echo "$device is in state $state"; return 0; }
	done
	return 1
}

# fails WHAT 'COMMAND': it waits as long as the parameter says, and for no longer than that
# and the engine's look
fails() {
	in_guest "before=\$(cut -d. -f1 /proc/uptime)
		! $2 2>/tmp/why || { echo '$1: no error'; exit 1; }
		took=\$((\$(cut -d. -f1 /proc/uptime) - before))
		echo \"$1: \$took s, \$(tail -n 1 /tmp/why)\"; [ \$took -lt 6 ]"
}

all_fail() {
	backends_go && fails disk 'dd if=/dev/xvdb of=/dev/null bs=4k count=1 iflag=direct' &&
		fails folder 'cat /mnt/gone/file' &&
		fails sockets 'LD_PRELOAD=/usr/sbin/libxenpv-run.so iperf3 -c 10.77.0.1 -n 16K -i 0' &&
		in_guest 'cat /sys/class/net/eth0/carrier; [ "$(cat /sys/class/net/eth0/carrier)" = 0 ]'
}

# Whoever reads the disk, since there is no limit any more.
waits() {
	in_guest 'for i in /sys/bus/xen/devices/*/fail_after; do echo 0 >$i || exit; done' && backends_go &&
		in_guest '(dd if=/dev/xvdb of=/dev/null bs=4k count=1 iflag=direct 2>/tmp/why; echo $? >/tmp/ended) >/dev/null 2>&1 </dev/null &
			sleep 4; ! [ -e /tmp/ended ]'
}

# detached DEVICE: a frontend of which the toolstack asks it closes within five seconds,
# though nobody serves it
detached() {
	front=/local/domain/$domid/device/$1 back=/local/domain/0/backend/${1%/*}/$domid/${1#*/}
	read -r before _ </proc/uptime
	xenstore-write "$back/online" 0 "$back/state" 5
	plug_wait "$front" 6 5
	closed=$?
	read -r now _ </proc/uptime
	echo "$1: asked at $before s, in state $(plug_state "$front") at $now s"
	xenstore-rm "$front" "$back" "/libxl/$domid/device/$1"
	in_guest "for i in \$(seq 50); do [ -e /sys/bus/xen/devices/$(echo "$1" | tr / -) ] || exit $closed; sleep 0.1; done
		echo 'it does not go'; exit 1"
}

waited_has_error() {
	in_guest 'for i in $(seq 30); do [ -s /tmp/ended ] && break; sleep 0.1; done
		cat /tmp/why; [ "$(cat /tmp/ended)" = 1 ]'
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK "$(guest_log gone)"
}

ktap_print_header
ktap_set_plan 13
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, its modules told how long to wait' guest_is_up || ktap_exit_fail_msg 'no guest'
domid=$(xl domid gone)
ktap_test_result 'it gets a folder and sockets' attaches || ktap_exit_fail_msg 'no devices'
ktap_test_result 'each device waits as long as its module says' each_has_it
ktap_test_result 'all work' all_work
ktap_test_result 'without backends requests fail after that' all_fail
ktap_test_result 'and work again when there are some' eval 'backends_come && all_work'
come_into_use
ktap_test_result 'if nobody says so, they wait' waits
for device in $devices; do
	ktap_test_result "$device in use is detached in 5 s" detached "$device"
done
ktap_test_result 'who waited for the disk has an error' waited_has_error
backends_load
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
