#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a secure erase is one on the disk, a discard is a discard, and neither reaches beside
# runs: dom0
# guest: pv
# pair: ours/ours ours/intree* intree/ours*
# needs: xen-blkfront xen-blkback xpv-testdisk
# time: 90

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run erase "$1" 20
}

# is BLOCK BYTE: the disk's block of 64 KB is full of it, an octal number
is() {
	dd if=/dev/xpvtest of=/tmp/block bs=64k skip="$1" count=1 iflag=direct 2>/dev/null &&
		head -c 65536 /dev/zero | tr '\0' "\\$2" | cmp - /tmp/block
}

is_offered() {
	back=$(xenstore-read "/local/domain/$(xl domid erase)/device/vbd/51728/backend")
	[ "$(xenstore-read "$back/feature-discard") $(xenstore-read "$back/discard-secure")" = '1 1' ]
}

fill() {
	in_guest 'dd if=/dev/zero bs=64k count=16 2>/dev/null | tr "\0" a | dd of=/dev/xvdb bs=64k oflag=direct 2>/dev/null'
}

erase() {
	in_guest 'blkdiscard -s -o 131072 -l 131072 /dev/xvdb' &&
		is 1 141 && is 2 356 && is 3 356 && is 4 141
}

discard() {
	in_guest 'blkdiscard -o 393216 -l 65536 /dev/xvdb' &&
		is 5 141 && is 6 335 && is 7 141
}

# Larger than the disk takes at once.
erase_much() {
	in_guest 'blkdiscard -s -o 1048576 -l 8388608 /dev/xvdb' &&
		is 15 141 && is 16 356 && is 80 356 && is 143 356 && is 144 0
}

# The toolstack said no.
is_not_offered() {
	xl block-detach erase xvdb >/dev/null 2>&1
	xl block-attach erase 'format=raw,vdev=xvdb,access=rw,backendtype=phy,no-discard,target=/dev/xpvtest' >/dev/null 2>&1
	in_guest 'for i in $(seq 50); do [ -b /dev/xvdb ] && break; sleep 0.1; done
		[ -b /dev/xvdb ] && ! blkdiscard -s -o 0 -l 65536 /dev/xvdb 2>/dev/null' && is 0 141
}

ktap_print_header
ktap_set_plan 7
disk_make erased 16M test >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest is up' guest_create erase "disk=xvdb:$(disk_path erased)" || ktap_exit_fail_msg 'no guest'
ktap_test_result 'it is offered' is_offered
ktap_test_result 'the disk is filled' fill
ktap_test_result 'a secure erase' erase
ktap_test_result 'a discard' discard
ktap_test_result 'a secure erase of many megabytes' erase_much
ktap_test_result 'not where the toolstack wants none' is_not_offered
ktap_finished
