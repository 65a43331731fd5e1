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
    """Hold the cache's lock NAME, in the order of asking; say WAITING once if somebody else has it."""
    path = cache_dir() / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+") as handle, turn(path.with_suffix(".turns")) as earlier:
        try:
            wait_for(earlier, fcntl.LOCK_NB)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            print(f"{waiting} (held by process {handle.read().strip() or '?'})", flush=True)
            wait_for(earlier)
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield


@contextlib.contextmanager
def turn(queue: Path):
    """A place in QUEUE, a folder of numbered files that each waiter keeps locked; yields the earlier ones."""
    queue.mkdir(exist_ok=True)
    with contextlib.ExitStack() as held:
        with open(queue / "door", "w") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            earlier = sorted((file for file in queue.iterdir() if file.name.isdigit()), key=lambda file: int(file.name))
            own = queue / str(int(earlier[-1].name) + 1 if earlier else 1)
            fcntl.flock(held.enter_context(open(own, "w")), fcntl.LOCK_EX)
            held.callback(own.unlink, missing_ok=True)
        yield earlier


def wait_for(earlier: list, how: int = 0):
    """Until whoever holds the files EARLIER, or died with them, is gone."""
    for file in earlier:
        with contextlib.suppress(FileNotFoundError), open(file) as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | how)
            file.unlink()
