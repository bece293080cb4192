"""All pairs of similar documents, by their true Jaccard index: what an approximate method is held against.

Exact, by prefixes: of two sets with a Jaccard index of at least f, sorted alike, the first |x| - ceil(f |x|) + 1 values of
either have one in common (Chaudhuri, Ganti and Kaushik 2006, A Primitive Operator for Similarity Joins; Bayardo, Ma and
Srikant 2007, Scaling Up All Pairs Similarity Search). Sorted with the rarest first, these prefixes share little by chance.
"""

from typing import NamedTuple

import numpy as np

from atom_data.errors import ConfigError
from atom_data.text.arrays import Float64s, Int32s, Int64s
from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.similarity.shingles import Shingles, common

_BLOCK = 1 << 16


class Pairs(NamedTuple):
    """Pairs of documents by number, left < right, sorted by left, then right."""

    left: Int32s
    right: Int32s
    jaccard: Float64s


def similar_pairs(shingles: Shingles, least: float) -> Pairs:
    """Return every pair of documents with a Jaccard index of at least `least`; documents without shingles are in none.

    Memory: 28 bytes per shingle, 8 per document, and 16 for each pair found. Time grows with the shingles and with the
    pairs that share a rare one.
    """
    if not 0 < least <= 1:
        raise ConfigError(f"similar pairs: the minimum Jaccard index is {least}. Give a number in (0, 1].")
    sizes = np.diff(shingles.offsets)
    order = np.argsort(sizes, kind="stable")
    tokens, offsets, count = _by_rarity(shingles, order)
    heads = _prefixes(sizes[order], least)
    starts = np.zeros(count + 1, np.int64)
    _count_heads(tokens, offsets, heads, starts[1:])
    np.cumsum(starts, out=starts)
    state = (np.empty(int(starts[-1]), np.int32), starts[:-1].copy(), np.full(order.size, -1, np.int32))
    room = order.size + _BLOCK
    buffers = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float64)
    parts, document = [[part[:0] for part in buffers]], 0
    while document < order.size:
        document, found = _join(
            read_only(tokens),
            read_only(offsets),
            read_only(heads),
            read_only(starts),
            *state,
            least,
            document,
            *buffers,
        )
        parts.append([part[:found].copy() for part in buffers])
    left, right, jaccard = (np.concatenate(part) for part in zip(*parts, strict=True))
    one, other = order[left].astype(np.int32), order[right].astype(np.int32)
    left, right = np.minimum(one, other), np.maximum(one, other)
    sort = np.lexsort((right, left))
    return Pairs(left[sort], right[sort], jaccard[sort])


def _by_rarity(shingles: Shingles, order: Int64s) -> tuple[Int32s, Int64s, int]:
    """Return the sets by document in `order`, as sorted numbers that are smaller for rarer shingles, and how many those are."""
    values, numbers, counts = np.unique(shingles.hashes, return_inverse=True, return_counts=True)
    rank = np.empty(values.size, np.int32)
    rank[np.argsort(counts, kind="stable")] = np.arange(values.size, dtype=np.int32)
    tokens, offsets = rank[numbers], np.zeros(order.size + 1, np.int64)
    np.cumsum(np.diff(shingles.offsets)[order], out=offsets[1:])
    ordered = np.empty_like(tokens)
    for place, document in enumerate(order):
        here = tokens[shingles.offsets[document] : shingles.offsets[document + 1]]
        ordered[offsets[place] : offsets[place + 1]] = np.sort(here)
    return ordered, offsets, values.size


def _prefixes(sizes: Int64s, least: float) -> Int64s:
    # The product may come out a little too large, which would shorten a prefix by one too many.
    needed = np.ceil(least * sizes - 1e-9).astype(np.int64)
    return np.where(sizes > 0, sizes - needed + 1, 0)


@kernel
def _count_heads(tokens: Int32s, offsets: Int64s, heads: Int64s, counts: Int64s) -> None:
    for document in range(heads.size):
        for place in range(offsets[document], offsets[document] + heads[document]):
            counts[tokens[place]] += 1


@kernel
def _join(
    tokens: Int32s,
    offsets: Int64s,
    heads: Int64s,
    starts: Int64s,
    members: Int32s,
    ends: Int64s,
    seen: Int32s,
    least: float,
    document: int,
    left: Int32s,
    right: Int32s,
    jaccards: Float64s,
) -> tuple[int, int]:
    """Join documents from `document` on, smallest first, with those before; stop when the room for pairs is short."""
    found = 0
    while document < heads.size and found + document <= left.size:
        for place in range(offsets[document], offsets[document] + heads[document]):
            token = item(tokens, place)
            for index in range(item(starts, token), item(ends, token)):
                other = item(members, index)
                if item(seen, other) == document:
                    continue
                put(seen, other, document)
                jaccard = _similarity(tokens, offsets, document, other, least)
                if jaccard >= least:
                    put(left, found, other)
                    put(right, found, document)
                    put(jaccards, found, jaccard)
                    found += 1
            put(members, item(ends, token), document)
            put(ends, token, item(ends, token) + 1)
        document += 1
    return document, found


@inlined
def _similarity(tokens: Int32s, offsets: Int64s, document: int, other: int, least: float) -> float:
    start, end = item(offsets, document), item(offsets, document + 1)
    other_start, other_end = item(offsets, other), item(offsets, other + 1)
    if other_end - other_start < least * (end - start):
        return 0.0
    shared = common(tokens, start, end, tokens, other_start, other_end)
    return shared / (end - start + other_end - other_start - shared)
