# SPDX-License-Identifier: GPL-2.0
"""From counts to the time they would take on real hardware, and to ratios of it."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from cache import RigError

COPY_UNIT = 4096
STALL = 4       # so many times slower than usual is no figure of a driver's

# Of a count for each request: what the start of a run varies by, of what the
# shorter run took for each; what comes and goes by itself; and how many times
# what the shorter one took for each the longer may take. And how many
# instructions programs may have less for each in the longer run: none, but for
# what others are at.
START, STRAY, DISTURBED, IDLE = 1 / 8, 0.05, 2, 100


def interrupting(n: dict[str, float]) -> float:
    """The share of upcalls that interrupt a running vCPU: the others come as it wakes."""
    upcalls = n["upcalls_pv"] + n["upcalls_hvm"]
    return max(0, 1 - n["vcpu_wakes"] / upcalls) if upcalls else 0


# How many of each priced event COUNTS (symbols.NAMES, per request) stand for.
# What Xen executes is in the price of the event that made it, so that only the
# kernels' instructions have a price of their own; and those of programs, where
# a backend is one.
QUANTITIES = {
    "hypercall_pv": lambda n: n["hypercalls_pv"],
    "hypercall_hvm": lambda n: n["hypercalls_hvm"],
    "event_send": lambda n: n["event_sends"],
    "upcall_pv": lambda n: n["upcalls_pv"] * interrupting(n),
    "upcall_hvm": lambda n: n["upcalls_hvm"] * interrupting(n),
    "wake": lambda n: n["vcpu_wakes"] + n["thread_wakes"],
    "grant_copy": lambda n: n["grant_copies"],
    "grant_map_unmap": lambda n: (n["grant_maps"] + n["grant_unmaps"]) / 2,
    "tlb_flush": lambda n: n["tlb_flushes"],
    "copy_4k": lambda n: sum(n[f"{who}_{what}"] for who in ("xen", "kernel")
                             for what in ("copied", "cleared")) / COPY_UNIT,
    "instruction": lambda n: n["kernel_instructions"] + n.get("priced_user_instructions", 0),
}


@dataclass(frozen=True)
class Cost:
    low: float
    high: float


def read_costs(path: Path) -> dict[str, Cost]:
    """The table: an event, low, high and the source of the figures a line."""
    costs = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            event, low, high, _ = line.split("\t", 3)
            costs[event] = Cost(float(low), float(high))
        except ValueError:
            raise RigError(f"{path}:{number}: not EVENT, LOW, HIGH and SOURCE with tabs between") from None
        if event not in QUANTITIES or not 0 <= costs[event].low <= costs[event].high:
            raise RigError(f"{path}:{number}: no such event, or not a low and a high cost")
    missing = QUANTITIES.keys() - costs.keys()
    if missing:
        raise RigError(f"{path}: no cost of {', '.join(sorted(missing))}")
    return costs


def project(counts: dict[str, float], costs: dict[str, Cost]) -> dict[str, Cost]:
    """Nanoseconds per request that each event takes."""
    result = {}
    for event, quantity in QUANTITIES.items():
        number = max(0, quantity(counts))
        result[event] = Cost(number * costs[event].low, number * costs[event].high)
    return result


def total(parts: dict[str, Cost]) -> Cost:
    return Cost(sum(part.low for part in parts.values()), sum(part.high for part in parts.values()))


def ratios(ours: Cost, intree: Cost) -> Cost:
    """How much more the in-tree pair takes, by the low costs and by the high ones."""
    return Cost(intree.low / ours.low, intree.high / ours.high)


def worse(pair: Cost) -> float:
    return min(pair.low, pair.high)


def per_request(rows: list[dict[str, int]], done: list[int]) -> dict[str, float]:
    """Counts per request from rows taken before, between and after two runs, when so many were DONE.

    The difference of the runs leaves out what starting and ending them takes.
    """
    before, between, after = rows
    short, long = done[1] - done[0], done[2] - done[1]
    if long <= short:
        raise RigError(f"nothing to count by: {short} were done in the short run and {long} in the long one")
    return {name: ((after[name] - between[name]) - (between[name] - before[name])) / (long - short)
            for name in before}


def absurd(rows: list[dict[str, int]], done: list[int]) -> list[str]:
    """What of these counts cannot be, in words: something else was at work during one of the runs."""
    short, long = done[1] - done[0], done[2] - done[1]
    if not 0 < short < long:
        return [f"{short} were done in the short run and {long} in the long one"]
    counts = per_request(rows, done)
    taken = {name: (rows[1][name] - rows[0][name]) / short for name in counts}
    found = [f"{event} {quantity(counts):.2f}" for event, quantity in QUANTITIES.items()
             if event != "instruction" and quantity(counts) < -(STRAY + START * max(0, quantity(taken)))]
    if counts["user_instructions"] < -IDLE:
        found.append(f"instructions of programs {counts['user_instructions']:.0f}")
    instructions = counts["kernel_instructions"]
    if not 0 < instructions <= DISTURBED * taken["kernel_instructions"]:
        found.append(f"kernel instructions {instructions:.0f}, {taken['kernel_instructions']:.0f} in the shorter run")
    return found


def stalled(speeds: list[float]) -> list[bool]:
    """Which turns the emulator stalled in: now and then it sleeps through interrupts for some seconds."""
    usual = statistics.median(speeds) if speeds else 0
    return [speed <= usual / STALL for speed in speeds]


def pairwise(ours: list[float], intree: list[float]) -> dict[str, float]:
    """Median and spread of the ratios of turns that followed each other, without stalled ones."""
    turns = zip(ours, intree, stalled(ours), stalled(intree))
    each = [a / b for a, b, stalled_a, stalled_b in turns if not stalled_a and not stalled_b]
    if not each:
        return {}
    return {"ratio": statistics.median(each), "min": min(each), "max": max(each), "runs": len(each)}
