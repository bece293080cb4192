"""Characters of each kind, counted in two passes over Arrow bytes: one for ASCII, many bytes at a time, one for the rest."""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import (
    LETTER,
    MARK,
    NUMBER,
    PUNCTUATION,
    SPACE,
    UNSPACED,
    Characters,
    cell_of,
    characters,
    decode,
)
from atom_data.text.hashes import HIGH_BITS, load_eight
from atom_data.text.memory import inlined, item, kernel, read_only

COLUMNS = ("characters", "letters", "uppercase", "numbers", "punctuation", "spaces")
"""What `kind_counts` counts."""

_BLOCK = 192


def kind_counts(buffers: Buffers) -> Int64s:
    """Return a row of COLUMNS a document: all its characters, and those of four kinds; a broken sequence is of none.

    Letters are those of categories L and M, and among them are capital the letters that have a small form in as many
    bytes; numbers are category N, punctuation category P, spaces what `str.isspace` says.
    """
    counts = np.zeros((buffers.offsets.size - 1, len(COLUMNS)), np.int64)
    if counts.size:
        _count_kinds(read_only(buffers.data), read_only(buffers.offsets), characters(), counts)
    return counts


@kernel
def _count_kinds(data: Bytes, offsets: Int64s, table: Characters, counts: Int64s) -> None:
    for document in range(offsets.size - 1):
        start, end = offsets[document], offsets[document + 1]
        found = counts[document]
        if _count_ascii(data, start, end, found) < end - start:
            _count_others(data, start, end, table, found)


@inlined
def _count_ascii(data: Bytes, start: int, end: int, found: Int64s) -> int:
    """Count the kinds of the ASCII characters, and return how many these are."""
    total = 0
    # Counts of a block fit a byte, so that the compiler can count many bytes at a time.
    for block in range(start, end, _BLOCK):
        plain, upper, letters = np.uint8(0), np.uint8(0), np.uint8(0)
        digits, spaces, marks = np.uint8(0), np.uint8(0), np.uint8(0)
        for index in range(block, min(block + _BLOCK, end)):
            byte = item(data, index)
            plain = np.uint8(plain + np.uint8(byte < 0x80))
            upper = np.uint8(upper + np.uint8(np.uint8(byte - 0x41) < 26))
            letters = np.uint8(letters + np.uint8(np.uint8((byte | 0x20) - 0x61) < 26))
            digits = np.uint8(digits + np.uint8(np.uint8(byte - 0x30) < 10))
            spaces = np.uint8(spaces + np.uint8((np.uint8(byte - 0x09) < 5) | (np.uint8(byte - 0x1C) < 5)))
            marks = np.uint8(marks + np.uint8(_is_punctuation(byte)))
        total += np.int64(plain)
        found[1] += np.int64(letters)
        found[2] += np.int64(upper)
        found[3] += np.int64(digits)
        found[4] += np.int64(marks)
        found[5] += np.int64(spaces)
    found[0] += total
    return total


@inlined
def _is_punctuation(byte: int) -> bool:
    """Tell whether an ASCII byte is of category P: $ + < = > ^ ` | ~ are symbols for Unicode."""
    sign = (np.uint8(byte - 0x21) < 15) | (np.uint8(byte - 0x3A) < 7) | (np.uint8(byte - 0x5B) < 6)
    sign |= np.uint8(byte - 0x7B) < 4
    symbol = (byte == 0x24) | (byte == 0x2B) | (np.uint8(byte - 0x3C) < 3) | (byte == 0x5E)
    symbol |= (byte == 0x60) | (byte == 0x7C) | (byte == 0x7E)
    return sign & (not symbol)


@inlined
def _count_others(data: Bytes, position: int, end: int, table: Characters, found: Int64s) -> None:
    while position < end:
        if position + 8 <= end and load_eight(data, position) & HIGH_BITS == 0:
            position += 8
            continue
        if item(data, position) < 0x80:
            position += 1
            continue
        code, size = decode(data, position, end)
        cell = cell_of(code, table)
        kind = item(table.kinds, cell)
        found[0] += 1
        found[1] += np.int64(kind in (LETTER, UNSPACED, MARK))
        found[2] += np.int64(kind == LETTER and item(table.shifts, cell) != 0)
        found[3] += np.int64(kind == NUMBER)
        found[4] += np.int64(kind == PUNCTUATION)
        found[5] += np.int64(kind == SPACE)
        position += size
