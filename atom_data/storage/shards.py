"""What a stage reads: shards, the inputs behind them, and the records that could not be read."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa

from atom_data.batch import DAMAGE


@dataclass(frozen=True, slots=True)
class Shard:
    """One unit of work of a source: a file, or a part of a large one. Its name is the same in every stage after."""

    name: str
    """Unique within the source; letters, digits, dot, dash and underscore only."""
    path: str
    """The file or URL, as it is opened; empty where a shard is not one file."""
    bytes: int
    """Size of the input, for scheduling and progress; not part of any result."""
    start: int = 0
    stop: int | None = None
    """The part of the file: WARC records that begin in bytes [start, stop), or Parquet row groups [start, stop)."""


@dataclass(frozen=True, slots=True)
class Input:
    """What was read, by content: the identity of a finished shard."""

    path: str
    bytes: int
    sha256: str
    modified: int = 0
    """Modification time in ns where the store has one: while bytes and time are the same, nobody reads it all again."""


@dataclass(slots=True)
class Intake:
    """What reading one shard reports besides its rows."""

    reject: Callable[[str, int, str, bytes], None]
    """Called with reason, position (byte offset or row), one line of detail, and the first bytes of the record."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Records that are no documents, by kind (`warcinfo`, `request`): counted, not kept."""
    inputs: list[Input] = field(default_factory=list)
    bytes_read: int = 0
    """Bytes of input consumed so far, for progress."""
    damage: Counter[str] = field(default_factory=Counter)
    """Of texts that a reader decodes, what `batch.damage` counts of pages; it goes into the receipt's notes."""
    span: tuple[int, int] | None = None
    """For a part of a file: offset of its first record and of the first record after it. Parts must meet exactly."""

    def decoded(self, text: str, replaced: int) -> None:
        """Count a document and the characters that had to be replaced in it."""
        counts = (1, int(replaced > 0), len(text), replaced)
        self.damage.update(dict(zip(DAMAGE, counts, strict=True)))

    def note_damage(self, notes: dict[str, Any]) -> None:
        """Add the counts of `damage` to the notes of a receipt, where a reader decoded anything."""
        if self.damage:
            notes.setdefault("damage", Counter()).update(self.damage)


@runtime_checkable
class Reads(Protocol):
    """What a stage can read: files, another stage, a pass."""

    @property
    def name(self) -> str:
        """A short label: the source's name, or the stage's."""

    def schema(self) -> pa.Schema:
        """Columns and types that `read` can give."""

    def shards(self, out: str) -> tuple[Shard, ...]:
        """All shards, sorted by name: the same list for every caller."""

    def read(self, shard: Shard, out: str, columns: Collection[str], intake: Intake) -> Iterator[pa.RecordBatch]:
        """Yield batches of bounded size with at least `columns`; report the rest to `intake`."""

    def current(self, shard: Shard, out: str) -> tuple[Input, ...]:
        """The inputs as they are now; `sha256` may be empty where only reading all of it would tell."""

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the inputs, as plain JSON values."""


def shard_name(relative: str) -> str:
    """Return a safe shard name for a path below its source: no separators, no leading dot, no surprises."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", relative.strip("/").replace("/", "--"))
    return name.lstrip(".-") or "shard"
