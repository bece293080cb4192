"""What four of datatrove's filters look at, counted as datatrove 0.10 counts it, in one pass over Arrow bytes.

Read from `gopher_quality_filter.py`, `gopher_repetition_filter.py`, `c4_filters.py`, `fineweb_quality_filter.py` and
`utils/text.py`, for its default language, English. Words are the tokens of spaCy's English tokenizer (`spacy_english.py`).
"""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import Characters, characters, characters_in
from atom_data.text.datatrove.c4 import LONGEST_WORD, end_of_line, finish_line
from atom_data.text.datatrove.columns import (
    ALPHABETIC,
    CHARACTERS,
    COLUMNS,
    ELLIPSES,
    LINE_FEEDS,
    NUMBER_SIGNS,
    RUNS,
    SPLIT_LINES,
    STOP_WORD_KINDS,
    TOKENS,
    WORD_CHARACTERS,
    WORDS,
)
from atom_data.text.datatrove.lines import count_repeated
from atom_data.text.datatrove.signs import BREAKS, sign_counts
from atom_data.text.datatrove.spacy_table import STOP_WORD, English, english, form_of
from atom_data.text.datatrove.tokens import add_tokens
from atom_data.text.hashes import hash_letters
from atom_data.text.lanes import set_bits
from atom_data.text.memory import called, item, kernel, put, read_only
from atom_data.text.statistics.repetition import count_repetition, make_room
from atom_data.text.words import next_words, start_document, word_edges, word_state


def datatrove_counts(buffers: Buffers) -> Int64s:
    """Return a row of COLUMNS a document. Memory: up to 90 bytes for a byte of the longest document, of words only."""
    counts = np.zeros((buffers.offsets.size - 1, len(COLUMNS)), np.int64)
    if counts.size:
        copy = np.empty(int(np.diff(buffers.offsets).max()) + 1, np.uint8)
        tables = english(), characters()
        # The copy is read through a view that is typed as the text is, so that nothing is compiled twice.
        _count(read_only(buffers.data), read_only(buffers.offsets), *tables, copy, read_only(copy), counts)
    return counts


@kernel
def _count(
    data: Bytes, offsets: Int64s, table: English, spaces: Characters, copy: Bytes, copied: Bytes, counts: Int64s
) -> None:
    most = 0
    for document in range(offsets.size - 1):
        most = max(most, offsets[document + 1] - offsets[document])
    room, hashes, before = make_room(most), np.empty(most + 1, np.uint64), np.zeros(most + 2, np.int64)
    cuts, edges, state = np.empty(most + 2, np.int64), word_edges(), word_state()
    for document in range(offsets.size - 1):
        start, end = offsets[document], offsets[document + 1]
        if start == end:
            continue
        row = counts[document]
        size, marks, feeds, ellipses, signs = sign_counts(data, start, end)
        row[CHARACTERS], row[NUMBER_SIGNS], row[LINE_FEEDS], row[ELLIPSES] = size, marks, feeds, ellipses
        count_repeated(data, start, end, table, before, room, row)
        before[0] = 0
        tokens = _read_words(
            data, start, end, signs, table, spaces, state, edges, cuts, copy, copied, hashes, before, row
        )
        row[TOKENS] = tokens
        count_repetition(hashes, before, tokens, 1, True, room, row[RUNS:])


@called
def _read_words(  # noqa: C901 - one loop over words, and its state would not fit through calls
    data: Bytes, start: int, end: int, signs: int, table: English, spaces: Characters, state: Int64s, edges: Int64s,
    cuts: Int64s, copy: Bytes, copied: Bytes, hashes: UInt64s, before: Int64s, row: Int64s,
) -> int:  # fmt: skip
    """Find the tokens of a document and count its lines on the way; return how many tokens there are."""
    breaks = signs & BREAKS != 0
    stop, next_line = end_of_line(data, start, end, breaks)
    tokens, plain, plain_characters, lines, kinds = 0, 0, 0, 1, 0
    words, sentences, seen, long, first, last = 0, 1, False, False, start, start
    start_document(state, start)
    while True:
        count = next_words(data, end, False, spaces, state, edges)
        if count < 0:
            break
        for word in range(count):
            begin, close = item(edges, 2 * word), item(edges, 2 * word + 1)
            if begin >= stop:
                if words:
                    finish_line(
                        data, first, last, -1 if long else words, sentences, signs, table, cuts, copy, copied, row
                    )
                while begin >= stop:
                    stop, next_line = end_of_line(data, next_line, end, breaks)
                    lines += 1
                words, sentences, seen, long = 0, 1, False, False
            if words == 0:
                first = begin
            elif seen and (begin - last != 1 or item(data, last) != 0x20):
                sentences, seen = sentences + 1, False
            words, last = words + 1, close
            key, letters = hash_letters(data, begin, close)
            form = form_of(key, table) if letters else 0
            if letters and form & 0xFF00 == 0:
                kinds |= form >> STOP_WORD
                put(hashes, tokens, key)
                put(before, tokens + 1, item(before, tokens) + close - begin)
                tokens, plain, plain_characters = tokens + 1, plain + 1, plain_characters + close - begin
                sentences, seen = sentences + np.int64(seen), False
            else:
                tokens, more, seen = add_tokens(data, begin, close, table, cuts, hashes, before, tokens, seen, row)
                sentences += more
            if close - begin > LONGEST_WORD and characters_in(data, begin, close) > LONGEST_WORD:
                long = True
    if words:
        finish_line(data, first, last, -1 if long else words, sentences, signs, table, cuts, copy, copied, row)
    row[SPLIT_LINES] = lines + _lines_left(data, next_line, end, breaks)
    row[WORDS], row[ALPHABETIC] = row[WORDS] + plain, row[ALPHABETIC] + plain
    row[WORD_CHARACTERS] += plain_characters
    row[STOP_WORD_KINDS] = set_bits(row[STOP_WORD_KINDS] | kinds)
    return tokens


@called
def _lines_left(data: Bytes, next_line: int, end: int, breaks: bool) -> int:
    """Return how many lines begin after the last word of a document."""
    lines = 0
    while next_line < end:
        _, next_line = end_of_line(data, next_line, end, breaks)
        lines += 1
    return lines
