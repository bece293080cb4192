"""A split block Bloom filter: one cache line's half a key, and parts that can be filled apart from each other.

Eight bits per key, one in each 32-bit word of one block (Putze, Sanders and Singler 2007, Cache-, hash- and space-efficient
Bloom filters; the layout and the eight multipliers are those of the Parquet format's specification, BloomFilter.md).
Which block depends on the key alone, so a filter can be cut into parts of whole blocks, with the same answers.
"""

import math

import numpy as np

from atom_data.errors import ConfigError
from atom_data.text.arrays import Bools, UInt32s, UInt64s
from atom_data.text.memory import inlined, kernel, read_only
from atom_data.text.similarity.shingles import scatter

_U32, _U64 = np.uint32, np.uint64
BLOCK_BYTES = 32
LEAST = 4096
"""Blocks of the smallest filter, and so the maximum number of parts of any filter."""
_SALTS = np.array(
    [0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31], np.uint32
)


def false_positive_rate(keys: float, blocks: int) -> float:
    """Return the share of new keys that a filter with `keys` in it takes for known.

    A block holds a Poisson number of keys; of n keys, a bit of a word is set with 1 - (31/32)^n.
    """
    mean = keys / blocks
    rate, term = 0.0, math.exp(-mean)
    for count in range(1, int(mean + 12 * math.sqrt(mean) + 40)):
        term *= mean / count
        rate += term * (1 - (31 / 32) ** count) ** 8
    return rate


def blocks_for(keys: int, rate: float) -> int:
    """Return the smallest power of two of blocks that keeps `keys` within a false-positive rate. ConfigError above 2^31."""
    blocks = LEAST
    while blocks < keys / 400 or false_positive_rate(keys, blocks) > rate:
        blocks *= 2
        if blocks > 1 << 31:
            raise ConfigError(
                f"Bloom: {keys:,} lines at a false-positive rate of {rate} take more than 64 GB. "
                "Give fewer lines, a higher rate, or take the exact engine."
            )
    return blocks


def add_and_test(words: UInt32s, shift: int, highs: UInt64s, lows: UInt64s, documents: UInt64s, within: bool) -> Bools:
    """Add the keys in their order; return which were there before.

    `words` is the filter (blocks, 8), or of a filter cut into 2^`shift` parts the one that `bucket_of` says. Without
    `within`, only what an earlier document added counts: the keys of a document are next to each other.
    """
    known = np.zeros(highs.size, np.bool_)
    _add(words, shift, read_only(highs), read_only(lows), read_only(documents), within, known)
    return known


@kernel
def _add(
    words: UInt32s, shift: int, highs: UInt64s, lows: UInt64s, documents: UInt64s, within: bool, known: Bools
) -> None:
    begin = 0
    while begin < highs.size:
        end = begin + 1
        while not within and end < highs.size and documents[end] == documents[begin]:
            end += 1
        for index in range(begin, end):
            known[index] = _has(words, _block(highs[index], shift, words.shape[0]), _U32(lows[index]))
        for index in range(begin, end):
            block = _block(highs[index], shift, words.shape[0])
            for word in range(8):
                words[block, word] |= _bit(_U32(lows[index]), word)
        begin = end


@inlined
def _block(high: np.uint64, shift: int, blocks: int) -> int:
    # The lowest bits chose the part: see first_seen.bucket_of.
    return np.int64(scatter(high) >> _U64(33 + shift)) & (blocks - 1)


@inlined
def _bit(low: np.uint32, word: int) -> np.uint32:
    return _U32(1) << (_U32(low * _SALTS[word]) >> _U32(27))


@inlined
def _has(words: UInt32s, block: int, low: np.uint32) -> bool:
    found = True
    for word in range(8):
        found &= words[block, word] & _bit(low, word) != 0
    return found
