# SPDX-License-Identifier: GPL-2.0
"""All the pairs that there are to measure."""

import fnmatch
import importlib

from cache import RigError
from pair import Cell, Pair

# In the order of the records. A module's name need not be one that Python can spell.
PAIRS: tuple[Pair, ...] = tuple(importlib.import_module(name).PAIR for name in ("blk", "net", "9p", "sock"))


def find(patterns: list[str]) -> list[Cell]:
    """The cells that PATTERNS match or are part of, those of one guest together."""
    cells = [cell for pair in PAIRS for cell in pair.cells()]
    chosen = [cell for cell in cells if not patterns or any(
        pattern in cell.name or fnmatch.fnmatch(cell.name, pattern) for pattern in patterns)]
    if not chosen:
        raise RigError(f"nothing to measure matches {' '.join(patterns)}; there is "
                       + ", ".join(f"{pair.name}/{case.name}" for pair in PAIRS for case in pair.cases))
    return chosen
