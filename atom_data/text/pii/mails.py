"""Mail addresses around an `@`, in ASCII and beyond it (RFC 5321, RFC 6531; domains of RFC 5890).

The local part is of letters, marks and numbers of any script and of the signs that addresses are seen with; the domain is
of two labels at least. What is read is bounded: 64 bytes before the `@` and 253 after it.

Scripts without spaces (and Hangul, which glues particles) leave open where an address begins and ends in a sentence.
`请联系zhang@example.com或者` is cut where ASCII meets such a script, so that neither side is taken along. Where the local
part itself ends in such a script, all of the run before the `@` counts, 64 bytes at most: rather a word too much than a name
that stays.
"""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.characters import LETTER, MARK, NUMBER, UNSPACED, Characters, cell_of, decode
from atom_data.text.memory import called, inlined, item
from atom_data.text.pii.numbers import is_word_byte

_MOST_LOCAL = 64
_MOST_DOMAIN = 253
_LOCAL_SIGNS = np.zeros(256, np.bool_)
_LOCAL_SIGNS[[*b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._%+-~!$*^'&#="]] = True

# Ends of file names that are not top-level domains (IANA's list), as in `icon@3x.jpg`. `zip` and `mov` are domains.
_FILES = """
asp aspx avi avif bmp bz css csv dll doc docx eot exe gif gz heic htm html ico jar jpeg jpg js json jsx less mjs otf pdf php
png psd scss svg tar tgz tif tiff toml ts tsx ttf txt wav webm webp woff xls xlsx xml yaml yml
"""


def _packed(name: str) -> int:
    return int.from_bytes(name.encode(), "big")


_FILE_ENDS = np.array([_packed(name) for name in _FILES.split()], np.int64)


@called
def mail_place(data: Bytes, floor: int, position: int, end: int, table: Characters) -> tuple[int, int]:
    """Return where the mail address around the `@` at `position` begins and ends, or -1."""
    start = _local_start(data, floor, position, end, table)
    # The local part begins with a letter or a digit, has no two dots together, and does not end with one.
    while start < position:
        byte = item(data, start)
        code, size = decode(data, start, end)
        if is_word_byte(byte) or (byte >= 0x80 and item(table.kinds, cell_of(code, table)) != MARK):
            break
        start += size
    if start >= position or item(data, position - 1) == 0x2E:
        return -1, -1
    for index in range(start, position - 1):
        if item(data, index) == 0x2E and item(data, index + 1) == 0x2E:
            return -1, -1
    after = _domain_end(data, position + 1, end, table)
    return (start, after) if after >= 0 else (-1, -1)


@inlined
def _local_start(data: Bytes, floor: int, position: int, end: int, table: Characters) -> int:
    """Return where the local part begins; `position` where there is none, or one that is too long."""
    start, ascii_seen = position, False
    while start > floor and position - start <= _MOST_LOCAL:
        byte = item(data, start - 1)
        if byte < 0x80:
            if not item(_LOCAL_SIGNS, byte):
                break
            ascii_seen |= is_word_byte(byte)
            start -= 1
            continue
        first = start - 1
        while first > floor and start - first < 4 and item(data, first) & 0xC0 == 0x80:
            first -= 1
        code, size = decode(data, first, end)
        kind = item(table.kinds, cell_of(code, table))
        if first + size != start or not _is_of_name(kind):
            break
        if _is_glued(kind, code) and (ascii_seen or position - first > _MOST_LOCAL):
            break
        start = first
    return start if position - start <= _MOST_LOCAL else position


@inlined
def _is_of_name(kind: np.uint8) -> bool:
    return kind in (LETTER, NUMBER, MARK, UNSPACED)


@inlined
def _is_glued(kind: np.uint8, code: int) -> bool:
    """Tell whether a character is of a script without spaces, or of Hangul."""
    return kind == UNSPACED or 0xAC00 <= code < 0xD7A4 or 0x1100 <= code < 0x1200


@inlined
def _domain_end(data: Bytes, position: int, end: int, table: Characters) -> int:
    """Return where the domain of a mail address ends, or -1: two labels at least, and the last no number or file type."""
    start, label, good, good_label, labels = position, position, -1, 0, 0
    characters, beyond, numeric = 0, 0, False
    while position <= end and position - start <= _MOST_DOMAIN:
        byte = item(data, position) if position < end else np.uint8(0)
        size = _step(data, label, position, end, labels > 0 and beyond == 0, table)
        if size > 0:
            characters, beyond, position = characters + 1, beyond + np.int64(byte >= 0x80), position + size
            continue
        if position == label or characters > 63 or item(data, position - 1) == 0x2D:
            break
        labels += 1
        if labels == 1:
            numeric = _is_numeric(data, label, position)
        elif labels == 2 and numeric and np.uint8(item(data, label) - 0x30) < 10:
            return -1  # `react@18.2.0-rc.beta`
        if labels > 1 and _is_top(data, label, position, characters, beyond):
            good, good_label = position, label
        if byte != 0x2E:
            break
        position += 1
        label, characters, beyond = position, 0, 0
    if good < 0 or (good < end and item(data, good) == 0x5F) or _is_file(data, good_label, good):
        return -1
    return good


@inlined
def _step(data: Bytes, label: int, position: int, end: int, may_end: bool, table: Characters) -> int:
    """Return the bytes of the next character of a label; 0 where the label ends."""
    if position >= end:
        return 0
    byte = item(data, position)
    if byte < 0x80:
        return np.int64((is_word_byte(byte) and byte != 0x5F) or (byte == 0x2D and position > label))
    code, size = decode(data, position, end)
    kind = item(table.kinds, cell_of(code, table))
    if not _is_of_name(kind) or (kind == MARK and position == label):
        return 0
    # What is not a Latin letter does not go on with a label of ASCII that may be the last one: `anna@seaport.jpまで`.
    is_latin = code < 0x370 or 0x1E00 <= code < 0x1F00
    return 0 if not is_latin and may_end and position - label > 1 and _letters(data, label, position) > 1 else size


@inlined
def _letters(data: Bytes, label: int, stop: int) -> int:
    """Return how many letters of ASCII a label begins with."""
    count = 0
    while label + count < stop and np.uint8((item(data, label + count) | 0x20) - 0x61) < 26:
        count += 1
    return count


@inlined
def _is_top(data: Bytes, label: int, stop: int, characters: int, beyond: int) -> bool:
    """Tell whether a label can be the last one: it begins with two letters, or has two characters, one beyond ASCII."""
    if beyond:
        return characters > 1 and np.uint8(item(data, label) - 0x30) >= 10
    return _letters(data, label, stop) > 1


@inlined
def _is_numeric(data: Bytes, label: int, stop: int) -> bool:
    """Tell whether a label is a number, or `v` and a number."""
    digits = label + np.int64(item(data, label) | 0x20 == 0x76 and stop - label > 1)
    while digits < stop and np.uint8(item(data, digits) - 0x30) < 10:
        digits += 1
    return digits == stop


@inlined
def _is_file(data: Bytes, label: int, stop: int) -> bool:
    """Tell whether the last label is how names of files end."""
    if stop - label > 5:
        return False
    code = 0
    for index in range(label, stop):
        code = code << 8 | np.int64(item(data, index) | 0x20)
    found = False
    for name in range(_FILE_ENDS.size):
        found |= item(_FILE_ENDS, name) == code
    return found
