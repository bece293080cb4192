"""Values of Parquet pages that are too large to be decompressed whole: a writer that counts rows makes pages of gigabytes.

Encodings: github.com/apache/parquet-format, Encodings.md (PLAIN; run length and bit packing hybrid).
"""

import io
import struct
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.storage.pages.pages import BY_INDEX, DATA_V2, DICTIONARY, PLAIN, Page

BIG_PAGE_BYTES = 128 << 20
STREAMS = {"UNCOMPRESSED": None, "GZIP": "gzip", "BROTLI": "brotli", "ZSTD": "zstd"}
"""Codecs that give a page piece by piece. Snappy, LZ4 and LZO know blocks only."""
BLOCKS = {"SNAPPY": "snappy"}
READ_BYTES = 1 << 20
RUN = 1 << 13


def can_be_streamed(pages: Sequence[Page], codec: str) -> bool:
    """Tell whether `Values` can read the pages of a column that is not nested; what Snappy packed is held whole."""
    known = all(page.encoding == PLAIN or page.encoding in BY_INDEX for page in pages)
    small = all(page.bytes <= BIG_PAGE_BYTES for page in pages if page.kind != DICTIONARY)
    return known and (codec in STREAMS or (codec in BLOCKS and small))


class Values:
    """The values of a text or binary column that is not nested, in order.

    Memory: what is asked for, the dictionary of the chunk, the levels of a page, and 1 MB.
    Errors: ValueError, IndexError, struct.error and pyarrow's, where the pages do not hold what their headers say.
    """

    def __init__(self, stream: BinaryIO, pages: Sequence[Page], codec: str, nulls: bool) -> None:
        """Read from an open file; `nulls` tells whether there may be any."""
        self._stream, self._codec, self._nulls = stream, codec, nulls
        self._pages = iter([page for page in pages if page.kind != DICTIONARY])
        self._left = 0
        self._valid: Runs | None = None
        self._next: Callable[[int], list[bytes]] = lambda _: []
        self._dictionary: list[bytes] | None = None
        self._entries = next((page for page in pages if page.kind == DICTIONARY), None)

    def take(self, rows: int) -> pa.Array:
        """Return the next rows as large_binary."""
        values: list[bytes] = []
        valid = np.ones(rows, np.bool_)
        done = 0
        while done < rows:
            if self._left == 0:
                self._open(next(self._pages, None))
                continue
            count = min(rows - done, self._left)
            if self._valid is not None:
                valid[done : done + count] = self._valid.take(count) == 1
            values += self._next(int(valid[done : done + count].sum()))
            self._left -= count
            done += count
        offsets = np.zeros(rows + 1, np.int64)
        lengths = np.zeros(rows, np.int64)
        lengths[valid] = [len(value) for value in values]
        np.cumsum(lengths, out=offsets[1:])
        bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
        return pa.Array.from_buffers(
            pa.large_binary(), rows, [bits, pa.py_buffer(offsets), pa.py_buffer(b"".join(values))]
        )

    def _open(self, page: Page | None) -> None:
        if page is None:
            raise ValueError("a column has fewer values than its row group has rows")
        data = Bytes(self._stream, page, self._codec)
        self._left, self._valid = page.values, None
        if self._nulls:
            size = page.levels if page.kind == DATA_V2 else int.from_bytes(data.read(4), "little")
            levels = data.levels if page.kind == DATA_V2 else data.read(size)
            self._valid = Runs(levels, 1)
        if page.encoding == PLAIN:
            self._next = data.values
            return
        width = data.read(1)[0]
        if width > 32:
            raise ValueError(f"indices of {width} bits")
        indices, dictionary = Runs(data.read(-1), width), self._all_entries()
        self._next = lambda count: [dictionary[index] for index in indices.take(count).tolist()]

    def longest_entry(self) -> int:
        """Return the bytes of the longest entry of the dictionary; 0 without one."""
        return max(map(len, self._all_entries()), default=0)

    def _all_entries(self) -> list[bytes]:
        if self._dictionary is None:
            entries = self._entries
            self._dictionary = Bytes(self._stream, entries, self._codec).values(entries.values) if entries else []
        return self._dictionary


class Bytes:
    """The bytes of a page, decompressed as they are asked for."""

    def __init__(self, stream: BinaryIO, page: Page, codec: str) -> None:
        """Begin behind the header."""
        self._raw = _Part(stream, page.start, page.stop)
        self.levels = self._raw.read(page.levels)
        self._page, self._waiting = page, b""
        self._source = self._raw if not page.compressed else _decompressed(self._raw, codec, page)

    def read(self, count: int) -> bytes:
        """Return this many bytes, or with -1 the rest. ValueError when there are fewer."""
        wanted = count if count >= 0 else self._page.bytes
        if wanted > self._page.bytes:
            raise ValueError("a value is larger than its page")
        parts, have = [self._waiting[:wanted]], min(wanted, len(self._waiting))
        self._waiting = self._waiting[wanted:]
        while have < wanted and (more := self._source.read(wanted - have)):
            parts.append(more)
            have += len(more)
        if have < count:
            raise ValueError("a page ends before its values do")
        return b"".join(parts)

    def values(self, count: int) -> list[bytes]:
        """Return the next values: each has its length before it, in 4 bytes."""
        values: list[bytes] = []
        at, unpack = 0, struct.Struct("<I").unpack_from
        while len(values) < count:
            if at + 4 > len(self._waiting):
                self._waiting = self._waiting[at:]
                at = 0
                self._waiting += self.read_some()
            stop = at + 4 + unpack(self._waiting, at)[0]
            if stop <= len(self._waiting):
                values.append(self._waiting[at + 4 : stop])
                at = stop
            else:
                self._waiting, size, at = self._waiting[at + 4 :], stop - at - 4, 0
                values.append(self.read(size))
        self._waiting = self._waiting[at:]
        return values

    def read_some(self) -> bytes:
        """Return about a megabyte, or nothing at the end."""
        return bytes(self._source.read(READ_BYTES))


def _decompressed(raw: "_Part", codec: str, page: Page) -> Any:  # noqa: ANN401
    if codec in BLOCKS:
        packed = raw.read(page.stop - page.start)
        return io.BytesIO(pa.decompress(packed, page.bytes - page.levels, BLOCKS[codec], asbytes=True))
    name = STREAMS[codec]
    return raw if name is None else pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), name)


class _Part:
    """A part of an open file as a stream of its own; others may move in the file meanwhile."""

    closed = False

    def __init__(self, stream: BinaryIO, start: int, stop: int) -> None:
        self._stream, self._at, self._stop = stream, start, stop

    def read(self, count: int) -> bytes:
        self._stream.seek(self._at)
        data = self._stream.read(max(0, min(count, self._stop - self._at)))
        self._at += len(data)
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


class Runs:
    """Numbers of a few bits each: runs of one number, and groups of eight packed ones."""

    def __init__(self, data: bytes, width: int) -> None:
        """Begin with the first run."""
        self._data, self._width, self._at = data, width, 0
        self._repeated, self._packed, self._value = 0, 0, 0
        self._ready: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def take(self, count: int) -> npt.NDArray[np.int64]:
        """Return the next numbers. IndexError when there are fewer."""
        parts: list[npt.NDArray[np.int64]] = []
        while count:
            if self._ready.size == 0:
                self._fill()
            part = self._ready[:count]
            self._ready = self._ready[count:]
            count -= part.size
            parts.append(part)
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def _fill(self) -> None:
        """Have at least one number ready, and at most RUN."""
        if self._repeated == 0 and self._packed == 0:
            self._begin()
        if self._repeated:
            count = min(self._repeated, RUN)
            self._repeated -= count
            self._ready = np.full(count, self._value, np.int64)
            return
        groups = min(self._packed, RUN // 8)
        self._packed -= groups
        size = groups * self._width
        data = self._data[self._at : self._at + size].ljust(size, b"\0")  # the last group may be cut short
        self._at += size
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").reshape(groups * 8, self._width)
        self._ready = bits.astype(np.int64) @ (1 << np.arange(self._width, dtype=np.int64))

    def _begin(self) -> None:
        if self._width == 0:
            self._repeated, self._value = RUN, 0
            return
        head = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            head |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if head < 2:
            raise ValueError("a run of no numbers")
        if head & 1:
            self._packed = head >> 1
            return
        size = (self._width + 7) // 8
        self._repeated, self._value = head >> 1, int.from_bytes(self._data[self._at : self._at + size], "little")
        self._at += size
