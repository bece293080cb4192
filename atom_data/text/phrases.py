"""Words and phrases of a list, found in one pass over a text (Aho and Corasick 1975, Efficient String Matching).

The text is read in lower case: of ASCII letters, and of letters whose lower case takes as many bytes (`characters`).
A phrase may have to stand alone: no word character before it and none after it. Which characters are of words is a
choice: those of Python's `\\w` (letters, numbers, underscore), or the letters a to z.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Int32s, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import LETTER, NUMBER, UNSPACED, Characters, cell_of, characters, decode
from atom_data.text.hashes import encoded
from atom_data.text.memory import inlined, item, kernel, read_only

INSIDE, FOLLOWS, GOES_ON = 3, 1, 2
"""Where a phrase may stand: FOLLOWS on a word character, GOES_ON with one, or both."""

UNICODE_WORDS, ASCII_LETTERS = 0, 1
"""Which characters are of words."""


class Phrases(NamedTuple):
    """The automaton. A state is a row: the longest phrase that ends there or -1, and the next state for each class."""

    rows: Int32s
    classes: Int32s
    """The class of each byte; upper case ASCII has that of lower case."""
    sizes: Int32s
    """The bytes of each phrase."""
    shorter: Int32s
    """The longest other phrase that ends the phrase, or -1."""
    places: Int32s
    """Where each phrase may stand."""


def build_phrases(entries: Sequence[tuple[bytes, int]]) -> Phrases:
    """Return the automaton of phrases in lower case, none empty, and where each may stand.

    It takes four bytes for each byte of the phrases and each different byte in them.
    """
    used = sorted({byte for phrase, _ in entries for byte in phrase})
    classes = np.zeros(256, np.int32)
    classes[used] = np.arange(1, len(used) + 1)
    classes[0x41:0x5B] = classes[0x61:0x7B]
    children, ends = _trie(phrase for phrase, _ in entries)
    width = len(used) + 2
    rows = np.zeros((len(children), width), np.int32)
    rows[:, 0] = -1
    shorter = np.full(len(entries), -1, np.int32)
    fails = [0] * len(children)
    queue = [0]
    for state in queue:
        fail = fails[state]
        if state:
            rows[state, 1:] = rows[fail, 1:]
            rows[state, 0] = rows[fail, 0]
        for phrase in ends.get(state, ()):
            shorter[phrase] = rows[state, 0]
            rows[state, 0] = phrase
        for byte, child in children[state].items():
            column = 1 + classes[byte]
            fails[child] = int(rows[fail, column]) // width if state else 0
            rows[state, column] = child * width
            queue.append(child)
    sizes = np.array([len(phrase) for phrase, _ in entries], np.int32)
    places = np.array([place for _, place in entries], np.int32)
    return Phrases(*map(read_only, (rows.ravel(), classes, sizes, shorter, places)))


def _trie(phrases: Iterable[bytes]) -> tuple[list[dict[int, int]], dict[int, list[int]]]:
    children: list[dict[int, int]] = [{}]
    ends: dict[int, list[int]] = {}
    for number, phrase in enumerate(phrases):
        state = 0
        for byte in phrase:
            if byte not in children[state]:
                children[state][byte] = len(children)
                children.append({})
            state = children[state][byte]
        ends.setdefault(state, []).append(number)
    return children, ends


def entry(word: str) -> tuple[bytes, int]:
    """Return a word and where it may stand, for `build_phrases`: `*` before or after it is for more of a word there."""
    place = (FOLLOWS if word[0] == "*" else 0) | (GOES_ON if word[-1] == "*" else 0)
    return word.strip("*").encode(), place


def folded(text: str) -> str:
    """Return a text in lower case as the kernels read it."""
    lower = (character.lower() for character in text)
    return "".join(
        small if len(small) == 1 and len(small.encode()) == len(big.encode()) else big
        for small, big in zip(lower, text, strict=True)
    )


def phrase_counts(buffers: Buffers, phrases: Phrases, words: int, chosen: Bools | None = None) -> Int64s:
    """Return for each document how many places there are where a phrase ends; 0 for one that is not chosen."""
    counts = np.zeros(buffers.offsets.size - 1, np.int64)
    if counts.size:
        wanted = np.ones(counts.size, np.bool_) if chosen is None else chosen
        arrays = read_only(buffers.data), read_only(buffers.offsets)
        _count_phrases(*arrays, read_only(wanted), phrases, words, characters(), counts)
    return counts


@kernel
def _count_phrases(
    data: Bytes, offsets: Int64s, chosen: Bools, phrases: Phrases, words: int, table: Characters, counts: Int64s
) -> None:
    for document in range(counts.size):
        start, end = offsets[document], offsets[document + 1]
        position, state, count = start, 0, 0
        while chosen[document] and position < end:
            state, position = next_state(data, position, end, state, phrases, table)
            phrase = np.int64(item(phrases.rows, state))
            if phrase >= 0:
                count += np.int64(_stands(data, start, position, end, phrase, words, phrases, table))
        counts[document] = count


@inlined
def next_state(
    data: Bytes, position: int, end: int, state: int, phrases: Phrases, table: Characters
) -> tuple[int, int]:
    """Read one character in lower case; return the state after it and the position behind it."""
    byte = item(data, position)
    if byte < 0x80:
        return np.int64(item(phrases.rows, state + 1 + item(phrases.classes, byte))), position + 1
    code, size = decode(data, position, end)
    shift = np.int64(item(table.shifts, cell_of(code, table)))
    if shift:
        small = encoded(code + shift, size)
        for _ in range(size):
            state = np.int64(item(phrases.rows, state + 1 + item(phrases.classes, np.int64(small & np.uint64(0xFF)))))
            small >>= np.uint64(8)
    else:
        for index in range(position, position + size):
            state = np.int64(item(phrases.rows, state + 1 + item(phrases.classes, item(data, index))))
    return state, position + size


@inlined
def phrases_in(data: Bytes, start: int, end: int, phrases: Phrases, table: Characters) -> int:
    """Return a bit for each phrase that is anywhere in a text; there are at most 63."""
    found, state, position = 0, 0, start
    while position < end:
        state, position = next_state(data, position, end, state, phrases, table)
        phrase = np.int64(item(phrases.rows, state))
        while phrase >= 0:
            found |= 1 << phrase
            phrase = np.int64(item(phrases.shorter, phrase))
    return found


@inlined
def has_phrase(data: Bytes, start: int, end: int, words: int, phrases: Phrases, table: Characters) -> bool:
    """Tell whether a phrase stands in a text where it may."""
    state, position = 0, start
    while position < end:
        state, position = next_state(data, position, end, state, phrases, table)
        phrase = np.int64(item(phrases.rows, state))
        if phrase >= 0 and _stands(data, start, position, end, phrase, words, phrases, table):
            return True
    return False


@inlined
def is_phrase(data: Bytes, start: int, end: int, phrases: Phrases, table: Characters) -> bool:
    """Tell whether a text is one of the phrases."""
    state, position = 0, start
    while position < end:
        state, position = next_state(data, position, end, state, phrases, table)
    phrase = np.int64(item(phrases.rows, state))
    return phrase >= 0 and np.int64(item(phrases.sizes, phrase)) == end - start


@inlined
def _stands(
    data: Bytes, start: int, position: int, end: int, phrase: int, words: int, phrases: Phrases, table: Characters
) -> bool:
    """Tell whether one of the phrases that end at `position` may stand where it does."""
    goes_on = position < end and _is_of_word(data, position, end, words, table)
    while phrase >= 0:
        place = np.int64(item(phrases.places, phrase))
        if place & GOES_ON or not goes_on:
            before = position - np.int64(item(phrases.sizes, phrase))
            if place & FOLLOWS or before == start:
                return True
            before -= 1
            back = before
            while before > start and back - before < 3 and item(data, before) & 0xC0 == 0x80:
                before -= 1
            # Bytes that go on nothing are not character of a word.
            size = decode(data, before, end)[1]
            if before + size <= back or not _is_of_word(data, before, end, words, table):
                return True
        phrase = np.int64(item(phrases.shorter, phrase))
    return False


@inlined
def _is_of_word(data: Bytes, position: int, end: int, words: int, table: Characters) -> bool:
    byte = item(data, position)
    if byte < 0x80:
        letter = np.uint8((byte | 0x20) - 0x61) < 26
        if words == ASCII_LETTERS:
            return letter
        return letter or np.uint8(byte - 0x30) < 10 or byte == 0x5F
    if words == ASCII_LETTERS:
        return False
    kind = item(table.kinds, cell_of(decode(data, position, end)[0], table))
    return kind in (LETTER, NUMBER, UNSPACED)
