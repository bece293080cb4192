"""Characters, symbols and kinds of words, counted in one pass over Arrow bytes and the words found in them."""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import LETTER, UNSPACED, Characters, cell_of, characters, characters_in, decode
from atom_data.text.hashes import CASE_BITS, load_last
from atom_data.text.lanes import set_bits
from atom_data.text.lines import three_dots
from atom_data.text.memory import inlined, item, kernel, read_only
from atom_data.text.words import Words

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
"""The English words of Gopher's rule (Rae et al. 2021, appendix A, Quality Filtering)."""

COLUMNS = ("word_chars", "stop_words", "alphabetic_words", "hashes", "ellipses", "line_feeds")
"""What `word_counts` counts."""

_STOP_LANES = np.array([int.from_bytes(word.encode(), "little") for word in STOP_WORDS], np.uint64)
_BLOCK = 192


def character_counts(buffers: Buffers) -> Int64s:
    """Return the characters of each document: its bytes that begin one, so a broken sequence may count more or less."""
    counts = np.zeros(buffers.offsets.size - 1, np.int64)
    if counts.size:  # a recipe is checked on zero rows, which need not load a kernel
        _count_characters(read_only(buffers.data), read_only(buffers.offsets), counts)
    return counts


def word_counts(buffers: Buffers, words: Words) -> Int64s:
    """Return a row of COLUMNS a document, of its words (those of `whitespace_words`) and its text.

    The characters in words; how many of STOP_WORDS there are, in any case; the words with a letter in them; the signs
    `#`, `...` or the ellipsis sign, and line feeds in the text.
    """
    counts = np.zeros((buffers.offsets.size - 1, len(COLUMNS)), np.int64)
    if not counts.size:
        return counts
    _count_words(
        read_only(buffers.data),
        read_only(buffers.offsets),
        words.starts,
        words.ends,
        words.offsets,
        characters(),
        counts,
    )
    return counts


@kernel
def _count_characters(data: Bytes, offsets: Int64s, counts: Int64s) -> None:
    for document in range(offsets.size - 1):
        counts[document] = characters_in(data, offsets[document], offsets[document + 1])


@kernel
def _count_words(
    data: Bytes, offsets: Int64s, starts: Int64s, ends: Int64s, word_offsets: Int64s, table: Characters, counts: Int64s
) -> None:
    for document in range(offsets.size - 1):
        start, end = offsets[document], offsets[document + 1]
        characters, stop_words, alphabetic, gap = 0, 0, 0, start
        for word in range(word_offsets[document], word_offsets[document + 1]):
            first, last = item(starts, word), item(ends, word)
            characters -= 1 if first - gap == 1 else characters_in(data, gap, first)
            gap = last
            alphabetic += np.int64(_has_letter(data, first, last, table))
            stop_words |= _stop_word(data, first, last)
        characters += characters_in(data, start, end) - characters_in(data, gap, end)
        counts[document, 0], counts[document, 1], counts[document, 2] = characters, set_bits(stop_words), alphabetic
        hashes, feeds, ellipses, dots = _symbols(data, start, end)
        counts[document, 3], counts[document, 5] = hashes, feeds
        counts[document, 4] = ellipses + (three_dots(data, start, end) if dots else 0)


@inlined
def _has_letter(data: Bytes, position: int, end: int, table: Characters) -> bool:
    while position < end:
        byte = item(data, position)
        if byte < 0x80:
            if np.uint8((byte | 0x20) - 0x61) < 26:
                return True
            position += 1
        else:
            code, size = decode(data, position, end)
            kind = item(table.kinds, cell_of(code, table))
            if kind in (LETTER, UNSPACED):
                return True
            position += size
    return False


@inlined
def _stop_word(data: Bytes, start: int, end: int) -> int:
    """Return a bit for the stop word there is, 0 if there is none."""
    # Without a branch on the size, which cannot be guessed. No stop word has eight bytes.
    size = min(end - start, 8)
    lane = load_last(data, start, start + size, CASE_BITS)
    found = 0
    for index in range(_STOP_LANES.size):
        found |= np.int64(_STOP_LANES[index] == lane) << index
    return found


@inlined
def _symbols(data: Bytes, start: int, end: int) -> tuple[int, int, int, int]:
    """Return how many number signs, line feeds, ellipsis signs and places of three dots there are."""
    hashes, feeds, ellipses, dots = 0, 0, 0, 0
    # Counts of a block fit a byte, so that the compiler can count many bytes at a time.
    for block in range(start, end, _BLOCK):
        signs, lines = np.uint8(0), np.uint8(0)
        for index in range(block, min(block + _BLOCK, end)):
            byte = item(data, index)
            signs = np.uint8(signs + np.uint8(byte == 0x23))
            lines = np.uint8(lines + np.uint8(byte == 0x0A))
        hashes += np.int64(signs)
        feeds += np.int64(lines)
    for block in range(start, end - 2, _BLOCK):
        signs, triples = np.uint8(0), np.uint8(0)
        for index in range(block, min(block + _BLOCK, end - 2)):
            byte, second, third = item(data, index), item(data, index + 1), item(data, index + 2)
            signs = np.uint8(signs + np.uint8((byte == 0xE2) & (second == 0x80) & (third == 0xA6)))
            triples = np.uint8(triples + np.uint8((byte == 0x2E) & (second == 0x2E) & (third == 0x2E)))
        ellipses += np.int64(signs)
        dots += np.int64(triples)
    return hashes, feeds, ellipses, dots
