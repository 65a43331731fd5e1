# SPDX-License-Identifier: GPL-2.0
"""Boots the host, has cells measured in it, and reads what comes back."""

import itertools
import struct
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import image
import projection
import runner
import symbols
from cache import BUILD, LOGS, RigError
from host import PARALLEL, TURNS, Host, HostDied
from pair import Cell

BENCH = Path(__file__).resolve().parent
PLUGIN = BUILD / "counter.so"
ROWS = "rows"
PLACES = "places"
TRIES = 3
KERNEL = "nokaslr"      # and so at the addresses of its symbols

regime = "parallel"     # of those below; the runner may choose another
profiled = False        # count by functions, too (places.py)

# How the host runs while it counts.
REGIMES = {"parallel": PARALLEL, "turns": TURNS}

# Of one cell: what became of each pair.
Walls = dict[tuple, dict[str, list[float]]]
Counts = dict[tuple, dict[str, dict[str, float]]]


def prepare(modules: Path) -> None:
    """The rig's images, with the bench's own scripts beside the tests."""
    image.prepare(modules)
    image.replace_tree(BENCH / "dom0", image.PAYLOAD / "bench")


def plugin_options(logs: Path) -> tuple[str, ...]:
    """Build the plugin; the options of QEMU that count into LOGS."""
    image.run(["gcc", "-O2", "-shared", "-fPIC", "-o", PLUGIN, BENCH / "counter.c", BENCH / "places.c"])
    table = logs / "symbols"
    kernel = symbols.table(symbols.kernel_map_path().read_text())
    table.write_text("\n".join(symbols.lines(symbols.table(symbols.hypervisor_map()), kernel)) + "\n")
    more = f",profile={logs / PLACES}" if profiled else ""
    return "-plugin", f"{PLUGIN},symbols={table},out={logs / ROWS}{more}"


def boot(mode: str) -> Host:
    logs = runner.new_logs(f"bench-{mode}")
    if mode == "counts":
        return Host(logs, KERNEL, REGIMES[regime], plugin_options(logs))
    return Host(logs, KERNEL)


def learn_symbols() -> None:
    """The kernel's symbols, told by the kernel: once, for each kernel."""
    if symbols.kernel_map_path().exists():
        return
    with boot("symbols") as host:
        host.wait_ready()
        host.run("/xpv/bench/kallsyms.sh", 60, {})
        (host.logs / "kallsyms").rename(symbols.kernel_map_path())


def one_guest(host: Host, mode: str, cells: list[Cell]) -> list[list[str]]:
    """Measure cells that share a guest; the results' words (dom0/bench.sh)."""
    pair = cells[0].pair
    environment = {"BENCH_MODE": mode, "BENCH_SECONDS": str(pair.seconds), "BENCH_QUEUES": str(cells[0].queues),
                   "BENCH_STEPS": " ".join(pair.steps(mode, cells)), "XPV_GUEST": cells[0].guest,
                   "BENCH_CASES": " ".join(cell.case.words() for cell in cells),
                   "BENCH_PROFILE": "1" if profiled else ""}

    def on_line(line: str) -> None:
        if line.startswith("@wall"):
            print(f"        {line[6:]}", flush=True)

    status, lines = host.run(pair.script, pair.limit(mode, cells), environment, on_line)
    words = [line.split() for line in lines if line.startswith(("@wall ", "@mark "))]
    failures = [line for line in lines if line.startswith("@fail ")]
    if status or failures:
        raise HostDied("; ".join(failures) or "\n".join(lines[-5:]))
    return words


def attempt(mode: str, cells: list[Cell], modules: Path) -> tuple[list[list[str]], Path]:
    """The same in a boot of its own; others get their turn between two boots."""
    with runner.boot_lock():
        prepare(modules)
        learn_symbols()
        started = time.monotonic()
        with boot(mode) as host:
            host.wait_ready()
            words = one_guest(host, mode, cells)
    print(f"  {mode}: {time.monotonic() - started:.0f} s", flush=True)
    return words, host.logs


def attempts(mode: str, cells: list[Cell], modules: Path) -> tuple[list[list[str]], Path]:
    """Again when the emulator loses host or guest."""
    for left in reversed(range(TRIES)):
        try:
            return attempt(mode, cells, modules)
        except HostDied as death:
            print(f"  {mode}: {death}", flush=True)
            if not left:
                raise RigError(f"the emulated host does not come through; logs in {runner.shown(LOGS)}") from None
    raise AssertionError


def walls(cells: list[Cell], modules: Path) -> Walls:
    """The speed of each pair, one figure a turn."""
    cells = [cell for cell in cells if cell.case.wall]
    found: Walls = {cell.key: defaultdict(list) for cell in cells}
    if cells:
        keys = {cell.case.name: cell.key for cell in cells}
        for _, step, case, speed in attempts("wall", cells, modules)[0]:
            found[keys[case]][step].append(float(speed))
    return found


def read_rows(path: Path) -> list[dict[str, int]]:
    """The rows that counter.c wrote."""
    size = 8 * symbols.COUNTERS
    data = path.read_bytes()
    return [dict(zip(symbols.NAMES, struct.unpack_from(f"={symbols.COUNTERS}Q", data, offset)))
            for offset in range(0, len(data) - size + 1, size)]


def counted(cells: list[Cell], modules: Path) -> tuple[Counts, set[tuple]]:
    """One boot's counts, see by_cell()."""
    words, logs = attempts("counts", cells, modules)
    rows = read_rows(logs / ROWS)
    if len(rows) != len(words):
        raise RigError(f"{len(words)} marks were made, {len(rows)} counted")
    return by_cell(cells, words, rows)


def counts(cells: list[Cell], modules: Path) -> Counts:
    """What a request of each pair takes; cells whose counts cannot be are measured again, and what still cannot
    be is left out."""
    found: Counts = {cell.key: {} for cell in cells}
    left = [cell for cell in cells if not cell.case.size]
    for _ in range(TRIES):
        if not left:
            break
        fresh, doubtful = counted(left, modules)
        for key, steps in fresh.items():
            found[key].update(steps)
        left = [cell for cell in left if cell.key in doubtful]
    return found


def by_cell(cells: list[Cell], words: list[list[str]], rows: list[dict[str, int]]) -> tuple[Counts, set[tuple]]:
    """What rows come to, three a pair and case in the order of the words; and the cells with some that cannot be."""
    keys = {cell.case.name: cell.key for cell in cells}
    found: Counts = defaultdict(dict)
    doubtful = set()
    for number in range(0, len(words), 3):
        _, step, case, _ = words[number]
        three, done = rows[number:number + 3], [int(word[3]) for word in words[number:number + 3]]
        problems = projection.absurd(three, done)
        if problems:
            print(f"  counts: {step} {case} cannot be: {'; '.join(problems)}", flush=True)
            doubtful.add(keys[case])
        else:
            found[keys[case]][step] = projection.per_request(three, done)
    return found, doubtful


def groups(cells: list[Cell]):
    return [list(group) for _, group in itertools.groupby(cells, lambda cell: (cell.pair, cell.guest, cell.queues))]


def run(cells: list[Cell], modules: Path, done) -> None:
    """Measure CELLS; DONE gets those of each guest, with their results. Counts are kept when the host dies later."""
    for group in groups(cells):
        first = group[0]
        print(f"{first.pair.name}, {first.guest}, {first.pair.queue}s: {first.queues}, cases: {len(group)}",
              flush=True)
        taken, speeds = counts(group, modules), {}
        try:
            speeds = walls(group, modules)
        finally:
            done(group, taken, speeds)
