#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: what Xen's operations cost on a host can be measured there
# runs: dom0
# pair: none/ours
# needs: xpv-primitives
# time: 120

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"

measured() {
	insmod $XPV_MODULES/xpv-primitives.ko || return 1
	rmmod xpv-primitives || return 1
	dmesg | sed -n 's/.*xpv_primitives: //p' >/tmp/measured
}

has() {
	[ "$(sed -n "s/^$1 //p" /tmp/measured)" -gt 0 ]
}

ktap_print_header
ktap_set_plan 8
ktap_test_result 'the module measures, and unloads' measured
ktap_print_msg 'ns each:' $(cat /tmp/measured)
for what in copy_4k hypercall event_send_and_hypercall grant_copy_alone grant_copy \
	grant_map_unmap_alone grant_map_unmap; do
	ktap_test_result "$what took some time" has $what
done
ktap_finished
