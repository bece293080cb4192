"""The sketches of a stage added up: for each rule its numbers and histograms, and the tables by value."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from atom_data.rules import Rule
from atom_data.sketches.bins import edges_of
from atom_data.sketches.cells import FATES, Added, Cell
from atom_data.sketches.store import read_sketch
from atom_data.sketches.tally import Counted
from atom_data.workspace import Workspace

NUMBERS = ("missed", "alone", "first", "bytes")
MANY = 2000
"""Shards from which on sketches are read by several processes."""
Bin = tuple[float, float, list[int]]


@dataclass(slots=True)
class Histogram:
    """How the documents of a stage are spread over a number, by what became of them: kept, missed this, dropped by another rule."""

    bins: list[Bin] = field(default_factory=list)
    """From, to, counts; in the order of the numbers."""
    nothing: list[int] = field(default_factory=lambda: [0] * FATES)
    """Documents without the number."""

    @property
    def counts(self) -> list[int]:
        """All documents, by what became of them."""
        sums = [sum(counts[fate] for *_, counts in self.bins) for fate in range(FATES)]
        return [one + other for one, other in zip(sums, self.nothing, strict=True)]


@dataclass(slots=True)
class Summary:
    """What the sketches of a stage say. Memory: the bins and values that there are, whatever the number of shards."""

    sketched: int = 0
    faults: list[str] = field(default_factory=list)
    """Shards whose sketch is not whole, with what failed; the first few."""
    columns: dict[str, str] = field(default_factory=dict)
    rules: dict[str, Counter[str]] = field(default_factory=dict)
    """By rule: see NUMBERS."""
    tables: dict[str, Counted] = field(default_factory=dict)
    cells: Added = field(default_factory=Added)

    def add(self, value: Mapping[str, Any]) -> None:
        """Add a sketch; one that is not whole counts as none."""
        if value.get("fault"):
            if len(self.faults) < 5:
                self.faults.append(f"{value['shard']}: {value['fault']}")
            return
        self.sketched += 1
        for name, numbers in value["rules"].items():
            self.columns[name] = numbers["column"]
            self.rules.setdefault(name, Counter()).update({one: numbers[one] for one in NUMBERS})
        for name, table in value["tables"].items():
            self.tables.setdefault(name, Counted()).add(table)
        self.cells.add(value["cells"])

    def join(self, other: "Summary") -> None:
        """Add what others have added up."""
        self.sketched += other.sketched
        self.faults = [*self.faults, *other.faults][:5]
        self.columns |= other.columns
        for name, numbers in other.rules.items():
            self.rules.setdefault(name, Counter()).update(numbers)
        for name, counted in other.tables.items():
            self.tables.setdefault(name, Counted()).join(counted)
        self.cells.join(other.cells)

    def histograms(self) -> dict[str, dict[tuple[str, str], Histogram]]:
        """Return the histograms by measure, then by the column and value that they are split by; all documents: two empty texts."""
        found: dict[str, dict[tuple[str, str], Histogram]] = {}
        for cell, bins in self.cells.histograms():
            found.setdefault(cell.measure, {})[cell.by, cell.group] = histogram(cell, bins)
        return found


def histogram(cell: Cell, bins: Mapping[int, Sequence[int]]) -> Histogram:
    """Return the bins of a cell as numbers."""
    made = Histogram()
    for number, counts in bins.items():
        if number == 0:
            made.nothing = [*counts]
        else:
            made.bins.append((*edges_of(number), [*counts]))
    made.bins.sort(key=lambda one: one[:2])
    return made


def summarize(workspace: Workspace, folder: str, names: Sequence[str], hashes: Sequence[str | None]) -> Summary:
    """Add up the sketches of a stage that belong to its shards; of many by as many processes as there are cores."""
    shards = [*zip(names, hashes, strict=True)]
    cores = len(os.sched_getaffinity(0))
    if len(shards) < MANY or cores == 1:
        return _added(workspace, folder, shards)
    size = -(-len(shards) // cores)
    parts = [shards[start : start + size] for start in range(0, len(shards), size)]
    summary = Summary()
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        for part in pool.map(partial(_added, Workspace(workspace.root), folder), parts):
            summary.join(part)
    return summary


def _added(workspace: Workspace, folder: str, shards: Iterable[tuple[str, str | None]]) -> Summary:
    summary = Summary()
    for name, digest in shards:
        value = read_sketch(workspace, folder, name, digest)
        if value is not None:
            summary.add(value)
    return summary


BOUNDS = ("min", "max", "above", "below")


def bounds_of(rule: Rule | None) -> dict[str, float]:
    """Return the bounds of a rule that are numbers."""
    given = {} if rule is None else {"min": rule.min, "max": rule.max, "above": rule.above, "below": rule.below}
    return {name: float(bound) for name, bound in given.items() if bound is not None}
