#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: no request of a client leads out of the folder, nor to more than it may have
# runs: dom0
# guest: pv pvh*
# pair: none/ours
# loop: yes
# needs: xen-9pback
# time: 150

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/share.sh"

prepare() {
	mkdir -p "$export/dir" "$export/mnt" "$export/moving" &&
		echo secret >"$base/secret" &&
		chmod 0644 "$base/secret" &&
		echo file | tee "$export/file" "$export/dir/file" "$export/moving/file" >/dev/null &&
		ln -s "$base/secret" "$export/link-abs" &&
		ln -s ../secret "$export/link-up" &&
		ln -s .. "$export/link-dir" &&
		mknod "$export/node" c 1 3 && mkfifo "$export/pipe" &&
		mount -t tmpfs none "$export/mnt" && echo hidden >"$export/mnt/secret"
}

# All that is beside the folder.
beside() {
	(cd "$base" && ls -i . && stat -c '%A %u %g %s %y %z' secret && md5sum secret)
}

nothing_changed() {
	beside >/tmp/beside.after
	diff /tmp/beside.before /tmp/beside.after
}

plug_share() {
	PLUG_KEYS=$2
	plug_nodes peer "$1" "$export"
	PLUG_KEYS=
}

move_away() {
	wait_for 20 '[ -e $export/ready ]' && mv "$export/moving" "$base/moved" &&
		echo done >"$export/done"
}

nothing_changed_there() {
	[ "$(ls "$base/moved")" = file ] && [ "$(cat "$base/moved/file")" = file ]
}

ktap_print_header
ktap_set_plan 132
base=$(share_folder escape 64M) || ktap_exit_fail_msg 'no folder'
export=$base/export
ktap_test_result 'the folder is made' prepare
beside >/tmp/beside.before
ktap_test_result 'the guest is up' peer_guest peer || ktap_exit_fail_msg 'no guest'
plug_share 0
peer_run peer escape 0
ktap_test_result 'nothing beside the folder has changed' nothing_changed
ktap_test_result 'nor what is mounted in it' test "$(ls "$export/mnt")" = secret
plug_share 1
peer_start peer moved 1
ktap_test_result 'a folder is moved away' move_away
peer_end peer moved
ktap_test_result 'nothing in it has changed' nothing_changed_there
plug_share 2 'max-fids=50 max-open-files=10'
peer_run peer limits 2
peer_holds_nothing
ktap_test_result 'nothing is held' peer_holds_nothing
umount "$export/mnt"
ktap_test_result 'the devices go' share_end peer 0 1 2
ktap_finished
