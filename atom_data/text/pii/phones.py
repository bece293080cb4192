"""Telephone numbers: digits in groups that look like a number that can be dialed.

A number begins with `+` and a country's digits (ITU-T E.164: 15 digits at most), or it has the groups of the North American
plan, or it begins with the 0 that most other plans put before an area, or words before it say that it is one. Dates,
prices and numbers that are part of something larger are none. Nothing checks that a number is in use.
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.characters import Characters
from atom_data.text.memory import called, inlined, item
from atom_data.text.phrases import ASCII_LETTERS, Phrases, has_phrase
from atom_data.text.pii.numbers import goes_on, is_digit, is_word_byte

_MOST_DIGITS = 15
_MOST_GROUPS = 8
_LOOK_BACK = 28
_PART_OF = tuple(b".,-/#$%+\\")
_DOT, _SLASH, _CLOSED = 1, 2, 4


class Groups(NamedTuple):
    """Digits with signs between: four bits per group, the last one lowest."""

    sizes: int
    leads: int
    """The first digit of each."""
    groups: int
    digits: int
    signs: int
    end: int


@called
def phone_place(
    data: Bytes, floor: int, position: int, end: int, before: Phrases, table: Characters
) -> tuple[int, int]:
    """Return the place of the number whose first digit is here, or -1."""
    start, plus = _start(data, floor, position)
    if start > floor and (is_word_byte(item(data, start - 1)) or item(data, start - 1) in _PART_OF):
        return -1, -1
    found = _groups(data, position, end)
    after = _extended(data, found.end, end)
    if found.digits > _MOST_DIGITS or (after == found.end and goes_on(data, after, end)):
        return -1, -1
    # A row of numbers is none, and a part of it is none either.
    alone = plus or start == floor or not _is_row(data, floor, start)
    if not alone or not _may_be(found, plus, _zeros(data, position, found.end)):
        known = found.digits >= 7 and found.groups <= 6 and not _is_date(found)
        if not known or not _is_announced(data, floor, start, before, table):
            return -1, -1
    # A parenthesis that is not closed in the number is not of it.
    return start + np.int64(item(data, start) == 0x28 and found.signs & _CLOSED == 0), after


@inlined
def _groups(data: Bytes, position: int, end: int) -> Groups:
    sizes, leads, groups, digits, signs, after = 0, 0, 0, 0, 0, position
    while position >= 0 and groups < _MOST_GROUPS and digits <= _MOST_DIGITS:
        size, lead = 0, np.int64(item(data, position)) - 0x30
        while is_digit(data, position, end) and size <= _MOST_DIGITS:
            size, position = size + 1, position + 1
        digits, groups, after = digits + size, groups + 1, position
        sizes, leads = sizes << 4 | size & 0xF, leads << 4 | lead
        position, signs = _next_group(data, position, end, signs)
    return Groups(sizes, leads, groups, digits, signs, after)


@inlined
def _start(data: Bytes, floor: int, position: int) -> tuple[int, bool]:
    """Return where a number begins whose first digit is known: a parenthesis and a plus may stand before it."""
    plus = False
    for _ in range(2):
        if position > floor and item(data, position - 1) == 0x2B and not plus:
            position, plus = position - 1, True
        elif position > floor and item(data, position - 1) == 0x28 and item(data, position) != 0x28:
            position -= 1
    return position, plus


@inlined
def _is_row(data: Bytes, floor: int, start: int) -> bool:
    """Tell whether a number and a space stand before a number without a parenthesis."""
    if item(data, start) == 0x28 or item(data, start - 1) != 0x20 or start - 2 < floor:
        return False
    return np.uint8(item(data, start - 2) - 0x30) < 10


@inlined
def _zeros(data: Bytes, start: int, end: int) -> int:
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
def _is_announced(data: Bytes, floor: int, start: int, before: Phrases, table: Characters) -> bool:
    """Tell whether one of the words stands shortly before a number; a word that is cut off is not looked at."""
    first = max(floor, start - _LOOK_BACK)
    while first > floor and first < start and is_word_byte(item(data, first)) and is_word_byte(item(data, first - 1)):
        first += 1
    return has_phrase(data, first, start, ASCII_LETTERS, before, table)


@inlined
def _next_group(data: Bytes, position: int, end: int, signs: int) -> tuple[int, int]:
    """Return where the next group begins, or -1, and the signs seen up to there."""
    first, before = position, signs
    while position < end and position - first <= 3:
        byte = item(data, position)
        if byte == 0x2E:
            signs |= _DOT
        elif byte == 0x2F:
            signs |= _SLASH
        elif byte == 0x29:
            signs |= _CLOSED
        elif byte not in (0x20, 0x28, 0x2D):
            break
        position += 1
    if position == first or position - first > 3 or not is_digit(data, position, end):
        return -1, before
    return position, signs


@inlined
def _may_be(found: Groups, plus: bool, zeros: int) -> bool:
    """Tell whether groups are those of a number; `zeros` is how many it begins with."""
    sizes, leads, groups, digits = found.sizes, found.leads, found.groups, found.digits
    lead = leads >> 4 * (groups - 1)
    if plus:
        return lead != 0 and digits >= 8 and groups <= 6
    if groups >= 3 and sizes & 0xFFF == 0x334 and leads >> 8 & 0xF >= 2 and leads >> 4 & 0xF >= 2:
        # The country's 1, or 1 behind two zeros.
        country = (sizes >> 12 == 1 and lead == 1) or (sizes >> 12 == 3 and lead == 0)
        return groups == 3 or (groups == 4 and country)
    # A zip code of the United States and its four digits are none.
    if groups < 2 or lead != 0 or digits < 9 or sizes == 0x54 or _is_date(found):
        return False
    smallest = sizes & 0xF
    for group in range(groups):
        smallest = min(smallest, sizes >> 4 * group & 0xF)
    if smallest < 2 or found.signs & (_DOT | _SLASH) == _DOT | _SLASH:
        return False
    first = sizes >> 4 * (groups - 1)
    if zeros == 2:
        return digits >= 10 and (4 <= first <= 5 or (first == 2 and found.signs & _DOT == 0))
    return zeros == 1 and digits <= 11 and first <= 5


@inlined
def _is_date(found: Groups) -> bool:
    """Tell whether there is a year first or third among groups of one or two digits, or two years."""
    sizes, leads, groups = found.sizes, found.leads, found.groups
    if groups == 2:
        return sizes == 0x44 and _is_century(leads >> 4 & 0xF) and _is_century(leads & 0xF)
    head, first = sizes >> 4 * (groups - 3), leads >> 4 * (groups - 3)
    one, two, three = head >> 8 & 0xF, head >> 4 & 0xF, head & 0xF
    if groups < 3 or two > 2:
        return False
    ends = one <= 2 and three == 4 and _is_century(first & 0xF)
    return ends or (one == 4 and three <= 2 and _is_century(first >> 8 & 0xF))


@inlined
def _is_century(lead: int) -> bool:
    return lead in (1, 2)


@inlined
def _extended(data: Bytes, position: int, end: int) -> int:
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
