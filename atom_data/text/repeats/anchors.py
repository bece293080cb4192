"""Where windows of a fixed number of symbols are looked for again: at the smallest of the hashes inside each.

Winnowing (Schleimer, Wilkerson and Aiken 2003, Winnowing: local algorithms for document fingerprinting, section 3): of
every window of `length` symbols, the run of `gram` symbols with the smallest hash (the last of equals) is its anchor. The
choice depends on nothing outside the window, so two equal windows have the same anchor at the same place: who groups
anchors by hash misses no equal pair. Windows side by side mostly share an anchor; such a run of windows is a *range*.
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.memory import allocating, inlined, item, kernel, put, read_only
from atom_data.text.repeats.modular import bases, between, longer, powers
from atom_data.text.similarity.shingles import power, roll, scatter

_U64 = np.uint64
_NONE = _U64(0xFFFFFFFFFFFFFFFF)
_PLACES = _U64(0xFFFFFFFF)
USED, FIRST, OPENED, ANCHOR = range(4)
"""Where a walk is: ranges found, those of documents before, the first window of the open range, its anchor or -1."""


class Ranges(NamedTuple):
    """One value a range: its document, the first of its windows, how many windows, and how often the same follows itself.

    `times` is above 1 where a text repeats itself at once: the next `steps` windows are equal to these, one by one.
    `groups` is the hash of the anchor; `highs` and `lows` that of all symbols of the first `steps` windows.
    """

    rows: Int64s
    starts: Int64s
    steps: Int64s
    times: Int64s
    highs: UInt64s
    lows: UInt64s
    groups: UInt64s


def gram_of(length: int) -> int:
    """Return the size of an anchor for windows of `length` symbols: half of it."""
    return max(1, length // 2)


def window_ranges(symbols: Bytes | UInt64s, offsets: Int64s, length: int, seed: int) -> Ranges:
    """Return the ranges of all documents, in order. Documents shorter than a window have none.

    Memory: 56 bytes a range, of which there are about 4 / `length` for a symbol of running text.
    """
    symbols, offsets = read_only(symbols), read_only(offsets)
    first, second = bases(seed)
    tables = _Powers(powers(first, 2 * length), powers(second, 2 * length))
    room = 1024 + 8 * int(offsets[-1] - offsets[0]) // length
    while True:
        places, hashes = np.empty((4, room), np.int64), np.empty((3, room), np.uint64)
        found = Ranges(*places, *hashes)
        needed = _fill_ranges(symbols, offsets, length, gram_of(length), tables, found)
        if needed <= room:
            return Ranges(*places[:, :needed], *hashes[:, :needed])
        room = needed


class _Ring(NamedTuple):
    """What is known of the last symbols, by place modulo a power of two, and of the last block of anchors, by place in it."""

    highs: UInt64s
    lows: UInt64s
    grams: UInt64s
    orders: UInt64s
    """Of each gram of a block: 32 bits of its hash, and its place from the end; the smallest is the anchor."""
    behind: UInt64s
    """Of each gram of the block before: the smallest from there to the end of its block."""


class _Powers(NamedTuple):
    highs: UInt64s
    lows: UInt64s


@allocating
def _ring(length: int, block: int) -> _Ring:
    size = 1
    while size < 4 * length + 4:
        size *= 2
    return _Ring(
        np.zeros(size, np.uint64),
        np.zeros(size, np.uint64),
        np.zeros(size, np.uint64),
        np.zeros(block, np.uint64),
        np.zeros(block, np.uint64),
    )


@kernel
def _fill_ranges(symbols: Bytes, offsets: Int64s, length: int, gram: int, powers: _Powers, found: Ranges) -> int:
    # Smallest of the last `block` grams by van Herk 1992: the smallest from a place to the end of its block, and the
    # smallest from there on. Two loops a block, and no branch in them that has to be guessed but where an anchor ends.
    block = length - gram + 1
    ring, state, weight = _ring(length, block), np.zeros(3, np.uint64), power(gram)
    at = np.zeros(4, np.int64)
    for document in range(offsets.size - 1):
        begin, grams = offsets[document], offsets[document + 1] - offsets[document] - gram + 1
        if grams < block:
            continue
        state[:] = 0
        ring.highs[0], ring.lows[0] = _U64(0), _U64(0)
        at[FIRST], at[OPENED], at[ANCHOR] = at[USED], 0, -1
        _hash_symbols(symbols, begin, 0, gram - 1, gram, weight, powers, ring, state)
        for start in range(0, grams, block):
            end = min(start + block, grams)
            _hash_symbols(symbols, begin, start + gram - 1, end + gram - 1, gram, weight, powers, ring, state)
            if start:
                _slide(document, start - block, end - start, length, at, powers, ring, found)
            if end - start == block:
                smallest = _NONE
                for place in range(block - 1, -1, -1):
                    smallest = min(smallest, item(ring.orders, place))
                    put(ring.behind, place, smallest)
        # The window that is left is the last block; or, where that is not whole, what `_slide` ended before.
        rest = (grams - 1) % block + 1
        smallest = item(ring.behind, rest % block)
        for place in range(rest % block):
            smallest = min(smallest, item(ring.orders, place))
        _enter(document, grams - block, smallest, length, at, powers, ring, found)
        _close(document, grams - block + 1, length, at, powers, ring, found)
    return at[USED]


@inlined
def _slide(
    document: int, window: int, count: int, length: int, at: Int64s, powers: _Powers, ring: _Ring, found: Ranges
) -> None:
    """Take `count` windows from the one that is the block before: the rest of that block, and the beginning of this one."""
    smallest = _NONE
    for place in range(count):
        _enter(document, window + place, min(item(ring.behind, place), smallest), length, at, powers, ring, found)
        smallest = min(smallest, item(ring.orders, place))


@inlined
def _enter(
    document: int, window: int, order: np.uint64, length: int, at: Int64s, powers: _Powers, ring: _Ring, found: Ranges
) -> None:
    """Take a window with its smallest gram: where that is another than before, a range ends and one begins."""
    anchor = np.int64(_PLACES - (order & _PLACES))
    if anchor != at[ANCHOR]:
        if at[ANCHOR] >= 0:
            _close(document, window, length, at, powers, ring, found)
        at[OPENED], at[ANCHOR] = window, anchor


@inlined
def _hash_symbols(
    symbols: Bytes,
    begin: int,
    start: int,
    stop: int,
    gram: int,
    weight: np.uint64,
    powers: _Powers,
    ring: _Ring,
    state: UInt64s,
) -> None:
    """Take the symbols [start, stop) of a document: prefix hashes, and the order of each gram that ends with one."""
    mask, origin = ring.highs.size - 1, start
    high, low, rolling = state[0], state[1], state[2]
    base_high, base_low = powers.highs[1], powers.lows[1]
    for index in range(start, stop):
        symbol = item(symbols, begin + index)
        high, low = longer(high, symbol, base_high), longer(low, symbol, base_low)
        put(ring.highs, (index + 1) & mask, high)
        put(ring.lows, (index + 1) & mask, low)
        old = _U64(item(symbols, begin + index - gram)) if index >= gram else _U64(0)
        rolling = roll(rolling, _U64(symbol), old, weight)
        place = index + 1 - gram
        if place >= 0:
            value = scatter(rolling)
            put(ring.grams, place & mask, value)
            put(ring.orders, index - origin, value >> _U64(32) << _U64(32) | _PLACES - _U64(place))
    state[0], state[1], state[2] = high, low, rolling


@inlined
def _close(document: int, stop: int, length: int, at: Int64s, powers: _Powers, ring: _Ring, found: Ranges) -> None:
    """Note the windows since the last range, or add them to it when they are the same again.

    Past the end of the room, they are only counted.
    """
    start, used = at[OPENED], at[USED]
    mask, step, last = ring.highs.size - 1, stop - start, used - 1
    end, size = stop - 1 + length, stop - start - 1 + length
    high = between(item(ring.highs, end & mask), item(ring.highs, start & mask), item(powers.highs, size))
    low = between(item(ring.lows, end & mask), item(ring.lows, start & mask), item(powers.lows, size))
    group = item(ring.grams, at[ANCHOR] & mask)
    if at[FIRST] <= last < found.rows.size and found.steps[last] == step and found.groups[last] == group:
        follows = found.starts[last] + step * found.times[last] == start
        if follows and found.highs[last] == high and found.lows[last] == low:
            found.times[last] += 1
            return
    if used < found.rows.size:
        found.rows[used], found.starts[used], found.steps[used], found.times[used] = document, start, step, 1
        found.highs[used], found.lows[used], found.groups[used] = high, low, group
    at[USED] += 1
