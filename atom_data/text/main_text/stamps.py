"""Signs of readers' comments and of lists of news that no language hides: times and dates, and fields to write in."""

import numpy as np

from atom_data.text.arrays import Bytes, Float32s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html import tags
from atom_data.text.main_text.words import READ_BYTES
from atom_data.text.memory import allocating, inlined, item

SHORT_WORDS = 14
"""A longer block with a time in it is a sentence, and no stamp."""
NEAR = 6
NEVER = 999


@allocating
def write_stamps(nodes: Int32s, blocks: Int32s, text: Bytes, found: Float32s, at: int) -> tuple[int, int]:
    """Write whether a block has a time of day, a date in digits, a year; how many short blocks with one stand among the six before
    and the six behind; and how many blocks off the last and the next `<textarea>` is. Return how many stamps and fields there are.
    """  # fmt: skip
    count = len(blocks)
    stamps = np.zeros(count + 1, np.int32)
    for block in range(count):
        start, end = np.int64(blocks[block, columns.START]), np.int64(blocks[block, columns.END])
        clock, calendar, year = _read(text, start, min(end, start + READ_BYTES))
        found[at, block], found[at + 1, block], found[at + 2, block] = clock, calendar, year
        short = blocks[block, columns.WORDS] <= SHORT_WORDS
        stamps[block + 1] = stamps[block] + (short and (clock or calendar or year))
    for block in range(count):
        found[at + 3, block] = stamps[block] - stamps[max(0, block - NEAR)]
        found[at + 4, block] = stamps[min(count, block + 1 + NEAR)] - stamps[block + 1]
    return stamps[count], _write_fields(nodes, found, at + 5, count)


@inlined
def _write_fields(nodes: Int32s, found: Float32s, at: int, count: int) -> int:
    fields = 0
    for block in range(count):
        found[at, block], found[at + 1, block] = NEVER, NEVER
    for node in range(1, len(nodes)):
        if nodes[node, columns.TAG] == tags.TEXTAREA:
            fields += 1
            place = np.int64(nodes[node, columns.FIRST_BLOCK])
            if place < count:
                found[at, place] = 0
            if 0 < place <= count:
                found[at + 1, place - 1] = 0
    for block in range(1, count):
        found[at, block] = min(found[at, block], found[at, block - 1] + 1)
        back = count - 1 - block
        found[at + 1, back] = min(found[at + 1, back], found[at + 1, back + 1] + 1)
    return fields


@inlined
def _read(text: Bytes, start: int, stop: int) -> tuple[bool, bool, bool]:
    """Tell whether a text has a time of day (`9:05`), a date in digits (`1.12.24`, `2024-12-01`), a year from 1990 to 2039."""
    clock, calendar, year, digits = False, False, False, 0
    for position in range(start, stop):
        byte = item(text, position)
        if 48 <= byte <= 57:
            digits += 1
            continue
        if digits == 4:
            year |= _is_year(text, position - 4)
        if 0 < digits <= 4 and position + 2 < stop and _is_digit(text, position + 1):
            second = _is_digit(text, position + 2)
            clock |= byte == 58 and digits <= 2 and second
            if byte == 45 or byte == 46 or byte == 47:
                behind = position + 2 + second
                calendar |= behind + 1 < stop and item(text, behind) == byte and _is_digit(text, behind + 1)
        digits = 0
    if digits == 4:
        year |= _is_year(text, stop - 4)
    return clock, calendar, year


@inlined
def _is_digit(text: Bytes, position: int) -> bool:
    return 48 <= item(text, position) <= 57


@inlined
def _is_year(text: Bytes, position: int) -> bool:
    first, second, third = item(text, position), item(text, position + 1), item(text, position + 2)
    return (first == 49 and second == 57 and third == 57) or (first == 50 and second == 48 and third <= 51)
