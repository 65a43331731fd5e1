# SPDX-License-Identifier: GPL-2.0
"""What is to be measured of a pair of drivers. Each pair is a module that defines its PAIR."""

import itertools
from dataclasses import dataclass

OURS, INTREE = "ours/ours", "intree/intree"
MIXED_FRONT, MIXED_BACK = "ours/intree", "intree/ours"
NATIVE = "native"
GUESTS = ("pv", "pvh")
QUEUES = (1, 2)


@dataclass(frozen=True)
class Case:
    """One kind of load.

    LOAD is what the pair's script takes for it, words with colons between. What
    is counted is told for each PER, of which the shorter run has REQUESTS; UNIT
    is that of the speed. FLOOR and GOAL are of the projected ratio, None where
    nothing is asked. LIMITS are of our own counts (symbols.NAMES, or events
    that have a price): how many each PER may take. One with a SIZE, the bytes of a packet, is of
    a series by size: its speed is all that is taken, and has a plot of its own.
    """
    name: str
    load: str
    requests: int
    floor: float | None
    goal: float | None
    queues: tuple[int, ...] = (1,)
    wall: bool = True
    unit: str = "IOPS"
    per: str = "request"
    limits: tuple[tuple[str, float], ...] = ()
    size: int = 0
    guests: tuple[str, ...] = GUESTS

    def words(self) -> str:
        return f"{self.name}:{self.load}:{self.requests}"


@dataclass(frozen=True)
class Published:
    """So many ns of the in-tree pair's are published for what CASE counts, BY what serves it at a time."""
    case: str
    ns: int
    by: str


@dataclass(frozen=True)
class Pair:
    """Two drivers of ours, MODULES, against RIVAL, by default the kernel's own.

    /xpv/bench/NAME.sh measures them in dom0.
    MIXED are our frontend with another backend, and the reverse, or none. The floor
    and the goal apply to what BASIS says: "projected", or "wall" where the rival
    is a process or another protocol, of which counts do not tell all. PROCESSES:
    what programs execute is priced too, since a backend is one.
    QUEUE is what the pair calls one, ROUNDS how often each of the two has its
    turn of SECONDS. The runner waits STEP_LIMIT seconds for each turn of a pair,
    and CASE_LIMIT more for each case in it.
    """
    name: str
    modules: tuple[str, ...]
    cases: tuple[Case, ...]
    published: tuple[Published, ...]
    queue: str = "ring"
    seconds: int = 2
    rounds: int = 3
    step_limit: int = 10
    case_limit: int = 12
    rival: str = INTREE
    mixed: tuple[str, ...] = (MIXED_FRONT, MIXED_BACK)
    basis: str = "projected"
    processes: bool = False

    @property
    def script(self) -> str:
        return f"/xpv/bench/{self.name}.sh"

    def cells(self) -> list["Cell"]:
        """All there is to measure, what shares a guest together."""
        return [Cell(self, case, guest, queues) for guest, queues in itertools.product(GUESTS, QUEUES)
                for case in self.cases if queues in case.queues and guest in case.guests]

    def steps(self, mode: str, cells: list["Cell"]) -> list[str]:
        """The pairs in the order of their turns: interleaved, since the machine's speed drifts.

        What is but for comparison is measured once, beside PV guests with one queue, and not for a series.
        """
        once = (cells[0].guest, cells[0].queues) == (GUESTS[0], QUEUES[0]) and not all(cell.case.size for cell in cells)
        if mode == "counts":
            return [OURS, self.rival] + [NATIVE] * once
        return [OURS, self.rival] * self.rounds + [*self.mixed, NATIVE] * once

    def names(self) -> dict[str, str]:
        """What records call the steps."""
        return {"ours": OURS, "intree": self.rival, **dict(zip(("mixed_front", "mixed_back"), self.mixed)),
                "native": NATIVE}

    def limit(self, mode: str, cells: list["Cell"]) -> int:
        """Seconds after which the script hangs."""
        return 60 + len(self.steps(mode, cells)) * (self.step_limit + self.case_limit * len(cells))


@dataclass(frozen=True)
class Cell:
    """A case in a guest of this type, with this number of queues."""
    pair: Pair
    case: Case
    guest: str
    queues: int

    @property
    def name(self) -> str:
        return f"{self.pair.name}/{self.case.name}[{self.guest},{self.queues}]"

    @property
    def key(self) -> tuple:
        return self.pair.name, self.case.name, self.guest, self.queues
