"""Blocks that stand alike on a page, as the paragraphs of a text or the names in a list do: most are all content, or all not."""

import numpy as np

from atom_data.text.arrays import Float32s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.main_text.elements import slot_of, slots_for
from atom_data.text.memory import allocating, kernel

LEVELS = 4
"""So many elements have the same tags and classes: the one that a block begins in, and those above it."""
OWN = np.float32(0.5)
"""What a block's own probability counts beside the mean of its kin. Both chosen on WCXB's development half, by models that had
not seen the site."""
_FACTOR = 0x9E3779B1


@kernel
def evened(blocks: Int32s, kin: Int32s, chances: Float32s) -> Float32s:
    """Return the mean of each block's probability and that of its kin, the block among them; longer blocks count more.

    So the last short line of a text does not fall behind its paragraphs, nor one card of a list behind the others.
    """
    count = len(blocks)
    words, expected = np.zeros(slots_for(count), np.float32), np.zeros(slots_for(count), np.float32)
    for block in range(count):
        words[kin[block]] += np.float32(blocks[block, columns.WORDS])
        expected[kin[block]] += np.float32(blocks[block, columns.WORDS]) * chances[block]
    found = np.empty(count, np.float32)
    for block in range(count):
        share = expected[kin[block]] / max(words[kin[block]], np.float32(1))
        found[block] = OWN * chances[block] + (np.float32(1) - OWN) * share
    return found


@allocating
def kin_of(nodes: Int32s, blocks: Int32s) -> Int32s:
    """Return for each block a number below `slots_for(len(blocks))`, the same for blocks that stand alike."""
    count = len(blocks)
    keys, kin = np.zeros(slots_for(count), np.int64), np.empty(count, np.int32)
    for block in range(count):
        node, key = np.int64(blocks[block, columns.NODE]), np.int64(0)
        if block and node == blocks[block - 1, columns.NODE]:
            kin[block] = kin[block - 1]
            continue
        for _ in range(LEVELS):
            key = key * _FACTOR + nodes[node, columns.LOOK]
            node = max(np.int64(0), np.int64(nodes[node, columns.PARENT]))
        kin[block] = slot_of(keys, key | 1)
    return kin
