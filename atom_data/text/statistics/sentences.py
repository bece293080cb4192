"""Sentences of documents, counted in one pass over Arrow bytes, and the longest word of each.

A sentence ends at a line feed, and at signs that Unicode calls a sentence's terminals (`lines.SENTENCE_TERMINALS`), with
the brackets and quotation marks that close after them, where white space follows; wide signs of East Asia need none. A
full stop before a small letter of ASCII ends nothing: `e.g. this`. What holds no letter and no number is not a sentence. This
is a part of Unicode Standard Annex 29, section 5; abbreviations before a capital letter do end a sentence there too.
"""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import (
    LETTER,
    MARK,
    NUMBER,
    OTHER,
    PUNCTUATION,
    SPACE,
    UNSPACED,
    Characters,
    cell_of,
    characters,
    decode,
)
from atom_data.text.lines import is_terminal
from atom_data.text.memory import inlined, item, kernel, read_only
from atom_data.text.words import Words

CLOSERS = "\"')]}\u00bb\u2019\u201d\u203a\u300b\u300d\u300f\u3011\uff09"
"""What may close after a terminal sign and belongs to the sentence before."""
WIDE = "\u3002\uff01\uff0e\uff1f\uff61"
"""Terminal signs that no white space follows."""

_CLOSER_CODES = np.array(sorted(map(ord, CLOSERS)), np.int64)
_WIDE_CODES = np.array(sorted(map(ord, WIDE)), np.int64)
_NONE, _ENDED, _GAP = 0, 1, 2


def sentence_counts(buffers: Buffers) -> Int64s:
    """Return how many sentences each document has."""
    counts = np.zeros(buffers.offsets.size - 1, np.int64)
    if counts.size:
        _count_sentences(read_only(buffers.data), read_only(buffers.offsets), characters(), counts)
    return counts


def longest_words(buffers: Buffers, words: Words) -> Int64s:
    """Return the characters of the longest word of each document, 0 without words."""
    longest = np.zeros(buffers.offsets.size - 1, np.int64)
    if longest.size:
        _find_longest(read_only(buffers.data), words.starts, words.ends, words.offsets, longest)
    return longest


@kernel
def _count_sentences(data: Bytes, offsets: Int64s, table: Characters, counts: Int64s) -> None:
    for document in range(offsets.size - 1):
        position, end = offsets[document], offsets[document + 1]
        sentences, written, state, full_stop = 0, False, _NONE, False
        while position < end:
            byte = item(data, position)
            # Most characters: a small letter or a space inside a sentence.
            if np.uint8(byte - 0x61) < 26 and (state != _GAP or full_stop):
                written, state = True, _NONE
                position += 1
                continue
            code, size = decode(data, position, end)
            position += size
            kind = _kind(code, table)
            if code == 0x0A or (state == _GAP and kind != SPACE) or _in(code, _WIDE_CODES):
                sentences += np.int64(written)
                written, state = False, _NONE
            if kind in (LETTER, NUMBER, MARK, UNSPACED):
                written, state = True, _NONE
            elif kind == SPACE:
                state = _GAP if state != _NONE else _NONE
            else:
                state, full_stop = _after_sign(code, state, full_stop)
        counts[document] = sentences + np.int64(written)


@inlined
def _after_sign(code: int, state: int, full_stop: bool) -> tuple[int, bool]:
    """Return what is open after a character that is not a letter, number or white space."""
    if _in(code, _WIDE_CODES):
        return _NONE, full_stop
    if is_terminal(code):
        return _ENDED, code == 0x2E
    return (state if _in(code, _CLOSER_CODES) else _NONE), full_stop


@inlined
def _kind(code: int, table: Characters) -> int:
    if 0x21 <= code < 0x80:
        if np.uint8((code | 0x20) - 0x61) < 26:
            return LETTER
        return NUMBER if 0x30 <= code <= 0x39 else PUNCTUATION
    if code <= 0x20:
        return SPACE if code >= 0x1C or 0x09 <= code <= 0x0D else OTHER
    return np.int64(item(table.kinds, cell_of(code, table)))


@inlined
def _in(code: int, codes: Int64s) -> bool:
    found = False
    for one in codes:
        found |= code == one
    return found


@kernel
def _find_longest(data: Bytes, starts: Int64s, ends: Int64s, offsets: Int64s, longest: Int64s) -> None:
    for document in range(offsets.size - 1):
        most = 0
        for word in range(offsets[document], offsets[document + 1]):
            start, end = item(starts, word), item(ends, word)
            if end - start <= most:
                continue
            characters = 0
            for index in range(start, end):
                characters += np.int64(item(data, index) & 0xC0 != 0x80)
            most = max(most, characters)
        longest[document] = most
