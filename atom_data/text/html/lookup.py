"""Names found by their hash: tables that are made once and read in kernels."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Int64s, UInt64s
from atom_data.text.memory import inlined, item

SEED = np.uint64(0xCBF29CE484222325)
FACTOR = np.uint64(0x100000001B3)
"""Of the 64-bit hash FNV-1a, whose state is one number: it is made while bytes are read anyway."""
NONE = -1


class Table(NamedTuple):
    """Open addressing: the hash of a name and its value, 0 for a free place. Its size is a power of two."""

    hashes: UInt64s
    values: Int64s


def name_hash(name: str | bytes) -> int:
    """Return the hash of a name, as `step` makes it."""
    state = int(SEED)
    for byte in name.encode() if isinstance(name, str) else name:
        state = ((state ^ byte) * int(FACTOR)) & 0xFFFFFFFFFFFFFFFF
    return state


def table_of(pairs: Iterable[tuple[str, int]]) -> Table:
    """Return a table of names and their values, at most half full; the first value of a name counts."""
    known: dict[int, int] = {}
    for name, value in pairs:
        known.setdefault(name_hash(name), value)
    size = 1 << (2 * len(known)).bit_length()
    hashes, values = np.zeros(size, np.uint64), np.full(size, NONE, np.int64)
    for state, value in known.items():
        place = (state ^ state >> 32) & (size - 1)
        while hashes[place]:
            place = (place + 1) & (size - 1)
        hashes[place], values[place] = state, value
    return Table(hashes, values)


@inlined
def step(state: np.uint64, byte: int) -> np.uint64:
    """Return the hash with one byte more."""
    return (state ^ np.uint64(byte)) * FACTOR


@inlined
def find(hashes: UInt64s, values: Int64s, state: np.uint64) -> int:
    """Return the value of the name with this hash; NONE for a name that is not there."""
    mask = np.uint64(hashes.size - 1)
    place = (state ^ (state >> np.uint64(32))) & mask
    while item(hashes, place) != np.uint64(0):
        if item(hashes, place) == state:
            return item(values, place)
        place = (place + np.uint64(1)) & mask
    return NONE


@inlined
def lower(byte: int) -> int:
    """Return the byte of an ASCII letter in lower case, others as they are."""
    return byte | 32 if 65 <= byte <= 90 else byte
