"""The footer of a Parquet file without the types that Arrow keeps in it."""

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = b"PAR1"
KEY, OTHER_KEY = b"ARROW:schema", b"arrow:unused"


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
