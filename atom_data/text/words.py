"""Words of documents, found and hashed in one pass over Arrow bytes.

Two definitions. *Whitespace* words are maximal runs of characters that are not white space, as `str.split()` cuts them
and as Gopher, DCLM and NeMo count them; their hash is of the bytes as they are. *Unicode* words are runs of letters,
numbers and marks; a letter of a script written without spaces (`characters.UNSPACED`) is a word of its own, with the
marks that follow it. Their hash is of the lower case, character by character; one whose lower case takes another number
of bytes keeps its case (25 characters of Unicode 14, among them U+0130 and U+1E9E).
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import (
    LETTER,
    MARK,
    NUMBER,
    UNSPACED,
    Characters,
    cell_of,
    characters,
    decode,
)
from atom_data.text.hashes import hash_bytes, hash_folded, load_eight
from atom_data.text.lanes import HIGH_SEVEN, LEADS_C2, ascii_width, ink_bytes, lane_edges, may_lead_space, word_bytes
from atom_data.text.memory import allocating, inlined, item, kernel, put, read_only

CHUNK = 2048
"""Bytes looked at between two looks at the words found; the scratch arrays are sized by it."""

_NONE, _RUN, _SINGLE = 0, 1, 2

_U64 = np.uint64


class Words(NamedTuple):
    """Words of a batch as flat arrays: those of document i are at `offsets[i]:offsets[i + 1]`.

    Word k is `data[starts[k]:ends[k]]` of the batch's `Buffers`.
    """

    hashes: UInt64s
    starts: Int64s
    ends: Int64s
    offsets: Int64s


def whitespace_words(buffers: Buffers) -> Words:
    """Return the runs of characters that are not white space, hashed as they are."""
    return _words(buffers, False)


def unicode_words(buffers: Buffers) -> Words:
    """Return the runs of letters, numbers and marks, hashed in lower case; unspaced scripts give a word per letter."""
    return _words(buffers, True)


def _words(buffers: Buffers, unicode: bool) -> Words:
    offsets = read_only(buffers.offsets)
    # Two neighboring words have a byte between them, or one of them has three bytes.
    most = int(offsets[-1] - offsets[0] + 2 * offsets.size) // 2
    found = Words(np.empty(most, np.uint64), np.empty(most, np.int64), np.empty(most, np.int64), np.zeros_like(offsets))
    none = offsets.size == 1
    count = 0 if none else _fill_words(read_only(buffers.data), offsets, unicode, characters(), *found)
    for values in found[:3]:
        values.resize(count, refcheck=False)
    return Words(*(read_only(values) for values in found))


@kernel
def _fill_words(
    data: Bytes,
    offsets: Int64s,
    unicode: bool,
    table: Characters,
    hashes: UInt64s,
    starts: Int64s,
    ends: Int64s,
    word_offsets: Int64s,
) -> int:
    edges, state = word_edges(), word_state()
    total = 0
    for document in range(offsets.size - 1):
        start_document(state, offsets[document])
        while True:
            count = next_words(data, offsets[document + 1], unicode, table, state, edges)
            if count < 0:
                break
            for word in range(count):
                start, end = item(edges, 2 * word), item(edges, 2 * word + 1)
                put(starts, total, start)
                put(ends, total, end)
                put(hashes, total, hash_folded(data, start, end, table) if unicode else hash_bytes(data, start, end))
                total += 1
        word_offsets[document + 1] = total
    return total


@allocating
def word_edges() -> Int64s:
    """Return room for the starts and ends that `next_words` finds at a time."""
    # An unspaced letter gives two edges from three bytes, everything else at most one per byte.
    return np.empty(CHUNK + 16, np.int64)


@allocating
def word_state() -> Int64s:
    """Return the place in a document: the position, what is open there, and where that began."""
    return np.zeros(3, np.int64)


@inlined
def start_document(state: Int64s, position: int) -> None:
    """Put the state before the first byte of a document."""
    put(state, 0, position)
    put(state, 1, _NONE)
    put(state, 2, position)


@inlined
def next_words(data: Bytes, end: int, unicode: bool, table: Characters, state: Int64s, edges: Int64s) -> int:
    """Write start, end, start, end... of the next words to `edges`; return how many words, or -1 after the last."""
    position, open_, start = item(state, 0), item(state, 1), item(state, 2)
    if position >= end and open_ == _NONE:
        return -1
    found = 0
    if open_ != _NONE:
        put(edges, 0, start)
        found = 1
    stop = min(position + CHUNK, end)
    if unicode:
        position, open_, found = _unicode_edges(data, position, stop, end, open_, table, edges, found)
    else:
        position, open_, found = _whitespace_edges(data, position, stop, end, open_, edges, found)
    if position >= end and open_ != _NONE:
        put(edges, found, end)
        found += 1
        open_ = _NONE
    put(state, 0, position)
    put(state, 1, open_)
    if found & 1:
        put(state, 2, item(edges, found - 1))
    return found >> 1


@inlined
def _unicode_edges(
    data: Bytes, position: int, stop: int, end: int, open_: int, table: Characters, edges: Int64s, found: int
) -> tuple[int, int, int]:
    while position < stop:
        lane = load_eight(data, position) if position + 8 <= stop else _U64(item(data, position)) | HIGH_SEVEN
        width = ascii_width(lane)
        if width:
            if open_ == _SINGLE:
                put(edges, found, position)
                found += 1
                open_ = _NONE
            open_, found = lane_edges(word_bytes(lane), width, position, open_, edges, found)
            position += width
            continue
        code, size = decode(data, position, end)
        kind = item(table.kinds, cell_of(code, table))
        before = open_
        if kind in (LETTER, NUMBER):
            open_ = _RUN
        elif kind == UNSPACED:
            open_ = _SINGLE
        elif kind == MARK:
            open_ = max(before, _RUN)
        else:
            open_ = _NONE
        if open_ != before or kind == UNSPACED:
            put(edges, found, position)
            found += 1
            if before != _NONE and open_ != _NONE:
                put(edges, found, position)
                found += 1
        position += size
    return position, open_, found


@inlined
def _whitespace_edges(
    data: Bytes, position: int, stop: int, end: int, open_: int, edges: Int64s, found: int
) -> tuple[int, int, int]:
    while position < stop:
        lane = load_eight(data, position) if position + 8 <= stop else LEADS_C2
        if not may_lead_space(lane):
            open_, found = lane_edges(ink_bytes(lane), 8, position, open_, edges, found)
            position += 8
            continue
        size = space_size(data, position, end)
        inside = _NONE if size else _RUN
        if inside != open_:
            put(edges, found, position)
            found += 1
            open_ = inside
        position += max(size, 1)
    return position, open_, found


@inlined
def space_size(data: Bytes, position: int, end: int) -> int:
    """Return how many bytes the white-space character at `position` takes, 0 if there is none."""
    first = item(data, position)
    if first < 0x80:
        return np.int64(0x09 <= first <= 0x0D or 0x1C <= first <= 0x20)
    if first == 0xC2:
        return 2 if position + 1 < end and (item(data, position + 1) == 0x85 or item(data, position + 1) == 0xA0) else 0
    if first < 0xE1 or first > 0xE3 or position + 2 >= end:
        return 0
    second, third = item(data, position + 1), item(data, position + 2)
    if first == 0xE1:
        found = second == 0x9A and third == 0x80
    elif first == 0xE3:
        found = second == 0x80 and third == 0x80
    elif second == 0x80:
        found = 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF
    else:
        found = second == 0x81 and third == 0x9F
    return 3 if found else 0


@inlined
def is_blank(data: Bytes, position: int, stop: int) -> bool:
    """Tell whether there is nothing but white space."""
    while position < stop:
        size = space_size(data, position, stop)
        if size == 0:
            return False
        position += size
    return True
