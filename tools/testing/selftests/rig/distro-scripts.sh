#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: Debian's own block and vif-bridge scripts set up a guest's disks and network
# runs: dom0
# guest: pv
# pair: ours/ours intree/intree*
# needs: xen-blkfront xen-blkback xen-netfront xen-netback
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

scripts_are_the_distributions() {
	distro_scripts || return 1
	grep -q '^#!/bin/bash' /etc/xen/scripts/block && ! grep -q '/etc/xen/scripts ' /proc/mounts
}

make_bridge() {
	modprobe bridge
	ip link add xenbr0 type bridge && ip addr add 10.0.0.1/24 dev xenbr0 && ip link set xenbr0 up
}

appears() {
	guest_run distro "for i in \$(seq 50); do [ -b $1 ] && exit 0; sleep 0.2; done; exit 1"
}

keeps_data() {
	guest_run distro "head -c 1048576 /dev/urandom >/tmp/data && dd if=/tmp/data of=$1 bs=64k conv=fsync 2>/dev/null &&
		echo 3 >/proc/sys/vm/drop_caches && head -c 1048576 $1 | cmp - /tmp/data"
}

attach_file() {
	xl block-attach distro "format=raw,vdev=xvdc,access=rw,script=block,target=$(disk_make file 64M file)"
}

detach_file() {
	xl block-detach distro xvdc && wait_for 10 '[ -z "$(losetup -a)" ]'
}

guest_pings_dom0() {
	guest_run distro 'dev=$(ls /sys/class/net | grep -v lo | head -n 1)
		ip addr add 10.0.0.2/24 dev $dev && ip link set $dev up && ping -n -c 2 -w 20 10.0.0.1'
}

bridge_has_vif() {
	ls /sys/class/net/xenbr0/brif | grep '^vif'
}

ktap_print_header
ktap_set_plan 9
ktap_test_result "the scripts are the distribution's" scripts_are_the_distributions
ktap_test_result 'dom0 has a bridge' make_bridge
ktap_test_result 'a guest boots with a physical disk and a vif' \
	guest_create distro boot=real disk=xvdb=64M vif=bridge=xenbr0 || ktap_exit_fail_msg 'no guest'
ktap_test_result 'the physical disk keeps data' keeps_data /dev/xvdb
modprobe loop
ktap_test_result 'a file-backed disk is attached' attach_file
ktap_test_result 'the file-backed disk appears and keeps data' eval 'appears /dev/xvdc && keeps_data /dev/xvdc'
ktap_test_result 'detaching it frees its loop device' detach_file
ktap_test_result 'vif-bridge put the vif on the bridge' bridge_has_vif
ktap_test_result 'the guest reaches dom0 through the bridge' guest_pings_dom0
ip link del xenbr0
ktap_finished
