"""A line of `str.splitlines` as datatrove's Gopher quality and C4 filters see it."""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.datatrove.columns import (
    BULLET_LINES,
    CURLY_LINES,
    ELLIPSIS_LINES,
    LOREM_LINES,
    SENTENCES,
    TERMINAL_SENTENCES,
)
from atom_data.text.datatrove.signs import CURLY, LOREM, PHRASES, POLICY, SCRIPT, SQUARE, phrases_in
from atom_data.text.datatrove.spacy_table import English
from atom_data.text.datatrove.tokens import count_sentences
from atom_data.text.lines import next_break, next_line_feed
from atom_data.text.memory import called, inlined, item, put

LEAST_WORDS, LONGEST_WORD = 3, 1000
"""Words a line must have, and characters a word may have (`min_words_per_line`, `max_word_length`)."""

_CITATIONS = np.frombuffer(b"[edit][citation needed]", np.uint8)
_EDIT = 6


@inlined
def end_of_line(data: Bytes, start: int, end: int, breaks: bool) -> tuple[int, int]:
    """Return where a line ends and where the next one begins; `breaks` says there may be others than line feeds."""
    if not breaks:
        stop = next_line_feed(data, start, end)
        return stop, stop + 1
    stop, after = next_break(data, start, end)
    return stop, max(after, stop + 1)


@called
def finish_line(
    data: Bytes,
    start: int,
    end: int,
    words: int,
    sentences: int,
    signs: int,
    table: English,
    cuts: Int64s,
    copy: Bytes,
    copied: Bytes,
    row: Int64s,
) -> None:
    """Count a non-blank line from `start` to `end`, with its number of words between white space; -1 when one is too long."""
    row[BULLET_LINES] += np.int64(item(data, start) == 0x2D or _is_sign(data, start, end, 0xE2, 0x80, 0xA2))
    dots = _is_sign(data, end - 3, end, 0x2E, 0x2E, 0x2E) if end - start >= 3 else False
    row[ELLIPSIS_LINES] += np.int64(dots or (end - start >= 3 and _is_sign(data, end - 3, end, 0xE2, 0x80, 0xA6)))
    if words < LEAST_WORDS:
        return
    if signs & SQUARE:
        size = _without_citations(data, start, end, copy)
        if size < end - start:
            _judge_line(copied, 0, size, count_sentences(copied, 0, size, table, cuts), signs, row)
            return
    _judge_line(data, start, end, sentences, signs, row)


@called
def _judge_line(data: Bytes, start: int, end: int, sentences: int, signs: int, row: Int64s) -> None:
    """Add the sentences of a line, or note that it ends the document; the same where it ends as a sentence does."""
    found = phrases_in(data, start, end) if signs & PHRASES else 0
    if found & LOREM:
        column, value = LOREM_LINES, 1
    elif found & SCRIPT:
        return
    elif signs & CURLY and _has_curly(data, start, end):
        column, value = CURLY_LINES, 1
    elif found & POLICY:
        return
    else:
        column, value = SENTENCES, sentences
    row[column] += value
    if _is_terminal(data, start, end):
        row[column + TERMINAL_SENTENCES - SENTENCES] += value


@inlined
def _is_terminal(data: Bytes, start: int, end: int) -> bool:
    if end <= start:
        return False
    last = item(data, end - 1)
    if last == 0x2E:
        return end - start < 3 or item(data, end - 2) != 0x2E or item(data, end - 3) != 0x2E
    return last == 0x3F or last == 0x21 or last == 0x22 or last == 0x27


@inlined
def _is_sign(data: Bytes, start: int, end: int, one: int, two: int, three: int) -> bool:
    if start + 3 > end or item(data, start) != one:
        return False
    return item(data, start + 1) == two and item(data, start + 2) == three


@inlined
def _has_curly(data: Bytes, start: int, end: int) -> bool:
    found = False
    for index in range(start, end):
        found |= item(data, index) == 0x7B
    return found


@called
def _without_citations(data: Bytes, start: int, end: int, copy: Bytes) -> int:
    """Copy a line without `[12]`, `[]`, `[edit]` and `[citation needed]`; return the size of the copy."""
    size, position = 0, start
    while position < end:
        skip = _citation_size(data, position, end) if item(data, position) == 0x5B else 0
        if skip:
            position += skip
        else:
            put(copy, size, item(data, position))
            size, position = size + 1, position + 1
    return size


@inlined
def _citation_size(data: Bytes, position: int, end: int) -> int:
    stop = position + 1
    while stop < end and 0x30 <= item(data, stop) <= 0x39:
        stop += 1
    if stop < end and item(data, stop) == 0x5D:
        return stop + 1 - position
    for begin, close in ((0, _EDIT), (_EDIT, _CITATIONS.size)):
        same = position + close - begin <= end
        index = 0
        while same and index < close - begin:
            same = item(data, position + index) == _CITATIONS[begin + index]
            index += 1
        if same:
            return close - begin
    return 0
