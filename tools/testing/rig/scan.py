# SPDX-License-Identifier: GPL-2.0
"""Looks through the logs of both kernels and of Xen for what must not be there."""

import re
from pathlib import Path

from cache import RIG, RigError

ALLOWED = RIG / "allowed-messages"
KERNEL = re.compile(
    r"\bWARNING:|\bBUG:|\bBUG at|\bOops|Kernel panic|Call Trace:|blocked for more than|soft lockup|hard LOCKUP"
    r"|rcu.*(?:stall|self-detected)|general protection fault|refcount_t:|corruption|UBSAN:|KASAN:"
    r"|possible circular locking|inconsistent lock state|scheduling while atomic|unexpected event channel|LEAK:")
XEN = re.compile(r"^\(XEN\) ")


# Under nested virtualisation QEMU now and then resumes a guest in the wrong
# place, with Xen's own registers or in its first instructions: a triple fault.
# What a driver does wrong ends in an Oops or a panic instead.
EMULATOR_LOST_GUEST = re.compile(r"^\(XEN\) d\d+v\d+ Triple fault", re.MULTILINE)


def emulator_lost_guest(text: str) -> bool:
    """Whether Xen's messages in TEXT tell of a guest that the emulator broke."""
    return bool(EMULATOR_LOST_GUEST.search(text))


def allowed_messages() -> list[re.Pattern]:
    """The documented exceptions: one expression a line, its reason above it."""
    expressions = []
    for number, line in enumerate(ALLOWED.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            try:
                expressions.append(re.compile(line))
            except re.error as error:
                raise RigError(f"{ALLOWED}:{number}: {error}") from None
    return expressions


def unexpected(text: str, allowed: list[re.Pattern], xen: bool = True) -> list[str]:
    """Lines that fail a test: a kernel's complaints, and with XEN any word of Xen's."""
    lines = [line.rstrip("\r") for line in text.splitlines()]
    suspects = [line for line in lines if KERNEL.search(line) or (xen and XEN.search(line))]
    return [line for line in suspects if not any(entry.search(line) for entry in allowed)]


class LogReader:
    """Hands out what was added to a log since the last look."""

    def __init__(self, path: Path):
        self._path = path
        self._offset = 0

    def fresh(self) -> str:
        if not self._path.exists():
            return ""
        with open(self._path, "rb") as log:
            log.seek(self._offset)
            data = log.read()
        self._offset += len(data)
        return data.decode(errors="replace")
