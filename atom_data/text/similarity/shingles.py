"""Shingles: overlapping runs of unicode words, each as one 64-bit hash, and how much two sets of them share.

A shingle is `ngram` words one after the other (see `words.unicode_words`). A text with fewer words, but at least one,
has one shingle of all its words; a text without words has none.
"""

from typing import NamedTuple

import numpy as np

from atom_data.errors import ConfigError
from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import Characters, characters
from atom_data.text.hashes import hash_folded
from atom_data.text.memory import allocating, inlined, item, kernel, put, read_only
from atom_data.text.words import CHUNK, next_words, start_document, word_edges, word_state

_U64 = np.uint64
_STEP = _U64(0xC2B2AE3D27D4EB4F)
_SCATTER = _U64(0xFF51AFD7ED558CCD)


class Shingles(NamedTuple):
    """Sorted distinct shingle hashes: those of document i are `hashes[offsets[i]:offsets[i + 1]]`."""

    hashes: UInt64s
    offsets: Int64s


def shingle_set(buffers: Buffers, ngram: int) -> Shingles:
    """Return the distinct shingles of every document, sorted. Memory: up to four bytes for a byte of text."""
    offsets = read_only(buffers.offsets)
    most = int(offsets[-1] - offsets[0] + 2 * offsets.size) // 2
    found = Shingles(np.empty(most, np.uint64), np.zeros_like(offsets))
    _fill_shingles(read_only(buffers.data), offsets, checked_ngram(ngram), characters(), *found)
    for document in range(offsets.size - 1):
        found.hashes[found.offsets[document] : found.offsets[document + 1]].sort()
    found.hashes.resize(drop_repeats(*found), refcheck=False)
    return Shingles(read_only(found.hashes), read_only(found.offsets))


def jaccard(left: UInt64s, right: UInt64s) -> float:
    """Return how much two sorted sets share: common over all. Two empty sets share nothing."""
    shared = int(_shared(read_only(left), read_only(right)))
    return shared / max(left.size + right.size - shared, 1)


def containment(left: UInt64s, right: UInt64s) -> float:
    """Return the share of the first sorted set that the second one has. Of an empty set it is 0."""
    return int(_shared(read_only(left), read_only(right))) / max(left.size, 1)


@kernel
def digests(hashes: UInt64s, offsets: Int64s) -> tuple[UInt64s, UInt64s]:
    """Return 128 bits of each sorted set, in two halves: two sets have the same, or one is not the other.

    Either half is a chain of one-to-one steps, so two sets of one size that differ in a single value never share it.
    """
    highs, lows = np.empty(offsets.size - 1, np.uint64), np.empty(offsets.size - 1, np.uint64)
    for document in range(offsets.size - 1):
        start, end = offsets[document], offsets[document + 1]
        high, low = _U64(end - start) * _STEP, ~_U64(end - start)
        for index in range(start, end):
            high = (high ^ item(hashes, index)) * _SCATTER
            low = (low ^ item(hashes, index)) * _STEP
            high ^= high >> _U64(32)
            low ^= low >> _U64(29)
        highs[document], lows[document] = scatter(high), scatter(low)
    return highs, lows


def checked_ngram(ngram: int) -> int:
    """Return the shingle size, or raise a ConfigError."""
    if not 1 <= ngram <= 1000:
        raise ConfigError(f"ngram: {ngram} words in a shingle; it takes 1 to 1000. Five is usual.")
    return ngram


@kernel
def _shared(left: UInt64s, right: UInt64s) -> int:
    return common(left, 0, left.size, right, 0, right.size)


@inlined
def common(left: UInt64s, left_start: int, left_end: int, right: UInt64s, right_start: int, right_end: int) -> int:
    """Return how many values two sorted runs of distinct values have in common."""
    shared = 0
    while left_start < left_end and right_start < right_end:
        one, other = item(left, left_start), item(right, right_start)
        # Without branches: which of two hashes is smaller cannot be guessed.
        shared += np.int64(one == other)
        left_start += np.int64(one <= other)
        right_start += np.int64(other <= one)
    return shared


@kernel
def _fill_shingles(
    data: Bytes, offsets: Int64s, ngram: int, table: Characters, hashes: UInt64s, shingle_offsets: Int64s
) -> None:
    edges, state, recent = word_edges(), word_state(), recent_words(ngram)
    leaving = power(ngram)
    total = 0
    for document in range(offsets.size - 1):
        start_document(state, offsets[document])
        recent[:ngram] = 0
        words, rolling = 0, _U64(0)
        while True:
            count = next_words(data, offsets[document + 1], True, table, state, edges)
            if count < 0:
                break
            hash_words(data, edges, count, table, recent, ngram)
            rolling, total = roll_on(recent, count, ngram, words, rolling, leaving, hashes, total)
            words += count
            keep_recent(recent, count, ngram)
        if 0 < words < ngram:
            put(hashes, total, scatter(rolling))
            total += 1
        shingle_offsets[document + 1] = total


@inlined
def roll_on(
    recent: UInt64s,
    count: int,
    ngram: int,
    before: int,
    rolling: np.uint64,
    leaving: np.uint64,
    hashes: UInt64s,
    total: int,
) -> tuple[np.uint64, int]:
    """Roll over `count` units more, `before` of which there were; write the hash of each shingle that one completes."""
    for place in range(count):
        rolling = roll(rolling, item(recent, ngram + place), item(recent, place), leaving)
        if before + place + 1 >= ngram:
            put(hashes, total, scatter(rolling))
            total += 1
    return rolling, total


@kernel
def drop_repeats(hashes: UInt64s, offsets: Int64s) -> int:
    """Move the distinct values of sorted sets together, set `offsets` to where they are, and return how many there are."""
    kept, start = 0, offsets[0]
    for document in range(offsets.size - 1):
        end = offsets[document + 1]
        for index in range(start, end):
            value = hashes[index]
            if index == start or value != hashes[index - 1]:
                hashes[kept] = value
                kept += 1
        start, offsets[document + 1] = end, kept
    return kept


@allocating
def recent_words(ngram: int) -> UInt64s:
    """Return room for the hashes of the last `ngram` words and, after them, of the words found at a time."""
    return np.zeros(ngram + CHUNK + 16, np.uint64)


@inlined
def hash_words(data: Bytes, edges: Int64s, count: int, table: Characters, recent: UInt64s, ngram: int) -> None:
    """Hash the words between `edges`, in lower case, behind the last `ngram` ones."""
    for word in range(count):
        put(recent, ngram + word, hash_folded(data, item(edges, 2 * word), item(edges, 2 * word + 1), table))


@inlined
def keep_recent(recent: UInt64s, count: int, ngram: int) -> None:
    """Move the hashes of the last `ngram` words to the front."""
    for index in range(ngram):
        put(recent, index, item(recent, count + index))


@inlined
def roll(rolling: np.uint64, entering: np.uint64, leaving: np.uint64, weight: np.uint64) -> np.uint64:
    """Return the rolling sum with one word more and the word `ngram` before it (zero at the beginning) less."""
    return rolling * _STEP + entering - leaving * weight


@inlined
def power(ngram: int) -> np.uint64:
    """Return the weight with which a word leaves the rolling sum."""
    weight = _U64(1)
    for _ in range(ngram):
        weight *= _STEP
    return weight


@inlined
def scatter(rolling: np.uint64) -> np.uint64:
    """Return the rolling sum with every bit spread over all bits: the hash of a shingle."""
    value = (rolling ^ rolling >> _U64(33)) * _SCATTER
    return value ^ value >> _U64(29)
