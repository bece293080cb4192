"""Spans of bytes in texts: put together, moved to the edges of characters, and cut out."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.memory import kernel, read_only

Integers = Int64s


class Spans(NamedTuple):
    """Bytes [start, end) of documents, by document and then in order; none touches another."""

    rows: Integers
    starts: Integers
    ends: Integers


def merged(rows: Integers, starts: Integers, ends: Integers) -> Spans:
    """Return the union of spans in any order; what overlaps or touches becomes one."""
    order = np.lexsort((starts, rows))
    found = Spans(rows[order], starts[order], ends[order])
    used = _merge(*found)
    return Spans(*(values[:used] for values in found))


def whole_characters(spans: Spans, buffers: Buffers) -> Spans:
    """Return the spans without the parts of characters at their edges; a span without a whole character is dropped."""
    starts, ends = spans.starts.copy(), spans.ends.copy()
    _shrink(read_only(buffers.data), read_only(buffers.offsets), spans.rows, starts, ends)
    kept = starts < ends
    return Spans(spans.rows[kept], starts[kept], ends[kept])


def cut(buffers: Buffers, spans: Spans, validity: pa.Buffer | None, kind: pa.DataType) -> pa.Array:
    """Return the texts without the spans, as a string array. Memory: the texts once more."""
    sizes = np.diff(buffers.offsets)
    np.subtract.at(sizes, spans.rows, spans.ends - spans.starts)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    data = np.empty(int(offsets[-1]), np.uint8)
    _copy(read_only(buffers.data), read_only(buffers.offsets), *spans, offsets, data)
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    places = pa.py_buffer(offsets if wide else offsets.astype(np.int32))
    return pa.Array.from_buffers(kind, sizes.size, [validity, places, pa.py_buffer(data)])


@kernel
def _merge(rows: Integers, starts: Integers, ends: Integers) -> int:
    used = 0
    for index in range(rows.size):
        if used and rows[used - 1] == rows[index] and starts[index] <= ends[used - 1]:
            ends[used - 1] = max(ends[used - 1], ends[index])
        else:
            rows[used], starts[used], ends[used] = rows[index], starts[index], ends[index]
            used += 1
    return used


@kernel
def _shrink(data: Bytes, offsets: Integers, rows: Integers, starts: Integers, ends: Integers) -> None:
    for index in range(rows.size):
        begin, stop = offsets[rows[index]], offsets[rows[index] + 1]
        start, end = begin + starts[index], begin + ends[index]
        while start < end and data[start] & 0xC0 == 0x80:
            start += 1
        while end > start and end < stop and data[end] & 0xC0 == 0x80:
            end -= 1
        starts[index], ends[index] = start - begin, end - begin


@kernel
def _copy(
    data: Bytes, offsets: Integers, rows: Integers, starts: Integers, ends: Integers, new_offsets: Integers, new: Bytes
) -> None:
    span = 0
    for row in range(offsets.size - 1):
        begin, position, target = offsets[row], 0, new_offsets[row]
        size = offsets[row + 1] - begin
        while position < size:
            stop = size
            if span < rows.size and rows[span] == row:
                stop = starts[span]
            new[target : target + stop - position] = data[begin + position : begin + stop]
            target += stop - position
            position = stop
            if span < rows.size and rows[span] == row:
                position = ends[span]
                span += 1
