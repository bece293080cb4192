"""Decoders of multi-byte encodings, as the WHATWG Encoding standard has them: what they do after a bad byte, too.

After a lead byte whose trail byte does not fit, one U+FFFD is put; the trail byte is read again where it is ASCII, so that
no markup is swallowed. Each reads its bytes once.
"""

import numpy as np

from atom_data.text.arrays import Bytes, UInt32s
from atom_data.text.charsets.tables import LEAD_OF_THREE, MARK_SHIFT, NONE, Codes
from atom_data.text.memory import inlined, item, kernel, put

REPLACEMENT = 0xFFFD
ESCAPE = 0x1B
ASCII, ROMAN, KATAKANA, KANJI = 0, 1, 2, 3
LAST_RANGE_OF_BMP, FIRST_BEYOND, LAST_POINTER = 39_419, 189_000, 1_237_575


@kernel
def multi_byte(data: Bytes, single: Codes, pairs: Codes, triples: Codes, ranges: Codes) -> tuple[UInt32s, int]:
    """Return the code points, and how many of them are U+FFFD for bytes that are none."""
    size, place, length, replaced = len(data), 0, 0, 0
    codes = np.empty(size, np.uint32)
    while place < size:
        byte = item(data, place)
        code = item(single, byte)
        place += 1
        if code >= 0:
            put(codes, length, code)
            length += 1
            continue
        if code == NONE or place == size:
            code = 0
        elif code == LEAD_OF_THREE:
            code, place = _three(data, place, triples)
        elif len(ranges) and 0x30 <= item(data, place) <= 0x39:
            code, place = _four(data, place, ranges)
        else:
            trail = item(data, place)
            code = item(pairs, byte * 256 + trail)
            place += code != 0 or trail >= 0x80
        replaced += code == 0
        put(codes, length, code & 0xFFFFFF if code else REPLACEMENT)
        length += 1
        if code >> MARK_SHIFT:
            put(codes, length, 0x300 + (code >> MARK_SHIFT))
            length += 1
    return codes[:length], replaced


@inlined
def _three(data: Bytes, place: int, triples: Codes) -> tuple[int, int]:
    """Return the code point of the bytes after a LEAD_OF_THREE, 0 for none, and where to go on."""
    lead = item(data, place)
    if lead < 0xA1 or lead == 0xFF:
        return 0, place + (lead >= 0x80)
    if place + 1 == len(data):
        return 0, place + 1
    trail = item(data, place + 1)
    code = item(triples, lead * 256 + trail)
    return code, place + 1 + (code != 0 or trail >= 0x80)


@inlined
def _four(data: Bytes, place: int, ranges: Codes) -> tuple[int, int]:
    """Return the code point of four bytes of gb18030, of which the second is at `place`, and where to go on."""
    rest = len(data) - place
    if rest == 1:
        return 0, place + 1
    first, second, third = item(data, place - 1), item(data, place), item(data, place + 1)
    if third < 0x81 or third == 0xFF:
        return 0, place
    if rest == 2:
        return 0, place + 2
    fourth = item(data, place + 2)
    if fourth < 0x30 or fourth > 0x39:
        return 0, place
    pointer = ((np.int64(first) - 0x81) * 10 + second - 0x30) * 1260 + (np.int64(third) - 0x81) * 10 + fourth - 0x30
    if LAST_RANGE_OF_BMP < pointer < FIRST_BEYOND or pointer > LAST_POINTER:
        return 0, place + 3
    if pointer == 7457:
        return 0xE7C7, place + 3
    low, high = 0, len(ranges)
    while high - low > 1:
        middle = (low + high) // 2
        if ranges[middle, 0] <= pointer:
            low = middle
        else:
            high = middle
    return ranges[low, 1] + pointer - ranges[low, 0], place + 3


@kernel
def iso_2022_jp(data: Bytes, pairs: Codes) -> tuple[UInt32s, int]:
    """Return the code points of ISO-2022-JP, and how many of them are U+FFFD for bytes that are none."""
    size, place, length, replaced = len(data), 0, 0, 0
    codes = np.empty(size, np.uint32)
    state, fresh = ASCII, False
    while place < size:
        byte = item(data, place)
        place += 1
        if byte == ESCAPE:
            following = _escape(data, place)
            if following >= 0:
                state, place = following, place + 2
                # Two changes with nothing between them: a way to hide text from filters.
                code, fresh = 0 if fresh else NONE, True
            else:
                code, fresh = 0, False
        else:
            code, fresh = _plain(byte, state), False
            if state == KANJI and code != 0:
                code, place = _kanji(data, byte, place, pairs)
        if code != NONE:
            replaced += code == 0 and not (byte == 0 and state in (ASCII, ROMAN))
            is_nul = byte == 0 and state in (ASCII, ROMAN)
            put(codes, length, code if code or is_nul else REPLACEMENT)
            length += 1
    return codes[:length], replaced


@inlined
def _escape(data: Bytes, place: int) -> int:
    """Return the state that an escape sequence leads to, -1 where there is none."""
    if place + 1 >= len(data):
        return -1
    one, two = item(data, place), item(data, place + 1)
    if one == 0x24:
        return KANJI if two in (0x40, 0x42) else -1
    if one != 0x28:
        return -1
    return ASCII if two == 0x42 else ROMAN if two == 0x4A else KATAKANA if two == 0x49 else -1


@inlined
def _plain(byte: int, state: int) -> int:
    """Return the code point of a byte, 0 for none; in KANJI, the lead byte itself."""
    if state == KATAKANA:
        return 0xFF61 - 0x21 + byte if 0x21 <= byte <= 0x5F else 0
    if state == KANJI:
        return byte if 0x21 <= byte <= 0x7E else 0
    if byte >= 0x80 or byte in (0x0E, 0x0F):
        return 0
    if state == ROMAN and byte in (0x5C, 0x7E):
        return 0xA5 if byte == 0x5C else 0x203E
    return np.int64(byte)


@inlined
def _kanji(data: Bytes, lead: int, place: int, pairs: Codes) -> tuple[int, int]:
    """Return the code point of a pair, 0 for none, and where to go on; an escape is read again."""
    if place == len(data):
        return 0, place
    trail = item(data, place)
    if trail == ESCAPE:
        return 0, place
    return item(pairs, lead * 256 + trail), place + 1
