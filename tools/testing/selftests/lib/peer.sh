# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Scripted frontends: blkpeer, netpeer, p9peer or sockpeer (tools/testing/peers), whichever
# fits $PLUG_CLASS, in a guest that has no driver for its devices. Needs dom0.sh,
# plug.sh and ktap.sh.

peer_program() {
	case $PLUG_CLASS in vif) echo netpeer ;; 9pfs) echo p9peer ;; pvcalls) echo sockpeer ;; *) echo blkpeer ;; esac
}

# peer_guest NAME [KEY=VALUE]...: a guest for peers, see guest_create
peer_guest() {
	guest_create "$@" front=none &&
		guest_run "$1" 'modprobe xen-gntalloc && modprobe xen-evtchn'
}

# peer_results FILE: what a peer found, as results of this test
peer_results() {
	while IFS= read -r __line; do
		case $__line in
		'ok - '*) ktap_test_pass "${__line#ok - }" ;;
		'not ok - '*) ktap_test_fail "${__line#not ok - }" ;;
		*) ktap_print_msg "${__line#\# }" ;;
		esac
	done <"$1"
}

# peer_run GUEST PEER DEVICE [SECONDS]: play it to its end, and tell what it finds as
# it finds it
peer_run() {
	rm -f /tmp/peer.pipe && mkfifo /tmp/peer.pipe
	guest_run "$1" "$(peer_program) $2 $3" "${4:-60}" >/tmp/peer.pipe &
	peer_results /tmp/peer.pipe
	wait $!
	__status=$?
	[ $__status -le 1 ] || ktap_print_msg "$2 ended with status $__status"
}

# peer_start GUEST PEER DEVICE: play it in the background
peer_start() {
	guest_run "$1" "rm -f /tmp/$2.out /tmp/stop
		setsid sh -c '$(peer_program) $2 $3; echo end' >/tmp/$2.out 2>&1 </dev/null &" 10
}

# peer_end GUEST PEER: wait for one in the background
peer_end() {
	guest_run "$1" "for i in \$(seq 300); do
			grep -q '^end' /tmp/$2.out && break; sleep 0.1
		done; grep -v '^end' /tmp/$2.out" 40 >/tmp/peer.out
	peer_results /tmp/peer.out
}

# peer_image DISK SECTOR COUNT SEED: what the disk holds, seen from dom0
peer_image() {
	/xpv/programs/blkpeer check "$(disk_path "$1")" "$2" "$3" "$4"
}

# Our backend counts what it holds of a device.
peer_holds_nothing() {
	__held=$(grep holds: /sys/kernel/debug/xenbus-mt/devices) || return 1
	! echo "$__held" | grep -v '0 grants, 0 maps, 0 event channels'
}

# peer_gone GUEST: destroy it, and see nothing left of it
peer_gone() {
	__domid=$(__guest "$1" domid)
	guest_destroy "$1" &&
		wait_for 15 '[ -z "$(ls /sys/bus/xen-backend/devices)" ]' &&
		wait_for 5 "! xenstore-exists /local/domain/0/backend/$PLUG_CLASS/$__domid" &&
		! dmesg | grep LEAK
}
