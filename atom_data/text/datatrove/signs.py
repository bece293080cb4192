"""Signs of a text for `counts.py`: counted many bytes at a time, and what seldom stands in a text only looked for."""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.lines import three_dots
from atom_data.text.memory import called, inlined, item

SQUARE, CURLY, BREAKS, PHRASES = 1, 2, 4, 8
"""What `sign_counts` says there is: `[`; `{`; line breaks other than the line feed; perhaps one of the phrases of C4."""
LOREM, SCRIPT, POLICY = 1, 2, 4
"""What `phrases_in` finds: lorem ipsum; javascript; words about terms of use and cookies."""

_BLOCK = 192
_NAMES = (
    ("lorem ipsum", LOREM),
    ("javascript", SCRIPT),
    ("terms of use", POLICY),
    ("privacy policy", POLICY),
    ("cookie policy", POLICY),
    ("uses cookies", POLICY),
    ("use of cookies", POLICY),
    ("use cookies", POLICY),
)
_LETTERS = np.frombuffer("".join(name for name, _ in _NAMES).encode(), np.uint8)
_ENDS = np.cumsum([len(name) for name, _ in _NAMES])
_BITS = np.array([bit for _, bit in _NAMES], np.int64)
_PAIRS = np.zeros(1024, np.bool_)
for _name, _ in _NAMES:
    _PAIRS[(ord(_name[0]) & 31) << 5 | ord(_name[1]) & 31] = True


@inlined
def sign_counts(data: Bytes, start: int, end: int) -> tuple[int, int, int, int, int]:
    """Return characters, number signs, line feeds, ellipses (`...`, none used twice, and the sign), and what else there is."""
    characters, hashes, feeds, seen = 0, 0, 0, np.uint8(0)
    # Counts of a block fit a byte, so that the compiler can count many bytes at a time.
    for block in range(start, end, _BLOCK):
        begun, signs, lines = np.uint8(0), np.uint8(0), np.uint8(0)
        for index in range(block, min(block + _BLOCK, end)):
            byte = item(data, index)
            begun = np.uint8(begun + np.uint8((byte & 0xC0) != 0x80))
            signs = np.uint8(signs + np.uint8(byte == 0x23))
            lines = np.uint8(lines + np.uint8(byte == 0x0A))
            broken = np.uint8(np.uint8(byte - 0x0B) < 3) | np.uint8(np.uint8(byte - 0x1C) < 3)
            seen |= np.uint8(byte == 0x5B) | np.uint8(byte == 0x7B) << np.uint8(1) | broken << np.uint8(2)
        characters, hashes, feeds = characters + np.int64(begun), hashes + np.int64(signs), feeds + np.int64(lines)
    ellipses, dots = 0, np.uint8(0)
    for block in range(start, end - 2, _BLOCK):
        signs = np.uint8(0)
        for index in range(block, min(block + _BLOCK, end - 2)):
            one, two, three = item(data, index), item(data, index + 1), item(data, index + 2)
            general = np.uint8(one == 0xE2) & np.uint8(two == 0x80)
            signs = np.uint8(signs + (general & np.uint8(three == 0xA6)))
            seen |= (general & np.uint8((three & 0xFE) == 0xA8)) << np.uint8(2)
            dots |= np.uint8(one == 0x2E) & np.uint8(two == 0x2E) & np.uint8(three == 0x2E)
        ellipses += np.int64(signs)
    if dots:
        ellipses += three_dots(data, start, end)
    return characters, hashes, feeds, ellipses, np.int64(seen) | _rare_signs(data, start, end)


@inlined
def _rare_signs(data: Bytes, start: int, end: int) -> int:
    """Return PHRASES for four letters of any of them, and BREAKS for the next-line sign."""
    seen = np.uint8(0)
    for block in range(start, end - 3, _BLOCK):
        for index in range(block, min(block + _BLOCK, end - 3)):
            plain, fourth = item(data, index), item(data, index + 3) | 0x20
            one, two, three = plain | 0x20, item(data, index + 1), item(data, index + 2) | 0x20
            low = two | 0x20
            script = np.uint8(one == 0x6A) & np.uint8(low == 0x61) & np.uint8(three == 0x76)
            lorem = np.uint8(one == 0x6D) & np.uint8(two == 0x20) & np.uint8(three == 0x69) & np.uint8(fourth == 0x70)
            cookie = np.uint8(one == 0x6F) & np.uint8(low == 0x6B) & np.uint8(three == 0x69) & np.uint8(fourth == 0x65)
            privacy = np.uint8(one == 0x76) & np.uint8(low == 0x61) & np.uint8(three == 0x63) & np.uint8(fourth == 0x79)
            terms = np.uint8(one == 0x65) & np.uint8(low == 0x72) & np.uint8(three == 0x6D) & np.uint8(fourth == 0x73)
            seen |= (script | lorem | cookie | privacy | terms) << np.uint8(3)
            seen |= np.uint8(plain == 0xC2) & np.uint8(two == 0x85)
    found = np.int64(seen & 8)
    if seen & 1:
        found |= BREAKS
    if end - start < 4 or _next_line(data, max(start, end - 4), end):
        found |= BREAKS
    return found


@inlined
def _next_line(data: Bytes, position: int, end: int) -> bool:
    found = False
    for index in range(position, end - 1):
        found |= item(data, index) == 0xC2 and item(data, index + 1) == 0x85
    return found


@called
def phrases_in(data: Bytes, start: int, end: int) -> int:
    """Return the bits of the phrases in the bytes, in any case of ASCII letters."""
    found = 0
    for position in range(start, end - 1):
        # Two letters tell nearly all places apart; the case bit is not among the five that are looked at.
        if not _PAIRS[(np.int64(item(data, position)) & 31) << 5 | np.int64(item(data, position + 1)) & 31]:
            continue
        begin = 0
        for name in range(_BITS.size):
            stop = _ENDS[name]
            size = stop - begin
            if position + size <= end:
                index = 0
                while index < size and _same_letter(item(data, position + index), _LETTERS[begin + index]):
                    index += 1
                found |= _BITS[name] if index == size else 0
            begin = stop
    return found


@inlined
def _same_letter(byte: int, letter: int) -> bool:
    return byte == letter or (letter != 0x20 and byte | 0x20 == letter and byte < 0x80)
