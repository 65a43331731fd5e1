#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: Windows is told that its disk grew, and uses what was added
# runs: dom0
# guest: pv
# pair: none/ours
# needs: xen-blkback
# time: 60

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/peer.sh"

grow() {
	plug_wait "$front" 4 || return 1
	truncate -s 48M /tmp/disks/grow && losetup -c "$(disk_path grow)"
}

told_in_time() {
	wait_for 2 "[ \"\$(xenstore-read $back/sectors)\" = 98304 ]" ||
		{ echo "sectors: $(xenstore-read "$back/sectors")"; return 1; }
}

ktap_print_header
ktap_set_plan 9
disk=$(disk_make grow 32M loop) || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' peer_guest peer "disk=xvdb:$disk" ||
	ktap_exit_fail_msg 'no guest'
plug_paths peer 51728
peer_start peer windows-resized 51728
ktap_test_result 'the disk grows' grow
ktap_test_result 'the size is told within two seconds' told_in_time
peer_end peer windows-resized
ktap_test_result 'dom0 finds what was written' peer_image grow 65536 8 1
ktap_test_result 'the guest goes, and nothing is left' peer_gone peer
ktap_finished
