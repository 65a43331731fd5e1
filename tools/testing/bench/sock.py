# SPDX-License-Identifier: GPL-2.0
"""What is measured of PV sockets. A load is netbench's, or redis-benchmark's (get, set), whence and whither: dom0 or
the guest."""

from pair import Case, Pair

# Three copies of each byte: into the ring, out of it, and that of the program which receives it.
BULK = {"unit": "Mbit/s", "per": "64 KiB",
        "limits": (("event_sends", 1 / 32), ("hc_grant", 0), ("kernel_copied", 3 * 65536))}
TRIPS = {"unit": "trips/s", "per": "round trip", "limits": (("hc_grant", 0),)}
CONNECTIONS = {"unit": "connections/s", "per": "connection", "limits": (("grant_maps", 0), ("grant_unmaps", 0))}
REQUESTS = {"unit": "requests/s", "per": "request", "limits": (("hc_grant", 0),)}

CASES = (
    Case("tx-stream", "send:guest:dom0", 100, 2, 5, **BULK),
    Case("rx-stream", "receive:guest:dom0", 100, 2, 5, **BULK),
    Case("round-trip", "trips:guest:dom0", 400, 1.5, 3, **TRIPS),
    Case("connects", "connects:guest:dom0", 60, 1, 3, **CONNECTIONS),
    Case("accepts", "connects:dom0:guest", 60, 1, 3, **CONNECTIONS),
    Case("round-trip-c100", "many:guest:dom0", 1000, None, None, **TRIPS),
    Case("nginx-small", "small:dom0:guest", 200, None, None, **REQUESTS),
    Case("nginx-large", "large:dom0:guest", 128, None, None, **BULK),
    Case("redis-get-c50", "get:dom0:guest", 1000, None, None, **REQUESTS),
    Case("redis-set-c10-p16", "set:dom0:guest", 3200, None, None, **REQUESTS),
)

# The rival is TCP over the network pair, both ends in-tree.
PAIR = Pair("sock", ("pvcalls-front", "pvcalls-back"), CASES, (), queue="processor", seconds=1, step_limit=30,
            case_limit=20, mixed=(), basis="wall")
