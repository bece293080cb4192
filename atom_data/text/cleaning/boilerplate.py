"""Lines that are not text of a page: the line rules of RefinedWeb, evaluated in one pass over Arrow bytes.

A line ends at a line feed; white space around it does not count. A line is dropped by the first rule that finds it.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers, string_array
from atom_data.text.characters import LETTER, MARK, NUMBER, SPACE, UNSPACED, Characters, cell_of, characters, decode
from atom_data.text.edits import copied
from atom_data.text.lines import last_character, next_line_feed, skip_spaces
from atom_data.text.memory import inlined, item, kernel, read_only
from atom_data.text.phrases import INSIDE, Phrases, build_phrases, is_phrase

KINDS = ("symbols", "numbers", "counter", "uppercase", "one_word")
"""The rules, in their order."""

COUNTED = (
    "bookmarks comments dislikes downloads downvotes favorites followers following likes members points posts quotes "
    "reactions replies reposts retweets reviews shares subscribers upvotes users views votes"
)
"""What a page counts about itself, each also in the singular."""

_SYMBOLS, _NUMBERS, _COUNTER, _UPPERCASE, _ONE_WORD = range(len(KINDS))
_NONE = -1


def _counted() -> list[str]:
    many = COUNTED.split()
    one = [word.removesuffix("s") for word in many if word not in ("following", "replies")]
    return sorted({*many, *one, "reply"})


_COUNTED = build_phrases([(word.encode(), INSIDE) for word in _counted()])


class Line(NamedTuple):
    """What a line is made of."""

    words: int
    letters: int
    upper: int
    numbers: int
    unspaced: int


def boilerplate_lines(
    array: pa.Array, buffers: Buffers, kinds: int, max_uppercase_share: float
) -> tuple[pa.Array, Int64s]:
    """Return the texts without lines of the wanted kinds (a bit each), and a row of counts per document.

    The counts: dropped lines of each of KINDS, whitespace words in them, and whitespace words of the text. A text that
    loses nothing keeps its bytes. The memory is that of the texts.
    """
    counts = np.zeros((buffers.offsets.size - 1, len(KINDS) + 2), np.int64)
    if not counts.size:
        return array, counts
    made = Buffers(np.empty(int(buffers.offsets[-1] - buffers.offsets[0]), np.uint8), np.zeros_like(buffers.offsets))
    texts = read_only(buffers.data), read_only(buffers.offsets)
    _drop_lines(*texts, kinds, max_uppercase_share, _COUNTED, characters(), made, counts)
    changed = counts[:, : len(KINDS)].any()
    return (string_array(made.data, made.offsets, array) if changed else array), counts


def boilerplate_counts(buffers: Buffers, max_uppercase_share: float) -> Int64s:
    """Return a row per document: the lines of each of KINDS, lines that are not blank, and their whitespace words."""
    counts = np.zeros((buffers.offsets.size - 1, len(KINDS) + 2), np.int64)
    if counts.size:
        texts = read_only(buffers.data), read_only(buffers.offsets)
        _count_lines(*texts, max_uppercase_share, _COUNTED, characters(), counts)
    return counts


@kernel
def _count_lines(
    data: Bytes, offsets: Int64s, max_uppercase_share: float, counted: Phrases, table: Characters, counts: Int64s
) -> None:
    for document in range(offsets.size - 1):
        position, end = offsets[document], offsets[document + 1]
        while position < end:
            stop = next_line_feed(data, position, end)
            line = _look(data, position, stop, table)
            counts[document, len(KINDS)] += np.int64(line.words > 0)
            counts[document, len(KINDS) + 1] += line.words
            kind = _kind(data, position, stop, line, (1 << len(KINDS)) - 1, max_uppercase_share, counted, table)
            if kind != _NONE:
                counts[document, kind] += 1
            position = stop + 1


@kernel
def _drop_lines(
    data: Bytes,
    offsets: Int64s,
    kinds: int,
    max_uppercase_share: float,
    counted: Phrases,
    table: Characters,
    made: Buffers,
    counts: Int64s,
) -> None:
    to = 0
    for document in range(offsets.size - 1):
        position, end, begin = offsets[document], offsets[document + 1], to
        while position < end:
            stop = next_line_feed(data, position, end)
            line = _look(data, position, stop, table)
            counts[document, len(KINDS) + 1] += line.words
            kind = _kind(data, position, stop, line, kinds, max_uppercase_share, counted, table)
            if kind == _NONE:
                to = copied(data, position, min(stop + 1, end), made.data, to)
            else:
                counts[document, kind] += 1
                counts[document, len(KINDS)] += line.words
                # A dropped last line takes the line feed before it along.
                if stop == end and to > begin:
                    to -= 1
            position = stop + 1
        made.offsets[document + 1] = to


@inlined
def _look(data: Bytes, position: int, stop: int, table: Characters) -> Line:
    words, letters, upper, numbers, unspaced, inside = 0, 0, 0, 0, 0, False
    while position < stop:
        byte = item(data, position)
        if byte < 0x80:
            small = np.uint8((byte | 0x20) - 0x61) < 26
            letters += np.int64(small)
            upper += np.int64(small and byte < 0x60)
            numbers += np.int64(np.uint8(byte - 0x30) < 10)
            ink = byte > 0x20 or byte < 0x09 or 0x0D < byte < 0x1C
            position += 1
        else:
            code, size = decode(data, position, stop)
            cell = cell_of(code, table)
            kind = item(table.kinds, cell)
            letters += np.int64(kind in (LETTER, UNSPACED, MARK))
            unspaced += np.int64(kind == UNSPACED)
            upper += np.int64(item(table.shifts, cell) != 0 and kind == LETTER)
            numbers += np.int64(kind == NUMBER)
            ink = kind != SPACE
            position += size
        words += np.int64(ink and not inside)
        inside = ink
    return Line(words, letters, upper, numbers, unspaced)


@inlined
def _kind(
    data: Bytes,
    position: int,
    stop: int,
    line: Line,
    kinds: int,
    max_uppercase_share: float,
    counted: Phrases,
    table: Characters,
) -> int:
    if line.words == 0:
        return _NONE
    if line.letters == 0:
        kind = _NUMBERS if line.numbers else _SYMBOLS
        return kind if kinds >> kind & 1 else _NONE
    if kinds >> _COUNTER & 1 and line.numbers and line.words <= 3 and _is_counter(data, position, stop, counted, table):
        return _COUNTER
    if kinds >> _UPPERCASE & 1 and line.upper > max_uppercase_share * line.letters:
        return _UPPERCASE
    if kinds >> _ONE_WORD & 1 and line.words == 1 and line.unspaced == 0:
        return _ONE_WORD
    return _NONE


@inlined
def _is_counter(data: Bytes, position: int, stop: int, counted: Phrases, table: Characters) -> bool:
    """Tell whether a line is a number and one word that says what it counts: `3 likes`, `1.2K views`."""
    position = skip_spaces(data, position, stop)
    stop = last_character(data, position, stop)[1]
    first = item(data, position)
    if np.uint8(first - 0x30) >= 10:
        return False
    while position < stop and (np.uint8(item(data, position) - 0x30) < 10 or item(data, position) in (0x2C, 0x2E)):
        position += 1
    # K, M or B for thousands and more, then `+` for more than that.
    if position < stop and item(data, position) | 0x20 in (0x6B, 0x6D, 0x62):
        position += 1
    if position < stop and item(data, position) == 0x2B:
        position += 1
    start = skip_spaces(data, position, stop)
    return start > position and is_phrase(data, start, stop, counted, table)
