#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Puts dom0 back as it was before a test. Fails if something does not go.

. "${0%/*}/dom0.sh"

# Mappings that tests suspended would keep their I/O, and so the guests, for ever.
resume_disks() {
	for link in "$XPV_RUN"/disks/*; do
		case $(readlink "$link") in /dev/mapper/*) dmsetup resume --noudevsync "${link##*/}" ;; esac
	done
}

destroy_guests() {
	for domid in $(xl list | awk 'NR > 1 && $2 > 0 { print $2 }'); do
		xl destroy "$domid" || status=1
	done
	rm -rf "$XPV_RUN/guests"
}

# A backend device may outlive its guest a little; what remains would keep the
# disks busy.
await_backends() {
	wait_for 15 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]' && return
	echo "# left behind: $(ls /sys/bus/xen-backend/devices)"
	status=1
	# What no toolstack knows of is to spoil this test alone.
	for node in /sys/bus/xen-backend/devices/*/nodename; do
		xenstore-rm "$(cat "$node")"
	done
	wait_for 5 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]'
}

# A test that was ended half way may have left its own mount of a disk.
unmount_disks() {
	for link in "$XPV_RUN"/disks/*; do
		device=$(readlink "$link") || continue
		for place in $(awk -v d="$device" '$1 == d { print $2 }' /proc/mounts); do
			umount "$place" || status=1
		done
	done
}

remove_disks() {
	for link in "$XPV_RUN"/disks/*; do
		[ -L "$link" ] || continue
		name=${link##*/}
		wait_for 5 "disk_remove $name" && continue
		echo "# disk $name stays busy"
		status=1
	done
}

# What tests left running that guests talk to.
stop_services() {
	for file in "$XPV_RUN"/services/*; do
		[ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null
	done
	rm -rf "$XPV_RUN/services"
}

status=0
resume_disks
destroy_guests
await_backends
unmount_disks
stop_services
net_remove
remove_disks
rig_scripts || status=1
exit $status
