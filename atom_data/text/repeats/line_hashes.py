"""Lines and paragraphs of documents, each with its place and a 128-bit hash of what it is compared by.

A line is its bytes to and with its line feed. A paragraph is a run of lines that are not blank, with the blank lines after
it. White space around either is not compared.
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int32s, Int64s, UInt16s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import REPLACEMENT, decode
from atom_data.text.folding import REMOVED, WHITE, folding
from atom_data.text.lines import next_line_feed
from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.repeats.siphash import siphash
from atom_data.text.words import is_blank, space_size

_U64 = np.uint64


class HashedLines(NamedTuple):
    """One value per line: its document, its first byte in the document, its bytes, and the two halves of its hash."""

    rows: Int64s
    starts: Int64s
    sizes: Int64s
    highs: UInt64s
    lows: UInt64s


def hashed_lines(
    buffers: Buffers, *, paragraphs: bool = False, folded: bool = True, min_characters: int = 1, seed: int = 0
) -> HashedLines:
    """Return the lines of at least `min_characters` compared characters; those of none are never among them.

    Compared is the folded line (see `folding`) or, with `folded=False`, its bytes; white space around it is left out.
    Memory: 40 bytes per line, and twice the longest line.
    """
    offsets = read_only(buffers.offsets)
    data = read_only(buffers.data)
    count = int(_count_feeds(data, offsets))
    places, hashes = np.empty((3, count), np.int64), np.empty((2, count), np.uint64)
    used = 0
    if count:
        longest = int(np.diff(offsets).max(initial=0))
        scratch = np.empty(2 * longest + 8 if folded else 0, np.uint8)
        table = folding()
        options = paragraphs, folded, max(1, min_characters), _U64(seed)
        used = _fill_lines(data, offsets, *options, table.pages, table.shifts, scratch, HashedLines(*places, *hashes))
    return HashedLines(*places[:, :used], *hashes[:, :used])


@kernel
def _count_feeds(data: Bytes, offsets: Int64s) -> int:
    count = 0
    for document in range(offsets.size - 1):
        count += 1
        for position in range(offsets[document], offsets[document + 1]):
            count += np.int64(item(data, position) == 0x0A)
    return count


@kernel
def _fill_lines(
    data: Bytes,
    offsets: Int64s,
    paragraphs: bool,
    folded: bool,
    least: int,
    seed: np.uint64,
    pages: UInt16s,
    shifts: Int32s,
    scratch: Bytes,
    found: HashedLines,
) -> int:
    used = 0
    for document in range(offsets.size - 1):
        first, end = offsets[document], offsets[document + 1]
        position = first
        while position < end:
            start = position
            position = _paragraph_end(data, start, end) if paragraphs else _line_end(data, start, end)
            if folded:
                size, characters = _fold_into(data, start, position, pages, shifts, scratch)
                if characters < least:
                    continue
                high, low = siphash(scratch, 0, size, seed, _U64(0))
            else:
                left, right, characters = _trimmed(data, start, position)
                if characters < least:
                    continue
                high, low = siphash(data, left, right, seed, _U64(0))
            found.rows[used], found.starts[used], found.sizes[used] = document, start - first, position - start
            found.highs[used], found.lows[used] = high, low
            used += 1
    return used


@inlined
def _line_end(data: Bytes, start: int, end: int) -> int:
    return min(next_line_feed(data, start, end) + 1, end)


@inlined
def _paragraph_end(data: Bytes, start: int, end: int) -> int:
    """Return where the next paragraph begins: the first line that is not blank after one that is, or the end."""
    position, was_blank, any_text = start, False, False
    while position < end:
        stop = _line_end(data, position, end)
        blank = is_blank(data, position, stop)
        if not blank and was_blank and any_text:
            break
        any_text |= not blank
        was_blank = blank
        position = stop
    return position


@inlined
def _trimmed(data: Bytes, start: int, stop: int) -> tuple[int, int, int]:
    """Return where the line begins and ends without white space around it, and its characters."""
    left, right, position, characters, waiting = stop, start, start, 0, 0
    while position < stop:
        size = space_size(data, position, stop)
        if size == 0:
            left = min(left, position)
            characters += waiting + np.int64(item(data, position) & 0xC0 != 0x80)
            waiting = 0
            position += 1
            right = position
        else:
            waiting += np.int64(left < stop)
            position += size
    return min(left, right), right, characters


@inlined
def _fold_into(
    data: Bytes, position: int, stop: int, pages: UInt16s, shifts: Int32s, scratch: Bytes
) -> tuple[int, int]:
    """Write the folded line; return its bytes and characters. A broken byte counts as itself and nothing else."""
    size, characters, waiting = 0, 0, False
    while position < stop:
        code = np.int64(item(data, position))
        width = 1
        if code >= 0x80:
            code, width = decode(data, position, stop)
            if code == REPLACEMENT and not (width == 3 and item(data, position) == 0xEF):
                code = 0x110000 + np.int64(item(data, position))
                width = 1
        shift = 0
        if code < 0x110000:
            shift = np.int64(item(shifts, np.int64(item(pages, code >> 7)) << 7 | code & 127))
        position += width
        if shift == WHITE:
            waiting = size > 0
            continue
        if shift == REMOVED:
            continue
        if waiting:
            put(scratch, size, np.uint8(0x20))
            size += 1
            characters += 1
            waiting = False
        size = _encode(scratch, size, code + shift)
        characters += 1
    return size, characters


@inlined
def _encode(scratch: Bytes, size: int, code: int) -> int:
    if code < 0x80:
        put(scratch, size, np.uint8(code))
        return size + 1
    if code >= 0x110000:
        put(scratch, size, np.uint8(code - 0x110000))
        return size + 1
    if code < 0x800:
        put(scratch, size, np.uint8(0xC0 | code >> 6))
    else:
        if code < 0x10000:
            put(scratch, size, np.uint8(0xE0 | code >> 12))
        else:
            put(scratch, size, np.uint8(0xF0 | code >> 18))
            size += 1
            put(scratch, size, np.uint8(0x80 | code >> 12 & 0x3F))
        size += 1
        put(scratch, size, np.uint8(0x80 | code >> 6 & 0x3F))
    put(scratch, size + 1, np.uint8(0x80 | code & 0x3F))
    return size + 2
