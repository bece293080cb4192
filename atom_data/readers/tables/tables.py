"""CSV, TSV, Arrow IPC and JSON arrays as documents."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.readers.fields.mapping import Field, Unfit, check_columns, checked
from atom_data.readers.fields.source import IDS, FieldSource, own_columns, schema_with
from atom_data.readers.files import current_input, has_suffix
from atom_data.readers.lines import Lines
from atom_data.readers.row_groups import on_disk
from atom_data.readers.rows import Identities, Rows
from atom_data.readers.source import Places
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.readers.streams.window import Window
from atom_data.readers.tables.formats import ARROW_FILE, Row, array_rows, arrow_rows, delimited_rows
from atom_data.readers.tables.unpacked import Unpacked
from atom_data.storage.paths import local, sha256, without_secrets
from atom_data.storage.shards import Intake, Shard
from atom_data.text.clean import clean
from atom_data.workspace import Workspace

ENDS = ("", ".gz", ".zst", ".bz2", ".xz", ".lz4")
DELIMITED = tuple(f".{name}{end}" for name in ("csv", "tsv", "tab") for end in ENDS)
ARRAYS = tuple(f".json{end}" for end in ENDS)
ARROW = (".arrow", ".arrows", ".ipc", ".feather")
SUFFIXES = (*DELIMITED, *ARROW, *ARRAYS)
ROW_BYTES = 16 << 20
COMMON = own_columns("row")


@dataclass(frozen=True, slots=True, init=False)
class Tables(FieldSource):
    """Documents from tables: CSV and TSV (RFC 4180, names in the first line), Arrow IPC files and streams, JSON arrays.

    Columns: `id`, `text`, `url`, `date`, from the fields that the parameters of the same names give, as in `Jsonl`; `source`,
    `file`, `row` (number in the file, from 0 on), and the fields of `columns`: name to type, one of string, int64, double, bool.
    Values of CSV are strings; in `columns` they can have another type only where it is string. An id that is not there, or empty,
    is made as in `Jsonl`; `ids="file"` and `ids="row"` as there.

    CSV and JSON may be compressed (.gz, .zst, .bz2, .xz, .lz4); Arrow has compressions of its own. What is in a file says its
    ending: .csv; .tsv and .tab with tabs; `delimiter` says another sign. Files are read whole, one after the other.
    Rejected, with the rest of the file still read: `table.bad_row` (a row of CSV with more or fewer values than names, or whose
    quotes do not close where a value ends: with it goes what they took in of the next rows),
    `table.bad_utf8`, `table.bad_json` (what is not an object), `table.no_text`, `table.bad_value`.
    Errors: DataError for a file that is broken or cut off, for
    an array that is not one, and for a row above `max_row_bytes`.
    Memory: `max_row_bytes` some times over, for Arrow the largest record batch of the file; 150 bytes per row without an id.
    """

    columns: tuple[tuple[str, str], ...]
    delimiter: str | None
    max_row_bytes: int
    max_window_bytes: int
    suffixes = SUFFIXES
    kind = "table"
    words = ("field", "row")

    def __init__(
        self,
        *paths: Places,
        source: str | None = None,
        text: Field = "text",
        id: str = "id",  # noqa: A002
        url: str = "url",
        date: str = "date",
        columns: Mapping[str, str] | None = None,
        delimiter: str | None = None,
        max_row_bytes: int = ROW_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        ids: str = "column",
    ) -> None:
        """Name files, globs, folders (every *.csv, *.tsv, *.arrow, *.feather, *.json, ... below) and URLs."""
        check_columns("Tables", columns or {}, COMMON.names)
        if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
            raise ConfigError(f"Tables: delimiter is {delimiter!r}; it is one ASCII character, such as ';'. Give one.")
        fields = {"source": source, "text": checked("Tables", text), "id": id, "url": url, "date": date, "ids": ids}
        limits = {"max_row_bytes": max_row_bytes, "max_window_bytes": max_window_bytes}
        columns_given = tuple((columns or {}).items())
        self._settle(paths, IDS, columns=columns_given, delimiter=delimiter, **fields, **limits)

    def schema(self) -> pa.Schema:
        """Columns and types."""
        return schema_with(COMMON, self.columns)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB."""
        rows, identities = Rows(self.schema(), columns), Identities()
        found = current_input(self.paths, shard)
        if has_suffix(shard.path, ARROW):
            with on_disk(shard.path) as path:
                with local(path).open("rb") as stream:
                    begin = stream.read(len(ARROW_FILE))
                    stream.seek(0)
                    for row in arrow_rows(stream, without_secrets(shard.path), begin == ARROW_FILE):
                        intake.bytes_read = stream.tell()
                        self._add(row, found.path, rows, identities, intake)
                        if rows.full():
                            yield from rows.take()
                digest = sha256(path)
            intake.inputs.append(replace(found, sha256=digest))
        else:
            window = Window(shard.path)
            try:
                for row in self._unpacked(window):
                    intake.bytes_read = window.bytes
                    self._add(row, found.path, rows, identities, intake)
                    if rows.full():
                        yield from rows.take()
                window.drain()
            finally:
                window.close()
            intake.inputs.append(replace(found, bytes=window.bytes, sha256=window.digest.hexdigest()))
        yield from rows.take()

    def _unpacked(self, window: Window) -> Iterator[Row]:
        where = without_secrets(window.path)
        stream = Unpacked(Lines(window, self.max_row_bytes, self.max_window_bytes).pieces())
        if has_suffix(window.path, ARRAYS):
            return array_rows(stream, where, self.max_row_bytes)
        tabs = not has_suffix(window.path, DELIMITED[: len(ENDS)]) and has_suffix(window.path, DELIMITED)
        return delimited_rows(stream, where, self.delimiter or ("\t" if tabs else ","), self.max_row_bytes)

    def _add(self, row: Row, file: str, rows: Rows, identities: Identities, intake: Intake) -> None:
        number, record, sample = row
        try:
            if isinstance(record, Unfit):
                raise record
            values = self._values(record, self.columns)
        except Unfit as unfit:
            why, detail = unfit.args
            intake.reject(f"table.{why}", number, detail, sample or repr(record)[: 1 << 16].encode("utf-8", "replace"))
            return
        values = {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}
        values["file"], values["row"] = file, number
        self._complete(values, number, identities)
        rows.add(values, len(values["text"] or ""))

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return {
            "reads": "tables",
            "source": self.source,
            "fields": self._named(),
            "columns": dict(self.columns),
            "delimiter": self.delimiter,
            "max_row_bytes": self.max_row_bytes,
            **({} if self.ids == "column" else {"ids": self.ids}),
        }
