#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: the same as block/verify with QEMU as the backend
# runs: dom0
# guest: pv pvh* hvm*
# pair: ours/qdisk
# disks: xvdb=256M
# needs: fio xen-blkfront
# time: 480

. "${0%/*}/verify.sh"
