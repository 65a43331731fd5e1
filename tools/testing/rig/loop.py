# SPDX-License-Identifier: GPL-2.0
"""Tests of dom0 and its guests in one kernel, which is a process of this machine.

That kernel is a domain 0 whose devices have both ends in it, on dom0's disk. It is
User-Mode Linux; tools/testing/loop has what it needs, in the place of Xen and of guests.
"""

import contextlib
import os
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import cells as matrix
import image
from cache import CHECKOUT, RIG, RigError, SELFTESTS, locked
from host import CONSOLE, Host
from runner import Run

LOOP = RIG.parent / "loop"
PAYLOAD = CHECKOUT / "build" / "loop" / "payload"
PAIRS = ("none/ours", "ours/ours")
MEMORY = "768M"
BOOT_LIMIT = 60
OPTIONS = ("root=/dev/ubda", "rw", "con=null", "con0=null,fd:2", "con1=fd:0,fd:1", "null_blk.nr_devices=0",
           "panic_on_warn=1", "oops=panic", "panic=-1")


class LoopHost(Host):
    """A running kernel, in the place of the emulated host."""

    kernel = Path()
    # Of its first forks, in the kernel's own arch/um.
    boot_messages = [re.compile("suspicious RCU usage|Call Trace:")]

    def __init__(self, logs: Path):
        self.logs = logs
        self.console = logs / CONSOLE
        self._buffer = b""
        self._requests = 0
        self.slowness = 1
        self._channel, theirs = socket.socketpair()
        self._changes = tempfile.TemporaryDirectory()
        self._started = time.monotonic()
        with theirs, open(self.console, "wb") as console:
            # Its memory is a file: of a folder with room, which /dev/shm of a container has not.
            self._qemu = subprocess.Popen(self._arguments(), stdin=theirs, stdout=theirs, stderr=console,
                                          env={**os.environ, "TMPDIR": self._changes.name})
        self._transcript = open(logs / "agent.log", "wb")

    def _arguments(self) -> list[str]:
        mount = f"mount -t hostfs -o ro,{PAYLOAD} none /xpv && exec sh /xpv/loop/init"
        return ["setpriv", "--pdeathsig", "KILL", str(self.kernel), f"mem={MEMORY}",
                f"ubd0c={self._changes.name}/changes,{image.DOM0_DISK}", *OPTIONS,
                "init=/bin/sh", "--", "-c", f'"{mount}"']

    def __exit__(self, exception, *rest) -> None:
        super().__exit__(exception, *rest)
        # Its threads and its processes are processes here, and outlive one that is killed.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._qemu.pid, signal.SIGKILL)
        self._changes.cleanup()

    def examine(self) -> None:
        """There is nobody else to ask."""

    def wait_ready(self) -> float:
        """Wait until the agent answers; the seconds that the boot took."""
        deadline = self._started + BOOT_LIMIT
        while self._line(deadline) != "@ready":
            pass
        return time.monotonic() - self._started


def prepare(modules: Path) -> None:
    """Dom0's disk, and the payload."""
    image.BUILD.mkdir(parents=True, exist_ok=True)
    with locked("images", "another run is building images, waiting"):
        image.build_base()
    shutil.rmtree(PAYLOAD, ignore_errors=True)
    PAYLOAD.mkdir(parents=True)
    for source, name in ((SELFTESTS, "selftests"), (RIG / "dom0", "dom0"), (LOOP, "loop"), (modules, "modules")):
        image.replace_tree(source, PAYLOAD / name)
    for name in image.DOM0_HELPERS:
        shutil.copy2(image.BUILD / name, PAYLOAD / "dom0")
    image.build_programs(PAYLOAD / "programs")


def find(patterns: list[str]) -> list[matrix.Cell]:
    """The cells that PATTERNS name, of those that can be run here."""
    tests = [matrix.load(path) for path in sorted(SELFTESTS.glob("*/*.sh")) if path.parent.name != "lib"]
    cells = [cell for test in tests if test.loop for cell in matrix.span(test, True)
             if cell.guest == "pv" and cell.pair in PAIRS and matrix.matches(cell, patterns)]
    if not cells:
        raise RigError(f"no test that can be run so matches {' '.join(patterns)}")
    return cells


def run(patterns: list[str], kernel: Path, modules: Path) -> int:
    """Run the tests that PATTERNS name and report; the exit status."""
    chosen = find(patterns)
    LoopHost.kernel = kernel.absolute()
    totals = Run(False, LoopHost)
    prepare(modules)
    totals.boots(chosen)
    print(f"{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped")
    return 1 if totals.failed else 0
