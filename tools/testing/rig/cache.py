# SPDX-License-Identifier: GPL-2.0
"""Where the rig keeps things: the shared cache, the checkout's build folder."""

import contextlib
import fcntl
import os
from pathlib import Path

RIG = Path(__file__).resolve().parent
SELFTESTS = RIG.parent / "selftests"
CHECKOUT = RIG.parents[2]
BUILD = CHECKOUT / "build" / "rig"
LOGS = CHECKOUT / "build" / "logs"


class RigError(Exception):
    """A condition the user can act on; printed without a traceback."""


def cache_dir() -> Path:
    """The cache that clones share: $XPV_CACHE, or xenpv in the user's cache."""
    if os.environ.get("XPV_CACHE"):
        return Path(os.environ["XPV_CACHE"]).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "xenpv"


@contextlib.contextmanager
def locked(name: str, waiting: str):
    """Hold the cache's lock NAME; say WAITING once if somebody else has it."""
    path = cache_dir() / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            print(f"{waiting} (held by process {handle.read().strip() or '?'})", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield
