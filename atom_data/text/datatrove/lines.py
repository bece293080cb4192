"""Lines and paragraphs that come again, and how lines end, as datatrove's Gopher repetition and FineWeb filters see them."""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import characters_in
from atom_data.text.datatrove.columns import (
    COLUMNS,
    INK_LINES,
    LINES,
    PARAGRAPHS,
    REPEATED_INK_CHARACTERS,
    REPEATED_LINE_CHARACTERS,
    REPEATED_LINES,
    REPEATED_PARAGRAPH_CHARACTERS,
    REPEATED_PARAGRAPHS,
    SHORT_LINES,
    TERMINAL_LINES,
)
from atom_data.text.datatrove.spacy_table import TERMINAL, English, english, flags_before
from atom_data.text.hashes import hash_bytes
from atom_data.text.lines import SHORT_CHARS, next_line_feed
from atom_data.text.memory import allocating, inlined, item, kernel, put, read_only
from atom_data.text.similarity.shingles import scatter
from atom_data.text.statistics.repetition import Room, find_first, make_room
from atom_data.text.words import is_blank, space_size

_U64 = np.uint64
_STEP = _U64(0xC2B2AE3D27D4EB4F)


def duplicate_line_counts(buffers: Buffers) -> Int64s:
    """Return a row of `datatrove_columns.COLUMNS` a document, with LINES to REPEATED_INK_CHARACTERS filled in."""
    counts = np.zeros((buffers.offsets.size - 1, len(COLUMNS)), np.int64)
    if counts.size:
        _fill_repeated(read_only(buffers.data), read_only(buffers.offsets), english(), counts)
    return counts


@kernel
def _fill_repeated(data: Bytes, offsets: Int64s, table: English, counts: Int64s) -> None:
    most = 0
    for document in range(offsets.size - 1):
        most = max(most, offsets[document + 1] - offsets[document])
    room, characters = make_room(most), np.empty(most + 2, np.int64)
    for document in range(offsets.size - 1):
        if offsets[document] < offsets[document + 1]:
            count_repeated(data, offsets[document], offsets[document + 1], table, characters, room, counts[document])


@allocating
def count_repeated(
    data: Bytes, start: int, end: int, table: English, characters: Int64s, room: Room, row: Int64s
) -> None:
    """Count lines, paragraphs and those that were there before."""
    _lines(data, start, end, table, characters, room, row)
    while start < end and space_size(data, start, end):
        start += space_size(data, start, end)
    _paragraphs(data, start, _ink_end(data, start, end), characters, room, row)


@allocating
def _lines(data: Bytes, start: int, end: int, table: English, characters: Int64s, room: Room, row: Int64s) -> None:
    position, count, ink, terminals, shorts = start, 0, 0, 0, 0
    while position < end:
        stop = next_line_feed(data, position, end)
        if stop > position:
            size = characters_in(data, position, stop)
            blank = is_blank(data, position, stop)
            put(room.keys, count, scatter(hash_bytes(data, position, stop)))
            put(characters, count, size)
            put(room.places, count, np.int32(blank))
            count += 1
            ink += np.int64(not blank)
            shorts += np.int64(not blank and size <= SHORT_CHARS)
            terminals += np.int64(not blank and flags_before(data, position, stop, table)[0] & TERMINAL != 0)
        position = stop + 1
    find_first(room.keys, count, room.first, room.table)
    for line in range(count):
        if np.int64(item(room.first, line)) != line:
            row[REPEATED_LINES] += 1
            row[REPEATED_LINE_CHARACTERS] += item(characters, line)
            row[REPEATED_INK_CHARACTERS] += item(characters, line) * np.int64(item(room.places, line) == 0)
    # A text that begins or ends with line feeds has an empty line there.
    edges = np.int64(item(data, start) == 0x0A) + np.int64(item(data, end - 1) == 0x0A) if end > start else 0
    row[LINES] = count + edges
    row[REPEATED_LINES] += np.int64(edges == 2)
    row[INK_LINES], row[TERMINAL_LINES], row[SHORT_LINES] = ink, terminals, shorts


@allocating
def _paragraphs(data: Bytes, start: int, end: int, characters: Int64s, room: Room, row: Int64s) -> None:
    position, count, key, size = start, 0, _U64(0), 0
    while position < end:
        stop = next_line_feed(data, position, end)
        if stop > position:
            key = (key + hash_bytes(data, position, stop)) * _STEP
            size += characters_in(data, position, stop) + 1
        if size and (stop >= end or item(data, stop + 1) == 0x0A):
            put(room.keys, count, scatter(key))
            put(characters, count, size - 1)
            count, key, size = count + 1, _U64(0), 0
        position = stop + 1
    find_first(room.keys, count, room.first, room.table)
    for paragraph in range(count):
        if np.int64(item(room.first, paragraph)) != paragraph:
            row[REPEATED_PARAGRAPHS] += 1
            row[REPEATED_PARAGRAPH_CHARACTERS] += item(characters, paragraph)
    row[PARAGRAPHS] = max(count, 1)


@inlined
def _ink_end(data: Bytes, start: int, end: int) -> int:
    """Return where the white space at the end begins."""
    while end > start:
        last = end - 1
        while last > start and end - last < 3 and item(data, last) & 0xC0 == 0x80:
            last -= 1
        if space_size(data, last, end) != end - last:
            break
        end = last
    return end
