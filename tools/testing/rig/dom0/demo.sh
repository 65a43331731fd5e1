#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What `make demo` shows: a disk served by our backend in dom0 to our frontend
# in a guest, and that its data outlives the guest. Every step is checked.

. /xpv/selftests/lib/dom0.sh

disk=/dev/xvdb

heading() {
	printf '\n== %s\n' "$*"
}

shown() {
	sed 's/^/   /'
}

failed() {
	printf '\n   DOES NOT HOLD: %s\n' "$*"
	exit 1
}

driver_names() {
	case $1 in ours) echo 'ours' ;; *) echo "the kernel's own" ;; esac
}

modules_in_dom0() {
	heading "Modules in dom0: $(driver_names "$XPV_BACK")"
	lsmod | grep -E '^Module|xenbus_mt|xen_blkback' | shown
	module_loaded xen-blkback || failed 'xen-blkback is loaded in dom0'
}

start_guest() {
	heading 'A PV guest starts, with a disk of 128 MB'
	guest_create demo pv disk=xvdb=128M || failed 'the guest boots'
	xl list | shown
	heading "Modules in the guest: $(driver_names "$XPV_FRONT")"
	guest_run demo "lsmod | grep -E '^Module|xenbus_mt|xen_blkfront'" | shown
	guest_run demo 'lsmod | grep -q xen_blkfront' || failed 'xen-blkfront is loaded in the guest'
}

find_disk() {
	heading 'The guest finds the disk'
	guest_run demo "for i in \$(seq 50); do [ -b $disk ] && break; sleep 0.2; done
		cat /proc/partitions; dmesg | grep -E 'blkfront|xvdb' | tail -n 3" | shown
	guest_run demo "[ -b $disk ]" || failed "$disk is there"
}

write_files() {
	heading 'The guest makes a file system and writes 20 files with their checksums'
	guest_run demo "mkfs.ext4 -q $disk && mkdir -p /mnt/disk && mount -t ext4 $disk /mnt/disk && cd /mnt/disk &&
		for i in \$(seq 20); do head -c 1000000 /dev/urandom >file-\$i || exit; done &&
		sha256sum file-* >SUMS && sync && head -n 3 SUMS && df -h /mnt/disk" 60 >/tmp/written ||
		failed 'the files are written'
	shown </tmp/written
}

destroy_guest() {
	heading 'The guest is destroyed, its disk still mounted'
	guest_destroy demo || failed 'the guest goes'
	wait_for 20 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]' || failed 'the backend lets go of the disk'
	xl list | shown
}

check_from_dom0() {
	image=$(disk_path demo-xvdb)
	heading "dom0 checks the data on $image"
	e2fsck -fy "$image" >/tmp/fsck 2>&1
	[ $? -le 1 ] || failed "the file system is sound: $(cat /tmp/fsck)"
	tail -n 1 /tmp/fsck | shown
	mkdir -p /mnt/disk
	mount -t ext4 "$image" /mnt/disk || failed 'the file system mounts'
	(cd /mnt/disk && sha256sum -c SUMS) >/tmp/sums 2>&1 || failed "the checksums: $(cat /tmp/sums)"
	umount /mnt/disk
	[ "$(grep -c ': OK$' /tmp/sums)" -eq 20 ] || failed 'all 20 files are there'
	echo '20 of 20 checksums are right' | shown
}

modules_in_dom0
start_guest
find_disk
write_files
destroy_guest
check_from_dom0
printf '\nEverything held.\n'
