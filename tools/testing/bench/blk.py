# SPDX-License-Identifier: GPL-2.0
"""What is measured of the block pair, and what is asked of it."""

import fnmatch
import itertools
from dataclasses import dataclass

from cache import RigError

PAIR = "blk"
OURS, INTREE = "ours/ours", "intree/intree"
MIXED_FRONT, MIXED_BACK = "ours/intree", "intree/ours"
NATIVE = "native"
GUESTS = ("pv", "pvh")
QUEUES = (1, 2)
ROUNDS = 3


@dataclass(frozen=True)
class Case:
    """One kind of load. FLOOR and GOAL are of the projected ratio, None where nothing is asked."""
    name: str
    rw: str
    size: str
    depth: int
    requests: int       # of the shorter run that is counted
    floor: float | None
    goal: float | None
    queues: tuple[int, ...] = (1,)
    wall: bool = True

    def words(self) -> str:
        """What dom0/blk.sh takes."""
        return f"{self.name}:{self.rw}:{self.size}:{self.depth}:{self.requests}"


CASES = (
    Case("randread-4k-qd1", "randread", "4k", 1, 400, 1.3, 2),
    Case("randwrite-4k-qd1", "randwrite", "4k", 1, 400, 1.3, 2),
    Case("randread-4k-qd8", "randread", "4k", 8, 600, None, None, wall=False),
    Case("randread-4k-qd32", "randread", "4k", 32, 800, 2, 2.5, QUEUES),
    Case("randwrite-4k-qd32", "randwrite", "4k", 32, 800, 2, 2.5, QUEUES),
    Case("randread-4k-qd64", "randread", "4k", 64, 800, None, None, wall=False),
    Case("read-128k", "read", "128k", 8, 150, 1.5, 2.5),
    Case("write-128k", "write", "128k", 8, 150, 1.5, 2.5),
)

# Published: 1.6 million 4 KiB requests a second over four rings of one guest
# and a null_blk, both ends in-tree (lkml, November 2015).
PUBLISHED_NS = 2500
PUBLISHED_CASE = "randread-4k-qd64"


@dataclass(frozen=True)
class Cell:
    """A case in a guest of this type, with this number of rings."""
    case: Case
    guest: str
    queues: int

    @property
    def name(self) -> str:
        return f"{PAIR}/{self.case.name}[{self.guest},{self.queues}]"

    @property
    def key(self) -> tuple:
        return PAIR, self.case.name, self.guest, self.queues


def find(patterns: list[str]) -> list[Cell]:
    """The cells that PATTERNS match or are part of, those of one guest together."""
    cells = [Cell(case, guest, queues) for guest, queues in itertools.product(GUESTS, QUEUES)
             for case in CASES if queues in case.queues]
    chosen = [cell for cell in cells if not patterns or any(
        pattern in cell.name or fnmatch.fnmatch(cell.name, pattern) for pattern in patterns)]
    if not chosen:
        raise RigError(f"nothing to measure matches {' '.join(patterns)}; there is "
                       + ", ".join(f"{PAIR}/{case.name}" for case in CASES))
    return chosen


def steps(mode: str, cells: list[Cell]) -> list[str]:
    """The pairs in the order of their turns: interleaved, since the machine's speed drifts.

    What is but for comparison is measured once, beside PV guests with one ring.
    """
    once = (cells[0].guest, cells[0].queues) == (GUESTS[0], QUEUES[0])
    if mode == "counts":
        return [OURS, INTREE] + [NATIVE] * once
    return [OURS, INTREE] * ROUNDS + [MIXED_FRONT, MIXED_BACK, NATIVE] * once
