# SPDX-License-Identifier: GPL-2.0
"""What is measured of the block pair. A load is fio's rw, bs and iodepth."""

from pair import QUEUES, Case, Pair, Published

# Of a deep ring: no grant call, and one notification for sixteen requests each way.
DEEP = {"limits": (("hc_grant", 0), ("event_sends", 2 / 16))}
ALONE = {"limits": (("hc_grant", 0), ("wake", 2))}

CASES = (
    Case("randread-4k-qd1", "randread:4k:1", 800, 1.3, 2, **ALONE),
    Case("randwrite-4k-qd1", "randwrite:4k:1", 800, 1.3, 2, **ALONE),
    Case("randread-4k-qd8", "randread:4k:8", 1000, None, None, wall=False),
    Case("randread-4k-qd32", "randread:4k:32", 1600, 2, 2.5, QUEUES, **DEEP),
    Case("randwrite-4k-qd32", "randwrite:4k:32", 1600, 2, 2.5, QUEUES, **DEEP),
    Case("randread-4k-qd64", "randread:4k:64", 1600, None, None, wall=False),
    Case("read-128k", "read:128k:8", 500, 1.5, 2.5),
    Case("write-128k", "write:128k:8", 500, 1.5, 2.5),
)

# 1.6 million 4 KiB requests a second over four rings of one guest and a
# null_blk, both ends in-tree (lkml, November 2015).
PAIR = Pair("blk", ("xen-blkfront", "xen-blkback"), CASES, (Published("randread-4k-qd64", 2500, "a ring"),),
            case_limit=24)
