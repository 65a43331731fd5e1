#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the frontend connects to QEMU's backend, which offers nothing, and sends
# runs: dom0
# guest: pv
# pair: ours/qnic* intree/qnic*
# needs: xen-netfront
# time: 90
#
# xl has no word for this backend, so the test writes its nodes; QEMU runs for
# the guest anyway when it has a disk of QEMU's. Up to QEMU 8.1 the card has no
# network behind it: what is sent is taken and answered, and nothing comes.

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/net.sh"
. "${0%/*}/../lib/plug.sh"
. "${0%/*}/../lib/ktap.sh"

PLUG_CLASS=vif

# Set here, not in one of the results, each of which has a shell of its own.
qnic_paths() {
	plug_paths qnic 0
	back=/local/domain/0/backend/qnic/$domid/0
}

plug_qnic() {
	xenstore-write "$back/frontend-id" "$domid"
	xenstore-chmod "$back" n0 "r$domid"
	plug_frontend 0
	xenstore-write "$back/frontend" "$front" "$back/online" 1 "$back/handle" 0 \
		"$back/mac" "$(__plug_mac 0)"
	plug_go
	plug_wait "$front" 4 20 && plug_wait "$back" 4
}

nothing_is_offered() {
	xenstore-ls "$back"
	[ "$(guest_run qnic 'ethtool -k eth0' | grep -cE '^(scatter-gather|tcp-segmentation-offload): off')" = 2 ]
}

sends() {
	guest_run qnic 'ip addr add 10.77.0.2/24 dev eth0 && ip link set eth0 up' &&
		net_pktgen qnic 2000 200
}

closes() {
	xenstore-write "$back/online" 0 "$back/state" 5
	plug_wait "$front" 6
}

ktap_print_header
ktap_set_plan 5
disk_make qnic 16M >/dev/null || ktap_exit_fail_msg 'no disk'
ktap_test_result 'the guest boots, with a QEMU' guest_create qnic \
	disk="format=raw,vdev=xvdb,access=rw,backendtype=qdisk,target=$(disk_path qnic)" || ktap_exit_fail_msg 'no guest'
qnic_paths
ktap_test_result 'the frontend connects' plug_qnic
ktap_test_result 'it offers no more than its backend takes' nothing_is_offered
ktap_test_result 'many more packets than the ring holds are sent' sends
ktap_test_result 'it closes' closes
guest_destroy qnic
xenstore-rm "$back"	# which the toolstack knows nothing of
ktap_finished
