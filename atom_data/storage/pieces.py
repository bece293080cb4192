"""Files of rows that are found by their place in a space of numbers: how one task hands each of many others its part.

A row has a place from 0 to 2 ** 32 (the upper half of a hash, or a scaled number). The file is a row of Arrow record
batches, each of the rows between two places, then a directory of them, then the schema: a reader of the rows of a
range reads the directory and those pieces. So a task writes one file, not one for each of those that read it.
"""

import contextlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.errors import DataError
from atom_data.storage.parquet import Output
from atom_data.storage.paths import Hashed, create, open_raw, unreadable

PLACES = 1 << 32
CHUNK_BYTES = 64 << 20
_PIECE_ROWS = 1024
_MOST_PIECES = 4096
_MAGIC = b"ATOMPCS1"
_DIRECTORY = 4  # numbers in a line of the directory: first place, place after the last, offset, bytes

Places = npt.NDArray[np.uint64]


class PiecesFile:
    """Collects rows with their places and writes them sorted into pieces. Memory: three times CHUNK_BYTES."""

    def __init__(self, stream: Hashed, schema: pa.Schema) -> None:
        """Write to an open stream."""
        self._stream = stream
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._places: list[Places] = []
        self._waiting_bytes = 0
        self._directory: list[tuple[int, int, int, int]] = []
        self.rows = 0

    def write(self, batch: pa.RecordBatch, places: Places) -> None:
        """Add rows; `places` are below 2 ** 32."""
        if batch.num_rows != places.size:
            raise ValueError(f"{places.size} places for {batch.num_rows} rows")
        if batch.num_rows:
            self._waiting.append(batch.cast(self._schema))
            self._places.append(places)
            self._waiting_bytes += batch.nbytes
            self.rows += batch.num_rows
        if self._waiting_bytes >= CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits: pieces of about a thousand rows, at most 4,096 of them."""
        if not self._waiting:
            return
        places = np.concatenate(self._places)
        table = pa.Table.from_batches(self._waiting, self._schema)
        bits = max(0, min(_MOST_PIECES, places.size // _PIECE_ROWS).bit_length() - 1)
        shift = np.uint64(32 - bits)
        cells = (places >> shift).astype(np.uint16)
        order = np.argsort(cells, kind="stable")  # a radix sort, for numbers this small
        (batch,) = table.take(pa.array(order)).combine_chunks().to_batches()
        ends = np.cumsum(np.bincount(cells, minlength=1 << bits))
        start = 0
        for cell, end in enumerate(ends.tolist()):
            if end > start:
                self._write_piece(batch.slice(start, end - start), cell << int(shift), (cell + 1) << int(shift))
            start = end
        self._waiting, self._places, self._waiting_bytes = [], [], 0

    def _write_piece(self, batch: pa.RecordBatch, first: int, last: int) -> None:
        data = batch.serialize()
        self._directory.append((first, last, self._stream.bytes, data.size))
        self._stream.write(data)

    def close(self) -> None:
        """Write the rest, the directory and the schema."""
        self.flush()
        directory = np.array(self._directory, "<u8").tobytes()
        schema = self._schema.serialize().to_pybytes()
        sizes = np.array([len(directory), len(schema)], "<u8").tobytes()
        self._stream.write(directory + schema + sizes + _MAGIC)


@contextlib.contextmanager
def create_pieces(path: str, schema: pa.Schema, token: str, output: Output) -> Iterator[PiecesFile]:
    """Open a file for writing; on success it appears whole at `path` and `output` knows its size and hash."""
    with create(path, token) as stream:
        hashed = Hashed(stream)
        pieces = PiecesFile(hashed, schema)
        yield pieces
        pieces.close()
        output.bytes, output.sha256, output.rows = hashed.bytes, hashed.hexdigest(), pieces.rows


def read_pieces(path: str, first: int = 0, last: int = PLACES) -> Iterator[pa.RecordBatch]:
    """Yield the pieces that have rows with places from `first` to before `last`, and with them rows just outside.

    Memory: one piece. DataError when the file cannot be read.
    """
    with open_raw(path) as stream:
        try:
            directory, schema = _directory(stream, path)
            wanted = directory[(directory[:, 1] > first) & (directory[:, 0] < last)]
            for _, _, offset, size in wanted.tolist():
                stream.seek(offset)
                yield pa.ipc.read_record_batch(pa.py_buffer(stream.read(size)), schema)
        except (OSError, pa.ArrowException) as error:
            raise unreadable(path, "cannot be read to the end", error) from error


def _directory(stream: BinaryIO, path: str) -> tuple[npt.NDArray[np.uint64], pa.Schema]:
    trailer = 16 + len(_MAGIC)
    end = stream.seek(0, 2)
    stream.seek(max(end - trailer, 0))
    tail = stream.read(trailer)
    if end < trailer or not tail.endswith(_MAGIC):
        raise DataError(f"{path}: is not a file of pieces, or only the beginning of one. Run its stage again.")
    directory_size, schema_size = np.frombuffer(tail, "<u8", 2).tolist()
    stream.seek(end - trailer - schema_size - directory_size)
    both = stream.read(directory_size + schema_size)
    schema = pa.ipc.read_schema(pa.py_buffer(both[directory_size:]))
    return np.frombuffer(both[:directory_size], "<u8").reshape(-1, _DIRECTORY), schema


def share(part: int, parts: int) -> tuple[int, int]:
    """Return the range of places of one of `parts` equal parts."""
    return part * PLACES // parts, (part + 1) * PLACES // parts


def hash_places(hashes: npt.NDArray[np.uint64]) -> Places:
    """Return the places of 64-bit hashes: their upper halves."""
    return hashes >> np.uint64(32)


def number_places(numbers: npt.NDArray[np.int64], count: int) -> Places:
    """Return the places of numbers below `count`, which is below 2 ** 63 / 2 ** 32: near numbers are in near places."""
    # Numbers are first brought below 2 ** 31, so that the product fits 64 bits.
    bits = max(0, count.bit_length() - 31)
    scaled = numbers.astype(np.uint64) >> np.uint64(bits)
    return (scaled << np.uint64(32)) // np.uint64(max((count >> bits) + 1, 1))
