# SPDX-License-Identifier: GPL-2.0
"""What was found: the records of bench.json, a table for people, plots."""

import html
import itertools
import json
import math
import statistics
from pathlib import Path

import pair
import projection
import registry
from cache import CHECKOUT

FOLDER = CHECKOUT / "Documentation" / "bench"
JSON = FOLDER / "bench.json"
KEY = ("pair", "case", "guest", "queues")

NOISE = 0.01    # of a count that has a limit

# The counts that the table shows, per request.
SHOWN = (("event sends", "event_sends"), ("vCPU wakes", "vcpu_wakes"), ("thread wakes", "thread_wakes"),
         ("grant calls", "hc_grant"), ("copies by grant", "grant_copies"), ("maps", "grant_maps"),
         ("TLB flushes", "tlb_flushes"), ("NAPI polls", "napi_polls"), ("instructions", "kernel_instructions"),
         ("of programs", "priced_user_instructions"), ("bytes copied", "kernel_copied"))


def usual(speeds: list[float]) -> float | None:
    """The median speed, turns that the emulator stalled in left out."""
    sound = [speed for speed, stalled in zip(speeds, projection.stalled(speeds)) if not stalled]
    return round(statistics.median(sound), 1) if sound else None


def wall_record(of_pair: pair.Pair, speeds: dict[str, list[float]]) -> dict:
    """Speeds and the ratio of ours to in-tree; nothing if there was no such run."""
    if not speeds:
        return {}
    ours, intree = speeds.get(pair.OURS, []), speeds.get(of_pair.rival, [])
    record = {name: round(value, 3) for name, value in projection.pairwise(ours, intree).items()}
    steps = of_pair.names()
    for name in ("ours", "intree", "mixed_front", "mixed_back", "native"):
        record[name] = usual(speeds.get(steps.get(name), []))
    return record


def priced(entry: dict, costs: dict) -> dict:
    """The same entry with what its counts cost by this table; nothing is projected without counts of both."""
    ratio = projected = None
    if all(who in entry["counts"] for who in ("ours", "intree")):
        of = projection.ratios(*(projection.total(projection.project(entry["counts"][who], costs))
                                 for who in ("ours", "intree")))
        ratio, projected = round(projection.worse(of), 3), {"low": round(of.low, 3), "high": round(of.high, 3)}
    if entry["basis"] == "wall":
        ratio = entry["wall"].get("ratio")
    return {**entry, "ratio": ratio, "projected": projected}


def tidy(of_pair: pair.Pair, counts: dict[str, float]) -> dict[str, float]:
    more = {"priced_user_instructions": counts["user_instructions"]} if of_pair.processes else {}
    return {event: round(number, 3) for event, number in {**counts, **more}.items()}


def record(cell: pair.Cell, counts: dict[str, dict], speeds: dict[str, list[float]], costs: dict) -> dict:
    """One entry of bench.json."""
    found = {name: tidy(cell.pair, counts[step]) for name, step in cell.pair.names().items() if step in counts}
    entry = {"pair": cell.pair.name, "case": cell.case.name, "guest": cell.guest, "queues": cell.queues,
             "unit": cell.case.unit, "per": cell.case.per, "basis": cell.pair.basis, "ratio": None, "projected": None,
             "wall": wall_record(cell.pair, speeds), "floor": cell.case.floor, "goal": cell.case.goal, "counts": found,
             "limits": dict(cell.case.limits)}
    if cell.case.size:
        entry["size"] = cell.case.size
    return priced(entry, costs)


def load() -> list[dict]:
    return json.loads(JSON.read_text()) if JSON.exists() else []


def save(fresh: list[dict]) -> list[dict]:
    """Put FRESH in the place of what there was of the same cases; all records."""
    def key(entry: dict) -> tuple:
        return tuple(entry[name] for name in KEY)

    new = {key(entry) for entry in fresh}
    entries = [entry for entry in load() if key(entry) not in new] + fresh
    order = {cell.key: number for number, cell in enumerate(registry.find([]))}
    entries.sort(key=lambda entry: order.get(key(entry), len(order)))
    FOLDER.mkdir(exist_ok=True)
    JSON.write_text(json.dumps(entries, indent=1) + "\n")
    return entries


# The table

def label(entry: dict) -> str:
    return f"{entry['pair']}/{entry['case']}[{entry['guest']},{entry['queues']}]"


def figure(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def worse(entry: dict) -> float | None:
    """The projected ratio that counts."""
    return min(entry["projected"].values()) if entry["projected"] else None


def verdict(entry: dict) -> str:
    """Against the floor and the goal; a projection is guarded by the wall-clock: never slower, 1.3 in PVH."""
    words = [] if entry["projected"] or entry.get("size") else ["INVALID COUNTS"]
    wall, floor = entry["wall"].get("ratio"), entry["floor"]
    guard = 0.0 if entry["basis"] == "wall" else 1.3 if entry["guest"] == "pvh" else 1.0
    if floor is not None and entry["basis"] == "wall" and wall is None:
        words.append("NO SPEED")
    elif floor is not None and entry["ratio"] is not None:
        words += ["BELOW FLOOR"] * (entry["ratio"] < floor)
        words += ["WALL TOO LOW"] * (wall is not None and wall < guard)
        words = words or ["goal reached" if entry["ratio"] >= entry["goal"] else "floor held"]
    return " and ".join(words)


def below(entries: list[dict]) -> str:
    """Who is below what is asked at least, for the end of the table."""
    names = [f"{label(entry)} {figure(entry['ratio'])} of {figure(entry['floor'], 1)}" for entry in entries
             if entry["floor"] is not None and entry["ratio"] is not None and entry["ratio"] < entry["floor"]]
    return f"below their floor: {len(names)} of {len(entries)}" + "".join(f"\n  {name}" for name in names)


def table(entries: list[dict]) -> str:
    head = f"{'case':34}{'projected':>11}{'low':>7}{'high':>7}{'wall':>7}  {'spread':13}" \
           f"{'floor':>7}{'goal':>6} {'of':10}{'ours':>7}{'in-tree':>8}{'native':>8}"
    lines = [head]
    for entry in entries:
        wall, projected = entry["wall"], entry["projected"] or {}
        spread = f"{wall['min']:.2f}..{wall['max']:.2f}" if "min" in wall else ""
        asked = entry["basis"] if entry["floor"] is not None else ""
        lines.append(f"{label(entry):34}{figure(worse(entry)):>11}{figure(projected.get('low')):>7}"
                     f"{figure(projected.get('high')):>7}{figure(wall.get('ratio')):>7}  {spread:13}"
                     f"{figure(entry['floor'], 1):>7}{figure(entry['goal'], 1):>6} {asked:10}"
                     f"{figure(wall.get('ours'), 0):>7}{figure(wall.get('intree'), 0):>8}"
                     f"{figure(wall.get('native'), 0):>8}  {verdict(entry)}")
    return "\n".join([*lines, below(entries), slowed(entries)])


def slowed(entries: list[dict]) -> str:
    """Mixed pairs slower than the kernel's own two ends, by one turn each, for the end of the table."""
    speeds = [(label(entry), of, entry["wall"].get(who), entry["wall"].get("intree")) for entry in entries
              for who, of in (("mixed_front", "our frontend"), ("mixed_back", "our backend"))]
    both = [(name, of, mixed / intree) for name, of, mixed, intree in speeds if mixed and intree]
    slower = [f"{name} {of} {ratio:.2f}" for name, of, ratio in both if ratio < 1]
    return f"mixed pairs that are slower: {len(slower)} of {len(both)}" + "".join(f"\n  {name}" for name in slower)


def number_of(counts: dict[str, float], event: str) -> float:
    """How many of an event that was counted, or is priced."""
    return counts[event] if event in counts else projection.QUANTITIES[event](counts)


def over(entry: dict) -> str:
    """Our counts that have a limit."""
    ours = entry["counts"].get("ours", {})
    limits = [(name, number_of(ours, name), most) for name, most in entry.get("limits", {}).items() if ours]
    return ", ".join(f"{name} {number:.3f}, {'OVER' if number > most + NOISE * (1 + most) else 'within'} {most:.3f}"
                     for name, number, most in limits)


def breakdown(entries: list[dict], costs: dict) -> str:
    """Where the projected time goes: low and high ns of each event for every request, or what the case counts."""
    lines = []
    for entry in entries:
        if entry.get("size"):
            continue
        lines.append(f"{label(entry)}, per {entry.get('per', 'request')}")
        for who, counts in entry["counts"].items():
            parts = projection.project(counts, costs)
            whole = projection.total(parts)
            most = sorted(parts.items(), key=lambda part: -part[1].high)[:6]
            lines.append(f"  {who:7}{whole.low:7.0f} to {whole.high:.0f} ns: "
                         + ", ".join(f"{name} {part.low:.0f} to {part.high:.0f}" for name, part in most))
            shown = [f"{text} {counts[name]:.2f}" for text, name in SHOWN if name in counts]
            lines.append("         " + ", ".join(shown))
        if over(entry):
            lines.append(f"  limits of ours: {over(entry)}")
    return "\n".join(lines)


def calibration(entries: list[dict], costs: dict) -> str:
    """The in-tree pairs as projected, PV guests and one queue, against what is published of them."""
    measured = {tuple(entry[name] for name in KEY): entry for entry in entries}
    lines = []
    for of_pair in registry.PAIRS:
        for known in of_pair.published:
            entry = measured.get((of_pair.name, known.case, pair.GUESTS[0], pair.QUEUES[0]))
            if entry and "intree" in entry["counts"]:
                cost = projection.total(projection.project(entry["counts"]["intree"], costs))
                lines.append(f"calibration: in-tree {of_pair.name}/{known.case} projects to {cost.low:.0f} to "
                             f"{cost.high:.0f} ns a {entry.get('per', 'request')}, published {known.ns} ns {known.by}")
    return "\n".join(lines)


# Plots

BAR, GAP, LEFT, WIDTH = 14, 22, 210, 640
COLOURS = {"projected": "#3465a4", "wall": "#8ae234"}


def bars(entries: list[dict], queue: str) -> str:
    """An SVG: a case's ratios as bars, and ticks where its floor and goal are."""
    ratios = [ratio for entry in entries for ratio in (worse(entry), entry["wall"].get("ratio")) if ratio]
    scale = (WIDTH - LEFT - 40) / max([3.0, *ratios])
    parts, y = [], 24
    for name, x in (("projected", LEFT), ("wall", LEFT + 110)):
        parts.append(f'<rect x="{x}" y="4" width="10" height="10" fill="{COLOURS[name]}"/>'
                     f'<text x="{x + 14}" y="13">{name}</text>')
    for entry in entries:
        name = html.escape(f"{entry['case']}, {entry['queues']} {queue}{'s' * (entry['queues'] > 1)}")
        parts.append(f'<text x="4" y="{y + BAR}">{name}</text>')
        for number, (name, value) in enumerate((("projected", worse(entry)), ("wall", entry["wall"].get("ratio")))):
            if value is not None:
                parts.append(f'<rect x="{LEFT}" y="{y + number * BAR}" width="{value * scale:.0f}" '
                             f'height="{BAR - 2}" fill="{COLOURS[name]}"/><text x="{LEFT + value * scale + 4:.0f}" '
                             f'y="{y + number * BAR + 11}">{value:.2f}</text>')
        for asked, dashes in ((entry["floor"], "none"), (entry["goal"], "3 2")):
            if asked is not None:
                x = LEFT + asked * scale
                parts.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{y - 3}" y2="{y + 2 * BAR}" stroke="#cc0000" '
                             f'stroke-dasharray="{dashes}"/>')
        y += 2 * BAR + GAP - BAR
    one = LEFT + scale
    parts.append(f'<line x1="{one:.0f}" x2="{one:.0f}" y1="18" y2="{y}" stroke="#555753"/>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 8}" font-family="sans-serif" '
            f'font-size="11"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


# Of speeds over sizes, both by their logarithms.
HEIGHT, BOTTOM, RIGHT = 300, 260, 620
LINES = {"ours": "#3465a4", "intree": "#f57900"}


def megabits(entry: dict, who: str) -> float:
    return entry["wall"][who] * entry["size"] * 8 / 1e6


def scaled(value: float, least: float, most: float, at: float, to: float) -> float:
    return at + (to - at) * math.log(value / least) / math.log(most / least)


def axes(sizes: list[int], low: float, high: float) -> list[str]:
    parts = [f'<text x="{4}" y="12">Mbit/s</text><text x="{RIGHT - 90}" y="{HEIGHT - 8}">bytes of a packet</text>']
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        y = scaled(10 ** power, low, high, BOTTOM, 30)
        parts.append(f'<line x1="60" x2="{RIGHT}" y1="{y:.0f}" y2="{y:.0f}" stroke="#d3d7cf"/>'
                     f'<text x="4" y="{y + 4:.0f}">{10 ** power}</text>')
    for number, size in enumerate(sizes):
        x = scaled(size, sizes[0], sizes[-1], 70, RIGHT - 20)
        # Two that are next to each other do not fit one line.
        parts.append(f'<text x="{x - 12:.0f}" y="{BOTTOM + 14 + 12 * (number % 2)}">{size}</text>')
    return parts


def curves(entries: list[dict]) -> str:
    """An SVG: the speed of both pairs over the size of packets; entries of two sizes at least."""
    sizes = [entry["size"] for entry in entries]
    found = [megabits(entry, who) for entry in entries for who in LINES]
    low, high = 10 ** math.floor(math.log10(min(found))), 10 ** math.ceil(math.log10(max(found) * 1.01))
    parts = axes(sizes, low, high)
    for number, (who, colour) in enumerate(LINES.items()):
        points = [(scaled(entry["size"], sizes[0], sizes[-1], 70, RIGHT - 20),
                   scaled(megabits(entry, who), low, high, BOTTOM, 30)) for entry in entries]
        parts.append(f'<polyline points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in points)}" fill="none" '
                     f'stroke="{colour}" stroke-width="2"/>')
        parts.extend(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="{colour}"/>' for x, y in points)
        parts.append(f'<rect x="{120 + 110 * number}" y="4" width="10" height="10" fill="{colour}"/>'
                     f'<text x="{134 + 110 * number}" y="13">{"ours" if who == "ours" else "in-tree"}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
            f'font-size="11"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


def plots(entries: list[dict]) -> list[Path]:
    made = []
    for of_pair, guest in itertools.product(registry.PAIRS, pair.GUESTS):
        of_both = [entry for entry in entries if (entry["pair"], entry["guest"]) == (of_pair.name, guest)]
        shown = [entry for entry in of_both if not entry.get("size")]
        if shown:
            made.append(FOLDER / f"{of_pair.name}-{guest}.svg")
            made[-1].write_text(bars(shown, of_pair.queue))
        series = [entry for entry in of_both if entry.get("size") and all(entry["wall"].get(who) for who in LINES)]
        if len(series) > 1:
            made.append(FOLDER / f"{of_pair.name}-size-{guest}.svg")
            made[-1].write_text(curves(series))
    return made
