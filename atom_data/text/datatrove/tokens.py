"""Tokens of a run of ink, counted as datatrove's Gopher filters count words and as spaCy's sentencizer ends sentences."""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.datatrove.columns import ALPHABETIC, STOP_WORD_KINDS, WORD_CHARACTERS, WORDS
from atom_data.text.datatrove.spacy_english import split_ink
from atom_data.text.datatrove.spacy_table import LETTER, PUNCTUATION, SIGN, STOP, STOP_WORD, English, flags_at, form_of
from atom_data.text.hashes import hash_bytes
from atom_data.text.memory import called, inlined, item, put
from atom_data.text.words import space_size


@called
def add_tokens(
    data: Bytes,
    start: int,
    end: int,
    table: English,
    cuts: Int64s,
    hashes: UInt64s,
    before: Int64s,
    tokens: int,
    seen: bool,
    row: Int64s,
) -> tuple[int, int, bool]:
    """Add hash, characters and kinds of each token; return how many tokens and sentences there are now.

    `seen` says that a full stop was read and no word since; STOP_WORD_KINDS of the row has a bit for each stop word.
    """
    count = split_ink(data, start, end, table, cuts)
    sentences = 0
    for piece in range(count):
        first, last = item(cuts, piece), item(cuts, piece + 1)
        every, some, characters = _kinds(data, first, last, table)
        key = hash_bytes(data, first, last)
        put(hashes, tokens, key)
        put(before, tokens + 1, item(before, tokens) + characters)
        tokens += 1
        if every & SIGN == 0:
            row[WORDS] += 1
            row[WORD_CHARACTERS] += characters
        row[ALPHABETIC] += np.int64(some & LETTER != 0)
        row[STOP_WORD_KINDS] |= form_of(key, table) >> STOP_WORD
        ends = characters == 1 and every & STOP != 0
        if seen and every & PUNCTUATION == 0 and not ends:
            sentences += 1
            seen = False
        elif ends:
            seen = True
    return tokens, sentences, seen


@inlined
def _kinds(data: Bytes, position: int, end: int, table: English) -> tuple[int, int, int]:
    """Return the flags that all characters have, those that some have, and how many characters there are."""
    every, some, characters = -1, 0, 0
    while position < end:
        flags, size = flags_at(data, position, end, table)
        every, some, characters = every & flags, some | flags, characters + 1
        position += size
    return every, some, characters


@called
def count_sentences(data: Bytes, start: int, end: int, table: English, cuts: Int64s) -> int:
    """Return the sentences of a line that is not white space at its ends."""
    sentences, seen, position, last = 1, False, start, start
    while position < end:
        first = position
        while position < end and space_size(data, position, end) == 0:
            position += 1
        # White space is a token of its own, unless it is one blank.
        if seen and last < first and not (first - last == 1 and item(data, last) == 0x20):
            sentences, seen = sentences + 1, False
        count = split_ink(data, first, position, table, cuts) if first < position else 0
        for piece in range(count):
            every, _, characters = _kinds(data, item(cuts, piece), item(cuts, piece + 1), table)
            ends = characters == 1 and every & STOP != 0
            if seen and every & PUNCTUATION == 0 and not ends:
                sentences, seen = sentences + 1, False
            elif ends:
                seen = True
        last = position
        while position < end and space_size(data, position, end):
            position += space_size(data, position, end)
    return sentences
