# SPDX-License-Identifier: GPL-2.0
"""Reads a test's output as TAP, and insists that it is complete."""

import re
from dataclasses import dataclass, field

PLAN = re.compile(r"1\.\.(\d+)(?:\s*#\s*SKIP\s*(.*))?", re.I)
RESULT = re.compile(r"(not )?ok\s+(\d+)\s*(.*?)(?:\s*#\s*(SKIP|TODO|XFAIL)\b\s*(.*))?$", re.I)
EXIT_SKIP = 4


@dataclass
class Outcome:
    """What a test's output and exit status amount to."""
    passed: int = 0
    failed: int = 0
    skips: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """Failed results; a cell that broke in another way counts as one at least."""
        return max(self.failed, 1 if self.problems else 0)


def count(outcome: Outcome, line: str, expected: int) -> bool:
    """Take LINE in if it is a result; tell whether it is."""
    match = RESULT.fullmatch(line)
    if not match:
        return False
    failed, number, name, directive, reason = match.groups()
    if int(number) != expected:
        outcome.problems.append(f"result {number} came where {expected} was due")
    if directive and directive.upper() == "SKIP":
        outcome.skips.append(f"{name}: {reason}" if reason else name)
        if not reason:
            outcome.problems.append(f"skipped without a reason: {name}")
    elif failed:
        outcome.failed += 1
    else:
        outcome.passed += 1
    return True


def read(lines: list[str], status: int) -> Outcome:
    """Judge a test by what it printed and how it exited."""
    outcome, plan, seen = Outcome(), None, 0
    for line in lines:
        planned = PLAN.fullmatch(line)
        if planned:
            if plan is not None:
                outcome.problems.append("more than one plan")
            plan = int(planned.group(1))
            if plan == 0:
                outcome.skips.append(planned.group(2) or "")
        elif line.startswith("Bail out!"):
            outcome.problems.append(line)
        elif count(outcome, line, seen + 1):
            seen += 1
    if plan is None:
        outcome.problems.append("no plan")
    elif plan != seen:
        outcome.problems.append(f"{plan} results planned, {seen} came")
    if plan == 0 and not outcome.skips[0]:
        outcome.problems.append("skipped without a reason")
    judge_status(outcome, status)
    return outcome


def failures(lines: list[str]) -> list[list[str]]:
    """Of each failed result what was said before it, and itself."""
    found, said = [], []
    for line in lines:
        said.append(line)
        match = RESULT.fullmatch(line)
        if match and match.group(1) and not match.group(4):
            found.append(said)
        if match:
            said = []
    return found


def judge_status(outcome: Outcome, status: int) -> None:
    """A status that the results do not explain is a problem of its own."""
    only_skips = outcome.skips and not outcome.passed and not outcome.failed
    if status == 0 or outcome.failed or (status == EXIT_SKIP and only_skips):
        return
    outcome.problems.append(f"exit status {status}")
