"""MinHash signatures with the values of the library datasketch, so that stored ones of both can be compared.

Its two schemes start from the first four bytes, little-endian, of SHA-1 (FIPS 180-4) of a value's bytes, and draw factors a
and terms b from NumPy's `RandomState(seed)`. "affine32" (since 2.0.0) scatters the hash with MurmurHash3's finalizer to x
and takes the least a * x + b modulo 2 ** 32, with odd a. "legacy" takes the least (a * x + b) modulo 2 ** 61 - 1, of which
it keeps the lower 32 bits. Here the values are shingles: their words in lower case with one space between, in UTF-8.
"""

import functools
from typing import Literal

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError
from atom_data.text.arrays import Bytes, Int64s, UInt32s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import Characters, cell_of, characters, decode
from atom_data.text.hashes import encoded
from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.similarity.minhash import EMPTY
from atom_data.text.similarity.sha1 import schedule, sha1
from atom_data.text.similarity.shingles import checked_ngram
from atom_data.text.words import CHUNK, next_words, start_document, word_edges, word_state

Scheme = Literal["affine32", "legacy"]

_U32, _U64 = np.uint32, np.uint64
_MERSENNE = _U64((1 << 61) - 1)
_LOWER = _U64(0xFFFFFFFF)


def datasketch_signatures(
    buffers: Buffers, ngram: int = 5, permutations: int = 112, seed: int = 1, scheme: Scheme = "affine32"
) -> UInt32s:
    """Return, for each document, the `hashvalues` of `datasketch.MinHash(permutations, seed, scheme=scheme)`.

    A document of fewer words than `ngram` has one shingle of all its words; one without words has a row of EMPTY, as a
    sketch without values has. Memory: four bytes per place, and
    six bytes for each of the longest text.
    """
    if scheme not in ("affine32", "legacy"):
        raise ConfigError(f"scheme: '{scheme}'; datasketch has affine32 (since 2.0.0) and legacy (before).")
    if not 1 <= permutations <= 65536:
        raise ConfigError(f"permutations: {permutations} places in a signature; it takes 1 to 65536. 128 is usual.")
    if not 0 <= seed < 2**32:
        raise ConfigError(f"seed: {seed}; NumPy's RandomState takes 0 to 4294967295. datasketch's own is 1.")
    rows = np.full((buffers.offsets.size - 1, permutations), EMPTY, np.uint32)
    data, offsets = read_only(buffers.data), read_only(buffers.offsets)
    if rows.size:
        factors, terms = _orders(permutations, seed, scheme)
        room = int(np.diff(offsets).max())
        # A letter of three bytes that is a word of its own is joined by a space: four bytes for three.
        text, starts = np.empty(2 * room + 16, np.uint8), np.empty(room // 2 + CHUNK + 16, np.int64)
        sign = _sign_affine if scheme == "affine32" else _sign_legacy
        sign(data, offsets, checked_ngram(ngram), characters(), factors, terms, text, starts, rows)
    return rows


@functools.cache
def _orders(
    permutations: int, seed: int, scheme: Scheme
) -> tuple[npt.NDArray[np.unsignedinteger], npt.NDArray[np.unsignedinteger]]:
    random = np.random.RandomState(seed)
    if scheme == "affine32":
        factors = random.randint(0, 1 << 31, permutations, dtype=np.uint32) * _U32(2) + _U32(1)
        return read_only(factors), read_only(random.randint(0, 1 << 32, permutations, dtype=np.uint32))
    drawn = [
        (random.randint(1, int(_MERSENNE), dtype=np.uint64), random.randint(0, int(_MERSENNE), dtype=np.uint64))
        for _ in range(permutations)
    ]
    both = np.array(drawn, np.uint64).T
    return read_only(both[0].copy()), read_only(both[1].copy())


@kernel
def _sign_affine(
    data: Bytes,
    offsets: Int64s,
    ngram: int,
    table: Characters,
    factors: UInt32s,
    terms: UInt32s,
    text: Bytes,
    starts: Int64s,
    rows: UInt32s,
) -> None:
    edges, state, room = word_edges(), word_state(), schedule()
    for document in range(offsets.size - 1):
        words = _join_words(data, offsets[document], offsets[document + 1], table, state, edges, text, starts)
        row = rows[document]
        for first in range(max(words - ngram + 1, min(words, 1))):
            end = item(starts, min(first + ngram, words)) - 1
            value = _scatter(_first(text, item(starts, first), end, room))
            for order in range(row.size):
                row[order] = min(row[order], _U32(factors[order] * value + terms[order]))


@kernel
def _sign_legacy(
    data: Bytes,
    offsets: Int64s,
    ngram: int,
    table: Characters,
    factors: UInt64s,
    terms: UInt64s,
    text: Bytes,
    starts: Int64s,
    rows: UInt32s,
) -> None:
    edges, state, room = word_edges(), word_state(), schedule()
    for document in range(offsets.size - 1):
        words = _join_words(data, offsets[document], offsets[document + 1], table, state, edges, text, starts)
        row = rows[document]
        for first in range(max(words - ngram + 1, min(words, 1))):
            end = item(starts, min(first + ngram, words)) - 1
            value = _U64(_first(text, item(starts, first), end, room))
            for order in range(row.size):
                row[order] = min(row[order], _U32(_modulo(factors[order] * value + terms[order]) & _LOWER))


@inlined
def _first(text: Bytes, start: int, end: int, room: UInt32s) -> np.uint32:
    """Return the first four bytes of the SHA-1 of `text[start:end]`, the lowest first."""
    return sha1(text, start, end, room)[0]


@inlined
def _modulo(value: np.uint64) -> np.uint64:
    """Return the remainder by 2 ** 61 - 1 without a division."""
    value = (value & _MERSENNE) + (value >> _U64(61))
    return value - _MERSENNE if value >= _MERSENNE else value


@inlined
def _scatter(value: np.uint32) -> np.uint32:
    """MurmurHash3's finalizer for 32 bits."""
    value = _U32((value ^ value >> _U32(16)) * _U32(0x85EBCA6B))
    value = _U32((value ^ value >> _U32(13)) * _U32(0xC2B2AE35))
    return _U32(value ^ value >> _U32(16))


@inlined
def _join_words(
    data: Bytes, start: int, end: int, table: Characters, state: Int64s, edges: Int64s, text: Bytes, starts: Int64s
) -> int:
    """Write a document's words in lower case, a space after each, and where each begins; return how many."""
    words, total = 0, 0
    start_document(state, start)
    while True:
        count = next_words(data, end, True, table, state, edges)
        if count < 0:
            break
        for word in range(count):
            put(starts, words, total)
            words += 1
            position, stop = item(edges, 2 * word), item(edges, 2 * word + 1)
            while position < stop:
                code, size = decode(data, position, stop)
                character = encoded(code + item(table.shifts, cell_of(code, table)), size)
                for index in range(size):
                    put(text, total + index, np.uint8(character >> _U64(8 * index)))
                total += size
                position += size
            put(text, total, 0x20)
            total += 1
    put(starts, words, total)
    return words
