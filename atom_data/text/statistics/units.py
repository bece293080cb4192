"""Words and signs, counted apart: about what the word splitters of spaCy and its like give, for any language with spaces.

A unit is a word or a sign. A word is a run of letters, numbers and marks; a letter of a script without spaces, with its
marks, is a word of its own. Other characters but white space are signs, the same one several times over is one (`...`).
Before and after words signs are cut off, but for `-/\\|@^~`, which stay there and count only where they stand alone. Between
two characters of words they are part of the word (`3.5`, `a_b`, `e.g`), with three exceptions: an apostrophe between letters
ends the word before it (`l'`, `homme`); one of `:<>=/,~-`, a dash, or several of `.-~` between letters, and one of `+-*^`
between numbers, is a sign by itself.
"""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import LETTER, MARK, NUMBER, SPACE, UNSPACED, Characters, cell_of, characters, decode
from atom_data.text.memory import inlined, item, kernel, read_only

COLUMNS = ("units", "words", "alphabetic", "word_chars", "line_feeds")
"""Words and signs; words; words with a letter; the characters of words, marks and what joins them included; line feeds."""

_LINE_FEED = 0x0A
_APOSTROPHE, _QUOTE = ord("'"), ord("’")
_KEPT = tuple(map(ord, "-/\\|@^~"))
_LETTER_CUTS = tuple(map(ord, ":<>=/,~-–—"))
_NUMBER_CUTS = tuple(map(ord, "+-*^"))
_RUN_CUTS = tuple(map(ord, ".-~"))


def unit_counts(buffers: Buffers) -> Int64s:
    """Return a row of COLUMNS a value."""
    counts = np.zeros((buffers.offsets.size - 1, len(COLUMNS)), np.int64)
    if counts.size:
        _count_units(read_only(buffers.data), read_only(buffers.offsets), characters(), counts)
    return counts


@kernel
def _count_units(data: Bytes, offsets: Int64s, table: Characters, counts: Int64s) -> None:
    for document in range(counts.shape[0]):
        position, end = offsets[document], offsets[document + 1]
        units, words, alphabetic, word_chars, feeds = 0, 0, 0, 0, 0
        before, lettered = SPACE, False
        while position < end:
            code, size = decode(data, position, end)
            kind = np.int64(item(table.kinds, cell_of(code, table)))
            if kind == SPACE:
                feeds += np.int64(code == _LINE_FEED)
                before = SPACE
            elif kind == UNSPACED:
                units, words, alphabetic, word_chars = units + 1, words + 1, alphabetic + 1, word_chars + 1
                before = kind
            elif kind == MARK and before == UNSPACED:
                word_chars += 1
            elif _is_word(kind):
                if not _is_word(before):
                    units, words, lettered = units + 1, words + 1, False
                word_chars += 1
                if kind == LETTER and not lettered:
                    alphabetic, lettered = alphabetic + 1, True
                # A mark says nothing of its own about what may stand beside it.
                before = before if kind == MARK and _is_word(before) else kind
            else:
                stop, following, length, groups, kept = _signs(data, position, end, table)
                if _is_word(before) and _is_word(following):
                    added, ends, chars = _between(before, following, code, length, groups)
                    units, word_chars = units + added, word_chars + chars
                    # The word goes on, but a mark that follows belongs to the sign and not to the letter before it.
                    before = SPACE if ends else MARK
                else:
                    alone = not _is_word(before) and not _is_word(following)
                    units += groups if alone else groups - kept
                    before = SPACE
                position = stop
                continue
            position += size
        counts[document, 0], counts[document, 1], counts[document, 2] = units, words, alphabetic
        counts[document, 3], counts[document, 4] = word_chars, feeds


@inlined
def _is_word(kind: int) -> bool:
    return (kind == LETTER) | (kind == NUMBER) | (kind == MARK)


@inlined
def _signs(data: Bytes, position: int, end: int, table: Characters) -> tuple[int, int, int, int, int]:
    """Return where a run of signs ends, the kind after it, its characters, its different runs, and those that stay."""
    length, groups, kept, last = 0, 0, 0, -1
    while position < end:
        code, size = decode(data, position, end)
        kind = np.int64(item(table.kinds, cell_of(code, table)))
        if _is_word(kind) or kind in (SPACE, UNSPACED):
            return position, kind, length, groups, kept
        if code != last:
            groups += 1
            kept += np.int64(_is_in(code, _KEPT))
        length, last = length + 1, code
        position += size
    return position, SPACE, length, groups, kept


@inlined
def _between(before: int, following: int, code: int, length: int, groups: int) -> tuple[int, bool, int]:
    """Return what signs between two characters of words add to the units, whether they end a word, and its characters."""
    letters = before == LETTER and following == LETTER
    numbers = before == NUMBER and following == NUMBER
    if length == 1:
        if letters and code in (_APOSTROPHE, _QUOTE):
            return 0, True, 1
        cut = (letters and _is_in(code, _LETTER_CUTS)) or (numbers and _is_in(code, _NUMBER_CUTS))
    else:
        cut = letters and groups == 1 and _is_in(code, _RUN_CUTS)
    return (1, True, 0) if cut else (0, False, length)


@inlined
def _is_in(code: int, signs: tuple[int, ...]) -> bool:
    for sign in signs:  # noqa: SIM110 - compiled
        if code == sign:
            return True
    return False
