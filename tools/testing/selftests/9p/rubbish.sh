#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: every kind of request, cut at each byte and with each byte wrong, is answered, and leads nowhere
# runs: dom0
# guest: pv
# pair: none/ours
# needs: xen-9pback
# length: long
# loop: yes
# time: 300

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/peer.sh"
. "${0%/*}/../lib/share.sh"

# All that is beside the folder.
beside() {
	(cd "$base" && ls -i . && stat -c '%A %u %g %s %y %z' secret && md5sum secret)
}

nothing_changed() {
	beside >/tmp/beside.after
	diff /tmp/beside.before /tmp/beside.after
}

ktap_print_header
ktap_set_plan 8
base=$(share_folder rubbish 64M) || ktap_exit_fail_msg 'no folder'
mkdir "$base/export" && echo secret >"$base/secret"
beside >/tmp/beside.before
ktap_test_result 'the guest is up' peer_guest peer || ktap_exit_fail_msg 'no guest'
plug_nodes peer 0 "$base/export"
peer_run peer rubbish 0 280
ktap_test_result 'nothing beside the folder has changed' nothing_changed
ktap_test_result 'the devices go' share_end peer 0
ktap_finished
