"""The pages of a Parquet column chunk, by their headers: the footer does not say how each is encoded and how large it is.

The format: github.com/apache/parquet-format, parquet.thrift (PageHeader) in Thrift's compact protocol
(github.com/apache/thrift, doc/specs/thrift-compact-protocol.md).
"""

from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow.parquet as pq

DATA, DICTIONARY, DATA_V2 = 0, 2, 3
PLAIN, PLAIN_DICTIONARY, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY, RLE_DICTIONARY = 0, 2, 6, 7, 8
BY_INDEX = (PLAIN_DICTIONARY, RLE_DICTIONARY)
HEADER_BYTES = 1 << 10
MOST_HEADER_BYTES = 16 << 20
"""A header may repeat the minimum and the maximum of its page; 16 MB is where Arrow stops as well."""
DEEPEST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, as its header describes it."""

    kind: int
    """DATA, DICTIONARY or DATA_V2."""
    encoding: int
    values: int
    """With the nulls, and of a nested column more or fewer than rows."""
    bytes: int
    """Uncompressed."""
    start: int
    stop: int
    """The offset of what follows the header."""
    levels: int = 0
    """Bytes of definition and repetition levels; in DATA_V2 they are never compressed."""
    compressed: bool = True
    """False where a page in a compressed chunk says that it is not; only DATA_V2 can."""


def pages_of(stream: BinaryIO, chunk: pq.ColumnChunkMetaData) -> list[Page] | None:
    """Return the pages of a chunk in their order; None where the headers cannot be read, as in a damaged or encrypted file."""
    place = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        place = min(place, chunk.dictionary_page_offset)
    stop, values, pages = place + chunk.total_compressed_size, 0, []
    while place < stop and values < chunk.num_values:
        page = _page(stream, place)
        if page is None or page.stop > stop:
            return None
        if page.kind in (DATA, DICTIONARY, DATA_V2):
            pages.append(page)
            values += 0 if page.kind == DICTIONARY else page.values
        place = page.stop
    return pages if values == chunk.num_values else None


def _page(stream: BinaryIO, place: int) -> Page | None:
    count = HEADER_BYTES
    while count <= MOST_HEADER_BYTES:
        stream.seek(place)
        data = stream.read(count)
        try:
            fields, size = _struct(data, 0, 0)
            return _described(fields, place + size)
        except IndexError:  # the header goes on, or the file ends
            count = count * 16 if len(data) == count else MOST_HEADER_BYTES + 1
        except (KeyError, TypeError, ValueError, AttributeError):
            break
    return None


def _described(fields: dict[int, Any], start: int) -> Page:
    kind, size, packed = fields[1], fields[2], fields[3]
    if size < 0 or packed < 0:
        raise ValueError("a page of negative size")
    given = {"kind": kind, "bytes": size, "start": start, "stop": start + packed}
    if kind == DATA_V2:
        more = fields[8]
        levels = more[5] + more[6]
        return Page(**given, encoding=more[4], values=more[1], levels=levels, compressed=more.get(7, True))
    more = fields.get({DATA: 5, DICTIONARY: 7}.get(kind, 0), {1: 0, 2: PLAIN})
    if more[1] < 0:
        raise ValueError("a page of a negative number of values")
    return Page(**given, encoding=more[2], values=more[1])


def _struct(data: bytes, place: int, depth: int) -> tuple[dict[int, Any], int]:
    """Return the fields of a struct by number, and the place behind it."""
    if depth > DEEPEST:
        raise ValueError("a header that is nested too deep")
    fields: dict[int, Any] = {}
    number = 0
    while (head := data[place]) != 0:
        place += 1
        if head >> 4:
            number += head >> 4
        else:
            number, place = _signed(data, place)
        fields[number], place = _value(data, place, head & 15, depth)
    return fields, place + 1


def _value(data: bytes, place: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (1, 2):
        return kind == 1, place
    if kind == 3:
        return data[place], place + 1
    if kind in (4, 5, 6):
        return _signed(data, place)
    if kind == 7:
        return None, place + 8
    if kind == 8:
        size, place = _number(data, place)
        if place + size > len(data):
            raise IndexError(size)
        return None, place + size  # the minimum or maximum value: not used here
    if kind == 12:
        return _struct(data, place, depth + 1)
    raise ValueError("a type that no page header has")


def _number(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, place
        if shift > 63:
            raise ValueError("a number that does not end")


def _signed(data: bytes, place: int) -> tuple[int, int]:
    number, place = _number(data, place)
    return (number >> 1) ^ -(number & 1), place
