"""The first words of blocks, as hashes that a model has learned scores for."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Float32s, Int32s, UInt64s
from atom_data.text.html import page as columns
from atom_data.text.html.lookup import FACTOR, SEED, step
from atom_data.text.html.page import Page
from atom_data.text.memory import allocating, inlined, item, kernel

FIRST_WORDS = 8
READ_BYTES = 128
"""So much of a block's text is looked at for words and signs."""
PAIR_BYTES = 6
"""Two Chinese or Japanese characters are a word."""
WORD_HASHES = 1 << 16
"""Hashes of words and of whole short blocks are below this."""
MEAN, LEAST, MOST, WHOLE = range(4)
FOLDED = np.zeros(256, np.uint8)
FOLDED[48:58], FOLDED[97:123], FOLDED[128:] = np.arange(48, 58), np.arange(97, 123), np.arange(128, 256)
FOLDED[65:91] = np.arange(97, 123)
"""Of a byte of a letter or digit the one that is hashed: in lower case; 0 of others."""


def text_words(page: Page) -> Int32s:
    """Return for each block the hashes of its first eight words, -1 where there are fewer; column 8: of a whole block of at most
    eight words.
    """  # fmt: skip
    hashes = np.full((len(page.blocks), FIRST_WORDS + 1), -1, np.int32)
    if len(hashes):
        _hash_words(page.blocks, page.text, hashes)
    return hashes


@kernel
def _hash_words(blocks: Int32s, text: Bytes, hashes: Int32s) -> None:
    nothing = np.zeros(0, np.uint64)
    for block in range(len(blocks)):
        read_first(blocks, text, block, nothing, np.uint64(0), hashes[block])


@inlined
def read_first(
    blocks: Int32s, text: Bytes, block: int, title: UInt64s, title_bits: np.uint64, hashes: Int32s
) -> tuple[int, int]:
    """Write the hashes of a block's first words to a row of FIRST_WORDS + 1; return how many words its first READ_BYTES have,
    and how many of them are in the title. A word is a run of letters and digits; of letters without spaces, two.
    """
    position, end = np.int64(blocks[block, columns.START]), np.int64(blocks[block, columns.END])
    border = position + READ_BYTES + 1
    stop = min(end, border)
    count, seen, shared = 0, 0, 0
    for index in range(FIRST_WORDS + 1):
        hashes[index] = -1
    while position < stop:
        byte = item(FOLDED, item(text, position))
        if byte == 0:
            position += 1
            continue
        state, begin = SEED, position
        while byte and not (0xE3 <= byte <= 0xE9 and position - begin >= PAIR_BYTES):
            state, position = step(state, byte), position + 1
            if position == stop:
                break
            byte = item(FOLDED, item(text, position))
        if position == border:  # nobody looks whether the word ends there
            break
        seen += 1
        shared += _is_in(title, title_bits, state)
        if position - begin > 1 and count < FIRST_WORDS:
            hashes[count] = np.int64((state ^ (state >> np.uint64(31))) & np.uint64(WORD_HASHES - 1))
            count += 1
    if blocks[block, columns.WORDS] <= FIRST_WORDS:
        whole = np.uint64(blocks[block, columns.HASH]) * FACTOR >> np.uint64(20)
        hashes[FIRST_WORDS] = np.int64(whole & np.uint64(WORD_HASHES - 1))
    return seen, shared


@inlined
def _is_in(title: UInt64s, bits: np.uint64, state: np.uint64) -> bool:
    """Tell whether a word is in the title; one bit of 64 says for most that it is not."""
    if (bits >> (state & np.uint64(63))) & np.uint64(1) == 0:
        return False
    found = False
    for index in range(title.size):
        found |= item(title, index) == state
    return found


class First(NamedTuple):
    """What the first words of blocks say, a value a block."""

    scores: Float32s
    """Rows MEAN, LEAST and MOST: of the scores of words; WHOLE: the score of a short block as a whole."""
    title_words: Float32s
    """The share of the words that are in the title."""
    title_share: Float32s
    """As many, over the words of the title."""


@allocating
def first_words(blocks: Int32s, text: Bytes, scores: Float32s, title: UInt64s) -> First:
    """Return what the first words of each block say."""
    size = len(blocks)
    first = First(np.zeros((4, size), np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32))
    hashes, bits = np.zeros(FIRST_WORDS + 1, np.int32), np.uint64(0)
    for index in range(title.size):
        bits |= np.uint64(1) << (title[index] & np.uint64(63))
    for block in range(size):
        seen, shared = read_first(blocks, text, block, title, bits, hashes)
        first.title_words[block] = shared / np.float32(max(1, seen))
        first.title_share[block] = shared / np.float32(max(1, title.size))
        total, count = np.float32(0), 0
        for index in range(FIRST_WORDS):
            if hashes[index] < 0:
                break
            score = scores[hashes[index]]
            if score != 0:
                total += score
                count += 1
                first.scores[LEAST, block] = min(first.scores[LEAST, block], score)
                first.scores[MOST, block] = max(first.scores[MOST, block], score)
        if count:
            first.scores[MEAN, block] = total / np.float32(count)
        if hashes[FIRST_WORDS] >= 0:
            first.scores[WHOLE, block] = scores[WORD_HASHES + hashes[FIRST_WORDS]]
    return first
