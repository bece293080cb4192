"""Plain text files as documents."""

import codecs
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.readers.files import current_input
from atom_data.readers.lines import Line, Lines, batches_of
from atom_data.readers.rows import Identities, Rows
from atom_data.readers.source import FileSource, Places
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.readers.streams.window import Window
from atom_data.storage.parquet import strings
from atom_data.storage.shards import Intake, Shard
from atom_data.text.charsets.decoders import decode
from atom_data.text.charsets.labels import meant_by
from atom_data.workspace import Workspace

SUFFIXES = tuple(f".txt{end}" for end in ("", ".gz", ".zst", ".bz2", ".xz", ".lz4"))
UNITS = ("file", "block", "line")
DOCUMENT_BYTES = 16 << 20
UTF_16_MARKS = {codecs.BOM_UTF16_LE: "utf-16le", codecs.BOM_UTF16_BE: "utf-16be"}
WIDE = "the file is in UTF-16: take unit='file', or convert it to UTF-8;"
SCHEMA = pa.schema([*strings("id", "text", "source", "file"), ("offset", pa.int64())])


@dataclass(frozen=True, slots=True, init=False)
class Text(FileSource):
    """Documents from text files, plain or compressed: one per file, one per block between blank lines, or one per line.

    Columns: `id` (BLAKE2b-128 over source, file, text, and the number of equal ones before it in the file), `text`
    (from `charset`, any label of the WHATWG Encoding standard; bytes that are none in it become U+FFFD and are counted in
    the receipt; NUL, a byte order mark and the last line end are left out), `source`, `file` (path below the common folder
    of the source), `offset` (bytes, in the decompressed file). A file that begins with a byte order mark of UTF-8 or UTF-16
    is in that encoding, whatever `charset` says. Documents of nothing but white space are not rows.

    Rejected, with the rest of the file still read: `text.too_large` (a document above `max_document_bytes`). Rejected as a
    whole: `text.utf16` (a file in UTF-16 whose blocks or lines are asked for: they cannot be found in bytes).
    Errors: DataError for broken or cut off compressed data, for data that keeps more than `max_window_bytes`,
    and for a file that cannot be read to its end.
    Memory: a batch of 8 MB and a document of `max_document_bytes` a few times over, 150 bytes per row of the file.
    """

    paths: tuple[str, ...]
    source: str
    unit: str
    suffixes: tuple[str, ...]
    max_document_bytes: int
    max_window_bytes: int
    charset: str
    ids_said = "a hash of source, file and text"

    def __init__(
        self,
        *paths: Places,
        source: str = "text",
        unit: str = "file",
        suffixes: tuple[str, ...] = SUFFIXES,
        max_document_bytes: int = DOCUMENT_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        charset: str = "utf-8",
    ) -> None:
        """Name files, globs, folders (every file below that ends in one of `suffixes`) and URLs."""
        if unit not in UNITS:
            raise ConfigError(f"Text: unit is '{unit}'; there are {', '.join(UNITS)}. Take one.")
        encoding = meant_by(charset)
        if encoding is None or encoding == "replacement" or (encoding.startswith("utf-16") and unit != "file"):
            raise ConfigError(
                f"Text: charset is '{charset}' with unit '{unit}'. Give a label of the WHATWG Encoding standard, such as "
                "'utf-8', 'windows-1252' or 'shift_jis'; 'utf-16le' and 'utf-16be' go with unit='file' only."
            )
        limits = {"max_document_bytes": max_document_bytes, "max_window_bytes": max_window_bytes}
        self._settle(paths, (), source=source, unit=unit, suffixes=suffixes, charset=encoding, **limits)

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source

    def schema(self) -> pa.Schema:
        """Columns and types."""
        return SCHEMA

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB."""
        rows, identities = Rows(SCHEMA, columns), Identities()
        found, window = current_input(self.paths, shard), Window(shard.path)

        def add(document: Line) -> None:
            self._add(document, found.path, rows, identities, intake)

        return batches_of(window, self._documents(window, intake), add, rows, found, intake)

    def _documents(self, window: Window, intake: Intake) -> Iterator[Line]:
        """Yield the documents of a file; none of one in UTF-16 where blocks or lines are asked for."""
        lines = Lines(window, self.max_document_bytes, self.max_window_bytes)
        for document in documents(lines, self.unit, self.max_document_bytes):
            if self.unit != "file" and document.offset == 0 and document.data.startswith(tuple(UTF_16_MARKS)):
                intake.reject("text.utf16", 0, f"{WIDE} {self.unit}s cannot be told", document.data)
                return
            yield document

    def _add(self, document: Line, file: str, rows: Rows, identities: Identities, intake: Intake) -> None:
        if not document.whole:
            detail = f"the {self.unit} has {document.bytes} bytes, more than the {self.max_document_bytes} allowed"
            intake.reject("text.too_large", document.offset, detail, document.data)
            return
        text, replaced = self._decoded(document.data)
        if text.strip():
            intake.decoded(text, replaced)
            identity = identities.next(self.source.encode(), file.encode(), document.data)
            values = {"id": identity, "text": text, "source": self.source, "file": file, "offset": document.offset}
            rows.add(values, document.bytes)

    def _decoded(self, data: bytes) -> tuple[str, int]:
        """Return the text without NUL, and how many of its characters had to be replaced."""
        encoding = UTF_16_MARKS.get(data[:2], self.charset)
        if data.startswith(codecs.BOM_UTF8):
            encoding = "utf-8"
        if encoding == "utf-16be" and len(data) % 2:
            data += b"\n"  # half of the last line end was taken off
        text, _, replaced = decode(data, encoding)
        if encoding.startswith("utf-16"):
            text = text.removesuffix("\n").removesuffix("\r")
        return text.replace("\0", ""), replaced

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return {
            "reads": "text",
            "source": self.source,
            "unit": self.unit,
            "max_document_bytes": self.max_document_bytes,
            "charset": self.charset,
        }


def documents(lines: Lines, unit: str, limit: int) -> Iterator[Line]:
    """Yield the files, blocks or lines of a text file; of one that is too long only the beginning."""
    parts: list[bytes] = []
    offset = size = 0
    for line in lines:
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
