#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: a guest is saved and restored while it writes, and every byte it wrote reads back
# runs: dom0
# guest: pv pvh* hvm*
# pair: ours/ours ours/intree*
# disks: xvdb=128M
# needs: fio xen-blkfront xen-blkback
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

image=/root/save.img
rounds=$([ -n "$XPV_LONG" ] && echo 5 || echo 1)

# Writes and verifies until it is told to stop.
start_traffic() {
	guest_start save 'while [ ! -e /tmp/stop ]; do
		fio --name=save --filename=/dev/xvdb --rw=randrw --bsrange=512-128k --size=24m --direct=1 \
			--ioengine=libaio --iodepth=16 --verify=crc32c --verify_fatal=1 --thread \
			--minimal --output=/tmp/fio.log || { echo failed; cat /tmp/fio.log; exit 1; }
		echo round; done; echo stopped'
}

traffic_goes_on() {
	guest_run save 'before=$(cat /sys/block/xvdb/stat)
		for i in $(seq 50); do sleep 0.2; [ "$before" = "$(cat /sys/block/xvdb/stat)" ] || exit 0; done; exit 1'
}

save_and_restore() {
	traffic_goes_on || { echo 'no traffic before'; return 1; }
	xl save save $image >/tmp/save.log 2>&1 || { cat /tmp/save.log; return 1; }
	xl restore $image >/tmp/save.log 2>&1 || { cat /tmp/save.log; return 1; }
	rm $image
	guest_refresh save && guest_run save 'cat /proc/uptime' && traffic_goes_on
}

traffic_was_right() {
	guest_run save 'touch /tmp/stop
		for i in $(seq 300); do grep -q "^stopped\|^failed" /tmp/background.log && break; sleep 0.2; done
		tail -n 3 /tmp/background.log; grep -q "^stopped" /tmp/background.log' 90
}

ktap_print_header
ktap_set_plan $((rounds + 4))
ktap_test_result 'the guest is up' guest_create save || ktap_exit_fail_msg 'no guest'
ktap_test_result 'it writes' start_traffic
for round in $(seq $rounds); do
	ktap_test_result "save and restore, round $round" save_and_restore || ktap_exit_fail_msg 'no guest'
done
ktap_test_result 'all it wrote reads back' traffic_was_right
ktap_test_result 'the guest goes' guest_destroy save
ktap_finished
