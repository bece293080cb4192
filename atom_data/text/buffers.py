"""Arrow string columns as bytes and offsets, so that compiled kernels read documents without a copy."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.errors import ConfigError


class Buffers(NamedTuple):
    """The bytes of every value, one after the other: value i is `data[offsets[i]:offsets[i + 1]]`; a null is empty."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]


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


def _nulls_have_bytes(array: pa.Array, offsets: npt.NDArray[np.int64]) -> bool:
    lengths = np.diff(offsets)
    return bool(lengths[~np.asarray(array.is_valid())].any())
