# SPDX-License-Identifier: GPL-2.0
"""The demonstration: a narrative script in dom0, shown as it goes."""

from pathlib import Path

import image
import runner
from cache import RigError
from host import Host, HostDied

LIMIT = 200
PAIRS = ("ours/ours", "ours/intree", "intree/ours", "intree/intree")


def run(modules: Path, pair: str) -> int:
    if pair not in PAIRS:
        raise RigError(f"no such pair: {pair} (one of {', '.join(PAIRS)})")
    if "ours" in pair and not (modules / "xenbus-mt.ko").exists():
        raise RigError(f"no modules of ours in {modules}: build them first")
    front, _, back = pair.partition("/")
    with runner.boot_lock():
        image.prepare(modules)
        logs = runner.new_logs("demo")
        print("Booting Xen with a Debian dom0 under emulation ...", flush=True)
        try:
            with Host(logs) as host:
                print(f"dom0 is up after {host.wait_ready():.0f} s.", flush=True)
                status, _ = host.run("/xpv/dom0/demo.sh", LIMIT,
                                     {"XPV_FRONT": front, "XPV_BACK": back, "XPV_GUEST": "pv"},
                                     lambda line: print(line, flush=True))
        except HostDied as death:
            raise RigError(f"{death}; logs in {runner.shown(logs)}") from None
    if status:
        raise RigError(f"the demonstration failed; logs in {runner.shown(logs)}")
    return 0
