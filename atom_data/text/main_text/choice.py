"""Which blocks are the main text: the set with the highest expected F1 over words."""

import numpy as np

from atom_data.text.arrays import Bools, Float32s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.main_text.elements import slot_of, slots_for
from atom_data.text.memory import allocating, kernel

COPY_WORDS = 4
"""Of blocks with the same letters and so many words, only the likeliest counts."""


def choose(page: Page, chances: Float32s, *, least: float = 0.0, enough: float = 2.0) -> tuple[Bools, float]:
    """Return which blocks to keep, by their probability of being main text, and the expected F1 of the best choice.

    Blocks are taken from the likeliest on as long as the expected F1 grows: twice the expected words that are right, over the
    words that are taken and those expected to be right on the whole page. Of equal blocks the likeliest counts. Of
    these, blocks below `least` are left out, and all from `enough` on are kept.
    """
    kept = np.zeros(len(page.blocks), np.bool_)
    if not len(kept):
        return kept, 0.0
    expected: float = _choose(page.blocks, np.ascontiguousarray(chances, np.float32), least, enough, kept)
    return kept, expected


@kernel
def _choose(blocks: Int32s, chances: Float32s, least: float, enough: float, kept: Bools) -> float:
    order = np.argsort(-chances)
    single = _single(blocks, chances, order)
    total = 0.0
    for block in range(len(blocks)):
        if single[block]:
            total += chances[block] * blocks[block, columns.WORDS]
    best, border, right, taken = -1.0, np.float32(2), 0.0, 0.0
    for block in order:
        if single[block]:
            right += chances[block] * blocks[block, columns.WORDS]
            taken += blocks[block, columns.WORDS]
            expected = 2 * right / (taken + total)
            if expected > best:
                best, border = expected, chances[block]
    bound = min(max(np.float64(border), least), enough)
    for block in range(len(blocks)):
        kept[block] = single[block] and chances[block] >= bound
    return best


@allocating
def _single(blocks: Int32s, chances: Float32s, order: Int32s) -> Bools:
    """Tell which blocks have no likelier one with the same letters."""
    seen, single = np.zeros(slots_for(len(blocks)), np.int64), np.ones(len(blocks), np.bool_)
    taken = np.zeros(len(seen), np.bool_)
    for block in order:
        if blocks[block, columns.WORDS] >= COPY_WORDS:
            slot = slot_of(seen, np.int64(blocks[block, columns.HASH]) + 1)
            single[block] = not taken[slot]
            taken[slot] = True
    return single
