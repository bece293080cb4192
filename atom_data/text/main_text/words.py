"""The first words of blocks, as hashes that a model has learned scores for."""

import numpy as np

from atom_data.text.arrays import Bytes, Float32s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html.lookup import FACTOR, SEED, lower, step
from atom_data.text.html.page import Page
from atom_data.text.memory import allocating, inlined, kernel

FIRST_WORDS = 8
PAIR_BYTES = 6
"""Two Chinese or Japanese characters are a word."""
WORD_HASHES = 1 << 16
"""Hashes of words and of whole short blocks are below this."""
MEAN, LEAST, MOST, WHOLE = range(4)


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
    for block in range(len(blocks)):
        _hash_block(blocks, text, block, hashes[block])


@inlined
def _hash_block(blocks: Int32s, text: Bytes, block: int, hashes: Int32s) -> None:
    """Write the hashes of one block to a row of FIRST_WORDS + 1 that holds -1."""
    start, end = blocks[block, columns.START], blocks[block, columns.END]
    state, size, count = SEED, 0, 0
    for position in range(start, end + 1):
        byte = lower(text[position]) if position < end else 32
        is_unspaced = 0xE3 <= byte <= 0xE9
        if (97 <= byte <= 122 or byte >= 128) and not (is_unspaced and size >= PAIR_BYTES):
            state, size = step(state, byte), size + 1
            continue
        if size > 1:
            hashes[count] = np.int64((state ^ (state >> np.uint64(31))) & np.uint64(WORD_HASHES - 1))
            count += 1
            if count == FIRST_WORDS:
                break
        state, size = SEED, 0
        if is_unspaced:
            state, size = step(state, byte), 1
    if blocks[block, columns.WORDS] <= FIRST_WORDS:
        whole = np.uint64(blocks[block, columns.HASH]) * FACTOR >> np.uint64(20)
        hashes[FIRST_WORDS] = np.int64(whole & np.uint64(WORD_HASHES - 1))


@allocating
def word_scores(blocks: Int32s, text: Bytes, scores: Float32s) -> Float32s:
    """Return for each block the mean, least and highest score of its first words, and the score of a short block as a whole."""
    found = np.zeros((4, len(blocks)), np.float32)
    hashes = np.zeros(FIRST_WORDS + 1, np.int32)
    for block in range(len(blocks)):
        hashes[:] = -1
        _hash_block(blocks, text, block, hashes)
        total, count = np.float32(0), 0
        for index in range(FIRST_WORDS):
            if hashes[index] < 0:
                break
            score = scores[hashes[index]]
            if score != 0:
                total += score
                count += 1
                found[LEAST, block] = min(found[LEAST, block], score)
                found[MOST, block] = max(found[MOST, block], score)
        if count:
            found[MEAN, block] = total / np.float32(count)
        if hashes[FIRST_WORDS] >= 0:
            found[WHOLE, block] = scores[WORD_HASHES + hashes[FIRST_WORDS]]
    return found
