#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the kernel's own frontends go on with backends of ours that are loaded again, and let go of a disk whose storage is stuck
# runs: dom0
# guest: pv
# pair: intree/ours
# disks: xvdb=64M
# vifs: xpv0
# memory: 192
# needs: fio xen-blkback xen-netback
# length: long
# time: 240

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

in_guest() {
	guest_run mixed "$1" "${2:-60}"
}

start_disk_traffic() {
	in_guest 'rm -f /tmp/background.log' && guest_start mixed \
		"fio --name=traffic --filename=/dev/xvdb --rw=randwrite --bs=4k --size=16m --direct=1 --ioengine=libaio --iodepth=8 --verify=crc32c --verify_fatal=1 --thread --minimal --output=/tmp/fio.log; echo done \$?" &&
		disk_traffic_flows mixed
}

disk_traffic_ends_well() {
	in_guest 'for i in $(seq 500); do grep -q "done" /tmp/background.log && break; sleep 0.2; done
		cat /tmp/background.log; grep -q "done 0" /tmp/background.log' 120
}

disk_goes_on() {
	start_disk_traffic && backend_reload xen-blkback && disk_traffic_ends_well
}

net_goes_on() {
	net_traffic mixed 10.77.0.1
	net_traffic_flows mixed && net_back_load && net_traffic_flows mixed && net_traffic_ends mixed
}

plug_stuck() {
	disk_make stuck 16M linear >/dev/null && plug_nodes mixed 51744 "$(disk_path stuck)" && plug_wait "$front" 4 &&
		in_guest 'for i in $(seq 50); do [ -b /dev/xvdc ] && exit; sleep 0.1; done; exit 1'
}

# Nobody uses it.
detached_when_stuck() {
	plug_stuck && sleep 1 || return 1
	dmsetup suspend --noflush --nolockfs stuck
	xenstore-write "$back/online" 0 "$back/state" 5
	plug_wait "$front" 6 5 && plug_wait "$back" 6 5
	left=$?
	dmsetup resume --noudevsync stuck
	unplug_nodes mixed 51744
	return $left
}

ktap_print_header
ktap_set_plan 4
net_serve || ktap_exit_fail_msg 'nobody serves in dom0'
ktap_test_result 'the guest is up, with its network' net_guest mixed 2 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'an unused disk goes though its storage is stuck' detached_when_stuck
ktap_test_result 'its disk goes on with a backend that is loaded again' disk_goes_on
ktap_test_result 'so does its network' net_goes_on
ktap_finished
