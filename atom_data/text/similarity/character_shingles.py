"""Shingles of characters: overlapping runs of `ngram` code points, where a run of white space is one space.

For languages whose words are not set apart, and for texts with many misspellings. Letters are taken as they are, small
and capital; white space at the ends is left out. A text of fewer characters, but at least one, has one shingle of all;
one of white space alone has none. A broken sequence is the replacement character, cut as Python cuts it.
"""

from typing import Literal

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt32s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import decode
from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.similarity.minhash import EMPTY, GROUP, lower_signature, orders
from atom_data.text.similarity.shingles import (
    Shingles,
    checked_ngram,
    drop_repeats,
    keep_recent,
    power,
    recent_words,
    roll,
    roll_on,
    scatter,
    shingle_set,
)
from atom_data.text.words import CHUNK, space_size

Unit = Literal["words", "characters"]
UNITS = ("words", "characters")

_U32, _U64 = np.uint32, np.uint64


def shingles_by(unit: Unit, buffers: Buffers, ngram: int) -> Shingles:
    """Return the distinct shingles of `ngram` words or characters of every document, sorted."""
    return shingle_set(buffers, ngram) if unit == "words" else character_shingle_set(buffers, ngram)


def character_shingle_set(buffers: Buffers, ngram: int) -> Shingles:
    """Return the distinct shingles of every document, sorted. Memory: up to eight bytes for a byte of text."""
    offsets = read_only(buffers.offsets)
    found = Shingles(np.empty(int(offsets[-1] - offsets[0]), np.uint64), np.zeros_like(offsets))
    _fill(read_only(buffers.data), offsets, checked_ngram(ngram), *found)
    for document in range(offsets.size - 1):
        found.hashes[found.offsets[document] : found.offsets[document + 1]].sort()
    found.hashes.resize(drop_repeats(*found), refcheck=False)
    return Shingles(read_only(found.hashes), read_only(found.offsets))


def character_signatures(buffers: Buffers, ngram: int, permutations: int = 112, seed: int = 1) -> UInt32s:
    """Return one row of `permutations` numbers per document, as `minhash.signatures` does of words.

    Memory: four bytes per place, and a scratch of 40 kB.
    """
    factors, terms = orders(permutations, seed)
    rows = np.full((buffers.offsets.size - 1, permutations), EMPTY, np.uint32)
    if rows.size:
        _sign(read_only(buffers.data), read_only(buffers.offsets), checked_ngram(ngram), factors, terms, rows)
    return rows


@inlined
def _next_characters(data: Bytes, end: int, state: Int64s, recent: UInt64s, ngram: int) -> int:
    """Hash the next characters behind the last `ngram` ones; return how many, 0 after the last.

    `state` has the position, whether a character came before, and whether white space waits for another one to follow.
    """
    position, count = item(state, 0), 0
    while position < end and count < CHUNK:
        size = space_size(data, position, end)
        if size > 0:
            put(state, 2, item(state, 1))
            position += size
            continue
        if item(state, 2):
            put(recent, ngram + count, scatter(_U64(0x21)))
            put(state, 2, 0)
            count += 1
        code, size = decode(data, position, end)
        put(recent, ngram + count, scatter(_U64(code) + _U64(1)))
        count, position = count + 1, position + size
        put(state, 1, 1)
    put(state, 0, position)
    return count


@kernel
def _fill(data: Bytes, offsets: Int64s, ngram: int, hashes: UInt64s, shingle_offsets: Int64s) -> None:
    recent, state = recent_words(ngram), np.zeros(3, np.int64)
    leaving = power(ngram)
    total = 0
    for document in range(offsets.size - 1):
        state[0], state[1], state[2] = offsets[document], 0, 0
        recent[:ngram] = 0
        found, rolling = 0, _U64(0)
        while True:
            count = _next_characters(data, offsets[document + 1], state, recent, ngram)
            if count == 0:
                break
            rolling, total = roll_on(recent, count, ngram, found, rolling, leaving, hashes, total)
            found += count
            keep_recent(recent, count, ngram)
        if 0 < found < ngram:
            put(hashes, total, scatter(rolling))
            total += 1
        shingle_offsets[document + 1] = total


@kernel
def _sign(data: Bytes, offsets: Int64s, ngram: int, factors: UInt32s, terms: UInt32s, rows: UInt32s) -> None:
    recent, state, places = recent_words(ngram), np.zeros(3, np.int64), np.empty(CHUNK + 3 * GROUP, np.uint32)
    leaving = power(ngram)
    for document in range(offsets.size - 1):
        state[0], state[1], state[2] = offsets[document], 0, 0
        recent[:ngram] = 0
        found, rolling = 0, _U64(0)
        while True:
            count = _next_characters(data, offsets[document + 1], state, recent, ngram)
            if count == 0:
                break
            shingles = 0
            for place in range(count):
                rolling = roll(rolling, item(recent, ngram + place), item(recent, place), leaving)
                found += 1
                if found >= ngram:
                    put(places, shingles, _U32(scatter(rolling) >> _U64(32)))
                    shingles += 1
            keep_recent(recent, count, ngram)
            lower_signature(rows[document], places, shingles, factors, terms)
        if 0 < found < ngram:
            places[0] = _U32(scatter(rolling) >> _U64(32))
            lower_signature(rows[document], places, 1, factors, terms)
