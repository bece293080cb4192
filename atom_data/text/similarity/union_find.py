"""Equal hashes among millions, as edges, and their connected components.

Both are linear in their input: a bucket of ten million documents costs ten million links, not their square.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.memory import inlined, item, kernel, put, read_only

_U64 = np.uint64
_CELL = 8192
_MOST_CELLS = 1 << 14
_GOLDEN = _U64(0x9E3779B97F4A7C15)


def links(hashes: UInt64s, numbers: Int64s) -> tuple[Int64s, Int64s]:
    """Return, for each hash that came before, a link from its number to the number it first came with.

    The hashes are dealt into cells that stay in the processor's cache, and looked up in a table there: three times as
    fast as sorting them. Memory: 16 bytes a hash besides the input, and up to 64 for each hash of the fullest cell.
    """
    if hashes.size != numbers.size:
        raise ValueError(f"{hashes.size} hashes for {numbers.size} numbers")
    bits = max(0, min(_MOST_CELLS, hashes.size // _CELL).bit_length() - 1)
    spread, members = np.empty(hashes.size, np.uint64), np.empty(hashes.size, np.int64)
    starts = np.zeros((1 << bits) + 1, np.int64)
    _deal(read_only(hashes), read_only(numbers), _U64(64 - bits), starts, spread, members)
    count = int(_link(starts, spread, members))
    heads = spread.view(np.int64)
    return members[:count], heads[:count]


@inlined
def _cell(value: np.uint64, shift: np.uint64) -> np.uint64:
    # A shift by 64 is not a shift on this processor; the product makes cells even where hashes are not.
    return _U64(0) if shift == _U64(64) else value * _GOLDEN >> shift


@kernel
def _deal(hashes: UInt64s, numbers: Int64s, shift: np.uint64, starts: Int64s, spread: UInt64s, members: Int64s) -> None:
    for index in range(hashes.size):
        starts[_cell(hashes[index], shift) + _U64(1)] += 1
    for cell in range(starts.size - 1):
        starts[cell + 1] += starts[cell]
    places = starts.copy()
    for index in range(hashes.size):
        cell = _cell(hashes[index], shift)
        place = item(places, cell)
        put(places, cell, place + 1)
        put(spread, place, hashes[index])
        put(members, place, numbers[index])


@kernel
def _link(starts: Int64s, spread: UInt64s, members: Int64s) -> int:
    """Write links over the records that are done: the head in place of the hash. Return how many."""
    fullest = 1
    for cell in range(starts.size - 1):
        fullest = max(fullest, starts[cell + 1] - starts[cell])
    size = 1
    while size < 2 * fullest:
        size *= 2
    keys, firsts = np.empty(size, np.uint64), np.empty(size, np.int64)
    heads = spread.view(np.int64)
    found = 0
    for cell in range(starts.size - 1):
        first, last = starts[cell], starts[cell + 1]
        room = 1
        while room < 2 * (last - first):
            room *= 2
        firsts[:room] = -1
        mask = _U64(room - 1)
        for record in range(first, last):
            value, number = item(spread, record), item(members, record)
            slot = (value ^ value >> _U64(32)) & mask
            while item(firsts, slot) >= 0 and item(keys, slot) != value:
                slot = (slot + _U64(1)) & mask
            head = item(firsts, slot)
            if head < 0:
                put(keys, slot, value)
                put(firsts, slot, number)
            elif head != number:
                put(heads, found, head)
                put(members, found, number)
                found += 1
    return found


def number_repeats(pieces: Iterable[tuple[UInt64s, Int64s]], numbers: npt.NDArray[np.signedinteger], total: int) -> int:
    """Write a number for every hash that comes more than once to all its places in `numbers`, and return the next free one.

    `pieces` are hashes and their places; `numbers` has -1 there before, and after for a hash that came once. New numbers
    begin with `total`. Memory: 32 to 64 bytes a distinct hash, however often it comes, and 32 to 64 a hash of a piece.
    """
    keys, firsts, used = np.empty(0, np.uint64), np.empty(0, np.int64), 0
    for hashes, places in pieces:
        if 2 * (used + hashes.size) > keys.size:
            room = 1 << (2 * (used + hashes.size)).bit_length()
            old_keys, old_firsts = keys, firsts
            keys, firsts = np.empty(room, np.uint64), np.full(room, -1, np.int64)
            _move(old_keys, old_firsts, keys, firsts)
        given = [read_only(np.ascontiguousarray(array)) for array in (hashes, places)]
        used, total = _number(*given, keys, firsts, numbers, used, total)
    return total


@inlined
def _slot(value: np.uint64, keys: UInt64s, firsts: Int64s) -> np.uint64:
    mask = _U64(keys.size - 1)
    slot = (value * _GOLDEN >> _U64(20)) & mask
    while item(firsts, slot) >= 0 and item(keys, slot) != value:
        slot = (slot + _U64(1)) & mask
    return slot


@kernel
def _move(old_keys: UInt64s, old_firsts: Int64s, keys: UInt64s, firsts: Int64s) -> None:
    for index in range(old_keys.size):
        if old_firsts[index] >= 0:
            slot = _slot(old_keys[index], keys, firsts)
            put(keys, slot, old_keys[index])
            put(firsts, slot, old_firsts[index])


@kernel
def _number(
    hashes: UInt64s, places: Int64s, keys: UInt64s, firsts: Int64s, numbers: Int64s, used: int, total: int
) -> tuple[int, int]:
    for index in range(hashes.size):
        value, place = hashes[index], places[index]
        slot = _slot(value, keys, firsts)
        first = item(firsts, slot)
        if first < 0:
            put(keys, slot, value)
            put(firsts, slot, place)
            used += 1
            continue
        if numbers[first] < 0:
            numbers[first] = total
            total += 1
        numbers[place] = numbers[first]
    return used, total


def larger_roots(count: int, pairs: Iterable[tuple[Int64s, Int64s]]) -> Int64s:
    """Return the root of each number below `count` where the smaller set joins the larger, and the second the first of equal size.

    Unlike that of a `Forest`, such a root depends on the order in which the pairs come. Memory: 16 bytes a number, and the pairs.
    """
    parents, sizes = np.arange(count, dtype=np.int64), np.ones(count, np.int64)
    for firsts, seconds in pairs:
        _unite_by_size(parents, sizes, read_only(firsts), read_only(seconds))
    found = np.empty(count, np.int64)
    _find(parents, np.arange(count, dtype=np.int64), found)
    return found


class Forest:
    """Numbers below `count` and the links between them: connected components (union-find, Tarjan 1975).

    Memory: five bytes a number below 2 ** 32, else nine.
    """

    def __init__(self, count: int) -> None:
        """Begin with every number alone."""
        self._parents = np.arange(count, dtype=np.uint32 if count <= 1 << 32 else np.int64)
        self._linked = np.zeros(count, np.uint8)

    def link(self, members: Int64s, heads: Int64s) -> None:
        """Take in links; the order in which they come changes nothing."""
        if members.size and max(members.max(), heads.max()) >= self._parents.size:
            raise ValueError(f"a link to {max(members.max(), heads.max())} among {self._parents.size} numbers")
        _unite(self._parents, self._linked, read_only(members), read_only(heads))

    def roots(self, start: int, stop: int) -> tuple[Int64s, Int64s]:
        """Return the numbers from `start` to `stop` that have a link, and the smallest number in its component."""
        numbers = np.flatnonzero(self._linked[start:stop]) + start
        found = np.empty(numbers.size, np.int64)
        _find(self._parents, numbers, found)
        return numbers, found


@kernel
def _unite(parents: Int64s, linked: Bytes, members: Int64s, heads: Int64s) -> None:
    for index in range(members.size):
        one, other = members[index], heads[index]
        put(linked, one, 1)
        put(linked, other, 1)
        one, other = _root(parents, one), _root(parents, other)
        # The smaller one becomes the root, so that a root says the same for any order of links.
        if one < other:
            put(parents, other, one)
        elif other < one:
            put(parents, one, other)


@kernel
def _unite_by_size(parents: Int64s, sizes: Int64s, firsts: Int64s, seconds: Int64s) -> None:
    for index in range(firsts.size):
        one, other = _root(parents, firsts[index]), _root(parents, seconds[index])
        if one == other:
            continue
        if item(sizes, one) < item(sizes, other):
            one, other = other, one
        put(parents, other, one)
        put(sizes, one, item(sizes, one) + item(sizes, other))


@inlined
def _root(parents: Int64s, number: int) -> int:
    """Return the root of a number; every other parent on the way is skipped from now on."""
    above = np.int64(item(parents, number))
    while above != number:
        next_above = np.int64(item(parents, above))
        put(parents, number, next_above)
        number, above = next_above, np.int64(item(parents, next_above))
    return number


@kernel
def _find(parents: Int64s, numbers: Int64s, found: Int64s) -> None:
    for index in range(numbers.size):
        found[index] = _root(parents, numbers[index])
