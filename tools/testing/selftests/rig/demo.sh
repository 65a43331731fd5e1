#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the demonstration holds
# runs: dom0
# guest: pv
# pair: ours/ours
# needs: xen-blkfront xen-blkback xen-netfront xen-netback 9pnet_xen xen-9pback pvcalls-front pvcalls-back
# time: 200

. "${0%/*}/../lib/ktap.sh"

ktap_print_header
ktap_set_plan 1
ktap_test_result 'make demo tells of a disk, a folder, a web server without a network, a network, and a driver domain that is killed' sh /xpv/dom0/demo.sh
ktap_finished
