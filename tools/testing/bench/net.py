# SPDX-License-Identifier: GPL-2.0
"""What is measured of the network pair. A load is its kind, whence and whither: dom0, the guest, or its peer."""

from pair import GUESTS, QUEUES, Case, Pair, Published

# What carries data between our ends is pages that stay mapped.
STAGED = (("hc_grant", 0),)

# A copy of each byte, and those of the programs at either end.
BULK = {"unit": "Mbit/s", "per": "64 KiB", "limits": (*STAGED, ("kernel_copied", 3 * 65536))}
FRAMES = {"unit": "packets/s", "per": "packet", "limits": STAGED}

# Of all hypercalls those are counted that drivers make for packets, with grants and with
# events: most others are ticks of the clock, and how PV kernels go idle and return.
SMALL = {**FRAMES, "limits": (*STAGED, ("event_sends", 1 / 64), ("hc_event", 0.02))}

# Two guests: what the backend takes from the one it copies into pages of the other.
PEER = {**BULK, "limits": (*STAGED, ("kernel_copied", 4 * 65536))}

# Frames by their size, each one packet at both ends.
SIZES = (64, 256, 1024, 1500, 4096, 16384, 65536)
BY_SIZE = tuple(Case(f"size-{size}", f"frames-{size}:guest:dom0", 0, None, None, size=size, guests=GUESTS[:1],
                     unit="packets/s", per="packet") for size in SIZES)

CASES = (
    Case("tx-bulk", "bulk:guest:dom0", 1500, 1.5, 3, QUEUES, **BULK),
    Case("rx-bulk", "bulk:dom0:guest", 1500, 2, 6, QUEUES, **BULK),
    Case("tx-64b", "frames:guest:dom0", 20000, 3, 6, QUEUES, **SMALL),
    Case("rx-64b", "frames:dom0:guest", 20000, 3, 10, QUEUES, **SMALL),
    Case("tx-udp", "datagrams:guest:dom0", 4000, None, None, **FRAMES),
    Case("rx-udp", "datagrams:dom0:guest", 4000, None, None, **FRAMES),
    Case("round-trip", "trips:guest:dom0", 400, 1.3, 2, unit="trips/s", per="round trip", limits=STAGED),
    Case("peer-bulk", "bulk:guest:peer", 400, None, None, **PEER),
    *BY_SIZE,
)

# 0.684 and 0.439 million packets a second over one queue, both ends in-tree
# (Xen's docs/misc/netif-staging-grants).
PAIR = Pair("net", ("xen-netfront", "xen-netback", "xpv-frames"), CASES,
            (Published("tx-64b", 1460, "a queue"), Published("rx-64b", 2280, "a queue")),
            queue="queue", seconds=1, step_limit=20, case_limit=20)
