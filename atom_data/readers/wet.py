"""WET files as documents: the texts that a crawler has already taken from its pages."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa

from atom_data.readers.archive import COMMON, IDS, Archive, ArchiveSource, common_values, decoded_field, record_id
from atom_data.readers.files import SPLIT_BYTES
from atom_data.readers.records import HEADER_BYTES, RECORD_BYTES, Fault, Record
from atom_data.readers.rows import Identities, Rows
from atom_data.readers.source import Places
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.storage.shards import Intake, Shard
from atom_data.text.charsets.decoders import decode
from atom_data.workspace import Workspace

SUFFIXES: tuple[str, ...] = (".wet", ".wet.gz", ".wet.zst", ".wet.bz2", ".wet.xz", ".wet.lz4")
TYPES = frozenset((b"conversion",))
SCHEMA = pa.schema([*COMMON, pa.field("languages", pa.string()), pa.field("text", pa.string())])


@dataclass(frozen=True, slots=True, init=False)
class Wet(ArchiveSource):
    """Texts from WET files: every `conversion` record becomes a row.

    Columns: `id`, `url`, `date`, `source`, `file` and `offset` as in `Warc`; `languages` (the crawler's
    WARC-Identified-Content-Language, for example `eng,deu`; null where it says none); `text` (UTF-8; bytes that are
    none become U+FFFD, counted in the receipt; NUL and a byte order mark are left out).
    `ids`, parts, rejected records, errors and memory as in `Warc`.
    """

    suffixes = SUFFIXES
    types = TYPES
    layout = SCHEMA

    def __init__(
        self,
        *paths: Places,
        source: str = "wet",
        split_bytes: int = SPLIT_BYTES,
        max_record_bytes: int = RECORD_BYTES,
        max_header_bytes: int = HEADER_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        ids: str = "record",
    ) -> None:
        """Name files, globs, folders (every *.wet, *.wet.gz, ... below) and URLs."""
        limits = {"max_record_bytes": max_record_bytes, "max_header_bytes": max_header_bytes}
        limits |= {"split_bytes": split_bytes, "max_window_bytes": max_window_bytes}
        self._settle(paths, IDS, source=source, ids=ids, **limits)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB; which records are rows does not depend on the columns."""
        return self._read(shard, columns, intake, self._add)

    def _add(
        self, record: Record, archive: Archive, rows: Rows, identities: Identities, intake: Intake
    ) -> Fault | None:
        values = common_values(record, archive.source, archive.found.path)
        languages = record.fields.get(b"warc-identified-content-language", b"")
        values["languages"] = decoded_field(languages) or None
        body = bytes(record.body or b"")
        values["id"] = self._prefix(archive) + record_id(identities, record.fields, body)
        text, _, replaced = decode(body, "utf-8")
        values["text"] = text.replace("\0", "")
        intake.decoded(text, replaced)
        rows.add(values, len(body))
        return None

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return self._identity("wet", {})
