#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a mounted folder goes on with another driver domain that mounts the disk of a destroyed one
# runs: dom0
# guest: pv
# pair: ours/ours
# memory: 256
# needs: 9pnet_xen xen-9pback
# length: long
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/driverdomain.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run ha "$1" "${2:-60}"
}

# What was written is on the disk then, whatever becomes of who mounted it.
mounts() {
	guest_run "$1" 'modprobe ext4 && mkdir -p /srv/share && mount -t ext4 -o sync /dev/xvdb /srv/share'
}

driver_domains_boot() {
	shared=$(disk_make shared 48M) && modprobe ext4 && mkfs.ext4 -q -F "$shared" >/dev/null 2>&1 &&
		driver_domains 'dda ddb' disk="xvdb:$shared"
}

# xl starts a QEMU for the guest whoever serves its folder, and that one has none.
xl_has_folder() {
	mounts dda && guest_create hx memory=144 config="p9 = [ 'tag=xl,path=/srv/share,security_model=none,backend=dda' ]" || return 1
	xenstore-ls -f | grep "9pfs/$(xl domid hx)/0"
	pgrep -l qemu
	guest_run hx 'modprobe 9p; mkdir -p /mnt/xl && mount -t 9p -o trans=xen,version=9p2000.L xl /mnt/xl &&
			echo hello >/mnt/xl/theirs && cat /mnt/xl/theirs && umount /mnt/xl' &&
		[ "$(guest_run dda 'cat /srv/share/theirs')" = hello ] && guest_destroy hx &&
		wait_for 10 '! xenstore-ls -f | grep -q "9pfs.*/srv/share"'
}

guest_has_folder() {
	guest_create ha && in_guest 'modprobe 9p; [ -d /sys/module/9pnet_xen ]' &&
		$XENPV 9p attach ha share /srv/share --backend=dda &&
		in_guest 'mkdir -p /mnt/share && mount -t 9p -o trans=xen,version=9p2000.L share /mnt/share &&
			cd /mnt/share && for i in $(seq 1000); do echo "line $i"; done >open && sync'
}

# One writes, reads back and renames; a shell has a file open all the while.
traffic_starts() {
	in_guest 'cat >/tmp/traffic <<END
cd /mnt/share
exec 3<open
n=0
while ! [ -e /tmp/stop ]; do
	n=\$((n + 1))
	head -c 100000 /dev/urandom >/tmp/t && cp /tmp/t a && mv a b && cmp b /tmp/t || { echo wrong; exit; }
	read -r line <&3; [ "\$line" = "line \$n" ] || { echo "wrong: \$line, not \$n"; exit; }
	echo round >>/tmp/rounds
done
echo well
END
		rm -f /tmp/stop; echo >/tmp/rounds; setsid sh /tmp/traffic >/tmp/ended 2>&1 </dev/null & sleep 1'
}

traffic_goes_on() {
	in_guest 'n=$(wc -l </tmp/rounds); for i in $(seq 150); do
			cat /tmp/ended; grep wrong /tmp/ended && exit 1
			[ $(wc -l </tmp/rounds) -gt $((n + 1)) ] && exit
			sleep 0.2
		done; exit 1'
}

traffic_ends_well() {
	in_guest 'touch /tmp/stop; for i in $(seq 150); do [ -s /tmp/ended ] && break; sleep 0.2; done
		cat /tmp/ended; grep -q well /tmp/ended'
}

spare_takes_over() {
	guest_destroy dda && mounts ddb && rehome ha 9pfs/0 ddb && traffic_goes_on
}

told_who_has_it() {
	! rehome ha 9pfs/0 ddb >/tmp/refused 2>&1 && grep 'domain ddb has it already' /tmp/refused
}

listed() {
	$XENPV 9p list ha
	$XENPV 9p list ha | grep -q "share *$1 *Connected *Connected *rw $2"
}

detaches() {
	in_guest 'umount /mnt/share' && $XENPV 9p detach ha share &&
		! xenstore-ls -f | grep "/9pfs/$domid/0\|/$domid/device/9pfs/0"
}

nothing_leaked() {
	! dmesg | grep LEAK && ! grep LEAK /var/log/xen/console/guest-*.log
}

ktap_print_header
ktap_set_plan 10
ktap_test_result 'two driver domains boot' driver_domains_boot || ktap_exit_fail_msg 'no driver domains'
ktap_test_result 'a guest of xl mounts a folder of one' xl_has_folder
ktap_test_result 'a guest mounts a folder of one' guest_has_folder || ktap_exit_fail_msg 'no folder'
domid=$(xl domid ha)
ktap_test_result 'it works in it' eval 'traffic_starts; traffic_goes_on'
ktap_test_result 'the driver domain is destroyed, and the spare takes over' spare_takes_over
ktap_test_result 'xenpv knows' listed ddb /srv/share
ktap_test_result 'all of it was right' traffic_ends_well
ktap_test_result 'who has it already is told so' told_who_has_it
ktap_test_result 'the folder is detached, and leaves nothing' detaches
ktap_test_result 'nothing leaked' nothing_leaked
ktap_finished
