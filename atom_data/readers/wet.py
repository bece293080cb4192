"""WET files as documents: the texts that a crawler has already taken from its pages."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa

from atom_data.graph import RawSource
from atom_data.readers.archive import (
    COMMON,
    IDS,
    IDS_SAID,
    Archive,
    common_values,
    decoded_field,
    record_id,
)
from atom_data.readers.files import SPLIT_BYTES, UNCUT, check_limits, current_input, listed, named, split
from atom_data.readers.records import HEADER_BYTES, RECORD_BYTES, Fault, Record
from atom_data.readers.rows import Identities, Rows, check_ids, file_prefix
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.text.charsets.decoders import decode
from atom_data.workspace import Workspace

SUFFIXES = (".wet", ".wet.gz", ".wet.zst", ".wet.bz2", ".wet.xz")
TYPES = frozenset((b"conversion",))
SCHEMA = pa.schema([*COMMON, pa.field("languages", pa.string()), pa.field("text", pa.string())])


@dataclass(frozen=True, slots=True, init=False)
class Wet(RawSource):
    """Texts from WET files: every `conversion` record becomes a row.

    Columns: `id`, `url`, `date`, `source`, `file` and `offset` as in `Warc`; `languages` (the crawler's
    WARC-Identified-Content-Language, for example `eng,deu`; null where it says none); `text` (UTF-8; bytes that are
    none become U+FFFD, counted in the receipt; NUL and a byte order mark are left out).
    `ids`, parts, rejected records, errors and memory as in `Warc`.
    """

    paths: tuple[str, ...]
    source: str
    split_bytes: int
    max_record_bytes: int
    max_header_bytes: int
    max_window_bytes: int
    ids: str

    def __init__(
        self,
        *paths: str,
        source: str = "wet",
        split_bytes: int = SPLIT_BYTES,
        max_record_bytes: int = RECORD_BYTES,
        max_header_bytes: int = HEADER_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        ids: str = "record",
    ) -> None:
        """Name files, globs, folders (every *.wet, *.wet.gz, ... below) and URLs."""
        check_limits(
            "Wet",
            split_bytes=split_bytes,
            max_record_bytes=max_record_bytes,
            max_header_bytes=max_header_bytes,
            max_window_bytes=max_window_bytes,
        )
        check_ids("Wet", ids, IDS)
        object.__setattr__(self, "paths", paths)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "split_bytes", split_bytes)
        object.__setattr__(self, "max_record_bytes", max_record_bytes)
        object.__setattr__(self, "max_header_bytes", max_header_bytes)
        object.__setattr__(self, "max_window_bytes", max_window_bytes)
        object.__setattr__(self, "ids", ids)

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
        return SCHEMA

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """One shard a file, or one a part of a large file, sorted by name."""
        return workspace.listing(repr(self), self._shards)

    def _shards(self) -> tuple[Shard, ...]:
        return split(named(listed(self.paths, SUFFIXES)), self.split_bytes, UNCUT)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB."""
        rows, identities = Rows(SCHEMA, columns), Identities()
        archive = Archive(
            shard=shard,
            source=self.source,
            found=current_input(self.paths, shard),
            types=TYPES,
            record_bytes=self.max_record_bytes,
            header_bytes=self.max_header_bytes,
            max_window_bytes=self.max_window_bytes,
        )

        def add(record: Record) -> Fault | None:
            values = common_values(record, archive.source, archive.found.path)
            languages = record.fields.get(b"warc-identified-content-language", b"")
            values["languages"] = decoded_field(languages) or None
            body = record.body or b""
            values["id"] = self._prefix(archive) + record_id(identities, record.fields, body)
            text, _, replaced = decode(body, "utf-8")
            values["text"] = text.replace("\0", "")
            intake.decoded(text, replaced)
            rows.add(values, len(body))
            return None

        yield from archive.read(rows, add, intake)

    def _prefix(self, archive: Archive) -> str:
        return file_prefix(self.source, archive.found.path) if self.ids == "file" else ""

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The file as it is now, without its hash."""
        return (current_input(self.paths, shard),)

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return {
            "reads": "wet",
            "source": self.source,
            "split_bytes": self.split_bytes,
            "max_record_bytes": self.max_record_bytes,
            "max_header_bytes": self.max_header_bytes,
            **({} if self.ids == "record" else {"ids": self.ids}),
        }
