"""Finished work that a run would rebuild or remove, and what it took to make, by its receipts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from atom_data.storage.receipts import Receipt

NAMED = 3
"""Number of shards to name; the rest is counted."""
HOURS_FROM = 7200.0


@dataclass(slots=True)
class Cost:
    """Some shards, and what they took. Memory: a reference a shard and, with outputs, 100 bytes per file."""

    shards: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0
    bytes: int = 0
    outputs: list[str] = field(default_factory=list)
    """Paths of their files: what reads one of these follows."""

    def add(self, shard: str, receipt: Receipt | None) -> None:
        """Add a shard; one whose receipt is not there or was edited costs nothing that is known."""
        self.shards.append(shard)
        if receipt is not None:
            self.cpu_seconds += receipt.measured.cpu_seconds
            self.bytes += receipt.output_bytes
            self.outputs += [item.path for item in receipt.outputs]

    @classmethod
    def total(cls, costs: "Iterable[Cost]") -> Self:
        """Return the sum of some, without the outputs."""
        whole = cls()
        for cost in costs:
            whole.shards += cost.shards
            whole.cpu_seconds += cost.cpu_seconds
            whole.bytes += cost.bytes
        return whole

    @property
    def names(self) -> str:
        """The first names, and that there are more."""
        return ", ".join(self.shards[:NAMED]) + (", ..." if len(self.shards) > NAMED else "")

    @property
    def said(self) -> str:
        """What it took, as a person reads it."""
        return f"{cpu_said(self.cpu_seconds)} and {bytes_said(self.bytes)}"


def cpu_said(seconds: float) -> str:
    """Return CPU time in words: 0.4 CPU seconds, 312 CPU seconds, 41.5 CPU hours."""
    if seconds >= HOURS_FROM:
        return f"{seconds / 3600:,.1f} CPU hours"
    return f"{seconds:,.0f} CPU seconds" if seconds >= 10 else f"{seconds:,.1f} CPU seconds"


def bytes_said(count: float) -> str:
    """Return a number of bytes in words: 3 kB, 45.1 MB, 1.2 TB."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1e3:,.0f} kB"
