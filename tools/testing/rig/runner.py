# SPDX-License-Identifier: GPL-2.0
"""Runs cells: as many as possible in one boot, on in a new one after a death."""

import itertools
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cells as matrix
import image
import scan
import tap
from cache import CHECKOUT, LOGS, locked
from host import CONSOLE, PARALLEL, Host, HostDied, Regime

KEPT_BOOTS = 20
TAIL = 15
BOOT_TRIES = 3
CELL_TRIES = 3


def boot_lock():
    return locked("boot", "another boot is running, waiting for it to end")


def new_logs(kind: str) -> Path:
    """A folder for the logs of one boot, also reachable as build/logs/latest."""
    LOGS.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in itertools.count():
        logs = LOGS / f"{stamp}-{kind}{f'-{number}' if number else ''}"
        if not logs.exists():
            break
    (logs / "console").mkdir(parents=True)
    latest = LOGS / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(logs.name)
    old = sorted(path for path in LOGS.iterdir() if path.is_dir() and not path.is_symlink())
    for path in old[:-KEPT_BOOTS]:
        shutil.rmtree(path)
    return logs


def shown(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


class Run:
    """A run of many cells: its totals, and what it tells the user."""

    def __init__(self, long: bool, boot: Callable[[Path], Host] = Host):
        self.long = long
        self._boot = boot
        self.passed = self.failed = self.skipped = 0
        self._allowed = scan.allowed_messages()
        self._hung_boots = 0    # in a row

    def skip(self, cell: matrix.Cell, reason: str) -> None:
        self.skipped += 1
        print(f"skip  {cell.name}: {reason}", flush=True)

    def boots(self, cells: list[matrix.Cell]) -> None:
        """Run all cells, on in a new boot after each death."""
        while cells:
            cells = self._one_boot(cells)

    def _one_boot(self, cells: list[matrix.Cell]) -> list[matrix.Cell]:
        """Run cells until the host dies; the cells that are left."""
        logs = new_logs("tests")
        with self._boot(logs) as host:
            console = scan.LogReader(host.console)
            try:
                seconds = host.wait_ready()
            except HostDied as death:
                return self._boot_failed(death, console, logs, cells)
            self._hung_boots = 0
            print(f"boot  dom0 up in {seconds:.0f} s, logs in {shown(logs)}", flush=True)
            complaints = scan.unexpected(console.fresh(), self._allowed + host.boot_messages, xen=False)
            if complaints:
                self.failed += 1
                print("FAIL  boot: unexpected messages")
                self._tail(complaints)
            for number, cell in enumerate(cells):
                if not self._one_cell(host, console, cell, CELL_TRIES):
                    return cells[number + 1:]
        return []

    def _boot_failed(self, death: HostDied, console: scan.LogReader, logs: Path,
                     cells: list[matrix.Cell]) -> list[matrix.Cell]:
        """One boot in some tens hangs in the emulator before dom0 runs anything: try again."""
        self._hung_boots += 1
        again = self._hung_boots < BOOT_TRIES
        print(f"{'again' if again else 'FAIL '} boot: {death}; logs in {shown(logs)}", flush=True)
        if again:
            return cells
        self._tail(console.fresh().splitlines())
        self.failed += len(cells)
        return []

    def _one_cell(self, host: Host, console: scan.LogReader, cell: matrix.Cell, tries: int) -> bool:
        """Run one cell and report it; whether the host lives on. What the emulator lost is run again."""
        if sys.stdout.isatty():
            print(f"      {cell.name} ...", end="\r", flush=True)
        started, alive, times = time.monotonic(), True, []
        test = f"/xpv/selftests/{cell.test.name}.sh"
        try:
            status, lines = host.run(test, cell.test.time, cell.environment(self.long),
                                     lambda line: times.append(f"{time.monotonic() - started:7.1f} {line}\n"))
            outcome = tap.read(lines, status)
        except HostDied as death:
            host.stop()
            lines = death.lines
            outcome = tap.read(lines, 0)
            outcome.problems.insert(0, str(death))
            alive = False
        seconds = time.monotonic() - started
        folder = self._keep_logs(host.logs, cell, lines, console.fresh())
        (folder / "output.times").write_text("".join(times))
        if alive and tries > 1 and scan.emulator_lost_guest((folder / CONSOLE).read_text(errors="replace")):
            print(f"again {cell.name}  {seconds:.1f} s (the emulator lost the guest; logs: {shown(folder)})",
                  flush=True)
            return self._one_cell(host, console, cell, tries - 1)
        outcome.problems += [f"unexpected message: {line}" for line in self._scan(folder, cell, alive)]
        self._report(cell, outcome, seconds, lines, folder)
        return alive

    def _keep_logs(self, logs: Path, cell: matrix.Cell, lines: list[str], console: str) -> Path:
        """A folder of the cell's own: its output, dom0's and Xen's console, the guests'."""
        name = re.sub(r"[^\w.-]+", "_", cell.name).strip("_")
        folder = next(path for path in (logs / f"{name}{try_}" for try_ in ("", "-2", "-3"))
                      if not path.exists())
        folder.mkdir()
        (folder / "output.tap").write_text("\n".join(lines) + "\n")
        (folder / CONSOLE).write_text(console)
        for path in [*logs.glob("xl-*"), *logs.glob("qemu-dm-*")]:
            path.rename(folder / path.name)
        # The logs of consoles stay: a guest that is still dying has its own open in
        # dom0, where the next of that name would not find it otherwise.
        for path in (logs / "console").iterdir():
            if path.stat().st_size:
                shutil.copyfile(path, folder / path.name)
                os.truncate(path, 0)
        return folder

    def _scan(self, folder: Path, cell: matrix.Cell, alive: bool) -> list[str]:
        """Unexpected messages; of a dead host, what Xen was made to tell is none."""
        allowed = self._allowed + ([re.compile(cell.test.allow)] if cell.test.allow else [])
        logs = [folder / CONSOLE, *sorted(folder.glob("guest-*.log"))]
        return [line for path in logs
                for line in scan.unexpected(path.read_text(errors="replace"), allowed, xen=alive)]

    def _report(self, cell: matrix.Cell, outcome: tap.Outcome, seconds: float,
                lines: list[str], folder: Path) -> None:
        self.passed += outcome.passed
        self.failed += outcome.failures
        self.skipped += len(outcome.skips)
        verdict = "FAIL" if outcome.failures else "ok  " if outcome.passed else "skip"
        counts = f"{outcome.passed} passed"
        counts += f", {outcome.failures} failed" if outcome.failures else ""
        counts += f", {len(outcome.skips)} skipped" if outcome.skips else ""
        print(f"{verdict}  {cell.name}  {seconds:.1f} s ({counts})", flush=True)
        for reason in outcome.skips:
            print(f"        skipped: {reason}")
        if outcome.failures:
            for problem in outcome.problems[:TAIL]:
                print(f"        {problem}")
            for said in tap.failures(lines) or [lines]:
                self._tail(said)
            print(f"        logs: {shown(folder)}", flush=True)

    @staticmethod
    def _tail(lines: list[str]) -> None:
        for line in [line for line in lines if line.strip()][-TAIL:]:
            print(f"        | {line}")


def run(patterns: list[str], modules: Path, long: bool, regime: Regime = PARALLEL) -> int:
    """Run the tests that PATTERNS name and report; the exit status."""
    chosen = matrix.find(patterns, long)
    totals = Run(long, lambda logs: Host(logs, regime=regime))
    runnable = []
    for cell in chosen:
        reason = cell.missing(modules)
        if reason:
            totals.skip(cell, reason)
        else:
            runnable.append(cell)
    if runnable:
        with boot_lock():
            image.prepare(modules, {cell.kernel for cell in runnable if cell.kernel})
            totals.boots(runnable)
    print(f"{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped")
    return 1 if totals.failed else 0
