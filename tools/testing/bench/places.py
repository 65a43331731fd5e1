# SPDX-License-Identifier: GPL-2.0
"""In which functions of both ends a request's instructions are executed."""

import bisect
import re
from collections import Counter
from pathlib import Path

import measure
from cache import RigError
from pair import Cell

# dom0/bench.sh keeps each to a processor.
ENDS = ("dom0", "guest")

# Of each mark: what was counted so far, by processor and place.
Mark = dict[tuple[int, int], int]


class Functions:
    """Those of a kernel and of its modules, as it tells them in kallsyms."""

    def __init__(self, *texts: str):
        found = {}
        for line in "\n".join(texts).splitlines():
            match = re.match(r"([0-9a-f]{16}) [tTwW] (\S+)(?:\s+(\[\S+\]))?$", line)
            if match and int(match[1], 16):
                found[int(match[1], 16)] = " ".join(filter(None, match.groups()[1:]))
        self.starts = sorted(found)
        self.names = [found[start] for start in self.starts]

    def at(self, place: int) -> str:
        """What is at the end of a PLACE of 16 bytes, which one function may share with the next."""
        index = bisect.bisect_right(self.starts, place + 15)
        return self.names[index - 1] if index else "?"


def read_marks(path: Path) -> list[Mark]:
    marks: list[Mark] = []
    with open(path) as lines:
        for line in lines:
            if line.startswith("mark"):
                marks.append({})
            else:
                processor, place, count = line.split()
                marks[-1][int(processor), int(place, 16)] = int(count)
    return marks


def functions(logs: Path, step: str) -> tuple[Functions, Functions]:
    """Of dom0 and of the guest under STEP, which run the same kernel."""
    front, _, back = step.rpartition("/")
    dom0 = (logs / f"dom0-{back}.symbols").read_text()
    guest = logs / f"guest-{front}.symbols"
    kernel = "\n".join(line for line in dom0.splitlines() if not line.endswith("]"))
    return Functions(dom0), Functions(kernel, guest.read_text() if guest.exists() else "")


def per_request(marks: list[Mark], done: list[int], known: tuple[Functions, Functions]) -> Counter:
    """Instructions of a request by end and function, as projection.per_request() has it of counts."""
    requests = (done[2] - done[1]) - (done[1] - done[0])
    found: Counter = Counter()
    for key, last in marks[2].items():
        processor, place = key
        count = (last - marks[1].get(key, 0)) - (marks[1].get(key, 0) - marks[0].get(key, 0))
        if processor < len(ENDS):
            found[ENDS[processor], known[processor].at(place)] += count / requests
    return found


def show(title: str, found: Counter, most: int) -> None:
    sums = {end: sum(count for (of, _), count in found.items() if of == end) for end in ENDS}
    print(f"\n{title}: " + ", ".join(f"{end} {count:.0f}" for end, count in sums.items()) + " instructions")
    for (end, name), count in found.most_common(most):
        print(f"  {count:9.1f}  {end:5}  {name}")


def one_group(cells: list[Cell], modules: Path, most: int) -> None:
    words, logs = measure.attempts("counts", cells, modules)
    marks = read_marks(logs / measure.PLACES)
    if len(marks) != len(words):
        raise RigError(f"{len(words)} marks were made, {len(marks)} counted")
    for number in range(0, len(words), 3):
        _, step, case, _ = words[number]
        done = [int(word[3]) for word in words[number:number + 3]]
        found = per_request(marks[number:number + 3], done, functions(logs, step))
        cell = next(cell for cell in cells if cell.case.name == case)
        show(f"{cell.name}, {step}, per {cell.case.per}", found, most)


def run(cells: list[Cell], modules: Path, most: int) -> None:
    """Show the MOST expensive functions of each of CELLS; nothing is recorded."""
    measure.profiled = True
    for group in measure.groups(cells):
        one_group(group, modules, most)
