"""Telephone numbers: digits in groups that look like a number somebody can dial.

A number begins with `+` and a country's digits (ITU-T E.164: 15 digits at most), or it has the groups of the North American
plan, or it begins with the 0 that most other plans put before an area, or words before it say that it is one. Dates,
prices and numbers that are part of something larger are none. Nothing checks that a number is in use.
"""

import numpy as np
import numpy.typing as npt

from atom_data.text.characters import Characters
from atom_data.text.memory import called, inlined, item
from atom_data.text.numbers import goes_on, is_digit, is_word_byte
from atom_data.text.phrases import ASCII_LETTERS, Phrases, has_phrase

_MOST_DIGITS = 15
_MOST_GROUPS = 8
_LOOK_BACK = 28
_PART_OF = tuple(b".,-/#$%+\\")
_DOT, _SLASH, _PARENTHESIS = 1, 2, 4


@called
def phone_place(
    data: npt.NDArray[np.uint8], floor: int, position: int, end: int, before: Phrases, table: Characters
) -> tuple[int, int]:
    """Return the place of the number whose first digit is here, or -1."""
    start, plus = _start(data, floor, position)
    if start > floor and (is_word_byte(item(data, start - 1)) or item(data, start - 1) in _PART_OF):
        return -1, -1
    sizes, leads, groups, digits, signs, after = (
        0,
        0,
        0,
        0,
        np.int64(item(data, start) == 0x28) * _PARENTHESIS,
        position,
    )
    while groups < _MOST_GROUPS:
        size, lead = 0, np.int64(item(data, position)) - 0x30
        while is_digit(data, position, end) and size <= _MOST_DIGITS:
            size, position = size + 1, position + 1
        digits += size
        if digits > _MOST_DIGITS:
            return -1, -1
        sizes, leads, groups, after = sizes << 4 | size, leads << 4 | lead, groups + 1, position
        position, signs = _next_group(data, position, end, signs)
        if position < 0:
            break
    if goes_on(data, after, end) and not _has_extension(data, after, end):
        return -1, -1
    # A row of numbers is none, and a part of it is none either.
    alone = plus or start == floor or not _is_row(data, floor, start)
    if not alone or not _may_be(plus, sizes, leads, groups, digits, signs, _zeros(data, start, after)):
        known = digits >= 7 and groups <= 6 and not _is_date(sizes, groups)
        if not known or not _is_announced(data, floor, start, before, table):
            return -1, -1
    return start, _extended(data, after, end)


@inlined
def _start(data: npt.NDArray[np.uint8], floor: int, position: int) -> tuple[int, bool]:
    """Return where a number begins whose first digit is known: a parenthesis and a plus may stand before it."""
    plus = False
    for _ in range(2):
        if position > floor and item(data, position - 1) == 0x2B and not plus:
            position, plus = position - 1, True
        elif position > floor and item(data, position - 1) == 0x28 and item(data, position) != 0x28:
            position -= 1
    return position, plus


@inlined
def _is_row(data: npt.NDArray[np.uint8], floor: int, start: int) -> bool:
    """Tell whether a number and a space stand before a number without a parenthesis."""
    if item(data, start) == 0x28 or item(data, start - 1) != 0x20 or start - 2 < floor:
        return False
    return np.uint8(item(data, start - 2) - 0x30) < 10


@inlined
def _zeros(data: npt.NDArray[np.uint8], start: int, end: int) -> int:
    """Return how many zeros a number begins with."""
    zeros = 0
    for position in range(start, end):
        byte = item(data, position)
        if byte == 0x30:
            zeros += 1
        elif np.uint8(byte - 0x30) < 10:
            break
    return zeros


@inlined
def _is_announced(data: npt.NDArray[np.uint8], floor: int, start: int, before: Phrases, table: Characters) -> bool:
    """Tell whether one of the words stands shortly before a number; a word that is cut off is not looked at."""
    first = max(floor, start - _LOOK_BACK)
    while first > floor and first < start and is_word_byte(item(data, first)) and is_word_byte(item(data, first - 1)):
        first += 1
    return has_phrase(data, first, start, ASCII_LETTERS, before, table)


@inlined
def _next_group(data: npt.NDArray[np.uint8], position: int, end: int, signs: int) -> tuple[int, int]:
    """Return where the next group begins, or -1, and the signs seen up to there."""
    first = position
    while position < end and position - first <= 3:
        byte = item(data, position)
        if byte == 0x2E:
            signs |= _DOT
        elif byte == 0x2F:
            signs |= _SLASH
        elif byte == 0x28 or byte == 0x29:
            signs |= _PARENTHESIS
        elif byte != 0x20 and byte != 0x2D:
            break
        position += 1
    if position == first or position - first > 3 or not is_digit(data, position, end):
        return -1, signs
    return position, signs


@inlined
def _may_be(plus: bool, sizes: int, leads: int, groups: int, digits: int, signs: int, zeros: int) -> bool:
    """Tell whether groups are those of a number; `sizes` and `leads` have four bits a group, the last one lowest."""
    lead = leads >> 4 * (groups - 1)
    if plus:
        return lead != 0 and digits >= 8 and groups <= 6
    if groups >= 3 and sizes & 0xFFF == 0x334 and leads >> 8 & 0xF >= 2 and leads >> 4 & 0xF >= 2:
        # The country's 1, or 1 behind two zeros.
        return groups == 3 or (groups == 4 and ((sizes >> 12 == 1 and lead == 1) or (sizes >> 12 == 3 and lead == 0)))
    first = sizes >> 4 * (groups - 1)
    # A zip code of the United States and its four digits are none.
    if groups < 2 or lead != 0 or _is_date(sizes, groups) or not digits >= 9 or sizes == 0x54:
        return False
    small = False
    for group in range(groups):
        small |= sizes >> 4 * group & 0xF < 2
    if small or (signs & _DOT and signs & _SLASH):
        return False
    if zeros == 2:
        return digits >= 10 and (4 <= first <= 5 or (first == 2 and signs & _DOT == 0))
    return zeros == 1 and digits <= 11 and first <= 5


@inlined
def _is_date(sizes: int, groups: int) -> bool:
    """Tell whether there is a year among groups of one or two digits, or two years."""
    if groups == 2:
        return sizes == 0x44
    head = sizes >> 4 * (groups - 3)
    ordered = head & 0xF == 4 and head >> 8 <= 2 and head >> 4 & 0xF <= 2
    return ordered or (head >> 8 == 4 and head >> 4 & 0xF <= 2 and head & 0xF <= 2)


@inlined
def _has_extension(data: npt.NDArray[np.uint8], position: int, end: int) -> bool:
    return _extended(data, position, end) > position


@inlined
def _extended(data: npt.NDArray[np.uint8], position: int, end: int) -> int:
    """Return the end of an extension behind a number, `x123` or `ext. 123`, or the position."""
    at = position
    while at < end and at - position < 2 and item(data, at) == 0x20:
        at += 1
    if (
        at + 3 < end
        and item(data, at) | 0x20 == 0x65
        and item(data, at + 1) | 0x20 == 0x78
        and item(data, at + 2) == 0x74
    ):
        at += 3
        while at < end and at - position < 8 and item(data, at) in (0x20, 0x2E):
            at += 1
    elif at < end and item(data, at) | 0x20 == 0x78:
        at += 1
    else:
        return position
    first = at
    while is_digit(data, at, end) and at - first < 6:
        at += 1
    return position if at == first or at - first > 5 or goes_on(data, at, end) else at
