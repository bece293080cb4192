"""A table of what was seen where first: 64 bytes for each distinct 128-bit key, no matter how often it comes.

The keys come in shards, in order of shard, document and place. A *document* here is its number in the order that decides
which occurrence is first: the one with the smallest number, at the smallest place.
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bools, Int64s, UInt64s
from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.similarity.shingles import scatter

_U64 = np.uint64
WIDTH = 8
"""Numbers of 64 bits in a slot: a cache line."""
HIGH, LOW, DOCUMENT, START, COUNT, LAST, PART = range(7)
SLOT_BYTES = 8 * WIDTH
_SEVERAL = _U64(0x5EBE7A1C1A55E500)
"""The low half of the keys under which groups stand."""
_FINE = 30
WHOLE = 1 << 32 + _FINE
"""Keys are taken by parts of this range: by 32 bits of the group first, then by 30 bits of the key (see `_part`)."""


class Keys(NamedTuple):
    """One value per piece: its key, the group that it is in (or an empty array), and where it is."""

    highs: UInt64s
    lows: UInt64s
    groups: UInt64s
    documents: UInt64s
    starts: Int64s
    steps: Int64s
    times: Int64s

    def take(self, which: Int64s) -> "Keys":
        """Return some of them."""
        places = (values[which] for values in self[4:])
        groups = self.groups[which] if self.groups.size else self.groups
        return Keys(self.highs[which], self.lows[which], groups, self.documents[which], *places)


class Seen:
    """The table. Memory: at most `room` bytes, and half as much again while it drops entries."""

    def __init__(self, room: int, expected: int) -> None:
        """Make room for `expected` keys, or for as many as fit."""
        slots = 64
        while slots < 2 * expected and 2 * slots * SLOT_BYTES <= room:
            slots *= 2
        self.slots = np.zeros((slots, WIDTH), np.uint64)
        self.used = np.zeros(1, np.int64)
        self.lower, self.upper = 0, WHOLE

    def note(self, keys: Keys, distinct_documents: bool) -> None:
        """Note where each key is first, and how often it comes, or in how many documents.

        When the table is full, the keys of the upper half of its range are dropped: they come in another round.
        """
        at, keys = 0, Keys(*map(read_only, keys))
        while True:
            at = _note(*self._range(), self.used, int(0.7 * len(self.slots)), distinct_documents, at, keys)
            if at == keys.highs.size:
                return
            self.upper = self.lower + (self.upper - self.lower) // 2
            kept = self.slots[(self.slots[:, COUNT] > 0) & (self.slots[:, PART] < self.upper)]
            self.slots[:] = 0
            self.used[0] = len(kept)
            _put_back(self.slots, kept)

    def next_round(self) -> bool:
        """Go on with the keys that were dropped; False when there are none."""
        if self.upper == WHOLE:
            return False
        self.lower, self.upper = self.upper, WHOLE
        self.slots[:] = 0
        self.used[0] = 0
        return True

    def judge(self, keys: Keys, distance: int, at_most: int, keep_first: bool) -> tuple[Int64s, Bools]:
        """Return for each key how many of its `times` stay (-1: a key of another round), and whether its group has others.

        (Or may have: a group with more keys than the table holds counts as having several.)
        What stays: all where the key comes `at_most` times; else what is first (none, without `keep_first`), and what
        begins in the same document less than `distance` after it.
        """
        staying, several = np.empty(keys.highs.size, np.int64), np.zeros(keys.highs.size, np.bool_)
        _judge(*self._range(), distance, at_most, keep_first, staying, several, Keys(*map(read_only, keys)))
        return staying, several

    def _range(self) -> tuple[UInt64s, int, int]:
        return self.slots, self.lower, self.upper


def bucket_of(basis: UInt64s, buckets: int) -> Int64s:
    """Return the bucket, of a power of two, that a key is in: by other bits than its part of the range."""
    value = (basis ^ basis >> _U64(33)) * _U64(0xFF51AFD7ED558CCD)
    value ^= value >> _U64(29)
    return (value >> _U64(33)).astype(np.int64) & (buckets - 1)


@inlined
def _part(basis: np.uint64, low: np.uint64) -> int:
    """Return where in the range [0, WHOLE) a key is: its group's bits, then its own, so that any group can be cut."""
    return np.int64(scatter(basis) & _U64(0xFFFFFFFF)) << _FINE | np.int64(scatter(low) >> _U64(64 - _FINE))


@inlined
def _find(slots: UInt64s, high: np.uint64, low: np.uint64) -> int:
    """Return the slot of a key, or the empty one where it belongs."""
    mask = slots.shape[0] - 1
    index = np.int64(scatter(high ^ low * _U64(0x9E3779B97F4A7C15)) & _U64(mask))
    while slots[index, COUNT] and (slots[index, HIGH] != high or slots[index, LOW] != low):
        index = (index + 1) & mask
    return index


@inlined
def _set(slots: UInt64s, index: int, high: np.uint64, low: np.uint64, part: int) -> None:
    slots[index, HIGH], slots[index, LOW], slots[index, PART] = high, low, _U64(part)


@inlined
def _note_group(slots: UInt64s, group: np.uint64, high: np.uint64, low: np.uint64, part: int) -> int:
    """Note that a group has a key: its first one, then whether there is another. Return how many slots that took."""
    slot = _find(slots, group, _SEVERAL)
    if slots[slot, COUNT] == 0:
        _set(slots, slot, group, _SEVERAL, part >> _FINE << _FINE)
        slots[slot, DOCUMENT], slots[slot, START], slots[slot, COUNT] = high, low, _U64(1)
        return 1
    if slots[slot, DOCUMENT] != high or slots[slot, START] != low:
        slots[slot, COUNT] = _U64(2)
    return 0


@kernel
def _note(
    slots: UInt64s,
    lower: int,
    upper: int,
    used: Int64s,
    limit: int,
    distinct_documents: bool,
    begin: int,
    keys: Keys,
) -> int:
    grouped = keys.groups.size > 0
    for index in range(begin, keys.highs.size):
        high, low = item(keys.highs, index), item(keys.lows, index)
        basis = item(keys.groups, index) if grouped else high
        part = _part(basis, low)
        if part < lower or part >= upper:
            continue
        if used[0] + 2 > limit:
            return index
        slot, document = _find(slots, high, low), item(keys.documents, index)
        if slots[slot, COUNT] == 0:
            used[0] += 1
            _set(slots, slot, high, low, part)
            slots[slot, DOCUMENT], slots[slot, START] = document, _U64(item(keys.starts, index))
            slots[slot, COUNT] = _U64(1) if distinct_documents else _U64(item(keys.times, index))
        else:
            if document < slots[slot, DOCUMENT]:
                slots[slot, DOCUMENT], slots[slot, START] = document, _U64(item(keys.starts, index))
            if not distinct_documents:
                slots[slot, COUNT] += _U64(item(keys.times, index))
            elif slots[slot, LAST] != document:
                slots[slot, COUNT] += _U64(1)
        slots[slot, LAST] = document
        if grouped:
            used[0] += _note_group(slots, basis, high, low, part)
    return keys.highs.size


@kernel
def _judge(
    slots: UInt64s,
    lower: int,
    upper: int,
    distance: int,
    at_most: int,
    keep_first: bool,
    staying: Int64s,
    several: Bools,
    keys: Keys,
) -> None:
    grouped = keys.groups.size > 0
    for index in range(keys.highs.size):
        high, low = item(keys.highs, index), item(keys.lows, index)
        basis = item(keys.groups, index) if grouped else high
        part = _part(basis, low)
        if part < lower or part >= upper:
            put(staying, index, -1)
            continue
        slot = _find(slots, high, low)
        kept, count = 0, item(keys.times, index)
        if np.int64(slots[slot, COUNT]) <= at_most:
            kept = count
        elif keep_first and slots[slot, DOCUMENT] == item(keys.documents, index):
            missing = np.int64(slots[slot, START]) + distance - item(keys.starts, index)
            step = item(keys.steps, index)
            kept = min(count, max(0, (missing + step - 1) // step))
        put(staying, index, kept)
        if grouped:
            # A group that is cut by the edge of the range has keys in other rounds, or may have: it counts as several.
            cut = part >> _FINE == lower >> _FINE and lower & ((1 << _FINE) - 1) != 0
            cut |= part >> _FINE == upper >> _FINE
            several[index] = cut or slots[_find(slots, basis, _SEVERAL), COUNT] > 1


@kernel
def _put_back(slots: UInt64s, kept: UInt64s) -> None:
    for row in range(kept.shape[0]):
        slots[_find(slots, kept[row, HIGH], kept[row, LOW])] = kept[row]
