# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Devices plugged without the toolstack: the nodes it would write, at once, so
# that what is timed or provoked is the drivers alone. Needs dom0.sh.

# What is plugged: vbd, vif, 9pfs or pvcalls.
PLUG_CLASS=vbd

# More keys of the backend, as words NAME=VALUE.
PLUG_KEYS=

# plug_paths GUEST DEVICE: set domid, front and back for DEVICE, the number of a
# disk (51712 is xvda, each further letter 16 more), of a vif or of a share
plug_paths() {
	domid=$(__guest "$1" domid)
	front=/local/domain/$domid/device/$PLUG_CLASS/$2
	back=/local/domain/0/backend/$PLUG_CLASS/$domid/$2
}

# plug_frontend DEVICE: the frontend's nodes alone, after plug_paths
plug_frontend() {
	xenstore-write "$front/backend-id" 0
	xenstore-chmod "$front" "n$domid" r0
	"__plug_${PLUG_CLASS}_front" "$1"
	xenstore-write "$front/backend" "$back"
}

__plug_vbd_front() {
	xenstore-write "$front/virtual-device" "$1" "$front/device-type" disk
}

__plug_vbd_back() {
	xenstore-write "$back/mode" w "$back/device-type" disk "$back/type" phy \
		"$back/params" "$2" "$back/dev" "$1" "$back/removable" 0 \
		"$back/physical-device" "$(stat -Lc %t:%T "$2")" \
		"$back/hotplug-status" connected
}

__plug_mac() {
	printf '00:16:3e:77:%02x:%02x' $((domid % 256)) "$1"
}

__plug_vif_front() {
	xenstore-write "$front/handle" "$1" "$front/mac" "$(__plug_mac "$1")"
}

# Who runs the script, which a vif needs to connect, is the toolstack; a test
# that has none says it ran.
__plug_vif_back() {
	xenstore-write "$back/handle" "$1" "$back/mac" "$(__plug_mac "$1")" \
		"$back/bridge" "$2" "$back/type" vif "$back/script" vif-bridge \
		"$back/hotplug-status" connected
}

# The tag is shareN.
__plug_9pfs_front() {
	xenstore-write "$front/tag" "share$1"
}

__plug_9pfs_back() {
	xenstore-write "$back/path" "$2" "$back/security_model" none
}

# There is one device, which has nothing to say.
__plug_pvcalls_front() {
	:
}

__plug_pvcalls_back() {
	:
}

__plug_keys() {
	for __key in $PLUG_KEYS; do
		xenstore-write "$back/${__key%%=*}" "${__key#*=}"
	done
}

# plug_prepare GUEST DEVICE PATH-OR-BRIDGE: all nodes of a disk served from PATH,
# of a vif, or of a share of the folder PATH, but the states, which are what makes
# it a device
plug_prepare() {
	plug_paths "$1" "$2"
	# The directories come first: what is in them is readable as they are when it is made.
	xenstore-write "$back/frontend-id" "$domid"
	xenstore-chmod "$back" n0 "r$domid"
	plug_frontend "$2"
	xenstore-write "$back/frontend" "$front" "$back/online" 1
	"__plug_${PLUG_CLASS}_back" "$2" "$3"
	__plug_keys
}

# plug_nodes GUEST DEVICE PATH-OR-BRIDGE: plug it
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
	/xpv/dom0/await "$2" "${3:-10}" "$1/state"
}

# unplug_nodes GUEST DEVICE: what the toolstack does in the end, with force
unplug_nodes() {
	plug_paths "$1" "$2"
	xenstore-rm "$front" "$back"
}
