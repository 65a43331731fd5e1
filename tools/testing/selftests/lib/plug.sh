# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Disks plugged without the toolstack: the nodes it would write, at once, so
# that what is timed or provoked is the drivers alone. Needs dom0.sh.

# plug_paths GUEST DEVICE: set domid, front and back for the disk DEVICE (a
# number: 51712 is xvda, each further letter 16 more)
plug_paths() {
	domid=$(__guest "$1" domid)
	front=/local/domain/$domid/device/vbd/$2
	back=/local/domain/0/backend/vbd/$domid/$2
}

# plug_frontend DEVICE: the frontend's nodes alone, after plug_paths
plug_frontend() {
	xenstore-write "$front/backend-id" 0
	xenstore-chmod "$front" "n$domid" r0
	xenstore-write "$front/virtual-device" "$1" "$front/device-type" disk "$front/backend" "$back"
}

# plug_prepare GUEST DEVICE PATH: all nodes of a disk served from PATH but the
# states, which are what makes it a device
plug_prepare() {
	plug_paths "$1" "$2"
	# The directories come first, so that neither bus sees a half of it.
	xenstore-write "$back/frontend-id" "$domid"
	xenstore-chmod "$back" n0 "r$domid"
	plug_frontend "$2"
	xenstore-write "$back/frontend" "$front" "$back/online" 1 "$back/mode" w \
		"$back/device-type" disk "$back/type" phy "$back/params" "$3" \
		"$back/dev" "$2" "$back/removable" 0 \
		"$back/physical-device" "$(stat -Lc %t:%T "$3")" \
		"$back/hotplug-status" connected
}

# plug_nodes GUEST DEVICE PATH: plug it
plug_nodes() {
	plug_prepare "$@" && plug_go
}

# plug_go: let both buses see the device that was prepared last
plug_go() {
	xenstore-write "$back/state" 1 "$front/state" 1
}

# plug_state FRONT-OR-BACK-PATH
plug_state() {
	xenstore-read "$1/state" 2>/dev/null
}

# plug_wait PATH STATE [SECONDS]
plug_wait() {
	wait_for "${3:-10}" "[ \"\$(plug_state $1)\" = $2 ]"
}

# unplug_nodes GUEST DEVICE: what the toolstack does in the end, with force
unplug_nodes() {
	plug_paths "$1" "$2"
	xenstore-rm "$front" "$back"
}
