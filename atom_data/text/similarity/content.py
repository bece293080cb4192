"""Text reduced to its content: lowercase, one space for all that only separates, nothing invisible."""

import functools

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import PUNCTUATION, SPACE, Characters, cell_of, characters, decode
from atom_data.text.hashes import encoded
from atom_data.text.memory import inlined, item, kernel, put, read_only

INVISIBLE = (0xAD, 0x200B, 0x2060, 0xFEFF)
"""Soft hyphen, zero-width space, word joiner, byte order mark: invisible differences between copies."""

_BLANK = 0x20
_CONTROLS_END = 0xA0


def content(buffers: Buffers, fold_case: bool = True, skip_punctuation: bool = True) -> Buffers:
    """Return each text with runs of white space and control characters as one space, none at its ends.

    With `skip_punctuation` characters of category P count as white space, so that "e-mail" and "e mail" are one and "1.5"
    and "15" are not; symbols such as + and < stay. With `fold_case` letters are lowercase, except those whose small form
    takes another number of bytes (see `words`). Invisible characters go; a broken byte stays as it is. Canonically
    equivalent forms stay different: normalize to NFC before. No text grows. Memory: as much as the texts.
    """
    offsets = read_only(buffers.offsets)
    found = Buffers(np.empty(int(offsets[-1] - offsets[0]), np.uint8), np.zeros_like(offsets))
    if offsets.size > 1:
        table = _ascii(fold_case, skip_punctuation)
        data = read_only(buffers.data)
        _reduce(data, offsets, fold_case, skip_punctuation, table, characters(), found)
    return found


@functools.cache
def _ascii(fold_case: bool, skip_punctuation: bool) -> Bytes:
    """Return what each ASCII character becomes; a blank for those that separate."""
    made = [chr(code).lower() if fold_case else chr(code) for code in range(128)]
    table = np.array([ord(one) if one.isprintable() else _BLANK for one in made], np.uint8)
    if skip_punctuation:
        table[[ord(one) for one in "!\"#%&'()*,-./:;?@[\\]_{}"]] = _BLANK
    return read_only(table)


@kernel
def _reduce(
    data: Bytes,
    offsets: Int64s,
    fold_case: bool,
    skip_punctuation: bool,
    ascii_table: Bytes,
    table: Characters,
    found: Buffers,
) -> None:
    total = 0
    for document in range(offsets.size - 1):
        position, end, begin, gap = offsets[document], offsets[document + 1], total, False
        while position < end:
            byte = item(data, position)
            if byte < 0x80:
                byte = item(ascii_table, byte)
                position += 1
                if byte == _BLANK:
                    gap = True
                    continue
                if gap and total > begin:
                    put(found.data, total, _BLANK)
                    total += 1
                gap = False
                put(found.data, total, byte)
                total += 1
                continue
            code, size = decode(data, position, end)
            cell = cell_of(code, table)
            kind = item(table.kinds, cell)
            if code in INVISIBLE:
                position += size
                continue
            if kind == SPACE or (skip_punctuation and kind == PUNCTUATION) or code < _CONTROLS_END:
                gap = True
                position += size
                continue
            if gap and total > begin:
                put(found.data, total, _BLANK)
                total += 1
            gap = False
            total = _copy(data, position, size, code, item(table.shifts, cell) if fold_case else 0, found.data, total)
            position += size
        found.offsets[document + 1] = total


@inlined
def _copy(data: Bytes, position: int, size: int, code: int, shift: int, found: Bytes, total: int) -> int:
    character = encoded(code + shift, size)
    for index in range(size):
        # A broken sequence has no code point of its own: its bytes are taken as they stand.
        byte = np.uint8(character >> np.uint64(8 * index)) if shift else item(data, position + index)
        put(found, total + index, byte)
    return total + size
