"""Tokens as the English tokenizer of spaCy 3.8 cuts them, which datatrove counts as words.

A run of ink (what stands between white space) loses signs at both ends, one after the other, until it is a known form
("don't", "e.g.", ":)") or no sign is left; then it is cut inside, at hyphens between letters and the like, unless it is an
address. Last, known forms that lie side by side in the pieces are put together. Read from spaCy's `tokenizer.pyx`,
`lang/punctuation.py` and `lang/tokenizer_exceptions.py`; the one thing left out is the address that is a number (IPv4).
"""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.datatrove.spacy_addresses import is_address
from atom_data.text.datatrove.spacy_table import (
    ALPHA,
    DOTTED,
    INFIX,
    INSIDE,
    LONGEST_FORM,
    LOWER,
    PREFIX,
    QUOTE,
    SUFFIX,
    UPPER,
    English,
    flags_at,
    flags_before,
    form_at,
    form_of,
    is_unit,
)
from atom_data.text.hashes import hash_letters
from atom_data.text.memory import called, inlined, item, put

_DOT, _COMMA, _PLUS, _HYPHEN, _AT = 0x2E, 0x2C, 0x2B, 0x2D, 0x40
_MOST_WINDOW = 8
"""Of the forms, only one kind of smiley is made of more tokens."""


@called
def split_ink(  # noqa: C901 - the loop of spaCy, in its order
    data: Bytes, start: int, end: int, table: English, cuts: Int64s
) -> int:
    """Write where the tokens of a run of ink begin, and its end, to `cuts`; return how many tokens there are.

    `cuts` needs two places more than the run has bytes. Linear in the run's length.
    """
    low, high, count, back = start, end, 0, cuts.size
    form, letters = 0, False
    while low < high:
        # Long rests are not forms, and to look at them whole for each sign that is taken off would not be linear.
        if high - low <= LONGEST_FORM:
            key, letters = hash_letters(data, low, high)
            form = form_of(key, table)
            if form or letters:
                break
        before = _prefix_size(data, low, high, table)
        if before and form_at(data, low + before, high, table):
            put(cuts, count, low)
            count, low = count + 1, low + before
            continue
        behind = _suffix_size(data, low + before, high, table)
        if behind and form_at(data, low, high - behind, table):
            high, back = high - behind, back - 1
            put(cuts, back, high)
            continue
        if before == 0 and behind == 0:
            break
        if before:
            put(cuts, count, low)
            count, low = count + 1, low + before
        if behind:
            high, back = high - behind, back - 1
            put(cuts, back, high)
    if low < high:
        if form:
            count = _form_cuts(form, low, cuts, count)
        elif letters:
            put(cuts, count, low)
            count += 1
        else:
            count = _inner_cuts(data, low, high, table, cuts, count)
    for index in range(back, cuts.size):
        put(cuts, count, item(cuts, index))
        count += 1
    put(cuts, count, end)
    return _joined(data, cuts, count, table) if count > 1 else count


@inlined
def _form_cuts(form: int, low: int, cuts: Int64s, count: int) -> int:
    """Add the pieces of a known form."""
    for shift in (0, 8, 16):
        size = form >> shift & 0xFF
        if size:
            put(cuts, count, low)
            count, low = count + 1, low + size
    return count


@called
def _prefix_size(data: Bytes, low: int, high: int, table: English) -> int:
    """Return the bytes of the sign that is split off before, 0 for none."""
    first = item(data, low)
    following = item(data, low + 1) if low + 1 < high else np.uint8(0)
    if first == _DOT:
        size = _dots(data, low, high)
        return size if size > 1 else 0
    if first == _PLUS:
        return np.int64(not 0x30 <= following <= 0x39)
    if (first == 0x43 or first == 0x41) and following == 0x24:
        return 2
    if first == 0x55 and following == 0x53 and low + 2 < high and item(data, low + 2) == 0x24:
        return 3
    flags, size = flags_at(data, low, high, table)
    return size if flags & PREFIX else 0


@called
def _suffix_size(data: Bytes, low: int, high: int, table: English) -> int:
    """Return the bytes of the sign that is split off behind: of those that fit, the longest."""
    if low >= high:
        return 0
    last = item(data, high - 1)
    if last == _DOT:
        return _suffix_dots(data, low, high, table)
    flags, size = flags_before(data, low, high, table)
    if (last | 0x20) == 0x73 and high - 1 > low:
        if item(data, high - 2) == 0x27:
            return 2
        if (
            high - 4 >= low
            and item(data, high - 2) == 0x99
            and item(data, high - 3) == 0x80
            and item(data, high - 4) == 0xE2
        ):
            return 4
    if last == 0xA6 and _is_ellipsis(data, low, high) and _is_ellipsis(data, low, high - 3):
        return 6
    if flags & SUFFIX:
        return size
    digit = high - 1
    while digit >= low and high - digit <= LONGEST_FORM // 2 and not 0x30 <= item(data, digit) <= 0x39:
        digit -= 1
    if low <= digit < high - 1 and 0x30 <= item(data, digit) <= 0x39 and is_unit(data, digit + 1, high, table):
        return high - 1 - digit
    return 0


@inlined
def _suffix_dots(data: Bytes, low: int, high: int, table: English) -> int:
    if high - 2 >= low and item(data, high - 2) == _DOT:
        begin = high - 2
        while begin > low and item(data, begin - 1) == _DOT:
            begin -= 1
        return high - begin
    flags, size = flags_before(data, low, high - 1, table)
    if flags & DOTTED:
        return 1
    second, _ = flags_before(data, low, high - 1 - size, table)
    if flags & UPPER and second & UPPER:
        return 1
    letter = item(data, high - 2) | 0x20 if high - 2 >= low else 0
    degrees = high - 4 >= low and item(data, high - 3) == 0xB0 and item(data, high - 4) == 0xC2
    return np.int64(degrees and (letter == 0x66 or letter == 0x63 or letter == 0x6B))


@inlined
def _is_ellipsis(data: Bytes, low: int, high: int) -> bool:
    if high - 3 < low:
        return False
    return item(data, high - 3) == 0xE2 and item(data, high - 2) == 0x80 and item(data, high - 1) == 0xA6


@inlined
def _dots(data: Bytes, position: int, high: int) -> int:
    size = 0
    while position + size < high and item(data, position + size) == _DOT:
        size += 1
    return size


@called
def _inner_cuts(data: Bytes, low: int, high: int, table: English, cuts: Int64s, count: int) -> int:
    """Cut what is left at the signs inside, unless it is an address."""
    put(cuts, count, low)
    count += 1
    if is_address(data, low, high, table):
        return count
    piece, position, before, digit = low, low, 0, False
    while position < high:
        flags, size = flags_at(data, position, high, table)
        sign = _infix_size(data, position, high, table, flags, size, before, digit)
        # A sign at the very beginning is passed over.
        if sign and position > low:
            if position > piece:
                put(cuts, count, position)
                count += 1
            piece = position + sign
            if piece < high:
                put(cuts, count, piece)
                count += 1
        if sign > size:
            flags, _ = flags_before(data, low, position + sign, table)
        digit = 0x30 <= item(data, position + max(sign, size) - 1) <= 0x39
        before = flags
        position += max(sign, size)
    return count


@inlined
def _infix_size(
    data: Bytes, position: int, high: int, table: English, flags: int, size: int, before: int, digit: bool
) -> int:
    """Return the bytes of the sign inside a word that begins here, 0 for none."""
    if flags & INFIX:
        return size
    first = item(data, position)
    if 0x30 <= first <= 0x39 or ((first | 0x20) - 0x61 < 26 and first >= 0x41):
        return 0
    following = position + size
    after = item(data, following) if following < high else np.uint8(0)
    if first == _DOT:
        if after == _DOT:
            return _dots(data, position, high)
        if following == high or not before & (LOWER | QUOTE):
            return 0
        return np.int64(flags_at(data, following, high, table)[0] & (UPPER | QUOTE) != 0)
    if (
        digit
        and (first in (_PLUS, _HYPHEN) or first == 42 or first == 94)
        and (0x30 <= after <= 0x39 or after == _HYPHEN)
    ):
        return 1
    if not (before & ALPHA or digit) or following == high:
        return 0
    if first == _COMMA or first == 0x3A or first == 0x3C or first == 0x3D or first == 0x3E or first == 0x2F:
        fits = before & ALPHA or first != _COMMA
        return np.int64(fits and flags_at(data, following, high, table)[0] & ALPHA != 0)
    return _hyphens_size(data, position, high, table)


@inlined
def _hyphens_size(data: Bytes, position: int, high: int, table: English) -> int:
    """Return the bytes of a hyphen, a dash, a tilde, or some of them, before a letter; 0 for none."""
    first, size = item(data, position), 0
    if first == 0x7E:
        size = 1
    elif first == _HYPHEN:
        while size < 3 and position + size < high and item(data, position + size) == _HYPHEN:
            size += 1
    elif _is_dash(data, position, high):
        size = 3
        if item(data, position + 2) == 0x94 and _is_dash(data, position + 3, high) and item(data, position + 5) == 0x94:
            size = 6
    if size == 0 or position + size >= high:
        return 0
    return size if flags_at(data, position + size, high, table)[0] & ALPHA else 0


@inlined
def _is_dash(data: Bytes, position: int, high: int) -> bool:
    if position + 2 >= high or item(data, position) != 0xE2 or item(data, position + 1) != 0x80:
        return False
    return item(data, position + 2) == 0x93 or item(data, position + 2) == 0x94


@inlined
def _joined(data: Bytes, cuts: Int64s, count: int, table: English) -> int:
    """Cut anew what lies side by side and is a known form: the longest first, from left to right."""
    kept, index = 0, 0
    while index < count:
        start, size, pieces = item(cuts, index), 1, 0
        for window in range(min(_MOST_WINDOW, count - index), 1, -1):
            form = form_at(data, start, item(cuts, index + window), table)
            # In more pieces than there are tokens, it is not what spaCy looks for.
            if form & INSIDE and 1 + np.int64(form & 0xFF00 != 0) + np.int64(form & 0xFF0000 != 0) <= window:
                size, pieces = window, form
                break
        put(cuts, kept, start)
        kept, index = kept + 1, index + size
        first, second = pieces & 0xFF, pieces >> 8 & 0xFF
        if second:
            put(cuts, kept, start + first)
            kept += 1
        if pieces >> 16 & 0xFF:
            put(cuts, kept, start + first + second)
            kept += 1
    put(cuts, kept, item(cuts, count))
    return kept
