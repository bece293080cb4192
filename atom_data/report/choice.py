"""Which lines of some shards are shown: for each reason those with the smallest hashes, the same ones each time."""

from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from atom_data.audit.answers.rows import groups_of
from atom_data.audit.sights import place


class Line(NamedTuple):
    """A row of a shard's file."""

    hash: bytes
    name: str
    """What it is called: the id of a document, or file and position of a record."""
    shard: str
    row: int

    @property
    def order(self) -> tuple[bytes, str]:
        """Its place among others."""
        return self[:2]


def least_of(
    paths: Mapping[str, str], names: Sequence[str], count: int, reason: str | None = None
) -> dict[str, list[Line]]:
    """Return `count` lines of the files of some shards for each value of the column `reason`, or of all together under "".

    A line is called by the values of the columns `names`, which only these are read of. Memory: these of a row group.
    """
    found: dict[str, list[Line]] = {}
    for shard, path in paths.items():
        for row, (why, name) in enumerate(_named(path, names, reason)):
            some = found.setdefault(why, [])
            line = Line(place(name), name, shard, row)
            if len(some) < count or line.order < some[-1].order:
                insort(some, line, key=lambda one: one.order)
                del some[count:]
    return found


def _named(path: str, names: Sequence[str], reason: str | None) -> Iterator[tuple[str, str]]:
    for table in groups_of(path, [*names, *([reason] if reason else [])]):
        columns: list[list[Any]] = [table.column(name).to_pylist() for name in names]
        called = (
            columns[0] if len(names) == 1 else [":".join(map(str, values)) for values in zip(*columns, strict=True)]
        )
        reasons = table.column(reason).to_pylist() if reason else repeat("", len(called))
        yield from zip(reasons, called, strict=True)
