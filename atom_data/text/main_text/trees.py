"""Boosted trees over all blocks of a page at once.

A tree of at most 32 leaves is a list of splits. Each has a mask of the leaves that are out of reach where a block's value is
above the border; the leaf of a block is the lowest bit that is left of all masks. So no block waits for a branch, and the
loops run over eight blocks at a time. Source: Lucchese et al. 2015, "QuickScorer", section 3.
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Float32s, Int32s, UInt32s
from atom_data.text.memory import allocating, inlined

LEAVES = 32
_ALL = np.uint32(0xFFFFFFFF)
_LOWEST = np.uint32(0x077CB531)
# The place of the lowest bit by a product whose top five bits differ for each of them.
_PLACES = np.zeros(LEAVES, np.int64)
for _bit in range(LEAVES):
    _PLACES[((1 << _bit) * 0x077CB531 & 0xFFFFFFFF) >> 27] = _bit


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


@allocating
def sums_of(found: Float32s, trees: Trees, same_from: int, same_to: int) -> Float32s:
    """Return for each block the sum of its leaves; `found` has a row a column, each as long as there are blocks.

    Columns from `same_from` to `same_to` have the same value in all blocks, so that one of them decides for all.
    """
    count = found.shape[1]
    total, left = np.zeros(count, np.float32), np.zeros(count, np.uint32)
    for tree in range(len(trees.splits)):
        for block in range(count):
            left[block] = _ALL
        for split in range(trees.splits[tree]):
            column, border = trees.columns[tree, split], trees.borders[tree, split]
            if not same_from <= column < same_to or found[column, 0] > border:
                _mask(found[column], border, trees.masks[tree, split], left)
        leaves = trees.leaves[tree]
        for block in range(count):
            bits = left[block]
            lowest = np.uint32((bits & (~bits + np.uint32(1))) * _LOWEST)
            total[block] += leaves[_PLACES[lowest >> np.uint32(27)]]
    return total


@inlined
def _mask(values: Float32s, border: np.float32, mask: np.uint32, left: UInt32s) -> None:
    for block in range(left.size):
        left[block] &= mask if values[block] > border else _ALL


@allocating
def chances_of(found: Float32s, trees: Trees, same_from: int = 0, same_to: int = 0) -> Float32s:
    """Return the probability of each block: the logistic function of its sum."""
    total = sums_of(found, trees, same_from, same_to)
    for block in range(total.size):
        total[block] = np.float32(1) / (np.float32(1) + np.exp(-total[block]))
    return total
