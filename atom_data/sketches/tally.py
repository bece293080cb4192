"""Counts of the values of a column, by what became of the document: exact up to a number of values, and bounded beyond."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

HELD = 1 << 16
"""Values of a column that are counted in a shard; of a value that comes first after these, only that there was one."""
FEW = 512
"""Documents below which Python counts sooner than Arrow has begun to."""
SHOWN_CHARACTERS = 120
"""Of a value: a domain has at most 253, and what is longer is told apart by its beginning alone."""


@dataclass(slots=True)
class Tally:
    """Counts by value and outcome. Memory: HELD values, each with as many counts as there are outcomes."""

    top: int
    """How many values a sketch keeps: those with most documents."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """By value, then by outcome: empty for kept, else the reason. A Counter for each takes longer to make than to count."""
    beyond: int = 0
    """Documents whose values came after HELD others."""

    def add(self, values: pa.Array, outcomes: pa.Array) -> None:
        """Count documents; a null is the empty value. The result is the same however documents are cut into batches."""
        texts = values if pa.types.is_string(values.type) else values.cast(pa.string())
        for (value, outcome), count in _counted(texts, outcomes).items():
            counts = self.counts.get(value)
            if counts is None:
                if len(self.counts) >= HELD:
                    self.beyond += count
                    continue
                self.counts[value] = {outcome: count}
            else:
                counts[outcome] = counts.get(outcome, 0) + count

    def value(self) -> dict[str, Any]:
        """Return what a sketch keeps, as JSON: the largest values, and what is known of the others."""
        totals = sorted((-sum(counts.values()), value) for value, counts in self.counts.items())
        kept, cut = totals[: self.top], totals[self.top :]
        rows = [[value, dict(sorted(self.counts[value].items()))] for _, value in kept]
        rest = Counter[str]()
        for _, value in cut:
            for outcome, count in self.counts[value].items():
                rest[outcome] += count
        return {
            "values": rows,
            "rest": dict(sorted(rest.items())),
            "rest_values": len(cut),
            "cut": -cut[0][0] if cut else 0,
            "beyond": self.beyond,
        }


def _counted(values: pa.Array, outcomes: pa.Array) -> dict[tuple[str, str], int]:
    """Return how many documents have each value and outcome, in the order in which they come first."""
    if len(values) < FEW:
        texts = [(value or "")[:SHOWN_CHARACTERS] for value in values.to_pylist()]
        return Counter(zip(texts, outcomes.to_pylist(), strict=True))
    texts = pc.utf8_slice_codeunits(pc.fill_null(values, ""), 0, SHOWN_CHARACTERS)
    table = pa.table({"value": texts, "outcome": outcomes})
    found = table.group_by(["value", "outcome"], use_threads=False).aggregate([([], "count_all")])
    rows = zip(*(found.column(name).to_pylist() for name in ("value", "outcome")), strict=True)
    return dict(zip(rows, found.column("count_all").to_pylist(), strict=True))


@dataclass(slots=True)
class Counted:
    """Tallies of many shards, added up: in any order the same. Memory: the values that shards kept."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    rest: Counter[str] = field(default_factory=Counter)
    """Documents of values that were not among the largest of their shard, by outcome."""
    error: int = 0
    """A value may have up to this many documents more than are counted."""
    others: bool = False
    """Whether there are values that are not named."""

    def add(self, value: Mapping[str, Any]) -> None:
        """Add what a sketch keeps."""
        for name, counts in value["values"]:
            there = self.counts.get(name)
            if there is None:
                self.counts[name] = Counter(counts)
            else:
                for outcome, count in counts.items():
                    there[outcome] += count
        self.rest.update(value["rest"])
        self.error += value["cut"] + value["beyond"]
        self.others = self.others or bool(value["rest_values"] or value["beyond"])

    def join(self, other: "Counted") -> None:
        """Add what others have added up."""
        for name, counts in other.counts.items():
            self.counts.setdefault(name, Counter()).update(counts)
        self.rest.update(other.rest)
        self.error += other.error
        self.others = self.others or other.others

    def largest(self, count: int) -> Sequence[tuple[str, Counter[str]]]:
        """Return the values with most documents, the largest first, by name where they are equal."""
        order = sorted(self.counts.items(), key=lambda item: (-item[1].total(), item[0]))
        return order[:count]
