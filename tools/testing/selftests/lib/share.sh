# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Folders of dom0 that guests mount. Needs dom0.sh, plug.sh, ktap.sh
# and peer.sh.

PLUG_CLASS=9pfs

# share_end GUEST NUMBER...: what the toolstack does in the end, which knows
# nothing of these shares
share_end() {
	__share_guest=$1
	shift
	for __share_number; do
		guest_run "$__share_guest" "umount /mnt/share$__share_number" 10 2>/dev/null
		unplug_nodes "$__share_guest" "$__share_number"
	done
	wait_for 15 '! ls /sys/bus/xen-backend/devices | grep -q 9pfs'
}

# share_posixfs GUEST NUMBER [ENTRIES]: what programs expect, as results of this
# test; with so many entries in a large folder
share_posixfs() {
	guest_run "$1" "POSIXFS_MANY=${3:-500} posixfs /mnt/share$2" $((150 + ${3:-500} / 20)) >/tmp/posixfs.out
	peer_results /tmp/posixfs.out
}

# share_folder NAME [SIZE]: a file system of its own, in memory; prints where
share_folder() {
	__disk=$(disk_make "share-$1" "${2:-128M}") || return 1
	modprobe ext4
	mkfs.ext4 -q -F -b 4096 -I 256 "$__disk" >/dev/null 2>&1 || return 1
	mkdir -p "/tmp/shares/$1"
	mount -t ext4 "$__disk" "/tmp/shares/$1" || return 1
	rmdir "/tmp/shares/$1/lost+found"
	echo "/tmp/shares/$1"
}

# share_front GUEST: load the guest's frontend, if the rig did not
share_front() {
	guest_run "$1" 'modprobe 9p; [ -d /sys/module/9pnet_xen ] || modprobe 9pnet_xen'
}

# share_plug GUEST NUMBER PATH [KEY=VALUE]...: have the guest find a share, whose
# tag is shareNUMBER
share_plug() {
	__share_guest=$1 __share_number=$2 __share_path=$3
	shift 3
	PLUG_KEYS=$*
	plug_nodes "$__share_guest" "$__share_number" "$__share_path"
	PLUG_KEYS=
	plug_wait "$front" 4 15 && plug_wait "$back" 4 15
}

# share_mount GUEST NUMBER [OPTIONS]: at /mnt/shareNUMBER
share_mount() {
	guest_run "$1" "mkdir -p /mnt/share$2 &&
		mount -t 9p -o trans=xen,version=9p2000.L${3:+,$3} share$2 /mnt/share$2"
}

# share_guest NAME [KEY=VALUE]...: a guest with its frontend
share_guest() {
	guest_create "$@" && share_front "$1"
}
