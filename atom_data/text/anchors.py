"""Where windows of a fixed number of symbols are looked for again: at the smallest of the hashes inside each.

Winnowing (Schleimer, Wilkerson and Aiken 2003, Winnowing: local algorithms for document fingerprinting, section 3): of
every window of `length` symbols, the run of `gram` symbols with the smallest hash (the last of equals) is its anchor. The
choice depends on nothing outside the window, so two equal windows have the same anchor at the same place: who groups
anchors by hash misses no equal pair. Windows side by side mostly share an anchor; such a run of windows is a *range*.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.modular import bases, between, longer, powers
from atom_data.text.shingles import power, roll, scatter

_U64 = np.uint64


class Ranges(NamedTuple):
    """One value a range: its document, the first of its windows, how many windows, and how often the same follows itself.

    `times` is above 1 where a text repeats itself at once: the next `steps` windows are equal to these, one by one.
    `groups` is the hash of the anchor; `highs` and `lows` that of all symbols of the first `steps` windows.
    """

    rows: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    highs: npt.NDArray[np.uint64]
    lows: npt.NDArray[np.uint64]
    groups: npt.NDArray[np.uint64]


def gram_of(length: int) -> int:
    """Return the size of an anchor for windows of `length` symbols: half of it."""
    return max(1, length // 2)


def window_ranges(
    symbols: npt.NDArray[np.uint8] | npt.NDArray[np.uint64], offsets: npt.NDArray[np.int64], length: int, seed: int
) -> Ranges:
    """Return the ranges of all documents, in order. Documents shorter than a window have none.

    Memory: 56 bytes a range, of which there are about 4 / `length` for a symbol of running text.
    """
    symbols, offsets = read_only(symbols), read_only(offsets)
    first, second = bases(seed)
    most = 2 * length + 2
    tables = powers(first, most), powers(second, most)
    room = 1024 + 8 * int(offsets[-1] - offsets[0]) // length
    while True:
        found = Ranges(*(np.empty(room, np.int64) for _ in range(4)), *(np.empty(room, np.uint64) for _ in range(3)))
        needed = _fill_ranges(symbols, offsets, length, gram_of(length), *tables, *found)
        if needed <= room:
            return Ranges(*(values[:needed] for values in found))
        room = needed


@kernel
def _fill_ranges(
    symbols: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    length: int,
    gram: int,
    powers_high: npt.NDArray[np.uint64],
    powers_low: npt.NDArray[np.uint64],
    rows: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    steps: npt.NDArray[np.int64],
    repeats: npt.NDArray[np.int64],
    highs: npt.NDArray[np.uint64],
    lows: npt.NDArray[np.uint64],
    groups: npt.NDArray[np.uint64],
) -> int:
    size = 1
    while size < 2 * length + 4:
        size *= 2
    mask = size - 1
    prefix_high, prefix_low = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    queue_places, queue_hashes = np.zeros(size, np.int64), np.zeros(size, np.uint64)
    base_high, base_low, leaving = powers_high[1], powers_low[1], power(gram)
    used = 0
    for document in range(offsets.size - 1):
        begin, count = offsets[document], offsets[document + 1] - offsets[document]
        high, low, rolling, front, back = _U64(0), _U64(0), _U64(0), 0, 0
        prefix_high[0], prefix_low[0] = high, low
        anchor, anchor_hash, opened, first = -1, _U64(0), 0, used
        for index in range(count):
            symbol = item(symbols, begin + index)
            high, low = longer(high, symbol, base_high), longer(low, symbol, base_low)
            old = _U64(item(symbols, begin + index - gram)) if index >= gram else _U64(0)
            rolling = roll(rolling, _U64(symbol), old, leaving)
            if index + 1 >= gram:
                value = scatter(rolling)
                while back > front and item(queue_hashes, (back - 1) & mask) >= value:
                    back -= 1
                put(queue_hashes, back & mask, value)
                put(queue_places, back & mask, index + 1 - gram)
                back += 1
            start = index + 1 - length
            if start >= 0:
                while item(queue_places, front & mask) < start:
                    front += 1
                if item(queue_places, front & mask) != anchor:
                    if anchor >= 0:
                        used = _close(
                            document, opened, start - opened, anchor_hash, index, first, used, mask,
                            prefix_high, prefix_low, powers_high, powers_low,
                            rows, starts, steps, repeats, highs, lows, groups,
                        )  # fmt: skip
                    anchor, anchor_hash = item(queue_places, front & mask), item(queue_hashes, front & mask)
                    opened = start
            put(prefix_high, (index + 1) & mask, high)
            put(prefix_low, (index + 1) & mask, low)
        if anchor >= 0:
            used = _close(
                document, opened, count - length + 1 - opened, anchor_hash, count, first, used, mask,
                prefix_high, prefix_low, powers_high, powers_low,
                rows, starts, steps, repeats, highs, lows, groups,
            )  # fmt: skip
    return used


@inlined
def _close(
    document: int,
    start: int,
    step: int,
    group: np.uint64,
    stop: int,
    first: int,
    used: int,
    mask: int,
    prefix_high: npt.NDArray[np.uint64],
    prefix_low: npt.NDArray[np.uint64],
    powers_high: npt.NDArray[np.uint64],
    powers_low: npt.NDArray[np.uint64],
    rows: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    steps: npt.NDArray[np.int64],
    repeats: npt.NDArray[np.int64],
    highs: npt.NDArray[np.uint64],
    lows: npt.NDArray[np.uint64],
    groups: npt.NDArray[np.uint64],
) -> int:
    """Note a range, or add it to the last one when it is the same again; past the end of the room, only count it."""
    size = stop - start
    high = between(item(prefix_high, stop & mask), item(prefix_high, start & mask), item(powers_high, size))
    low = between(item(prefix_low, stop & mask), item(prefix_low, start & mask), item(powers_low, size))
    last = used - 1
    if first <= last < rows.size and steps[last] == step and groups[last] == group:
        follows = starts[last] + step * repeats[last] == start
        if follows and highs[last] == high and lows[last] == low:
            repeats[last] += 1
            return used
    if used < rows.size:
        rows[used], starts[used], steps[used], repeats[used] = document, start, step, 1
        highs[used], lows[used], groups[used] = high, low, group
    return used + 1


class Windows(NamedTuple):
    """One value a window: its document, its first symbol, and the two halves of its hash.

    `steps` and `times` are those of its range: it comes again `steps` symbols later, `times` times in all.
    """

    rows: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    highs: npt.NDArray[np.uint64]
    lows: npt.NDArray[np.uint64]


def hashed_windows(
    symbols: npt.NDArray[np.uint8] | npt.NDArray[np.uint64],
    offsets: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    steps: npt.NDArray[np.int64],
    repeats: npt.NDArray[np.int64],
    length: int,
    seed: int,
) -> Windows:
    """Return each window of the given ranges, which are in order of document and start. Memory: 48 bytes a window."""
    count = int(steps.sum())
    found = Windows(*(np.empty(count, np.int64) for _ in range(4)), *(np.empty(count, np.uint64) for _ in range(2)))
    if count:
        high, low = bases(seed)
        given = (read_only(values) for values in (symbols, offsets, rows, starts, steps, repeats))
        _fill_windows(*given, length, high, powers(high, length)[-1], low, powers(low, length)[-1], *found)
    return found


@kernel
def _fill_windows(
    symbols: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    given_rows: npt.NDArray[np.int64],
    given_starts: npt.NDArray[np.int64],
    given_steps: npt.NDArray[np.int64],
    given_times: npt.NDArray[np.int64],
    length: int,
    base_high: np.uint64,
    top_high: np.uint64,
    base_low: np.uint64,
    top_low: np.uint64,
    rows: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    steps: npt.NDArray[np.int64],
    repeats: npt.NDArray[np.int64],
    highs: npt.NDArray[np.uint64],
    lows: npt.NDArray[np.uint64],
) -> None:
    used, high, low = 0, _U64(0), _U64(0)
    document, begin, at = -1, 0, 0
    for index in range(given_rows.size):
        start = given_starts[index]
        if given_rows[index] != document or start < at or start - at >= length:
            document, at = given_rows[index], start
            begin, high, low = offsets[document], _U64(0), _U64(0)
            for place in range(start, start + length):
                symbol = item(symbols, begin + place)
                high, low = longer(high, symbol, base_high), longer(low, symbol, base_low)
        for target in range(start, start + given_steps[index]):
            while at < target:
                old, new = item(symbols, begin + at), item(symbols, begin + at + length)
                high, low = _slid(high, old, new, base_high, top_high), _slid(low, old, new, base_low, top_low)
                at += 1
            rows[used], starts[used], steps[used] = document, target, given_steps[index]
            repeats[used], highs[used], lows[used] = given_times[index], high, low
            used += 1


@inlined
def _slid(state: np.uint64, old: int, new: int, base: np.uint64, top: np.uint64) -> np.uint64:
    """Return the hash of the window one symbol further; `top` is the base to the length of the window."""
    return between(longer(state, new, base), longer(_U64(0), old, base), top)
