"""JSON lines as documents."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from atom_data.readers.fields.mapping import Field, Unfit, check_columns, checked
from atom_data.readers.fields.source import IDS, FieldSource, own_columns, schema_with
from atom_data.readers.files import SPLIT_BYTES, current_input, split
from atom_data.readers.lines import LINE_BYTES, Line, Lines, batches_of
from atom_data.readers.rows import Identities, Rows
from atom_data.readers.source import Places
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.readers.streams.window import Window
from atom_data.storage.shards import Intake, Shard
from atom_data.text.charsets.labels import REPLACEMENT
from atom_data.text.clean import clean
from atom_data.workspace import Workspace

SUFFIXES = tuple(
    f".{name}{end}" for name in ("jsonl", "ndjson", "json") for end in ("", ".gz", ".zst", ".bz2", ".xz", ".lz4")
)
COMMON = own_columns("offset")
WRITTEN = re.compile(rb"\xef\xbf\xbd|\\u[fF]{3}[dD]")
"""U+FFFD that was in the source text."""


@dataclass(frozen=True, slots=True, init=False)
class Jsonl(FieldSource):
    """Documents from JSON lines, plain or compressed (.gz, .zst, .bz2, .xz): every line becomes a row.

    Columns: `id`, `text`, `url`, `date`, from the fields that the parameters of the same names give (null where a line
    has none; a dot goes into a field: `text="doc.text"`; several texts are joined by an empty line: `text=("title", "body")`;
    `text=Messages()` takes chat messages); `source` (the parameter; without it the field `source` of the line, else
    `jsonl`), `file` (path below the common folder of the source), `offset` (bytes, of the line in the decompressed file), and
    the fields of `columns`: name to type, one of string, int64, double, bool.
    A line without an id (none, null, NaN, true, false, or empty) gets BLAKE2b-128 over source, file, URL, text, and the
    number of equal ones before it in the shard; a number becomes its text as Python writes it. Half surrogate pairs become
    U+FFFD, counted in the receipt; NUL is left out. Empty lines are counted, not kept.
    Where ids repeat from file to file, `ids="file"` puts the file before them: `FILE#ID` (`file_prefix` has the rules);
    where a file itself repeats them, `ids="row"` takes the place of the line: `FILE#OFFSET`. Both are the same however a
    file is split. Nothing is looked for here: the passes refuse ids that repeat.

    Files above `split_bytes` are read in parts where they are not compressed; 0 turns it off.
    Rejected, with the rest of the file still read: `jsonl.bad_utf8`, `jsonl.bad_json` (no JSON, or no object),
    `jsonl.no_text` (no such field, or no string in it), `jsonl.bad_value` (a field of `columns` with another type),
    `jsonl.too_large` (a line above `max_line_bytes`).
    Errors: DataError for broken or cut off compressed data, and for a file that cannot be read to its end.
    Data that keeps more than `max_window_bytes` (128 MB; `zstd --long=31` 2 GB), and zstd frames that need a dictionary
    that is not there, are a DataError that says so; zstd frames without data are skipped.
    Memory: a batch of 8 MB, a line of `max_line_bytes` a few times over, the window of the compression, 150
    bytes per row of the shard without an id.
    """

    columns: tuple[tuple[str, str], ...]
    split_bytes: int
    max_line_bytes: int
    max_window_bytes: int
    suffixes = SUFFIXES
    kind = "jsonl"
    words = ("field", "offset of the line")

    def __init__(
        self,
        *paths: Places,
        source: str | None = None,
        text: Field = "text",
        id: str = "id",  # noqa: A002
        url: str = "url",
        date: str = "date",
        columns: Mapping[str, str] | None = None,
        split_bytes: int = SPLIT_BYTES,
        max_line_bytes: int = LINE_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        ids: str = "column",
    ) -> None:
        """Name files, globs, folders (every *.jsonl, *.jsonl.gz, ... below) and URLs."""
        check_columns("Jsonl", columns or {}, COMMON.names)
        fields = {"source": source, "text": checked("Jsonl", text), "id": id, "url": url, "date": date, "ids": ids}
        limits = {"split_bytes": split_bytes, "max_line_bytes": max_line_bytes, "max_window_bytes": max_window_bytes}
        self._settle(paths, IDS, columns=tuple((columns or {}).items()), **fields, **limits)

    def schema(self) -> pa.Schema:
        """Columns and types."""
        return schema_with(COMMON, self.columns)

    def _parts(self) -> tuple[Shard, ...]:
        return split(self._whole_files(), self.split_bytes)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB."""
        rows, identities = Rows(self.schema(), columns), Identities()
        found, window = current_input(self.paths, shard), Window(shard.path, shard.start, shard.stop)
        lines = Lines(window, self.max_line_bytes, self.max_window_bytes)

        def add(line: Line) -> None:
            if line.data.strip():
                self._add(line, found.path, rows, identities, intake)
            else:
                intake.skipped["jsonl.empty_line"] += 1

        yield from batches_of(window, lines, add, rows, found, intake)
        intake.span = None if shard.stop is None else (lines.first, lines.after)

    def _add(self, line: Line, file: str, rows: Rows, identities: Identities, intake: Intake) -> None:
        try:
            values = self._values(parsed(line, self.max_line_bytes), self.columns)
        except Unfit as unfit:
            reason, detail = unfit.args
            intake.reject(f"jsonl.{reason}", line.offset, detail, line.data[: 1 << 16])
            return
        if b"\\u" in line.data:  # only an escape can give what is not text
            values = {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}
        values["file"], values["offset"] = file, line.offset
        self._complete(values, line.offset, identities)
        text = values["text"] or ""
        # A line that is not UTF-8 is rejected: what an escape made of half a surrogate pair is all that is replaced.
        replaced = text.count(REPLACEMENT) - len(WRITTEN.findall(line.data)) if REPLACEMENT in text else 0
        intake.decoded(text, max(0, replaced))
        rows.add(values, line.bytes)

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return {
            "reads": "jsonl",
            "source": self.source,
            "fields": self._named(),
            "columns": dict(self.columns),
            "split_bytes": self.split_bytes,
            "max_line_bytes": self.max_line_bytes,
            **({} if self.ids == "column" else {"ids": self.ids}),
        }


def parsed(line: Line, limit: int) -> dict[str, Any]:
    """Return the object in a line; Unfit where there is none."""
    if not line.whole:
        raise Unfit("too_large", f"the line has {line.bytes} bytes, more than the {limit} allowed")
    try:
        record = json.loads(line.data.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        raise Unfit("bad_utf8", f"byte {error.start} of the line is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Unfit("bad_json", " ".join(str(error).split())[:200]) from error
    if not isinstance(record, dict):
        raise Unfit("bad_json", f"the line holds no object but {type(record).__name__}")
    return record
