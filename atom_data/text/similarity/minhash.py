"""MinHash signatures and bands (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3).

A signature holds, for each of `permutations` orders of all shingles, the smallest place of the document's shingles.
Two documents agree in one place with a probability equal to the Jaccard similarity of their shingle sets; they agree in
all `rows` places of at least one of `bands` bands with probability 1 - (1 - jaccard ** rows) ** bands.
"""

import functools

import numpy as np

from atom_data.errors import ConfigError
from atom_data.text.arrays import Bools, Bytes, Int64s, UInt32s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import Characters, characters
from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.similarity.confirm import confirm
from atom_data.text.similarity.shingles import (
    checked_ngram,
    hash_words,
    keep_recent,
    power,
    recent_words,
    roll,
    scatter,
    shingle_set,
)
from atom_data.text.words import CHUNK, next_words, start_document, word_edges, word_state

__all__ = ["EMPTY", "bands", "confirm", "has_shingles", "shingle_set", "signatures"]

EMPTY = np.uint32(0xFFFFFFFF)
"""Every place of the signature of a document without shingles."""

_U32, _U64 = np.uint32, np.uint64
GROUP = 8
_GOLDEN = 0x9E3779B97F4A7C15
_BAND_STEP = _U64(0x9FB21C651E98DF25)


def signatures(buffers: Buffers, ngram: int = 5, permutations: int = 112, seed: int = 1) -> UInt32s:
    """Return one row of `permutations` numbers per document; a document without shingles has a row of EMPTY.

    The order numbered k of shingle hashes x is that of a[k] * x + b[k] modulo 2 ** 32, with odd a, for the upper 32
    bits x of the shingle's hash. Memory: four bytes per place, and a scratch of 40 kB.
    """
    factors, terms = orders(permutations, seed)
    rows = np.full((buffers.offsets.size - 1, permutations), EMPTY, np.uint32)
    data, offsets = read_only(buffers.data), read_only(buffers.offsets)
    checked = checked_ngram(ngram)
    if rows.size:
        _sign(data, offsets, checked, characters(), factors, terms, rows)
    return rows


def has_shingles(signatures: UInt32s | UInt64s) -> Bools:
    """Return, for each signature, whether its document has shingles: the others must not be compared."""
    found: Bools = (signatures != np.iinfo(signatures.dtype).max).any(axis=1)
    return found


def bands(signatures: UInt32s | UInt64s, bands: int = 14, rows: int = 8) -> UInt64s:
    """Return one hash per band, of the band's number and its `rows` places; equal places give equal hashes.

    Signatures of documents without shingles get hashes as well: leave them out with `has_shingles`.
    """
    if bands < 1 or rows < 1 or bands * rows > signatures.shape[1]:
        raise ConfigError(
            f"bands: {bands} bands of {rows} rows need {bands * rows} permutations; there are {signatures.shape[1]}. "
            "Take fewer bands or rows, or more permutations."
        )
    hashes = np.empty((signatures.shape[0], bands), np.uint64)
    if hashes.size:
        _band(np.ascontiguousarray(signatures), rows, hashes)
    return hashes


@functools.cache
def orders(permutations: int, seed: int) -> tuple[UInt32s, UInt32s]:
    """Return factors and terms of the orders, from SplitMix64 (Steele, Lea and Flood 2014) of the seed."""
    if not 1 <= permutations <= 65536:
        raise ConfigError(f"permutations: {permutations} places in a signature; it takes 1 to 65536. 112 is usual.")
    state = seed * _GOLDEN
    numbers = []
    for _ in range(permutations):
        state = (state + _GOLDEN) % 2**64
        value = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
        numbers.append(value ^ value >> 31)
    values = np.array(numbers, np.uint64)
    factors, terms = (values >> _U64(32)).astype(np.uint32) | _U32(1), (values & _U64(0xFFFFFFFF)).astype(np.uint32)
    return read_only(factors), read_only(terms)


@kernel
def _sign(
    data: Bytes, offsets: Int64s, ngram: int, table: Characters, factors: UInt32s, terms: UInt32s, rows: UInt32s
) -> None:
    edges, state, recent = word_edges(), word_state(), recent_words(ngram)
    places = np.empty(CHUNK + 2 * GROUP, np.uint32)
    leaving = power(ngram)
    for document in range(offsets.size - 1):
        row = rows[document]
        start_document(state, offsets[document])
        recent[:ngram] = 0
        words, rolling = 0, _U64(0)
        while True:
            count = next_words(data, offsets[document + 1], True, table, state, edges)
            if count < 0:
                break
            hash_words(data, edges, count, table, recent, ngram)
            # The first words complete no shingle: what they write is written over.
            found = min(0, words - ngram + 1)
            for word in range(count):
                rolling = roll(rolling, item(recent, ngram + word), item(recent, word), leaving)
                put(places, max(found, 0), _U32(scatter(rolling) >> _U64(32)))
                found += 1
            words += count
            keep_recent(recent, count, ngram)
            lower_signature(row, places, found, factors, terms)
        if 0 < words < ngram:
            places[0] = _U32(scatter(rolling) >> _U64(32))
            lower_signature(row, places, 1, factors, terms)


@inlined
def lower_signature(row: UInt32s, places: UInt32s, count: int, factors: UInt32s, terms: UInt32s) -> None:
    """Lower the numbers of a signature to those of `count` shingles, eight at a time to spare memory traffic."""
    if count <= 0:
        return
    for index in range(count, count + GROUP):
        put(places, index, item(places, count - 1))
    for first in range(0, count, GROUP):
        x0, x1, x2, x3 = places[first], places[first + 1], places[first + 2], places[first + 3]
        x4, x5, x6, x7 = places[first + 4], places[first + 5], places[first + 6], places[first + 7]
        for order in range(row.size):
            factor, term = factors[order], terms[order]
            lowest = min(row[order], _U32(x0 * factor + term), _U32(x1 * factor + term), _U32(x2 * factor + term))
            lowest = min(lowest, _U32(x3 * factor + term), _U32(x4 * factor + term), _U32(x5 * factor + term))
            row[order] = min(lowest, _U32(x6 * factor + term), _U32(x7 * factor + term))


@kernel
def _band(signatures: UInt32s | UInt64s, rows: int, hashes: UInt64s) -> None:
    for document in range(hashes.shape[0]):
        for band in range(hashes.shape[1]):
            value = _U64(band)
            for place in range(band * rows, band * rows + rows):
                value = (value ^ _U64(signatures[document, place])) * _BAND_STEP
                value ^= value >> _U64(32)
            hashes[document, band] = value
