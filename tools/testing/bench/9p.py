# SPDX-License-Identifier: GPL-2.0
"""What is measured of shared folders. A load is its kind, the mount's cache=, and how many jobs."""

from pair import Case, Pair

WHOLE = {"unit": "MB/s", "per": "MB", "limits": (("kernel_copied", 1.1 * (1 << 20)), ("hc_grant", 0))}
FILES = {"unit": "files/s", "per": "file"}
ENTRIES = {"unit": "entries/s", "per": "entry"}

CASES = (
    Case("seq-read", "read:none:1", 20, 3, 5, **WHOLE),
    Case("seq-write", "write:none:1", 20, 3, 5, **WHOLE),
    Case("randread-4k-j1", "randread:none:1", 200, 3, 6),
    Case("randread-4k-j4", "randread:none:4", 100, 3, 6),
    Case("randwrite-4k-j1", "randwrite:none:1", 200, 3, 6),
    Case("randwrite-4k-j4", "randwrite:none:4", 100, 3, 6),
    Case("storm", "storm:none:1", 64, 3, 20, **FILES),
    Case("untar", "untar:none:1", 32, 3, 20, **FILES),
    Case("status", "walk:none:1", 150, 3, 20, **ENTRIES),
    Case("seq-read-loose", "fresh_read:loose:1", 15, None, None, **WHOLE),
    Case("status-loose", "fresh_walk:loose:1", 110, None, None, **ENTRIES),
)

PAIR = Pair("9p", ("9pnet_xen", "xen-9pback"), CASES, (), queue="processor", seconds=1, step_limit=60, case_limit=20,
            rival="intree/q9p", mixed=("ours/q9p", "intree/ours"), basis="wall",
            processes=True)
