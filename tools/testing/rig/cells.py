# SPDX-License-Identifier: GPL-2.0
"""Test files, what their headers declare, and the matrix of cells they span."""

import fnmatch
import itertools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import guestkernel
from cache import RigError, SELFTESTS

# Behind an @: the series of the guest's kernel, if it is not dom0's.
GUESTS = ("pv", "pvh", "hvm", "none",
          *(f"{guest}@{series}" for guest in ("pv", "pvh") for series in guestkernel.SERIES))
LONG_MARK = "*"     # behind a guest type or a pair: in the long form only
ONCE_MARK = "+"     # behind a guest type: in the short form with the first pair only
ENDS = {"front": ("ours", "intree", "none"), "back": ("ours", "intree", "qdisk", "qnic", "q9p", "none")}
TOOLS = ("fio", "iperf3", "ethtool")     # in every image; a test may name them all the same
DEFAULTS = {"desc": "", "runs": "dom0", "guest": "none", "pair": "", "vcpus": "1", "memory": "144",
            "disks": "", "vifs": "", "needs": "", "allow": "", "time": "60", "length": "short", "loop": "no"}
CHOICES = {"runs": ("dom0", "guest"), "length": ("short", "long"), "loop": ("no", "yes")}


@dataclass(frozen=True)
class Test:
    """A test file and its declarations."""
    path: Path
    name: str
    desc: str
    runs: str
    guests: tuple[str, ...]
    pairs: tuple[str, ...]
    vcpus: int
    memory: int
    disks: str
    vifs: str
    needs: tuple[str, ...]
    allow: str
    time: int
    length: str
    loop: bool


@dataclass(frozen=True)
class Cell:
    """One run of a test: with this guest type, and this pair of drivers."""
    test: Test
    guest: str
    pair: str
    name: str = field(init=False)

    def __post_init__(self) -> None:
        matrix = ",".join(part for part in (self.guest, self.pair) if part not in ("", "none"))
        object.__setattr__(self, "name", self.test.name + (f"[{matrix}]" if matrix else ""))

    @property
    def kernel(self) -> str:
        return self.guest.partition("@")[2]

    @property
    def front(self) -> str:
        return self.pair.partition("/")[0]

    @property
    def back(self) -> str:
        return self.pair.partition("/")[2]

    def environment(self, long: bool) -> dict[str, str]:
        """What the test learns about its cell."""
        values = {"RUNS": self.test.runs, "GUEST": self.guest.partition("@")[0],
                  "KERNEL": self.kernel, "FRONT": self.front, "BACK": self.back,
                  "VCPUS": str(self.test.vcpus), "MEMORY": str(self.test.memory),
                  "DISKS": self.test.disks, "VIFS": self.test.vifs, "TIME": str(self.test.time),
                  "LONG": "1" if long else "", "CYCLES": os.environ.get("XPV_CYCLES", "")}
        return {f"XPV_{name}": "" if value == "none" else value for name, value in values.items()}

    def missing(self, modules: Path) -> str:
        """Why the cell cannot run with the modules in MODULES; empty if it can."""
        wanted = ["xenbus-mt", *filter(self._uses, self.test.needs)] if "ours" in (self.front, self.back) else []
        absent = [name for name in wanted if not (modules / f"{name}.ko").exists()]
        if absent:
            return f"no {', '.join(absent)} in {modules}"
        return guestkernel.missing(self.kernel, bool(wanted)) if self.kernel else ""

    def _uses(self, need: str) -> bool:
        """Whether NEED is a module of ours for this pair: a frontend or backend is, if that end is."""
        ends = [getattr(self, end) for end in ("front", "back") if need.endswith(end)]
        return need not in TOOLS and ends in ([], ["ours"])


def header(path: Path) -> dict[str, str]:
    """The `# name: value` lines that open a test file."""
    values = dict(DEFAULTS)
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            break
        match = re.match(r"# ([a-z]+): *(.*)", line)
        if match and match.group(1) in DEFAULTS:
            values[match.group(1)] = match.group(2).strip()
        elif match:
            raise RigError(f"{path}: no such declaration: {match.group(1)}")
    return values


def check(path: Path, values: dict[str, str]) -> None:
    for name, allowed in CHOICES.items():
        if values[name] not in allowed:
            raise RigError(f"{path}: {name} is {values[name]!r}, not one of {', '.join(allowed)}")
    for name in ("vcpus", "memory", "time"):
        if not values[name].isdigit():
            raise RigError(f"{path}: {name} is {values[name]!r}, not a number")
    for guest in values["guest"].split():
        if guest.rstrip(LONG_MARK + ONCE_MARK) not in GUESTS:
            raise RigError(f"{path}: no such guest type: {guest}")
    for pair in values["pair"].split():
        front, _, back = pair.rstrip(LONG_MARK).partition("/")
        if front not in ENDS["front"] or back not in ENDS["back"]:
            raise RigError(f"{path}: no such pair: {pair}")
    if values["runs"] == "guest" and "none" in values["guest"].split():
        raise RigError(f"{path}: runs in a guest, but names no guest type")


def load(path: Path) -> Test:
    values = header(path)
    check(path, values)
    return Test(path=path, name=str(path.relative_to(SELFTESTS).with_suffix("")), desc=values["desc"],
                runs=values["runs"], guests=tuple(values["guest"].split()),
                pairs=tuple(values["pair"].split()) or ("",), vcpus=int(values["vcpus"]),
                memory=int(values["memory"]), disks=values["disks"], vifs=values["vifs"],
                needs=tuple(values["needs"].split()),
                allow=values["allow"], time=int(values["time"]), length=values["length"], loop=values["loop"] == "yes")


def matches(cell: Cell, patterns: list[str]) -> bool:
    return not patterns or any(pattern in cell.name or fnmatch.fnmatch(cell.name, pattern)
                               or fnmatch.fnmatch(cell.test.name, pattern) for pattern in patterns)


def span(test: Test, long: bool) -> list[Cell]:
    """The matrix of TEST; in the short form without what is marked as long."""
    def is_short(guest: str, pair: str) -> bool:
        return LONG_MARK not in guest + pair and (ONCE_MARK not in guest or pair == test.pairs[0])

    return [Cell(test, guest.rstrip(LONG_MARK + ONCE_MARK), pair.rstrip(LONG_MARK))
            for guest, pair in itertools.product(test.guests, test.pairs)
            if long or is_short(guest, pair)]


def find(patterns: list[str], long: bool) -> list[Cell]:
    """The cells that PATTERNS name."""
    tests = [load(path) for path in sorted(SELFTESTS.glob("*/*.sh")) if path.parent.name != "lib"]
    cells = [cell for test in tests if long or test.length == "short" for cell in span(test, long)]
    chosen = [cell for cell in cells if matches(cell, patterns)]
    if patterns and not chosen:
        raise RigError(f"no test matches {' '.join(patterns)}: see `rig list`"
                       + ("" if long else " (long tests need --long)"))
    return chosen
