"""Hashes of single windows, rolled from one to the next: what tells the edges of a repeat (see `anchors`)."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.memory import inlined, item, kernel, read_only
from atom_data.text.repeats.modular import bases, between, coefficient, longer, powers

_U64 = np.uint64


class Windows(NamedTuple):
    """One value a window: its document, its first symbol, and the two halves of its hash.

    `steps` and `times` are those of its range: it comes again `steps` symbols later, `times` times in all.
    """

    rows: Int64s
    starts: Int64s
    steps: Int64s
    times: Int64s
    highs: UInt64s
    lows: UInt64s


def hashed_windows(
    symbols: Bytes | UInt64s,
    offsets: Int64s,
    rows: Int64s,
    starts: Int64s,
    steps: Int64s,
    repeats: Int64s,
    length: int,
    seed: int,
) -> Windows:
    """Return each window of the given ranges, which are in order of document and start. Memory: 48 bytes a window."""
    count = int(steps.sum())
    found = Windows(*np.empty((4, count), np.int64), *np.empty((2, count), np.uint64))
    if count:
        high, low = bases(seed)
        given = (read_only(values) for values in (symbols, offsets, rows, starts, steps, repeats))
        _fill_windows(*given, length, high, powers(high, length)[-1], low, powers(low, length)[-1], *found)
    return found


@kernel
def _fill_windows(
    symbols: Bytes,
    offsets: Int64s,
    given_rows: Int64s,
    given_starts: Int64s,
    given_steps: Int64s,
    given_times: Int64s,
    length: int,
    base_high: np.uint64,
    top_high: np.uint64,
    base_low: np.uint64,
    top_low: np.uint64,
    rows: Int64s,
    starts: Int64s,
    steps: Int64s,
    repeats: Int64s,
    highs: UInt64s,
    lows: UInt64s,
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
    return between(longer(state, new, base), coefficient(old), top)
