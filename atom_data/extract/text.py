"""Plain text files as documents."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.extract.files import check_limits, current_input, listed, named
from atom_data.extract.lines import Line, Lines
from atom_data.extract.rows import Identities, Rows
from atom_data.extract.window import Window
from atom_data.storage.listing import listing
from atom_data.storage.shards import Input, Intake, Shard

SUFFIXES = tuple(f".txt{end}" for end in ("", ".gz", ".zst", ".bz2", ".xz"))
UNITS = ("file", "block", "line")
DOCUMENT_BYTES = 16 << 20
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("text", pa.string()),
        pa.field("source", pa.string()),
        pa.field("file", pa.string()),
        pa.field("offset", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """Documents from text files, plain or compressed: one a file, one a block between blank lines, or one a line.

    Columns: `id` (BLAKE2b-128 over source, file, text, and the number of equal ones before it in the file), `text`
    (bytes that are no UTF-8 become U+FFFD, NUL, a byte order mark and the last line end are left out), `source`, `file`
    (path below the common folder of the source), `offset` (bytes, in the decompressed file).
    Documents of nothing but white space are no rows.

    Rejected, with the rest of the file still read: `text.too_large` (a document above `max_document_bytes`).
    Errors: DataError for broken or cut off compressed data, and for a file that cannot be read to its end.
    Memory: a batch of 8 MB and a document of `max_document_bytes` a few times over, 150 bytes a row of the file.
    """

    paths: tuple[str, ...]
    source: str
    unit: str
    suffixes: tuple[str, ...]
    max_document_bytes: int

    def __init__(
        self,
        *paths: str,
        source: str = "text",
        unit: str = "file",
        suffixes: tuple[str, ...] = SUFFIXES,
        max_document_bytes: int = DOCUMENT_BYTES,
    ) -> None:
        """Name files, globs, folders (every file below that ends in one of `suffixes`) and URLs."""
        check_limits("Text", max_document_bytes=max_document_bytes)
        if unit not in UNITS:
            raise ConfigError(f"Text: unit is '{unit}'; there are {', '.join(UNITS)}. Take one.")
        object.__setattr__(self, "paths", paths)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "unit", unit)
        object.__setattr__(self, "suffixes", suffixes)
        object.__setattr__(self, "max_document_bytes", max_document_bytes)

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source

    @property
    def ids_said(self) -> str:
        """How ids are made, for people."""
        return "a hash of source, file and text"

    def schema(self) -> pa.Schema:
        """Columns and types."""
        return SCHEMA

    def shards(self, out: str) -> tuple[Shard, ...]:
        """One shard a file, sorted by name."""
        return listing(out, repr(self), self._shards)

    def _shards(self) -> tuple[Shard, ...]:
        return tuple(named(listed(self.paths, self.suffixes)))

    def read(self, shard: Shard, out: str, columns: Collection[str], intake: Intake) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB."""
        rows, identities = Rows(SCHEMA, columns), Identities()
        found = current_input(self.paths, shard)
        window = Window(shard.path)
        try:
            for document in documents(window, self.unit, self.max_document_bytes):
                self._add(document, found.path, rows, identities, intake)
                intake.bytes_read = window.bytes
                if rows.full():
                    yield from rows.take()
            yield from rows.take()
            window.drain()
        finally:
            window.close()
        intake.inputs.append(replace(found, bytes=window.bytes, sha256=window.digest.hexdigest()))

    def _add(self, document: Line, file: str, rows: Rows, identities: Identities, intake: Intake) -> None:
        if not document.whole:
            detail = f"the {self.unit} has {document.bytes} bytes, more than the {self.max_document_bytes} allowed"
            intake.reject("text.too_large", document.offset, detail, document.data)
            return
        text = document.data.decode("utf-8-sig", "replace").replace("\0", "")
        if text.strip():
            identity = identities.next(self.source.encode(), file.encode(), document.data)
            values = {"id": identity, "text": text, "source": self.source, "file": file, "offset": document.offset}
            rows.add(values, document.bytes)

    def current(self, shard: Shard, out: str) -> tuple[Input, ...]:
        """The file as it is now, without its hash."""
        return (current_input(self.paths, shard),)

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return {
            "reads": "text",
            "source": self.source,
            "unit": self.unit,
            "max_document_bytes": self.max_document_bytes,
        }


def documents(window: Window, unit: str, limit: int) -> Iterator[Line]:
    """Yield the files, blocks or lines of a text file; of one that is too long only the beginning."""
    parts: list[bytes] = []
    offset = size = 0
    for line in Lines(window, limit):
        if unit == "line":
            yield replace(line, data=line.data.removesuffix(b"\r"))
            continue
        if unit == "block" and line.whole and not line.data.strip():
            if size:
                yield _joined(parts, offset, size, limit)
            parts, size = [], 0
            continue
        offset = offset if size else line.offset
        if size <= limit:
            parts.append(line.data + b"\n" * line.ended)
        size += line.bytes + line.ended
    if size:
        yield _joined(parts, offset, size, limit)


def _joined(parts: list[bytes], offset: int, size: int, limit: int) -> Line:
    data = b"".join(parts)
    if size > limit:
        return Line(offset, data[: 1 << 16], size, whole=False, ended=True)
    return Line(offset, data.removesuffix(b"\n").removesuffix(b"\r"), size, whole=True, ended=True)
