"""What every reader of WARC and ARC files shares: shards, the loop over records, and the columns all of them give."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa
import xxhash

from atom_data.errors import DataError
from atom_data.readers.dates import crawl_date
from atom_data.readers.files import UNCUT, current_input, split
from atom_data.readers.records import Fault, Fields, Record, Walk
from atom_data.readers.rows import Identities, Rows, file_prefix
from atom_data.readers.source import FileSource
from atom_data.readers.streams.broken import TRUNCATED
from atom_data.readers.streams.window import Window
from atom_data.storage.parquet import strings
from atom_data.storage.paths import without_secrets
from atom_data.storage.shards import Input, Intake, Shard

COMMON = (*strings("id", "url", "date", "source", "file"), pa.field("offset", pa.int64()))
IDS_SAID = {
    "record": "a hash of the record: its WARC-Record-ID, URL, date and payload",
    "file": "file and a hash of the record: its WARC-Record-ID, URL, date and payload",
}
IDS = tuple(IDS_SAID)
TYPES = frozenset(
    (b"warcinfo", b"response", b"resource", b"request", b"metadata", b"revisit", b"conversion", b"continuation")
)
AddsRow = Callable[[Record, "Archive", Rows, Identities, Intake], Fault | None]
"""Makes a row of a record, or says what is wrong with it."""


@dataclass(frozen=True, slots=True, init=False)
class ArchiveSource(FileSource):
    """What sources of WARC files share: their limits, parts and ids."""

    paths: tuple[str, ...]
    source: str
    split_bytes: int
    max_record_bytes: int
    max_header_bytes: int
    max_window_bytes: int
    ids: str
    types: ClassVar[frozenset[bytes]]
    """The records that are documents."""
    layout: ClassVar[pa.Schema]
    """The columns made of them, and their types."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source

    @property
    def ids_said(self) -> str:
        """How ids are made, for people."""
        return IDS_SAID[self.ids]

    def schema(self) -> pa.Schema:
        """Columns and types."""
        return self.layout

    def _parts(self) -> tuple[Shard, ...]:
        return split(self._whole_files(), self.split_bytes, UNCUT)

    def _read(self, shard: Shard, columns: Collection[str], intake: Intake, add: AddsRow) -> Iterator[pa.RecordBatch]:
        """Yield batches of the rows that `add` makes of records; where it makes none, it says what is wrong with one."""
        rows, identities = Rows(self.layout, columns), Identities()
        archive = self._archive(shard, intake)
        yield from archive.read(rows, lambda record: add(record, archive, rows, identities, intake), intake)

    def _archive(self, shard: Shard, intake: Intake) -> "Archive":
        """Return a shard of it that is about to be read."""
        return self._opened(shard, current_input(self.paths, shard), None)

    def _opened(self, shard: Shard, found: Input, opened: BinaryIO | None) -> "Archive":
        return Archive(
            shard=shard,
            source=self.source,
            found=found,
            types=self.types,
            opened=opened,
            record_bytes=self.max_record_bytes,
            header_bytes=self.max_header_bytes,
            max_window_bytes=self.max_window_bytes,
        )

    def _prefix(self, archive: "Archive") -> str:
        """Return what ids of a file begin with."""
        return file_prefix(self.source, archive.found.path) if self.ids == "file" else ""

    def _identity(self, kind: str, more: Mapping[str, object]) -> dict[str, object]:
        """Return what decides the rows besides the files."""
        return {
            "reads": kind,
            "source": self.source,
            "split_bytes": self.split_bytes,
            "max_record_bytes": self.max_record_bytes,
            "max_header_bytes": self.max_header_bytes,
            **more,
            **({} if self.ids == "record" else {"ids": self.ids}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One shard of WARC files, about to be read."""

    shard: Shard
    source: str
    found: Input
    """The file as it was before reading."""
    types: frozenset[bytes]
    record_bytes: int
    header_bytes: int
    max_window_bytes: int
    opened: BinaryIO | None = None
    """The file, where it was opened in a way of its own."""

    def read(self, rows: Rows, add: Callable[[Record], Fault | None], intake: Intake) -> Iterator[pa.RecordBatch]:
        """Yield batches of the rows that `add` makes of the records of `types`; report the rest to `intake`."""
        window = Window(self.shard.path, self.shard.start, self.shard.stop, self.opened)
        try:
            walk = Walk(window, self._wanted, self.record_bytes, self.header_bytes, self.max_window_bytes)
            for item in walk:
                fault = item if isinstance(item, Fault) else self._taken(item, add, intake)
                if fault is not None:
                    self._check_whole(fault, window)
                    intake.reject(fault.reason, fault.offset, fault.detail, fault.sample)
                intake.bytes_read = window.bytes
                if rows.full():
                    yield from rows.take()
            yield from rows.take()
            self._finish(walk, window, intake)
        finally:
            window.close()

    def _check_whole(self, fault: Fault, window: Window) -> None:
        """Refuse a cut off file of unknown size: a broken connection and a broken file would look the same."""
        if fault.reason == TRUNCATED and window.total is None:
            where = without_secrets(self.shard.path)
            raise DataError(
                f"{where}: {fault.detail}, and the server does not say how large the file is. Run again, or fetch it first."
            )

    def _wanted(self, fields: Fields) -> bool:
        return fields.get(b"warc-type", b"").lower() in self.types

    def _taken(self, record: Record, add: Callable[[Record], Fault | None], intake: Intake) -> Fault | None:
        kind = record.fields.get(b"warc-type", b"").lower()
        if kind in self.types:
            return add(record)
        intake.skipped[f"warc.{kind.decode() if kind in TYPES else 'other'}"] += 1
        return None

    def _finish(self, walk: Walk, window: Window, intake: Intake) -> None:
        none = not walk.starts and not self.shard.start and not window.view(1)
        window.drain()
        if window.total == 0:
            intake.reject("warc.empty", 0, "the file has 0 bytes", b"")
        elif none and not walk.holds and window.bytes:
            intake.skipped["warc.empty"] += 1
        elif none:
            window.seek(0)
            begin = window.fill(16)
            where = without_secrets(self.shard.path)
            said = f"it begins with {begin!r}, as no WARC or ARC file does"
            raise DataError(f"{where}: is not a WARC file; {said}. Take it out of the source.")
        if self.shard.stop is not None:
            intake.span = (walk.first, walk.after)
        intake.inputs.append(replace(self.found, bytes=window.bytes, sha256=window.digest.hexdigest()))


def common_values(record: Record, source: str, file: str) -> dict[str, Any]:
    """Return what every row says: URL, date, source, file and offset; null where the record does not say."""
    url = record.fields.get(b"warc-target-uri", b"").removeprefix(b"<").removesuffix(b">")
    return {
        "url": decoded_field(url) or None,
        "date": crawl_date(decoded_field(record.fields.get(b"warc-date", b""))),
        "source": source,
        "file": file,
        "offset": record.offset,
    }


def decoded_field(value: bytes) -> str:
    """Return a header's value as text: UTF-8, or Latin-1 where it is not."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def record_id(identities: Identities, fields: Fields, payload: bytes | memoryview) -> str:
    """Return the id of a record: the same in every copy of its file, whatever stands before it."""
    return identities.next(
        fields.get(b"warc-record-id", b""),
        fields.get(b"warc-target-uri", b""),
        fields.get(b"warc-date", b""),
        xxhash.xxh3_128_digest(payload),
    )
