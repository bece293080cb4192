"""Megatron-core's indexed dataset, byte for byte: NAME.bin holds raw ids, NAME.idx where each document is.

The .idx, little-endian and without padding (megatron/core/datasets/indexed_dataset.py):

    bytes 0-8    magic b"MMIDIDX\\0\\0"          18-25  uint64 sequences S
    bytes 9-16   uint64 version, 1              26-33  uint64 documents D, one more than there are
    byte  17     dtype code                     34-    int32[S] lengths, int64[S] byte pointers, int64[D] documents

Here every document is one sequence. There is no code for uint32: ids below 2**31 have the same bytes as int32 (code 4).
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from atom_data.errors import DataError
from atom_data.storage.parquet import Output
from atom_data.storage.paths import Hashed, create, is_remote, local, open_raw, size, unreadable, without_secrets

MAGIC = b"MMIDIDX\x00\x00"
HEADER = struct.Struct("<9sQBQQ")
CODES = {1: "<u1", 2: "<i1", 3: "<i2", 4: "<u4", 5: "<i8", 8: "<u2"}
"""dtype codes with integer ids, as they are read here; 4 is int32 in Megatron, and its ids are never negative."""
WRITTEN = {np.dtype("<u2"): 8, np.dtype("<u4"): 4}
LARGEST = 2**31 - 1
"""Of an id, and of the tokens of one document: both are int32 in the .idx."""


@dataclass(frozen=True, slots=True)
class Index:
    """The content of an .idx: document i is `lengths[i]` ids from token `starts[i]` of the .bin."""

    dtype: np.dtype[Any]
    lengths: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    @property
    def tokens(self) -> int:
        """How many ids the .bin holds."""
        return int(self.starts[-1] + self.lengths[-1]) if len(self.starts) else 0

    def documents(self, start: int, stop: int) -> tuple[int, int]:
        """Return the range of documents [first, last) that share a token with tokens [start, stop)."""
        if stop <= start:
            return 0, 0
        ends = self.starts + self.lengths
        return int(np.searchsorted(ends, start, "right")), int(np.searchsorted(self.starts, stop, "left"))


class MegatronShard:
    """Takes whole documents in order; memory: 4 bytes per document."""

    def __init__(self, stream: Hashed, dtype: np.dtype[Any]) -> None:
        """Write ids of `dtype`, uint16 or uint32, to an open stream."""
        self._stream = stream
        self._dtype = dtype
        self._lengths: list[npt.NDArray[np.int32]] = []

    def write(self, ids: npt.NDArray[Any], lengths: npt.NDArray[np.int64]) -> None:
        """Add documents: their ids one after the other, and how many each has. Both must agree."""
        if int(lengths.sum()) != len(ids):
            raise ValueError(f"{len(ids)} ids for documents of {int(lengths.sum())} in all")
        if len(lengths) and int(lengths.max()) > LARGEST:
            raise DataError(
                f"a document of {int(lengths.max()):,} tokens; an .idx counts at most {LARGEST:,}. Split or drop it."
            )
        fits = ids.dtype == self._dtype and ids.dtype.itemsize == 2  # then none can be too large
        if not fits and len(ids) and int(ids.max()) > min(LARGEST, np.iinfo(self._dtype).max):
            raise ValueError(f"id {int(ids.max())} does not fit into {self._dtype}")
        self._stream.write(np.ascontiguousarray(ids, self._dtype).view(np.uint8).data)
        self._lengths.append(lengths.astype(np.int32))

    def index(self) -> bytes:
        """Return the .idx of all that was written."""
        lengths = np.concatenate(self._lengths) if self._lengths else np.zeros(0, np.int32)
        return index_bytes(lengths, self._dtype)


def index_bytes(lengths: npt.NDArray[np.int32], dtype: np.dtype[Any]) -> bytes:
    """Return an .idx for documents of these lengths."""
    count = len(lengths)
    pointers = np.zeros(count, "<i8")
    np.cumsum(lengths[:-1], out=pointers[1:])
    pointers *= dtype.itemsize
    header = HEADER.pack(MAGIC, 1, WRITTEN[dtype], count, count + 1)
    return b"".join(
        [header, lengths.astype("<i4").tobytes(), pointers.tobytes(), np.arange(count + 1, dtype="<i8").tobytes()]
    )


@contextmanager
def create_megatron(
    prefix: str, dtype: np.dtype[Any], token: str, binary: Output, index: Output
) -> Iterator[MegatronShard]:
    """Open PREFIX.bin for documents; on success it and PREFIX.idx appear whole, and the outputs know size and hash."""
    with create(f"{prefix}.bin", token) as stream:
        hashed = Hashed(stream)
        shard = MegatronShard(hashed, dtype)
        yield shard
        binary.bytes, binary.sha256 = hashed.bytes, hashed.hexdigest()
    with create(f"{prefix}.idx", token) as stream:
        hashed = Hashed(stream)
        hashed.write(shard.index())
        index.bytes, index.sha256 = hashed.bytes, hashed.hexdigest()
    binary.rows = index.rows = sum(len(lengths) for lengths in shard._lengths)


def read_header(path: str, bytes_there: int | None = None) -> tuple[np.dtype[Any], int]:
    """Return dtype and number of documents of an .idx, with its size checked against them. DataError when it is none.

    `bytes_there` is the size of a local file that the caller has looked at: then three system calls are all it takes.
    """
    if bytes_there is None:
        bytes_there = _size(path)
        with open_raw(path) as stream:
            raw = stream.read(HEADER.size)
    else:
        raw = _first_bytes(path)
    if len(raw) < HEADER.size or raw[:9] != MAGIC:
        raise _broken(path, f"it begins with {raw[:9]!r}, not with {MAGIC!r}")
    _, version, code, sequences, documents = HEADER.unpack(raw)
    if version != 1 or code not in CODES:
        raise _broken(path, f"version {version} and dtype code {code}; known are version 1 and codes {sorted(CODES)}")
    if documents != sequences + 1:
        raise _broken(
            path, f"{sequences:,} sequences and {documents:,} document marks; a document must be one sequence"
        )
    expected = HEADER.size + 20 * sequences + 8
    if bytes_there != expected:
        raise _broken(path, f"{bytes_there:,} bytes; {sequences:,} documents take {expected:,}")
    return np.dtype(CODES[code]), int(sequences)


def read_tokens(path: str, documents: int, dtype: np.dtype[Any]) -> int:
    """Return how many ids a local .idx of this many documents covers, from its last document alone."""
    if not documents:
        return 0
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            length = os.pread(descriptor, 4, HEADER.size + 4 * (documents - 1))
            pointer = os.pread(descriptor, 8, HEADER.size + 4 * documents + 8 * (documents - 1))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(path, "cannot be read", error) from error
    return int.from_bytes(pointer, "little") // dtype.itemsize + int.from_bytes(length, "little")


def read_index(path: str) -> Index:
    """Return the content of an .idx, with every number checked. DataError when it is broken. Memory: 20 bytes per document."""
    dtype, count = read_header(path)
    with open_raw(path) as stream:
        stream.seek(HEADER.size)
        raw = stream.read()
    lengths = np.frombuffer(raw, "<i4", count)
    pointers = np.frombuffer(raw, "<i8", count, 4 * count)
    documents = np.frombuffer(raw, "<i8", count + 1, 12 * count)
    ends = np.cumsum(lengths, dtype=np.int64)
    if count and int(lengths.min()) < 0:
        raise _broken(path, f"document {int(lengths.argmin())} has {int(lengths.min())} tokens")
    if not np.array_equal(pointers, (ends - lengths) * dtype.itemsize):
        raise _broken(path, "its pointers are not the sums of its lengths")
    if not np.array_equal(documents, np.arange(count + 1)):
        raise _broken(path, "its documents are not one sequence each")
    return Index(dtype, lengths, ends - lengths)


def read_pair(prefix: str) -> Index:
    """Return the content of PREFIX.idx, checked against the size of PREFIX.bin. DataError when they don't fit."""
    index = read_index(f"{prefix}.idx")
    bytes_there, expected = _size(f"{prefix}.bin"), index.tokens * index.dtype.itemsize
    if bytes_there != expected:
        raise DataError(
            f"{without_secrets(prefix)}.bin: {bytes_there:,} bytes, and the .idx beside it speaks of {index.tokens:,} tokens in "
            f"{expected:,}. One of them is cut or from another run: rebuild the shard."
        )
    return index


def _first_bytes(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(descriptor, HEADER.size)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(path, "cannot be read", error) from error


def _size(path: str) -> int:
    if not is_remote(path) and not local(path).is_file():
        raise DataError(f"{path}: there is no such file. Rebuild the shard.")
    return size(path)


def _broken(path: str, what: str) -> DataError:
    return DataError(f"{without_secrets(path)}: is not a whole Megatron index: {what}. Rebuild the shard.")
