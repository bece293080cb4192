"""Boosted trees over all blocks of a page at once.

A tree of at most 32 leaves is a list of splits. Each has a mask of the leaves that are out of reach where a block's value is
above the border; the leaf of a block is the lowest bit that is left of all masks. So no block waits for a branch, and the
loops run over eight blocks at a time. Source: Lucchese et al. 2015, "QuickScorer", section 3.

Beyond it: of a page, most splits are decided by the lowest and the highest value of their column, alike for all blocks; what
they leave is where a tree begins, and only the others are looked at block by block, four splits in one go. Two thirds of the
splits are decided on pages of 60 blocks, two fifths on those of 290.
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Float32s, Int32s, Int64s, UInt32s
from atom_data.text.memory import allocating, inlined
from atom_data.text.wide.gather import LANES, LOWEST, SHIFT, add_leaves

LEAVES = 32
AT_ONCE = 4
"""Splits that one loop over blocks looks at: a value is read for each, what is left of a block only once."""
_ALL = np.uint32(0xFFFFFFFF)
_MAGNITUDE = np.int32(0x7FFFFFFF)
_PLACES = np.zeros(LEAVES, np.int64)
for _bit in range(LEAVES):
    _PLACES[((1 << _bit) * LOWEST & 0xFFFFFFFF) >> SHIFT] = _bit
"""By the number that `_lowest` gives, which bit it is."""


class Trees(NamedTuple):
    """A row a tree."""

    columns: Int32s
    """Of each split: which column it looks at."""
    borders: Float32s
    """Above this value the mask counts."""
    masks: UInt32s
    leaves: Float32s
    """What each leaf adds."""
    splits: Int32s
    """How many splits a tree has."""


class Bounds(NamedTuple):
    """Of each column: its lowest and its highest value."""

    lowest: Float32s
    highest: Float32s


@allocating
def find_bounds(found: Float32s, count: int, bounds: Bounds, start: int, end: int) -> None:
    """Note the lowest and highest of the first values of the columns from `start` to `end`; there must be a value."""
    values = found.view(np.int32)
    lowest, highest = bounds.lowest.view(np.int32), bounds.highest.view(np.int32)
    for column in range(start, end):
        low, high = _extremes(values[column], count)
        lowest[column] = low ^ ((low >> np.int32(31)) & _MAGNITUDE)
        highest[column] = high ^ ((high >> np.int32(31)) & _MAGNITUDE)


@inlined
def _extremes(values: Int32s, count: int) -> tuple[np.int32, np.int32]:
    """Return the lowest and highest of float32s as integers in the order of the floats, which a processor finds eight at a time."""
    low, high = _MAGNITUDE, -_MAGNITUDE
    for index in range(count):
        value = values[index]
        value ^= (value >> np.int32(31)) & _MAGNITUDE
        low, high = min(low, value), max(high, value)
    return low, high


@allocating
def sums_of(found: Float32s, trees: Trees, bounds: Bounds) -> Float32s:
    """Return for each block the sum of its leaves; `found` has a row a column, each at least as long as there are blocks.

    What stands behind the blocks that bounds were found for gives sums that mean nothing.
    """
    count = found.shape[1]
    total, left = np.zeros(count, np.float32), np.zeros(count, np.uint32)
    open_splits, leaves = np.zeros(LEAVES + AT_ONCE, np.int64), np.zeros(LEAVES, np.float32)
    for tree in range(len(trees.splits)):
        known, waiting = _decide(trees, tree, bounds, open_splits)
        for index in range(LEAVES):
            leaves[index] = trees.leaves[tree, _PLACES[index]]
        if not waiting:
            leaf = leaves[_lowest(known)]
            for block in range(count):
                total[block] += leaf
            continue
        for block in range(count):
            left[block] = known
        for start in range(0, waiting, AT_ONCE):
            _mask_all(found, trees, tree, open_splits[start : start + AT_ONCE], left)
        whole = count - count % LANES
        for block in range(0, whole, LANES):
            add_leaves(total, left, leaves, block)
        for block in range(whole, count):
            total[block] += leaves[_lowest(left[block])]
    return total


@inlined
def _lowest(left: np.uint32) -> np.uint32:
    """Return a number for the lowest bit: `_PLACES` has which."""
    return np.uint32((left & (~left + np.uint32(1))) * np.uint32(LOWEST)) >> np.uint32(SHIFT)


@inlined
def _unless(above: bool) -> np.uint32:
    """Return all bits where a value is not above: a branch would be guessed wrong every third time."""
    return np.uint32(above) - np.uint32(1)


@inlined
def _decide(trees: Trees, tree: int, bounds: Bounds, waiting: Int64s) -> tuple[np.uint32, int]:
    """Return what the splits leave that are the same for all blocks; note the others, and how many they are.

    Behind them the last is noted again, as often as a loop over AT_ONCE may ask for.
    """
    known, count = _ALL, 0
    for split in range(trees.splits[tree]):
        column, border = trees.columns[tree, split], trees.borders[tree, split]
        all_above = bounds.lowest[column] > border
        known &= trees.masks[tree, split] | _unless(all_above)
        waiting[count] = split
        count += bounds.highest[column] > border and not all_above
    for index in range(AT_ONCE - 1):
        waiting[count + index] = waiting[max(0, count - 1)]
    return known, count


@inlined
def _mask_all(found: Float32s, trees: Trees, tree: int, splits: Int64s, left: UInt32s) -> None:
    """Take from what is left of each block what four splits put out of reach."""
    columns, borders, masks = trees.columns[tree], trees.borders[tree], trees.masks[tree]
    one, two, three, four = splits[0], splits[1], splits[2], splits[3]
    _mask(
        found[columns[one]], found[columns[two]], found[columns[three]], found[columns[four]],
        borders[one], borders[two], borders[three], borders[four],
        masks[one], masks[two], masks[three], masks[four], left,
    )  # fmt: skip


@inlined
def _mask(
    values_1: Float32s, values_2: Float32s, values_3: Float32s, values_4: Float32s,
    border_1: np.float32, border_2: np.float32, border_3: np.float32, border_4: np.float32,
    mask_1: np.uint32, mask_2: np.uint32, mask_3: np.uint32, mask_4: np.uint32, left: UInt32s,
) -> None:  # fmt: skip
    for block in range(left.size):
        one = (mask_1 if values_1[block] > border_1 else _ALL) & (mask_2 if values_2[block] > border_2 else _ALL)
        two = (mask_3 if values_3[block] > border_3 else _ALL) & (mask_4 if values_4[block] > border_4 else _ALL)
        left[block] &= one & two


@allocating
def chances_of(found: Float32s, trees: Trees, bounds: Bounds) -> Float32s:
    """Return the probability of each block: the logistic function of its sum."""
    total = sums_of(found, trees, bounds)
    for block in range(total.size):
        total[block] = np.float32(1) / (np.float32(1) + np.exp(-total[block]))
    return total


@inlined
def sum_of_row(row: Float32s, trees: Trees, tree: int) -> np.float32:
    """Return the leaf of one tree for one row of columns."""
    left = _ALL
    for split in range(trees.splits[tree]):
        left &= trees.masks[tree, split] | _unless(row[trees.columns[tree, split]] > trees.borders[tree, split])
    return trees.leaves[tree, _PLACES[_lowest(left)]]
