"""Which blocks are the main text: the set with the highest expected F1 over words."""

import numpy as np

from atom_data.text.arrays import Bools, Float32s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.main_text.elements import slot_of, slots_for
from atom_data.text.memory import allocating, inlined, kernel

COPY_WORDS = 4
"""Of blocks with the same letters and so many words, only the likeliest counts."""
SURE, SURE_WORDS = 0.9, 50
"""So many words outside links, in blocks that are so likely, are a text."""
LINKS_LEAST, OTHERS_LEAST = 0.7, 0.5
"""Beside a text, blocks that are mostly links must be so likely, and others so: there a list of headlines is furniture, which
on a page that is a list it is not."""
DOUBT = 1.35
"""Of blocks in doubt, those of one page are right or wrong together: the border lies where the expected F1 of probabilities to this
power is highest. It and LINKS_LEAST were chosen on two sets, by models that had not seen the site: WCXB's development half (F1
0.8898, precision 0.894; with a power of 1.2 0.8892 and 0.888) and 507 pages of news in five languages."""
FOLLOWS, FOLLOWS_WORDS = 0.4, 10
"""So likely must a text of so many words be that follows a block which is kept: the last paragraph, or the one below a heading.
Without it the F1 there is the same, and the precision 0.895; of pages of manuals many have lost their last paragraph."""


def choose(page: Page, chances: Float32s, *, least: float = 0.0, enough: float = 2.0) -> tuple[Bools, float]:
    """Return which blocks to keep, by their probability of being main text, and the expected F1 of the best choice.

    Blocks are taken from the likeliest on as long as the expected F1 grows: twice the expected words that are right, over the
    words that are taken and those expected to be right on the whole page; of probabilities to the power of DOUBT. Of equal
    blocks the likeliest counts. Of these, blocks below `least` are left out, and all from `enough` on are kept. Beside a text,
    blocks that are not likely are left out, too (LINKS_LEAST), unless `enough` asks for all that may be content. Behind a block
    that is kept, text needs no more than FOLLOWS.
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
    total, doubted, powers = 0.0, 0.0, np.empty(len(blocks), np.float64)
    for block in range(len(blocks)):
        powers[block] = chances[block] ** DOUBT
        if single[block]:
            total += chances[block] * blocks[block, columns.WORDS]
            doubted += powers[block] * blocks[block, columns.WORDS]
    most, best, border, right, sure, taken = -1.0, -1.0, np.float32(2), 0.0, 0.0, 0.0
    for block in order:
        if single[block]:
            right += chances[block] * blocks[block, columns.WORDS]
            sure += powers[block] * blocks[block, columns.WORDS]
            taken += blocks[block, columns.WORDS]
            if 2 * sure / (taken + doubted) > most:
                most, best, border = 2 * sure / (taken + doubted), 2 * right / (taken + total), chances[block]
    bound = min(max(np.float64(border), least), enough)
    link_bound = bound
    if enough > 1 and _sure_words(blocks, chances) >= SURE_WORDS:
        bound, link_bound = max(bound, OTHERS_LEAST), max(bound, LINKS_LEAST)
    for block in range(len(blocks)):
        links = 2 * blocks[block, columns.LINK_WORDS] > blocks[block, columns.WORDS]
        needed = link_bound if links else bound
        if block > 0 and kept[block - 1] and not links and blocks[block, columns.WORDS] >= FOLLOWS_WORDS:
            needed = min(needed, max(FOLLOWS, least))
        kept[block] = single[block] and chances[block] >= needed
    return best


@inlined
def _sure_words(blocks: Int32s, chances: Float32s) -> int:
    """Return how many words outside links are almost surely content."""
    words = 0
    for block in range(len(blocks)):
        links = 2 * blocks[block, columns.LINK_WORDS] > blocks[block, columns.WORDS]
        words += blocks[block, columns.WORDS] if chances[block] > SURE and not links else 0
    return words


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
