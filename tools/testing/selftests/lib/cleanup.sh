#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Puts dom0 back as it was before a test. Fails if something does not go.

. "${0%/*}/dom0.sh"

destroy_guests() {
	for domid in $(xl list | awk 'NR > 1 && $2 > 0 { print $2 }'); do
		xl destroy "$domid" || status=1
	done
	rm -rf $XPV_RUN/guests
}

# A backend device may outlive its guest a little; what remains would keep the
# disks busy.
await_backends() {
	wait_for 15 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]' && return
	echo "# left behind: $(ls /sys/bus/xen-backend/devices)"
	status=1
}

remove_disks() {
	for name in $(ls $XPV_RUN/disks 2>/dev/null); do
		disk_path "$name" | grep -q /dev/mapper/ && dmsetup resume --noudevsync "$name"
		wait_for 5 "disk_remove $name" && continue
		echo "# disk $name stays busy"
		status=1
	done
}

status=0
destroy_guests
await_backends
remove_disks
exit $status
