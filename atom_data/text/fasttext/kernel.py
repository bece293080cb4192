"""From texts to vectors, as fastText does it: the average of the rows of words and n-grams, over Arrow bytes.

Joulin et al. 2017 (Bag of Tricks for Efficient Text Classification), and the library, release 0.9.2. A block of text
takes four passes: cut it at white space; look every word up among those seen before; make the vectors of the rest; add up
the vectors of each document. The key of a word that was seen is the word itself, up to 24 bytes, so that it is never taken
for another, and its vector is what it would be had it not been seen.
"""

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Float32s, Float64s, Int32s, Int64s, UInt64s
from atom_data.text.fasttext.arrays import IGNORED, Block, Stream, Vectors, Weights
from atom_data.text.fasttext.hashing import hash_bytes
from atom_data.text.fasttext.lanes import LANES, add_lanes
from atom_data.text.fasttext.ngrams import add_ngrams, bucket_row, identify, stage
from atom_data.text.hashes import load_eight
from atom_data.text.memory import inlined, kernel

BLOCK = 4096
"""Words of a block, about: it ends with the chunk that reaches this number."""

CHUNK = 4096
"""Bytes of text cut into words at a time."""

PART = 1024
"""Words of a document added up in float32; these sums are added up in float64. The library has float32 throughout,
whose error comes to 1e-3 of a score in documents of several MB."""

_U64 = np.uint64
_FIRST, _SECOND = _U64(0x9E3779B97F4A7C15), _U64(0xC2B2AE3D27D4EB4F)
_THIRD, _MIX = _U64(0x165667B19E3779F9), _U64(0xD6E8FEB86659FD93)
_WORD_NGRAM = _U64(116049371)
_SENTENCE_END = np.frombuffer(b"</s>", np.uint8)
_SENTENCE_END_KEY = _U64(int.from_bytes(b"</s>", "little"))
_DOCUMENT_END = -1
_ONES = _U64(0xFFFFFFFFFFFFFFFF)


@kernel
def embed_documents(
    data: Bytes,
    offsets: Int64s,
    weights: Weights,
    keys: UInt64s,
    vectors: Vectors,
    block: Block,
    stream: Stream,
    totals: Float64s,
    counts: Int64s,
) -> None:
    """Add the rows of each document's words and n-grams to its row of `totals`, and their number to `counts`.

    `keys` has a row for each place of a word that was seen: its bytes, padded with zeros, and the block that used it
    last, which keys[-1, 0] counts. Places from len(keys) on are for the words of one block that find no place there.
    """
    chains = np.zeros(max(weights.word_ngrams, 1), np.uint64)
    part = np.zeros((1, totals.shape[1]), np.float32)
    clock, places = keys[-1], keys[:-1]
    nothing = np.int64(0)
    state = (nothing, offsets[0], nothing)
    ended, progress = nothing, (nothing, nothing)
    while state[0] < offsets.size - 1:
        clock[0] += _U64(1)
        words, state = _cut(data, offsets, block.spaces, block.cuts, state)
        missing, ended = _look_up(data, block, words, places, clock[0], ended)
        left = identify(data, block, missing, weights, vectors)
        index, position = nothing, np.int64(-1)
        while index < left:
            index, position, starts, filled, width = stage(data, block, left, index, position, weights.longest, stream)
            add_ngrams(stream, starts, filled, width, weights, vectors)
        progress = _add_up(block.places[:words], weights, vectors, chains, part, totals, counts, progress)
        if state[2]:
            block.cuts[0] = block.cuts[2 * words]


@inlined
def _cut(
    data: Bytes, offsets: Int64s, spaces: Bools, cuts: Int64s, state: tuple[int, int, int]
) -> tuple[int, tuple[int, int, int]]:
    """Return how many words, and where to go on: document, byte, and 1 inside a word, whose start is the last of cuts."""
    document, position, inside = state
    count = inside
    while count < 2 * BLOCK and document < offsets.size - 1:
        end = offsets[document + 1]
        size = min(end - position, CHUNK)
        text = data[position : position + size]
        spaces[0] = inside == 0
        for index in range(size):
            byte = text[index]
            spaces[index + 1] = (byte == 32) | (byte == 0) | ((byte >= 9) & (byte <= 13))
        for index in range(size):
            cuts[_U64(count)] = position + index
            count += np.int64(spaces[_U64(index)] != spaces[_U64(index + 1)])
        position += size
        inside = count & 1
        if position == end:
            cuts[count] = end
            count += inside
            cuts[count] = cuts[count + 1] = end
            count += 2
            document, inside = document + 1, np.int64(0)
            position = offsets[document]
    return count >> 1, (document, position, inside)


@inlined
def _look_up(data: Bytes, block: Block, words: int, keys: UInt64s, clock: np.uint64, ended: int) -> tuple[int, int]:
    """Give every word a place; return how many are missing there, and whether a document goes on after `</s>`.

    The library stops at a word `</s>`, so the words after it have no place.
    """
    cuts, places, missing = block.cuts, block.places, block.missing
    new, spare = 0, keys.shape[0]
    mask = _U64(keys.shape[0] - 1)
    for word in range(words):
        start, end = cuts[2 * word], cuts[2 * word + 1]
        size = end - start
        if size == 0 or ended:
            places[word] = _DOCUMENT_END if size == 0 else IGNORED
            ended = np.int64(size > 0)
            continue
        place = np.int64(-1)
        if size <= 24:
            first, second, third = _key(data, start, size)
            if first == _SENTENCE_END_KEY and size == _SENTENCE_END.size:
                places[word], ended = IGNORED, np.int64(1)
                continue
            mixed = first * _FIRST + second * _SECOND + third * _THIRD
            at = (mixed ^ mixed >> _U64(32)) * _MIX >> _U64(40) & mask
            known = keys[at, 0] == first and keys[at, 1] == second and keys[at, 2] == third
            if known or keys[at, 3] != clock:
                keys[at, 0], keys[at, 1], keys[at, 2], keys[at, 3] = first, second, third, clock
                place = np.int64(at)
            if known:
                places[word] = place
                continue
        if place < 0:
            place = spare
            spare += 1
        places[word] = place
        missing[new] = word
        new += 1
    return new, ended


@inlined
def _key(data: Bytes, start: int, size: int) -> tuple[np.uint64, np.uint64, np.uint64]:
    """Return the bytes of a word of at most 24 as three numbers."""
    if start + 24 <= data.size:
        first, second, third = load_eight(data, start), load_eight(data, start + 8), load_eight(data, start + 16)
        first &= _ONES >> _U64(64 - 8 * min(size, 8))
        second &= _ONES >> _U64(64 - 8 * min(max(size - 8, 1), 8)) if size > 8 else _U64(0)
        third &= _ONES >> _U64(64 - 8 * min(max(size - 16, 1), 8)) if size > 16 else _U64(0)
        return first, second, third
    first = second = third = _U64(0)
    for index in range(size):
        byte = _U64(data[start + index]) << _U64(8 * (index & 7))
        if index < 8:
            first |= byte
        elif index < 16:
            second |= byte
        else:
            third |= byte
    return first, second, third


@inlined
def _add_up(
    places: Int32s,
    weights: Weights,
    vectors: Vectors,
    chains: UInt64s,
    part: Float32s,
    totals: Float64s,
    rows: Int64s,
    progress: tuple[int, int],
) -> tuple[int, int]:
    """Add the vectors of the block's words to those of their documents; return the document and the word to go on with."""
    sums, counts, hashes = vectors.sums, vectors.counts, vectors.hashes
    document, word = progress
    for place in places:
        if place >= 0 and counts[place] >= 0:
            _add(part, sums, place)
            rows[document] += counts[place]
            if weights.word_ngrams > 1:
                _add_word_ngrams(hashes[place], weights, chains, part, rows, document)
            word += 1
        if place == _DOCUMENT_END:
            if weights.sentence_end >= 0:
                _add(part, weights.rows, weights.sentence_end)
                rows[document] += 1
            if weights.word_ngrams > 1:
                code = hash_bytes(_SENTENCE_END, 0, _SENTENCE_END.size)
                _add_word_ngrams(code, weights, chains, part, rows, document)
                chains[0] = 0
        if place == _DOCUMENT_END or word == PART:
            for lane in range(part.size):
                totals[document, lane] += np.float64(part[0, lane])
                part[0, lane] = 0
            word = 0
            document += place == _DOCUMENT_END
    return document, word


@inlined
def _add(part: Float32s, rows: Float32s, row: int) -> None:
    width = _U64(rows.shape[1])
    for lane in range(_U64(0), width, _U64(LANES)):
        add_lanes(part, lane, rows, _U64(row) * width + lane)


@inlined
def _add_word_ngrams(
    code: np.uint32, weights: Weights, chains: UInt64s, part: Float32s, rows: Int64s, document: int
) -> None:
    """Add the rows of the word n-grams that end with this word.

    `chains` has their number and then the hash of the last word, of the last two, and so on; the library takes the
    hashes of words as signed numbers.
    """
    word = _U64(np.int64(np.int32(code)))
    for size in range(np.int64(chains[0]), 0, -1):
        chain = chains[size] * _WORD_NGRAM + word
        row = bucket_row(np.uint32(chain % _U64(weights.buckets)), weights.members, weights.ranks)
        if row >= 0:
            _add(part, weights.rows, weights.words + row)
            rows[document] += 1
        if size + 1 < chains.size:
            chains[size + 1] = chain
    chains[1] = word
    chains[0] = min(chains[0] + _U64(1), _U64(chains.size - 1))
