"""What pages of DELTA_BYTE_ARRAY unfold to: a value there is the first bytes of the one before it, and what follows.

The encoding: github.com/apache/parquet-format, Encodings.md (DELTA_BINARY_PACKED = 5, DELTA_BYTE_ARRAY = 7).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.storage.pages.bigpages import BIG_PAGE_BYTES, BLOCKS, STREAMS, Bytes
from atom_data.storage.pages.pages import DATA, DELTA_BYTE_ARRAY, DELTA_LENGTH_BYTE_ARRAY, Page

MOST_VALUES = 1 << 24


def unfolded(stream: BinaryIO, pages: Sequence[Page], codec: str, nulls: bool, limit: int) -> list[Page]:
    """Return the pages of a column that is not nested with the bytes that they unfold to, as if no value repeated another.

    A page stays as it is where that is above `limit`, cannot be known, or would cost too much to know.
    """
    return [_one(stream, page, codec, nulls, limit) if page.encoding == DELTA_BYTE_ARRAY else page for page in pages]


def _one(stream: BinaryIO, page: Page, codec: str, nulls: bool, limit: int) -> Page:
    if page.values > MOST_VALUES or page.bytes > BIG_PAGE_BYTES or (codec not in STREAMS and codec not in BLOCKS):
        return page
    try:
        data = Bytes(stream, page, codec)
        if nulls and page.kind == DATA:
            data.read(int.from_bytes(data.read(4), "little"))
        lengths = _numbers(data, page.values)
        if lengths.min() < 0 or lengths.max() > page.bytes:
            return page
        size = page.bytes + int(lengths.sum())
    except (ValueError, IndexError, OSError, ArithmeticError, pa.ArrowException):
        return page  # the reader will report what is wrong
    return replace(page, bytes=size, encoding=DELTA_LENGTH_BYTE_ARRAY) if size <= limit else page


def _numbers(data: Bytes, most: int) -> npt.NDArray[np.int64]:
    """Return the numbers of a DELTA_BINARY_PACKED sequence, here the lengths of what is repeated."""
    block, parts, count = (_number(data) for _ in range(3))
    size = block // parts
    if count > most or size % 8 or size > block or block > MOST_VALUES:
        raise ValueError("a sequence that cannot be")
    deltas = np.zeros(max(count, 1), np.int64)
    deltas[0] = _signed(data)
    at = 1
    while at < count:
        least = _signed(data)
        for width in data.read(parts):
            if at < count:
                part = deltas[at : at + size]
                part[:] = least if width == 0 else least + _unpacked(data.read(size * width // 8), width)[: part.size]
                at += size
    return np.cumsum(deltas)


def _unpacked(data: bytes, width: int) -> npt.NDArray[np.int64]:
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").reshape(-1, width)
    return bits.astype(np.int64) @ (np.int64(1) << np.arange(width, dtype=np.int64))


def _number(data: Bytes) -> int:
    number = shift = 0
    while shift < 70:
        (byte,) = data.read(1)
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number
    raise ValueError("a number that does not end")


def _signed(data: Bytes) -> int:
    number = _number(data)
    return (number >> 1) ^ -(number & 1)
