"""What a stage reads: shards, the inputs behind them, and the records that could not be read."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from atom_data.batch import DAMAGE
from atom_data.errors import DataError

PUBLISHED = -1
"""Size that `current` gives for a file of which its publisher makes no other version: asking for 90,000 sizes would take long."""


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
    """Below the folder that all files of the source have in common, or below the output folder; a URL without passwords."""
    bytes: int
    """Its size; PUBLISHED in what `current` says of a file that never changes once it is there."""
    sha256: str
    """Of its content, as hexadecimal digits."""
    modified: int = 0
    """Modification time in ns where the store has one: while size and time are the same, the content is not read again."""
    etag: str = ""
    """What an object store calls this version, instead of a time."""


@dataclass(slots=True)
class Intake:
    """What reading one shard reports besides its rows."""

    reject: Callable[[str, int, str, bytes], None]
    """Called with reason, position (byte offset or row), one line of detail, and the first bytes of the record."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Records that are not documents, by kind (`warcinfo`, `request`): counted, not kept."""
    inputs: list[Input] = field(default_factory=list)
    bytes_read: int = 0
    """Bytes of input consumed so far, for progress."""
    removed: list[str] = field(default_factory=list)
    """What stands in a ledger for each document that is on the removal list: it was read, and is not among the rows."""
    damage: Counter[str] = field(default_factory=Counter)
    """Of texts that a reader decodes, what `batch.damage` counts of pages; it goes into the receipt's notes."""
    network: Counter[str] = field(default_factory=Counter)
    """Of sources that ask a web server: `requests`, `bytes` received, and requests repeated (`again`); it goes into the receipt."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What a source says of what it read, for the notes of the receipt: the same for all of its shards."""
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


def check_spans(path: str, spans: Sequence[tuple[int, int]]) -> None:
    """Check that the parts of a file, in order, met: each began where the one before it ended.

    `spans` are what reading the parts reported (`Intake.span`): offset of the first record, and of the first one after
    the part; both equal where no record starts in it. A page can hold bytes that look like the start of a record, and
    a part that began there would hold forged records.
    Errors: DataError when two parts don't meet.
    """
    last = 0
    for first, after in spans:
        if first == after:
            continue
        if first != last:
            raise DataError(
                f"{path}: its parts do not meet, one ended at byte {last} and the next began at byte {first}; bytes that"
                " look like a record lie inside another. Pass split_bytes=0 to the source."
            )
        last = after
    if spans and spans[-1][1] != last:
        end = spans[-1][1]
        raise DataError(f"{path}: its parts end at byte {last} of {end}. Pass split_bytes=0 to the source.")


def parts_meet(spans: Iterable[tuple[str, int, int]]) -> None:
    """Refuse parts of a split file that overlap or leave a gap: a record would be lost or invented. DataError.

    `spans` are those of all receipts of a job: file, first and after of every part that was read.
    """
    parts: dict[str, list[tuple[int, int]]] = {}
    for file, first, after in sorted(spans):
        parts.setdefault(file, []).append((first, after))
    for file, found in parts.items():
        check_spans(file, found)


def part_name(name: str, index: int) -> str:
    """Return what a part of a split file is called."""
    return f"{name}.p{index:04}"


def file_name(shard: str) -> str:
    """Return the name that all parts of a split file have in common; of a whole file, its own."""
    return re.sub(r"\.p\d{4,}$", "", shard)


def shard_name(relative: str) -> str:
    """Return a safe shard name for a path below its source: no separators, no leading dot, no surprises."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", relative.strip("/").replace("/", "--"))
    return name.lstrip(".-") or "shard"
