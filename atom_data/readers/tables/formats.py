"""Rows of CSV and TSV files, Arrow IPC files and streams, and JSON arrays, each with its number; what is not a row says why."""

import codecs
import csv
import io
import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pyarrow as pa

from atom_data.errors import DataError
from atom_data.readers.fields.mapping import Unfit
from atom_data.readers.tables.unpacked import Unpacked
from atom_data.storage.paths import reason

Row = tuple[int, dict[str, Any] | Unfit, bytes]
"""Number from 0 on, the record or why it is none, and a sample of it where it is none."""
ARROW_FILE = b"ARROW1\0\0"
HEADER_BYTES = 1 << 20
ROWS = 1000
SAMPLE_BYTES = 1 << 16
READ_BYTES = 1 << 20
SPACE = " \t\n\r"


class _CsvLines:
    """The lines of a CSV file for its parser, as Latin-1, so that every byte is a character; it counts those of a row."""

    def __init__(self, stream: Unpacked, where: str, most: int) -> None:
        buffered = io.BufferedReader(stream, READ_BYTES)
        self._text = io.TextIOWrapper(buffered, encoding="latin-1", newline="")
        self._where, self._most = where, most
        self._row, self._parts, self._size = 0, [""], 0

    def begin(self, row: int) -> None:
        """Begin with a row."""
        self._row, self._parts, self._size = row, [], 0

    @property
    def sample(self) -> bytes:
        """What was read of the row, its beginning at most."""
        return "".join(self._parts).rstrip("\r\n")[:SAMPLE_BYTES].encode("latin-1")

    def __iter__(self) -> Iterator[str]:
        """It is one."""
        return self

    def __next__(self) -> str:
        """Return the next line. DataError where the row is above its limit."""
        line = self._text.readline(self._most + 1)
        if not line:
            raise StopIteration
        if self._size < SAMPLE_BYTES:
            self._parts.append(line[:SAMPLE_BYTES])
        self._size += len(line)
        if self._size > self._most:
            raise DataError(
                f"{self._where}: row {self._row:,} or one of the next has more than the {self._most:,} bytes allowed. Pass a "
                "larger max_row_bytes, or check its quotes."
            )
        return line


def delimited_rows(stream: Unpacked, where: str, delimiter: str, most: int) -> Iterator[Row]:
    """Yield the rows of a CSV file (RFC 4180) as strings by the names in its first line; empty lines are left out.

    A row with more or fewer values than names is `bad_row`, and so is one whose quotes do not close where a value ends: what
    a quote that was never closed took in of the next rows goes with it, and is not taken for its text. One that is not UTF-8
    is `bad_utf8`. Memory: `most` bytes a few times, which a row may have. Errors: DataError for a row above that, and for names
    that are missing or twice the same.
    """
    names = _names(stream, where, delimiter)
    csv.field_size_limit(max(csv.field_size_limit(), most))  # the lines have a limit of their own
    lines = _CsvLines(stream, where, most)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    next(rows, None)
    for number in itertools.count():
        values: list[str] | None = []
        while not values:  # an empty line has none
            lines.begin(number)
            try:
                values = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield (
                    number,
                    Unfit("bad_row", f"its quotes do not close where a value ends ({reason(error)})"),
                    lines.sample,
                )
                break
        else:
            if len(values) != len(names):
                said = f"{len(values)} values, and the first line has {len(names)} names"
                yield number, Unfit("bad_row", said), lines.sample
            else:
                yield number, *_decoded(names, values)


def _names(stream: Unpacked, where: str, delimiter: str) -> list[str]:
    begin = stream.peek(HEADER_BYTES)
    try:
        lines = io.StringIO(begin.decode("utf-8-sig", "replace"), newline="")
        names = next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error as error:
        raise DataError(f"{where}: its first line cannot be read ({reason(error)}). It names the columns.") from error
    if any("\ufffd" in name for name in names):
        raise DataError(f"{where}: its first line is not UTF-8. It names the columns. Write the file as UTF-8.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if not names or twice is not None:
        said = "is empty" if not names else f"names '{twice}' twice"
        raise DataError(f"{where}: its first line {said}. It names the columns, each once.")
    return names


def _decoded(names: list[str], values: list[str]) -> tuple[dict[str, Any] | Unfit, bytes]:
    row = {}
    for name, value in zip(names, values, strict=True):
        try:
            row[name] = value if value.isascii() else value.encode("latin-1").decode()
        except UnicodeDecodeError as error:
            return Unfit("bad_utf8", f"byte {error.start} of '{name}' is not UTF-8"), error.object[:SAMPLE_BYTES]
    return row, b""


def _rows_of(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    for start in range(0, batch.num_rows, ROWS):
        yield from batch.slice(start, ROWS).to_pylist()


def arrow_rows(stream: Any, where: str, is_file: bool) -> Iterator[Row]:  # noqa: ANN401 - a file, or Unpacked
    """Yield the rows of an Arrow IPC file or stream. Memory: its largest record batch. DataError for one that is damaged."""
    number = 0
    try:
        if is_file:
            file = pa.ipc.open_file(stream)
            batches = (file.get_batch(index) for index in range(file.num_record_batches))
        else:
            batches = iter(pa.ipc.open_stream(stream))
        for batch in batches:
            batch.validate(full=True)
            for row in _rows_of(batch):
                yield number, row, b""
                number += 1
    except (pa.ArrowException, OSError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{where}: is damaged or cut off behind row {number:,} ({reason(error)}). Fetch or write it again."
        ) from error


def array_rows(stream: Unpacked, where: str, most: int) -> Iterator[Row]:
    """Yield the objects of a JSON array; what is in it and is none is `bad_json`.

    Memory: `most` bytes a few times, which an object may have. DataError for an array that is damaged or cut off, because what
    follows cannot be told from it.
    """
    decoder, text, number = json.JSONDecoder(), _Text(stream, where), 0
    text.expect("[", number)
    if text.next() == "]":
        return
    while True:
        value = text.value(decoder, number, most)
        if isinstance(value, dict):
            yield number, value, b""
        else:
            yield (
                number,
                Unfit("bad_json", f"it is not an object but {type(value).__name__}"),
                repr(value)[:200].encode(),
            )
        number += 1
        if text.next() == "]":
            return
        text.expect(",", number)


class _Text:
    """Characters of a stream, decoded as they come."""

    def __init__(self, stream: Unpacked, where: str) -> None:
        self.stream, self.where = stream, where
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.text, self.index = "", 0

    def _more(self) -> bool:
        data = self.stream.read(READ_BYTES)
        try:
            more = self.decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise DataError(f"{self.where}: is not UTF-8 ({reason(error)}). Write it as UTF-8.") from error
        self.text, self.index = self.text[self.index :] + more, 0
        return bool(data)

    def next(self) -> str:
        """Return the next character that is not white space, empty at the end, and stay before it."""
        while True:
            rest = self.text[self.index :].lstrip(SPACE) if self.text[self.index : self.index + 1] in SPACE else None
            if rest is not None:
                self.text, self.index = rest, 0
            if self.index < len(self.text):
                return self.text[self.index]
            if not self._more():
                return ""

    def expect(self, sign: str, number: int) -> None:
        found = self.next()
        if found != sign:
            said = f"{found!r} and no {sign!r}" if found else f"the end of the file and no {sign!r}"
            raise DataError(
                f"{self.where}: before element {number:,} of its array stands {said}. Fetch or write it again."
            )
        self.index += 1

    def value(self, decoder: json.JSONDecoder, number: int, most: int) -> Any:  # noqa: ANN401 - any JSON
        self.next()
        while True:
            error: Exception | None = None
            with suppress(StopIteration):
                try:
                    value, end = decoder.raw_decode(self.text, self.index)
                    # A number may go on behind what is loaded.
                    if end < len(self.text) or isinstance(value, dict | list | str):
                        self.index = end
                        return value
                except (ValueError, RecursionError) as caught:
                    error = caught
            if len(self.text) - self.index > most:
                raise DataError(
                    f"{self.where}: element {number:,} of its array is broken, or has more than the {most:,} bytes allowed. "
                    "Write it again, or pass a larger max_row_bytes."
                ) from error
            if not self._more():
                raise DataError(
                    f"{self.where}: is broken or cut off at element {number:,} of its array. Fetch or write it again."
                ) from error
