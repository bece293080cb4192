"""Where a byte stands next, looked for in many places at once; and a stretch of bytes, copied."""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.hashes import load_eight
from atom_data.text.memory import called, inlined, item, put
from atom_data.text.wide.marks import WIDTH, copy_bytes, equal_marks, lowest_mark


@called
def next_byte(data: Bytes, position: int, stop: int, byte: int) -> int:
    """Return where a byte stands next, or the end: for long stretches without it."""
    while position + 2 * WIDTH <= stop:
        item(data, position + 2 * WIDTH - 1)
        marks = equal_marks(data, position, byte) | equal_marks(data, position + WIDTH, byte) << np.uint64(WIDTH)
        if marks:
            return position + lowest_mark(marks)
        position += 2 * WIDTH
    while position < stop and item(data, position) != byte:
        position += 1
    return position


@inlined
def near_byte(data: Bytes, position: int, stop: int, byte: int) -> int:
    """Return where a byte stands next, or the end: for stretches of some words."""
    while position + WIDTH <= stop:
        item(data, position + WIDTH - 1)
        marks = equal_marks(data, position, byte)
        if marks:
            return position + lowest_mark(marks)
        position += WIDTH
    while position < stop and item(data, position) != byte:
        position += 1
    return position


@inlined
def same_bytes(data: Bytes, one: int, other: int, size: int) -> bool:
    """Tell whether so many bytes are the same in two places; eight at a time, of which the last may overlap those before."""
    if size < 8:
        same = True
        for index in range(size):
            same &= item(data, one + index) == item(data, other + index)
        return same
    for index in range(0, size - 7, 8):
        if load_eight(data, one + index) != load_eight(data, other + index):
            return False
    return load_eight(data, one + size - 8) == load_eight(data, other + size - 8)


@inlined
def copy_text(text: Bytes, start: int, stop: int, out: Bytes, end: int) -> int:
    """Write a stretch of text; return where it ends. Where there is room, up to WIDTH bytes behind it are written, too."""
    while start < stop and start + WIDTH <= text.size and end + WIDTH <= out.size:
        copy_bytes(text, start, out, end)
        start, end = start + WIDTH, end + WIDTH
    if start > stop:
        return end - (start - stop)
    for position in range(start, stop):
        put(out, end, item(text, position))
        end += 1
    return end
