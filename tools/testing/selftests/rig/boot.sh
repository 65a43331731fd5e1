#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest boots, finds its disk, writes 1 MB and reads it back
# runs: guest
# guest: pv pvh* hvm*
# pair: intree/intree
# disks: xvdb=64M
# time: 480

. "${0%/*}/../lib/ktap.sh"

pattern() {
	seq 1000000 | head -c 1048576
}

write_and_read() {
	pattern | dd of="$1" bs=64k conv=fsync iflag=fullblock 2>/dev/null &&
		echo 3 >/proc/sys/vm/drop_caches &&
		[ "$(head -c 1048576 "$1" | md5sum)" = "$(pattern | md5sum)" ]
}

ktap_print_header
if [ -z "$XPV_DISK" ]; then
	ktap_skip_all 'needs a disk to overwrite: set XPV_DISK'
	exit "$KSFT_SKIP"
fi
ktap_set_plan 2
ktap_test_result 'the disk is found' test -b "$XPV_DISK"
ktap_test_result '1 MB is written and read back' write_and_read "$XPV_DISK"
ktap_finished
