#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a driver domain of xl's, with xl devd in it, serves a guest its root, a disk and a network, and a fresh one goes on with them
# runs: dom0
# guest: pv pvh* hvm*
# pair: ours/ours
# memory: 192
# needs: fio xen-blkfront xen-blkback xen-netfront xen-netback
# length: long
# time: 500

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/distro.sh"
. "${0%/*}/../lib/driverdomain.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/ktap.sh"

image=/root/devd.img

in_guest() {
	guest_run ha "$1" "${2:-60}"
}

# Its xvdb will be the guest's root, its xvdc another disk.
driver_domain_boots() {
	devd_domain dd disk="xvdb:$(disk_path system)" disk="xvdc:$(disk_path data)" vif=xpv0 && driver_domain_bridge dd
}

# What the driver domain has booted from.
makes_root() {
	guest_run dd 'modprobe ext4 && mkfs.ext4 -q /dev/xvdb && mkdir /mnt/root && mount -t ext4 /dev/xvdb /mnt/root &&
		cd / && cp -a bin sbin lib lib64 usr etc init /mnt/root &&
		mkdir /mnt/root/dev /mnt/root/proc /mnt/root/sys /mnt/root/tmp /mnt/root/mnt && umount /mnt/root'
}

# Beside an HVM driver domain, which takes a minute and a half to boot, a PV one.
guest_type() {
	case $XPV_GUEST in hvm) echo pv ;; *) echo "$XPV_GUEST" ;; esac
}

guest_boots() {
	guest_create ha "$(guest_type)" disk="$(driver_domain_disk dd /dev/xvdb xvda)" \
		disk="$(driver_domain_disk dd /dev/xvdc)" vif=backend=dd,bridge=br0 extra=xpv.root=/dev/xvda &&
		in_guest 'grep "^/dev/xvda / ext4" /proc/mounts'
}

# Where those scripts run, each takes seconds.
has_disk() {
	in_guest 'for i in $(seq 150); do [ -b /dev/xvdb ] && exit; sleep 0.2; done; exit 1'
}

# What nobody but the distribution's scripts writes.
scripts_set_it_up() {
	has_disk || distro_run dd 'cat /var/log/xen/*'
	backs=/local/domain/$(xl domid dd)/backend
	for node in vbd/$domid/51712/physical-device-path vbd/$domid/51728/physical-device-path vif/$domid/0/hotplug-status; do
		xenstore-read "$backs/$node" || return 1
	done
	distro_run dd "ls /sys/class/net/br0/brif | grep vif$domid.0"
}

keeps_data() {
	in_guest 'fio --name=ha --filename=/dev/xvdb --rw=randwrite --bsrange=512-128k --size=8m --direct=1 \
		--ioengine=libaio --iodepth=16 --verify=crc32c --verify_fatal=1 --thread --minimal --output=/tmp/fio.log ||
		{ cat /tmp/fio.log; exit 1; }'
}

same_data() {
	[ "$(in_guest 'md5sum </dev/xvdb')" = "$(md5sum <"$(disk_path data)")" ]
}

# traces: of the guest's devices but its root, in the store and in the driver domain
traces() {
	{
		xenstore-ls -f | grep -E "/(vbd|vif)/$domid/|/$domid/device/(vbd|vif)/" |
			grep -v "/vbd/$domid/51712\|/device/vbd/51712"
		guest_run dd "ls /sys/bus/xen-backend/devices" | grep -v -- -51712
	} | grep .
}

detaches() {
	xl block-detach ha xvdb && xl network-detach ha 0 || return 1
	wait_for 10 '! traces >/tmp/traces' || { cat /tmp/traces; return 1; }
	in_guest '! [ -b /dev/xvdb ] && ! [ -d /sys/class/net/eth0 ]'
}

attaches() {
	xl block-attach ha "$(driver_domain_disk dd /dev/xvdc)" && xl network-attach ha backend=dd bridge=br0 &&
		has_disk && net_configure ha 2 xpv0
}

# Files of the root that are written and read back, for as long as nobody stops it. No
# connection lives as long as the network is away here: those are net/rehome's.
starts_work() {
	in_guest 'cd / && find usr -type f | xargs md5sum >/tmp/sums && rm -f /tmp/stop /tmp/background.log' &&
		guest_start ha 'cd /; while [ ! -e /tmp/stop ]; do
			head -c 200000 /dev/urandom >/tmp/a && cp /tmp/a b && sync && echo 3 >/proc/sys/vm/drop_caches &&
			cmp /tmp/a b || { echo failed; exit; }
			echo round; done; echo stopped' && works
}

works() {
	in_guest 'before=$(grep -c round /tmp/background.log)
		for i in $(seq 100); do
			grep failed /tmp/background.log && exit 1
			[ "$(grep -c round /tmp/background.log)" -gt $((before + 1)) ] && exit
			sleep 0.2
		done; cat /tmp/background.log; exit 1' && net_load ha tcp 10.77.0.1 1024
}

# All that it is made of, too.
root_is_right() {
	in_guest 'touch /tmp/stop
		for i in $(seq 100); do grep -q "stopped\|failed" /tmp/background.log && break; sleep 0.2; done
		tail -n 1 /tmp/background.log
		echo 3 >/proc/sys/vm/drop_caches
		cd / && grep -q "^stopped" /tmp/background.log && md5sum -c /tmp/sums >/tmp/checked || { grep -v OK /tmp/checked; exit 1; }'
}

fresh_one_takes_over() {
	guest_destroy dd && driver_domain_boots || return 1
	for device in xvda vbd/51728 vif/0; do
		rehome ha $device dd --wait=30 || return 1
	done
	works
}

all_of_fresh_one() {
	xl_lists ha block "$(xl domid dd)" && xl_lists ha network "$(xl domid dd)"
}

# All but the other disk, which stays.
moves_to_dom0() {
	rehome ha xvda 0 "params=$(disk_path system)" --wait=30 && rehome ha vif/0 0 bridge=xpv0 && works
}

moves_back() {
	rehome ha xvda dd params=/dev/xvdb --wait=30 && rehome ha vif/0 dd bridge=br0 --wait=30 && works && all_of_fresh_one
}

# By what xl noted of them, and xenpv since.
each_where_it_was() {
	xl_lists ha block 0 51712 && xl_lists ha block "$(xl domid dd)" 51728 && xl_lists ha network 0
}

saved_and_restored() {
	xl save ha $image >/tmp/xl.log 2>&1 && xl restore $image >/tmp/xl.log 2>&1 || { cat /tmp/xl.log; return 1; }
	rm $image
	guest_refresh ha && each_where_it_was && works
}

# left: of the guest that was destroyed; Xen keeps one whose pages somebody maps
left() {
	{
		xenstore-ls -f "/local/domain/$(xl domid dd)/backend" 2>/dev/null | grep "/$domid/\|/$domid "
		guest_run dd 'ls /sys/bus/xen-backend/devices'
		xl list | awk 'NR > 1 && $1 != "dd" && $2 != 0'
	} | grep .
}

destroyed_leaves_nothing() {
	guest_destroy ha && wait_for 15 '! left >/tmp/left' || { cat /tmp/left; return 1; }
	guest_run dd 'for i in xen-blkback xen-netback; do rmmod $i || exit 1; done; ! dmesg | grep LEAK'
}

disks_are_right() {
	guest_destroy dd || return 1
	e2fsck -fp "$(disk_path system)"
	[ $? -le 1 ]
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK /var/log/xen/console/guest-*.log
}

ktap_print_header
ktap_set_plan 19
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
disk_make system 96M >/dev/null && disk_make data 16M >/dev/null || ktap_exit_fail_msg 'no disks'
ktap_test_result 'a driver domain boots, and xl devd runs in it' driver_domain_boots || ktap_exit_fail_msg 'no driver domain'
ktap_test_result 'a root is made there' makes_root
ktap_test_result 'a guest boots from it' guest_boots || ktap_exit_fail_msg 'no guest'
domid=$(xl domid ha)
ktap_test_result "the distribution's scripts set up its devices" scripts_set_it_up
ktap_test_result 'its other disk keeps data' keeps_data
ktap_test_result 'it has a network' net_configure ha 2 xpv0
ktap_test_result 'what is detached leaves nothing' detaches
ktap_test_result 'and is attached again' attaches
ktap_test_result 'it works on its root and over its network' starts_work
ktap_test_result 'the driver domain is destroyed, and a fresh one takes over' fresh_one_takes_over
ktap_test_result 'xl knows' all_of_fresh_one
ktap_test_result 'the disk is what dom0 finds' same_data
ktap_test_result 'its root and its network go on with dom0' moves_to_dom0
ktap_test_result 'it is saved, and finds them there when it is restored' saved_and_restored
domid=$(xl domid ha)
ktap_test_result 'and they go back' moves_back
ktap_test_result 'its root was right all the time' root_is_right
ktap_test_result 'what is destroyed leaves nothing' destroyed_leaves_nothing
ktap_test_result 'the file system is sound' disks_are_right
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
