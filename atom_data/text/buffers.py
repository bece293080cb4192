"""Arrow string columns as bytes and offsets, so that compiled kernels read documents without a copy."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from atom_data.errors import ConfigError, DataError
from atom_data.text.arrays import Bytes, Int64s

_MOST_BYTES = 2**31 - 1


class Buffers(NamedTuple):
    """The bytes of every value, one after the other: value i is `data[offsets[i]:offsets[i + 1]]`; a null is empty."""

    data: Bytes
    offsets: Int64s


def string_buffers(array: pa.Array) -> Buffers:
    """Return the buffers of a (large_)string or (large_)binary array: no copy of the bytes, slices are respected.

    Nulls become empty values; an array of zero rows gives one offset. The bytes stay alive as long as the result.
    """
    kind = array.type
    if pa.types.is_null(kind):
        return Buffers(np.zeros(0, np.uint8), np.zeros(len(array) + 1, np.int64))
    if not (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    ):
        raise ConfigError(f"a text column is needed, this one is {kind}. Cast it to string first.")
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    _, offset_buffer, data_buffer = array.buffers()
    if len(array) == 0 or offset_buffer is None:
        return Buffers(np.zeros(0, np.uint8), np.zeros(len(array) + 1, np.int64))
    raw = np.frombuffer(offset_buffer, np.int64 if wide else np.int32)
    offsets = raw[array.offset : array.offset + len(array) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    if array.null_count and _nulls_have_bytes(array, offsets):
        return string_buffers(array.fill_null(b"" if "binary" in str(kind) else ""))
    return Buffers(data, offsets)


def string_array(data: Bytes, offsets: Int64s, like: pa.Array) -> pa.Array:
    """Return an array of new bytes with the type and the nulls of `like`; no copy of the bytes.

    A DataError says that the values of one batch have outgrown the type (2 GB for string).
    """
    wide = pa.types.is_large_string(like.type) or pa.types.is_large_binary(like.type)
    if not wide and offsets[-1] > _MOST_BYTES:
        raise DataError(
            f"a rewrite: the texts of a batch grew to {offsets[-1]:,} bytes; {like.type} holds {_MOST_BYTES:,}. "
            "Read smaller batches, or cast the column to large_string first."
        )
    valid = pa.py_buffer(np.packbits(np.asarray(like.is_valid()), bitorder="little")) if like.null_count else None
    narrow = offsets if wide else offsets.astype(np.int32)
    return pa.Array.from_buffers(like.type, len(like), [valid, pa.py_buffer(narrow), pa.py_buffer(data)])


def _nulls_have_bytes(array: pa.Array, offsets: Int64s) -> bool:
    lengths = np.diff(offsets)
    return bool(lengths[~np.asarray(array.is_valid())].any())
