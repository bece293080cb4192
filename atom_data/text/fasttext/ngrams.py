"""From words to vectors, as fastText does it: the rows of a word and of its character n-grams, added up.

Bojanowski et al. 2017 (Enriching Word Vectors with Subword Information), and the library, release 0.9.2, down to its
hash. The n-grams of some hundred words are hashed together, one vector instruction for many, one length after the other;
what a word's rows add up to, and in which order, depends on the word alone.
"""

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Float32s, Int32s, Int64s, UInt32s, UInt64s
from atom_data.text.fasttext.arrays import IGNORED, Block, Stream, Vectors, Weights
from atom_data.text.fasttext.hashing import BASIS, same, step
from atom_data.text.fasttext.lanes import LANES, add_lanes
from atom_data.text.memory import inlined

STREAM = 2048
"""Characters whose n-grams are hashed together; a longer word is hashed in pieces."""

_U64, _U32 = np.uint64, np.uint32
_BEGIN, _END = np.uint8(ord("<")), np.uint8(ord(">"))
_LABEL = np.frombuffer(b"__label__", np.uint8)
_WIDEST = 4


@inlined
def identify(data: Bytes, block: Block, missing: int, weights: Weights, vectors: Vectors) -> int:
    """Hash the missing words and start their vectors; return how many have n-grams still to add, moved to the front.

    A word with a character of more than four bytes, which broken UTF-8 has, is finished at once: to fastText every byte
    that does not continue a character starts one.
    """
    cuts, places, words = block.cuts, block.places, block.missing
    sums, counts, hashes, rows = vectors.sums, vectors.counts, vectors.hashes, weights.rows
    vocabulary, spelling, starts, ends = weights.vocabulary, weights.spelling, weights.starts, weights.ends
    left = 0
    for index in range(missing):
        word = words[index]
        start, end, place = cuts[2 * word], cuts[2 * word + 1], places[word]
        code, size, widest = BASIS, 1, 1
        for position in range(start, end):
            byte = data[_U64(position)]
            code = step(code, byte)
            size = size + 1 if byte & 0xC0 == 0x80 else 1
            widest = max(widest, size)
        entry = _entry(data, start, end, code, vocabulary, spelling, starts, ends)
        _clear(sums, place)
        hashes[place], counts[place] = code, 0
        labeled = end - start >= _LABEL.size and same(data, start, _LABEL, 0, _LABEL.size)
        if entry >= weights.words or (entry < 0 and labeled):
            counts[place] = IGNORED
            continue
        if entry >= 0:
            add_row(sums, counts, place, rows, entry)
        if widest > _WIDEST:
            _add_plainly(data, start, end, place, weights, sums, counts)
        elif weights.longest > 0:
            words[left] = word
            left += 1
    return left


@inlined
def _entry(
    data: Bytes,
    start: int,
    end: int,
    code: np.uint32,
    vocabulary: UInt64s,
    spelling: Bytes,
    starts: Int64s,
    ends: Int64s,
) -> int:
    """Return the entry of a word in the dictionary, or -1."""
    mask = _U64(vocabulary.size - 1)
    at = _U64(code) & mask
    while vocabulary[at] != 0:
        if vocabulary[at] >> _U64(32) == _U64(code):
            entry = np.int64(vocabulary[at] & _U64(0xFFFFFFFF)) - 1
            if ends[entry] - starts[entry] == end - start and same(data, start, spelling, starts[entry], end - start):
                return entry
        at = (at + _U64(1)) & mask
    return -1


@inlined
def _clear(sums: Float32s, place: int) -> None:
    for first in range(0, sums.shape[1], LANES):
        for lane in range(LANES):
            sums[place, first + lane] = 0


@inlined
def add_row(sums: Float32s, counts: Int32s | Int64s, place: int, rows: Float32s, row: int) -> None:
    """Add a row to a sum, and count it."""
    counts[place] += 1
    width = _U64(rows.shape[1])
    for lane in range(_U64(0), width, _U64(LANES)):
        add_lanes(sums, _U64(place) * width + lane, rows, _U64(row) * width + lane)


@inlined
def bucket_row(bucket: np.uint32, members: UInt32s, ranks: Int32s) -> int:
    """Return which row among those of the buckets is this one's, or -1."""
    if members.size == 0:
        return np.int64(bucket)
    cell, bit = bucket >> _U32(5), _U32(bucket & _U32(31))
    bits = members[cell]
    if _U32(bits >> bit) & _U32(1) == 0:
        return np.int64(-1)
    bits = _U32(bits & _U32((_U32(1) << bit) - _U32(1)))
    bits = _U32(bits - (_U32(bits >> _U32(1)) & _U32(0x55555555)))
    bits = _U32((bits & _U32(0x33333333)) + (_U32(bits >> _U32(2)) & _U32(0x33333333)))
    bits = _U32((bits + _U32(bits >> _U32(4))) & _U32(0x0F0F0F0F))
    return np.int64(ranks[cell]) + np.int64(_U32(bits * _U32(0x01010101)) >> _U32(24))


@inlined
def _add_plainly(
    data: Bytes, start: int, end: int, place: int, weights: Weights, sums: Float32s, counts: Int32s
) -> None:
    """Add the rows of a word's n-grams, one after the other."""
    for first in range(start - 1, end):
        if first >= start and data[first] & 0xC0 == 0x80:
            continue
        code, position, size = BASIS, first, 0
        while size < weights.longest and position <= end:
            letter = _BEGIN if position < start else (_END if position == end else data[position])
            code, position, size = step(code, letter), position + 1, size + 1
            while position < end and data[position] & 0xC0 == 0x80:
                code, position = step(code, data[position]), position + 1
            if size >= weights.shortest and (size > 1 or first >= start):
                row = bucket_row(_U32(code % weights.buckets), weights.members, weights.ranks)
                if row >= 0:
                    add_row(sums, counts, place, weights.rows, weights.words + row)


@inlined
def stage(
    data: Bytes, block: Block, left: int, index: int, position: int, longest: int, stream: Stream
) -> tuple[int, int, int, int, int]:
    """Fill the stream with missing words from number `index`, the first from byte `position`, or -1 for its start.

    Returned are the index and position to go on with, the columns at which n-grams start, all columns filled, and the
    size of the widest character. A word longer than the stream comes in pieces, the first of them in an empty stream.
    """
    cuts, places, words = block.cuts, block.places, block.missing
    letters, sizes, inner, owners = stream.bytes, stream.sizes, stream.inner, stream.owners
    filled, width = _U64(0), np.int64(1)
    while index < left:
        word = words[index]
        start, end, place = cuts[2 * word], cuts[2 * word + 1], places[word]
        position = max(position, start)
        if filled > 0 and np.int64(filled) + end - position + 2 > STREAM:
            return index, np.int64(-1), np.int64(filled), np.int64(filled), width
        if position == start:
            letters[0, filled], sizes[filled], inner[filled], owners[filled] = _BEGIN, 1, False, place
            filled += _U64(1)
        while position < end:
            byte = data[_U64(position)]
            if byte & 0xC0 == 0x80:
                column = filled - _U64(1)
                letters[_U64(sizes[column]), column] = byte
                sizes[column] += 1
                width = max(width, np.int64(sizes[column]))
            elif filled == STREAM:
                break
            else:
                letters[0, filled], sizes[filled], inner[filled], owners[filled] = byte, 1, True, place
                filled += _U64(1)
            position += 1
        if position < end or filled == STREAM:
            starts = STREAM - longest
            for column in range(starts, STREAM):
                position -= np.int64(sizes[column])
            return index, position, starts, np.int64(STREAM), width
        letters[0, filled], sizes[filled], inner[filled], owners[filled] = _END, 1, False, place
        filled += _U64(1)
        index, position = index + 1, np.int64(-1)
    return index, np.int64(-1), np.int64(filled), np.int64(filled), width


@inlined
def add_ngrams(stream: Stream, starts: int, filled: int, width: int, weights: Weights, vectors: Vectors) -> None:
    """Add the rows of the n-grams that start in the first columns of the stream to the vectors of their words."""
    hashes, buckets, owners, found = stream.hashes, stream.buckets, stream.owners, stream.found
    owners[filled : filled + weights.longest] = -1
    hashes[:starts] = BASIS
    for size in range(1, weights.longest + 1):
        last = size - 1
        for byte in range(width):
            _hash_byte(hashes, stream.bytes[byte, last:], stream.sizes[last:], byte, starts)
        if size >= weights.shortest:
            _reduce(hashes, buckets, weights.multiplier, weights.shift, weights.buckets, starts)
            _mark(stream.inside, stream.inner, owners, owners[last:], size, starts)
            kept = _select(buckets, stream.inside[:starts], weights.members, found)
            _add_rows(found[:kept], buckets, owners, weights, vectors)


@inlined
def _hash_byte(hashes: UInt32s, values: Bytes, sizes: Bytes, byte: int, count: int) -> None:
    """Take byte number `byte` of one more character into every hash, if the character has that many."""
    if byte == 0:
        for index in range(count):
            hashes[index] = step(hashes[index], values[index])
        return
    for index in range(count):
        code = hashes[index]
        longer = step(code, values[index])
        hashes[index] = longer if sizes[index] > byte else code


@inlined
def _reduce(
    hashes: UInt32s, buckets: UInt32s, multiplier: np.uint32, shift: np.uint64, divisor: np.uint32, count: int
) -> None:
    """Set every bucket to its hash modulo their number; the multiplication is ten times as fast as a division."""
    for index in range(count):
        quotient = _U32(_U64(hashes[index]) * _U64(multiplier) >> shift)
        rest = _U32(hashes[index] - _U32(quotient * divisor))
        buckets[index] = min(rest, _U32(rest - divisor))


@inlined
def _mark(inside: Bools, inner: Bools, owners: Int32s, last_owners: Int32s, size: int, count: int) -> None:
    """Note which n-grams lie in one word; of single characters, those that are not the marks around it."""
    for index in range(count):
        inside[index] = (owners[index] == last_owners[index]) & (inner[index] | (size > 1))


@inlined
def _select(buckets: UInt32s, inside: Bools, members: UInt32s, found: Int32s) -> int:
    """Note the columns of n-grams that lie in one word and have a row. No branch: it would be guessed wrong too often."""
    kept = 0
    pruned = members.size > 0
    for index in range(inside.size):
        found[_U64(kept)] = index
        present = _U32(1)
        if pruned:
            present = _U32(members[buckets[index] >> _U32(5)] >> (buckets[index] & _U32(31))) & _U32(1)
        kept += np.int64(present & _U32(inside[index]))
    return kept


@inlined
def _add_rows(columns: Int32s, buckets: UInt32s, owners: Int32s, weights: Weights, vectors: Vectors) -> None:
    """Add the row of each column's bucket to the vector of the word that the column belongs to."""
    rows, members, ranks, sums, counts = weights.rows, weights.members, weights.ranks, vectors.sums, vectors.counts
    words = weights.words
    for index in range(columns.size):
        column = columns[index]
        add_row(sums, counts, owners[column], rows, words + bucket_row(buckets[column], members, ranks))
