"""The footer of a Parquet file: without the types that Arrow keeps in it, and whether it can be asked about its row groups."""

import io
from collections.abc import Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = b"PAR1"
KEY, OTHER_KEY = b"ARROW:schema", b"arrow:unused"
ANY_SIZE, SMALL_BUFFER_BYTES = 1 << 62, 1 << 12


def without_arrow_types(stream: BinaryIO) -> pq.FileMetaData:
    """Return the footer with Arrow's own schema under a key that no reader uses.

    Where that schema says dictionary, Arrow makes one of every chunk, however it is encoded: time and memory grow with
    the row group, and the DELTA encodings are refused. The file ends with the footer, its length in 4 bytes, and PAR1
    (github.com/apache/parquet-format, README.md).
    """
    stream.seek(-8, 2)
    size = stream.read(4)
    stream.seek(-8 - int.from_bytes(size, "little"), 2)
    footer = stream.read(int.from_bytes(size, "little")).replace(KEY, OTHER_KEY)
    return pq.read_metadata(pa.BufferReader(MAGIC + footer + size + MAGIC))


class RowGroups:
    """What a footer says of its row groups, asked so that damage is an exception.

    `metadata.row_group(group).column(index)` and its `compression` end the process where the footer is damaged there: nobody
    makes a Python exception of the one in C++. So Arrow opens the columns first, as it does to read them, on a file that
    has no data: it gets as far as the first page, in some 20 microseconds.
    """

    def __init__(self, metadata: pq.FileMetaData) -> None:
        """Take a footer that could be read."""
        self._metadata, self._source = metadata, _NoData()
        self._file = pq.ParquetFile(self._source, metadata=metadata, pre_buffer=False, buffer_size=SMALL_BUFFER_BYTES)

    def of(self, group: int, names: Sequence[str] | None) -> pq.RowGroupMetaData:
        """Return a row group of which columns with these names can be asked for. An exception of Arrow's where that is damaged."""
        self._source.asked = False
        try:
            next(self._file.iter_batches(batch_size=1, row_groups=[group], columns=names, use_threads=False), None)
        except (pa.ArrowException, OSError):
            if not self._source.asked:  # else all columns were opened, and the first page is what is missing
                raise
        return self._metadata.row_group(group)


class _NoData(io.RawIOBase):
    """A file of any size that ends wherever it is read."""

    def __init__(self) -> None:
        self.asked = False
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._place = offset + (0, self._place, ANY_SIZE)[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, size: int = -1) -> bytes:
        self.asked = True
        return b""
