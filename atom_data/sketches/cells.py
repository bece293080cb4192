"""Histograms of a stage: a cell for each measure and group, and in it what became of the documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from atom_data.sketches.bins import BINS, Integers

KEPT, MISSED, OTHER = 0, 1, 2
"""What became of a document: kept; dropped, and this rule was missed; dropped by another one."""
FATES = 3
CELL = FATES * BINS
GROUPS = 16
"""Values of a column that have a histogram of their own while a shard is made, in the order in which they come."""
ALL_GROUPS = CELL * (GROUPS + 1)
KEPT_GROUPS = 6
"""Of these, how many a sketch keeps."""
NAME_CHARACTERS = 120
"""Of a value; what is longer is told apart by its beginning alone."""
REST = "..."
"""The group of all values without one of their own."""


class Cell(NamedTuple):
    """A histogram."""

    measure: str
    """`card.rule`, or a column or ratio."""
    by: str
    """The column by whose values it is split; empty for all documents."""
    group: str
    """The value; REST for all that have no histogram of their own."""


@dataclass(slots=True)
class Groups:
    """The values of a column that documents are split by, numbered as they come."""

    names: dict[str, int] = field(default_factory=dict)
    documents: list[int] = field(default_factory=list)

    def numbers(self, values: pa.Array, counted: bool) -> Integers:
        """Return the number of each value; GROUPS for those that came after as many others."""
        coded = values.cast(pa.string()).dictionary_encode("encode")
        names = [(name or "")[:NAME_CHARACTERS] for name in coded.dictionary.to_pylist()]
        numbers = np.array([self._number(name) for name in names], np.int64)
        found: Integers = numbers[np.asarray(coded.indices, np.int64)]
        if counted:
            for number, count in enumerate(np.bincount(found, minlength=GROUPS + 1)[: len(self.documents)].tolist()):
                self.documents[number] += count
        return found

    def _number(self, name: str) -> int:
        if name not in self.names and len(self.names) < GROUPS:
            self.names[name] = len(self.names)
            self.documents.append(0)
        return self.names.get(name, GROUPS)

    @property
    def many(self) -> bool:
        """Whether there are groups that a sketch does not keep by their names."""
        return len(self.names) > KEPT_GROUPS or REST in self.names

    def kept(self) -> dict[int, str]:
        """Return the numbers of the largest groups with their names; all others are the rest."""
        order = sorted(self.names.items(), key=lambda item: (-self.documents[item[1]], item[0]))
        return {number: name for name, number in order[:KEPT_GROUPS]}


FEW = 512
"""Documents that are kept as they come: to count them takes longer than to have them counted with others."""
WAITING = 1 << 18
"""Codes that wait, at most, until they are added up."""


@dataclass(slots=True)
class Histograms:
    """Counts while a shard is made. Memory: for each measure the bins that have documents, by fate and group, and WAITING more."""

    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    """By measure and the column that it is split by: where its codes begin, in ALL_GROUPS."""
    _codes: list[Integers] = field(default_factory=list)
    _counts: list[Integers] = field(default_factory=list)
    _waiting: int = 0

    def add(self, measure: str, by: str, groups: Integers | None, codes: Integers) -> None:
        """Count documents: `codes` are fate times BINS plus bin."""
        first = self.numbers.setdefault((measure, by), len(self.numbers)) * ALL_GROUPS
        whole = codes if groups is None else groups * CELL + codes
        if len(whole) < FEW:
            self._wait(whole + first, np.ones(len(whole), np.int64))
        else:
            counts = np.bincount(whole)
            found = np.flatnonzero(counts)
            self._wait(found + first, counts[found])

    def _wait(self, codes: Integers, counts: Integers) -> None:
        self._codes.append(codes)
        self._counts.append(counts)
        self._waiting += len(codes)
        if self._waiting > WAITING:
            self._codes, self._counts = ([part] for part in _summed(self._codes, self._counts))
            self._waiting = 0

    def value(self, groups: Mapping[str, Groups]) -> list[dict[str, Any]]:
        """Return the cells as JSON, in the order of their names. Bins are differences to the one before: their JSON is short."""
        kept = {by: found.kept() for by, found in groups.items()}
        codes, counts = _summed(self._codes, self._counts)
        if any(found.many for found in groups.values()):
            codes, counts = self._joined(codes, counts, kept)
        cells, bins = np.divmod(codes, CELL)
        starts = _starts(cells)
        steps = bins.copy()
        steps[1:] -= bins[:-1]
        steps[starts] = bins[starts]
        every, some, measures = steps.tolist(), counts.tolist(), [*self.numbers]
        named: dict[Cell, dict[str, list[int]]] = {}
        places = pairwise([*starts.tolist(), len(some)])
        for cell, (start, stop) in zip(cells[starts].tolist(), places, strict=True):
            number, group = divmod(cell, GROUPS + 1)
            measure, by = measures[number]
            name = kept[by].get(group, REST) if by else ""
            named[Cell(measure, by, name)] = {"bins": every[start:stop], "counts": some[start:stop]}
        return [{**cell._asdict(), **packed} for cell, packed in sorted(named.items(), key=lambda item: item[0])]

    def _joined(
        self, codes: Integers, counts: Integers, kept: Mapping[str, Mapping[int, str]]
    ) -> tuple[Integers, Integers]:
        """Return codes and their counts, those of groups without a name of their own as one group after the others."""
        places = np.tile(np.arange(GROUPS + 1), (len(self.numbers), 1))
        for (_, by), number in self.numbers.items():
            own = {group for group, name in kept[by].items() if name != REST} if by else {0}
            places[number, [group for group in range(GROUPS + 1) if group not in own]] = GROUPS
        cells, rest = np.divmod(codes, CELL)
        measures, groups = np.divmod(cells, GROUPS + 1)
        joined = measures * (GROUPS + 1) + places[measures, groups]
        return _summed([joined * CELL + rest], [counts])


def _summed(codes: Sequence[Integers], counts: Sequence[Integers]) -> tuple[Integers, Integers]:
    """Return each code once, sorted, with the sum of its counts."""
    if not codes:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    every, some = np.concatenate(codes), np.concatenate(counts)
    order = np.argsort(every, kind="stable")
    every = every[order]
    starts = _starts(every)
    return every[starts], np.add.reduceat(some[order], starts) if len(starts) else some


def _starts(sorted_numbers: Integers) -> Integers:
    """Return where each number comes first."""
    first = np.ones(len(sorted_numbers), np.bool_)
    np.not_equal(sorted_numbers[1:], sorted_numbers[:-1], out=first[1:])
    return np.flatnonzero(first)


COMPACT = 1 << 22


@dataclass(slots=True)
class Added:
    """Histograms of many shards, added up: in any order the same. Memory: their bins with documents, and COMPACT more."""

    numbers: dict[Cell, int] = field(default_factory=dict)
    _codes: list[Integers] = field(default_factory=list)
    _counts: list[Integers] = field(default_factory=list)
    _waiting: int = 0

    def add(self, cells: Iterable[Mapping[str, Any]]) -> None:
        """Add the cells of a sketch."""
        bases, lengths, steps, counts = [], [], [], []
        for cell in cells:
            name = Cell(cell["measure"], cell["by"], cell["group"])
            bases.append(self.numbers.setdefault(name, len(self.numbers)) * CELL)
            lengths.append(len(cell["bins"]))
            steps += cell["bins"]
            counts += cell["counts"]
        if not steps:
            return
        sums, sizes = np.cumsum(np.array(steps, np.int64)), np.array(lengths, np.int64)
        before = np.concatenate([[0], sums])[np.cumsum(sizes) - sizes]
        self._codes.append(sums + np.repeat(np.array(bases, np.int64) - before, sizes))
        self._counts.append(np.array(counts, np.int64))
        self._waiting += len(counts)
        if self._waiting > COMPACT:
            self._compact()

    def join(self, other: "Added") -> None:
        """Add what others have added up."""
        other._compact()
        places = np.array([self.numbers.setdefault(cell, len(self.numbers)) for cell in other.numbers], np.int64)
        for codes, counts in zip(other._codes, other._counts, strict=True):
            self._codes.append(places[codes // CELL] * CELL + codes % CELL)
            self._counts.append(counts)
        self._waiting += sum(map(len, other._counts))
        self._compact()

    def _compact(self) -> None:
        self._codes, self._counts = ([part] for part in _summed(self._codes, self._counts))
        self._waiting = 0

    def histograms(self) -> Iterator[tuple[Cell, dict[int, list[int]]]]:
        """Yield each cell in the order of the names: for each bin how many documents had each fate."""
        self._compact()
        (codes,), (counts,) = self._codes, self._counts
        for cell, number in sorted(self.numbers.items()):
            first, last = np.searchsorted(codes, [number * CELL, (number + 1) * CELL])
            yield cell, _by_bin(codes[first:last].tolist(), counts[first:last].tolist())


def _by_bin(codes: Sequence[int], counts: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for code, count in zip(codes, counts, strict=True):
        found.setdefault(code % BINS, [0] * FATES)[code % CELL // BINS] += count
    return found
