"""How much each row of a batch weighs: by its values alone, whatever buffers they lie in."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Sizes = npt.NDArray[np.int64]
OFFSET_BYTES = 4


def row_bytes(batch: pa.RecordBatch) -> Sizes:
    """Return the bytes of each row: of texts and lists their length and four more, of all else its width."""
    sizes = np.ones(batch.num_rows, np.int64)
    for column in batch.columns:
        sizes += _sizes(column)
    return sizes


def _sizes(values: Any) -> Any:  # noqa: ANN401 - an array, or one number for all rows
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind) or _is_large(kind):
        return _lengths(values) + OFFSET_BYTES
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = np.broadcast_to(_sizes(values.flatten()), len(values.flatten()))
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(inner)])
        lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return np.diff(ends[bounds]) + OFFSET_BYTES
    if pa.types.is_struct(kind):
        return sum(_sizes(part) for part in values.flatten())
    try:
        return max(1, kind.bit_width // 8)
    except ValueError:  # of no fixed width: dictionaries, maps, views
        return 8


def _lengths(values: Any) -> Any:  # noqa: ANN401 - an array, or one number for all rows
    """Return the bytes of texts, mostly by their offsets: Arrow takes longer to begin, and a shard may have one row."""
    if values.null_count == len(values):
        return 0
    if values.null_count:
        return pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.frombuffer(values.buffers()[1], np.int64 if _is_large(values.type) else np.int32)
    ends = ends[values.offset : values.offset + len(values) + 1]
    return np.subtract(ends[1:], ends[:-1], dtype=np.int64)


def _is_large(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(kind) or pa.types.is_large_binary(kind))
