"""Characters folded as CCNet folds paragraphs before it compares them: lower case, digits as 0, no punctuation or accents.

Wenzek et al. 2019, CCNet, section 3.1 ("lower-casing all characters, replacing numbers by a placeholder (i.e. 0) and
removing all Unicode punctuation and accent marks"). The table is stored (Unicode 14.0.0) and not built at run time, so
that every Python folds alike.
"""

import functools
import sys
import unicodedata
from pathlib import Path
from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Int32s, UInt16s
from atom_data.text.memory import read_only

REMOVED = -0x200000
"""Stands for a character that is left out."""
WHITE = -0x200001
"""Stands for white space, of which a run counts as one space."""

_PAGE = 128


class Folding(NamedTuple):
    """The table: a page of 128 code points, and for each what to add to it, or REMOVED or WHITE."""

    pages: UInt16s
    shifts: Int32s


@functools.cache
def folding() -> Folding:
    """Return the stored table; read once per process, about 150 kB."""
    with np.load(Path(__file__).with_suffix(".npz")) as stored:
        return Folding(*(read_only(stored[name]) for name in Folding._fields))


def build_folding() -> Folding:
    """Return the table made from this Python's `unicodedata`: how the stored one was made, and what tests compare."""
    points = np.array([_shift(chr(code)) for code in range(sys.maxunicode + 1)], np.int32)
    unique, pages = np.unique(points.reshape(-1, _PAGE), axis=0, return_inverse=True)
    return Folding(pages.reshape(-1).astype(np.uint16), unique.reshape(-1))


def fold(text: str) -> str:
    """Return the text as it is compared, the slow and plain way."""
    return " ".join("".join(folded_character(character) for character in text).split())


def folded_character(character: str) -> str:
    """Return what one character is compared as: one character, a space, or nothing.

    An accent is a mark that stands above, below or around a letter (canonical combining class 200 or more) or a point of
    Hebrew or Arabic (10 to 36); vowel signs and tone marks of other scripts make other words and stay. Control and format
    characters are left out. What does not decompose into one letter and accents (Hangul) stays as it is.
    """
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category[0] == "P" or category in ("Cc", "Cf"):
        return ""
    if category == "Nd":
        return "0"
    parts = [part for part in unicodedata.normalize("NFD", character.lower()) if not _is_accent(part)]
    if len(parts) > 1:
        lower = character.lower()
        return lower if len(lower) == 1 else character
    return "".join(parts)


def _is_accent(character: str) -> bool:
    place = unicodedata.combining(character)
    return place >= 200 or 10 <= place <= 36


def _shift(character: str) -> int:
    found = folded_character(character) if not 0xD800 <= ord(character) < 0xE000 else character
    if found in ("", " "):
        return WHITE if found else REMOVED
    return ord(found) - ord(character)
