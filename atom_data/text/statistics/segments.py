"""Texts cut into segments of about the same size at the ends of lines, without copying a byte."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.memory import inlined, item, kernel, put, read_only

_LINE_FEED, _SPACE = 10, 32


class Segments(NamedTuple):
    """Segments of a batch, across values: together they are the values, byte for byte."""

    buffers: Buffers
    """The same bytes with an offset for each segment."""
    firsts: Int64s
    """Value i has the segments firsts[i] to firsts[i + 1]; an empty one has none."""


def cut_segments(buffers: Buffers, size: int) -> Segments:
    """Cut every value into segments of at least `size` bytes and less than 3 * `size`.

    A segment ends at the first line feed after `size` bytes; without one in as many bytes again, at the first space; and
    without that either, before the character that `2 * size` bytes end in. What would be left over in less than `size`
    bytes stays with the last segment, so a value shorter than 2 * `size` is one segment.
    """
    offsets = buffers.offsets
    count = offsets.size - 1
    cuts = np.zeros(int((np.diff(offsets) // size).sum()) + count + 1, np.int64)
    firsts = np.zeros(count + 1, np.int64)
    if not count:
        return Segments(Buffers(buffers.data, offsets), firsts)
    found = _cut(read_only(buffers.data), read_only(offsets), size, cuts, firsts)
    return Segments(Buffers(buffers.data, cuts[: found + 1]), firsts)


@kernel
def _cut(data: Bytes, offsets: Int64s, size: int, cuts: Int64s, firsts: Int64s) -> int:
    found = 0
    cuts[0] = offsets[0]
    for document in range(offsets.size - 1):
        start, end = offsets[document], offsets[document + 1]
        while start < end:
            stop = end if end - start < 2 * size else _stop(data, start + size, start + 2 * size)
            if end - stop < size:
                stop = end
            found += 1
            put(cuts, found, stop)
            start = stop
        firsts[document + 1] = found
    return found


@inlined
def _stop(data: Bytes, low: int, high: int) -> int:
    """Return where a segment ends between two places: after a line feed, after a space, or before a character."""
    space = np.int64(-1)
    for position in range(low, high):
        byte = item(data, position)
        if byte == _LINE_FEED:
            return position + 1
        if byte == _SPACE and space < 0:
            space = position + 1
    if space >= 0:
        return space
    stop = high
    while low < stop < data.size and item(data, stop) & 0xC0 == 0x80:
        stop -= 1
    return stop if stop > low else high
