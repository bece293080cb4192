"""What a character is, for kernels that read UTF-8: its kind and its lower case, from one small table.

The table is stored (Unicode 14.0.0) and not built at run time, so that every Python gives the same words.
"""

import functools
import sys
import unicodedata
from pathlib import Path
from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int32s
from atom_data.text.memory import inlined, item, read_only

OTHER = 0
SPACE = 1
PUNCTUATION = 2
LETTER = 3
NUMBER = 4
MARK = 5
UNSPACED = 6

REPLACEMENT = 0xFFFD
"""The code point that a broken sequence stands for."""

_PAGE = 128
_JOINERS = (0x200C, 0x200D)
_UNSPACED_NAMES = (
    "CJK UNIFIED",
    "CJK COMPATIBILITY IDEOGRAPH",
    "IDEOGRAPHIC",
    "VERTICAL IDEOGRAPHIC",
    "HIRAGANA",
    "HENTAIGANA",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "BOPOMOFO",
    "THAI ",
    "LAO ",
    "KHMER ",
    "MYANMAR ",
    "TAI LE ",
    "NEW TAI LUE ",
    "TAI THAM ",
    "TAI VIET ",
    "AHOM ",
)


class Characters(NamedTuple):
    """The table: a page of 128 code points, a cell in the page, and for each cell a kind and a way to lower case."""

    pages: Bytes
    cells: Bytes
    kinds: Bytes
    shifts: Int32s


@functools.cache
def characters() -> Characters:
    """Return the stored table; read once per process, 36 kB."""
    with np.load(Path(__file__).with_suffix(".npz")) as stored:
        return Characters(*(read_only(stored[name]) for name in Characters._fields))


def build_characters() -> Characters:
    """Return the table made from this Python's `unicodedata`: how the stored one was made, and what tests compare."""
    points = [(kind_of(chr(code)), _shift(chr(code))) for code in range(sys.maxunicode + 1)]
    pairs, cells = np.unique(np.array(points, np.int32), axis=0, return_inverse=True)
    unique, pages = np.unique(cells.reshape(-1, _PAGE).astype(np.uint8), axis=0, return_inverse=True)
    return Characters(
        pages.reshape(-1).astype(np.uint8), unique.reshape(-1), pairs[:, 0].astype(np.uint8), pairs[:, 1].copy()
    )


def kind_of(character: str) -> int:
    """Return the kind of one character, the slow and plain way.

    SPACE is what `str.isspace` says; letters, numbers, marks and punctuation are the general categories L, N, M, P.
    The two joiners (zero-width joiner and non-joiner) count as marks (Unicode Technical Standard 18, annex C).
    UNSPACED are letters of scripts written without spaces: Han, kana, Bopomofo, and the South East Asian scripts of
    line-break class SA (Unicode Standard Annex 14). Unassigned places of planes 2 and 3 are kept for Han.
    """
    category, code = unicodedata.category(character), ord(character)
    if category == "Cn":
        return UNSPACED if 0x20000 <= code < 0x3FFFE else OTHER
    if category[0] == "L":
        return UNSPACED if unicodedata.name(character, "").startswith(_UNSPACED_NAMES) else LETTER
    if character.isspace():
        return SPACE
    if code in _JOINERS:
        return MARK
    return {"P": PUNCTUATION, "N": NUMBER, "M": MARK}.get(category[0], OTHER)


def _shift(character: str) -> int:
    lower = character.lower()
    if lower == character:
        return 0
    same_size = len(lower) == 1 and len(lower.encode(errors="replace")) == len(character.encode(errors="replace"))
    return ord(lower) - ord(character) if same_size else 0


@inlined
def decode(data: Bytes, position: int, end: int) -> tuple[int, int]:
    """Return the code point at `position` and its bytes; a broken sequence is REPLACEMENT, cut as Python cuts it."""
    first = np.int64(item(data, position))
    if first < 0x80:
        return first, 1
    second = np.int64(item(data, position + 1)) if position + 1 < end else 0
    if second & 0xC0 != 0x80 or first < 0xC2 or first > 0xF4:
        return REPLACEMENT, 1
    code = (first & 0x1F) << 6 | second & 0x3F
    if first < 0xE0:
        return code, 2
    # What a second byte may be depends on the first: no long forms, no surrogates, nothing above U+10FFFF.
    if first < 0xF0:
        broken = code < 0x20 or 0x360 <= code < 0x380
    else:
        code &= 0x1FF
        broken = code < 0x10 or code >= 0x110
    if broken:
        return REPLACEMENT, 1
    third = np.int64(item(data, position + 2)) if position + 2 < end else 0
    if third & 0xC0 != 0x80:
        return REPLACEMENT, 2
    code = code << 6 | third & 0x3F
    if first < 0xF0:
        return code & 0xFFFF, 3
    fourth = np.int64(item(data, position + 3)) if position + 3 < end else 0
    if fourth & 0xC0 != 0x80:
        return REPLACEMENT, 3
    return code << 6 | fourth & 0x3F, 4


@inlined
def cell_of(code: int, table: Characters) -> int:
    """Return the cell of a code point: `table.kinds[cell]` and `table.shifts[cell]` say the rest."""
    return np.int64(item(table.cells, np.int64(item(table.pages, code >> 7)) << 7 | code & 127))


@inlined
def characters_in(data: Bytes, start: int, end: int) -> int:
    """Return how many bytes begin a character."""
    count = 0
    for index in range(start, end):
        count += np.int64(item(data, index) & 0xC0 != 0x80)
    return count
