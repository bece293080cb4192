"""Where a byte stands next, looked for in many places at once."""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.hashes import HIGH_BITS, LOW_BITS, load_eight
from atom_data.text.memory import called, inlined, item

WIDTH = 64
"""Bytes that are compared without a branch between them: the loop over them becomes a few vector instructions."""


@called
def next_byte(data: Bytes, position: int, stop: int, byte: int) -> int:
    """Return where a byte stands next, or the end: for long stretches without it."""
    sought = np.uint8(byte)
    while position + WIDTH <= stop:
        found = False
        for index in range(WIDTH):
            found |= item(data, position + index) == sought
        if found:
            break
        position += WIDTH
    while position < stop and item(data, position) != sought:
        position += 1
    return position


@inlined
def near_byte(data: Bytes, position: int, stop: int, byte: int) -> int:
    """Return where a byte stands next, or the end: for stretches of some words."""
    pattern = np.uint64(byte) * LOW_BITS
    while position + 8 <= stop:
        difference = load_eight(data, position) ^ pattern
        found = (difference - LOW_BITS) & ~difference & HIGH_BITS
        if found:
            return position + first_marked(found)
        position += 8
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
def first_marked(marks: np.uint64) -> int:
    """Return which of eight bytes is the first whose highest bit is set; no other bit is, and one byte has it."""
    # Of the lowest bit set, all bits below: a one in each byte up to it, which a product adds up.
    below = ((marks & (~marks + np.uint64(1))) - np.uint64(1)) & LOW_BITS
    return np.int64((below * LOW_BITS) >> np.uint64(56)) - 1
