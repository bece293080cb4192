"""A page in numbers, for models of the whole page: what kind it is, and how well its main text was found."""

import numpy as np

from atom_data.text.arrays import Bools, Float32s, Float64s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.main_text.names import COLUMNS
from atom_data.text.memory import allocating, kernel
from atom_data.text.wide.sums import LANES, ROWS, sum_products

CHOICE = (
    "expected", "kept_share", "kept_words_log", "kept_blocks", "kept_chance", "left_chance", "doubt", "kept_runs",
    "certain_share", "unsure_share",
)  # fmt: skip
"""Of the choice: the F1 that it expects; the share of the page's words that is kept, the logarithm of their number; blocks kept;
the mean chance of words kept, and of the others; mean chance times its complement; how often blocks kept follow one that is
not; the share of words with a chance above 0.9 or below 0.1, and of those between 0.3 and 0.7."""
SUMMARY_COLUMNS = (*(f"mean_{name}" for name in COLUMNS), *CHOICE)
"""What `summary` gives: the mean of each column of `names.COLUMNS` over blocks, by words, and CHOICE."""


def summary(page: Page, found: Float32s, chances: Float32s, kept: Bools, expected: float) -> Float32s:
    """Return a page as one row of SUMMARY_COLUMNS; `found` is what `features.block_features` gives, and may have
    more rows than there are blocks. Zeros without blocks.
    """
    row = np.zeros(len(SUMMARY_COLUMNS), np.float32)
    if len(page.blocks):
        _summary(
            page.blocks, np.ascontiguousarray(found.T), np.ascontiguousarray(chances, np.float32), kept, expected, row
        )
    return row


@allocating
def _weigh(found: Float32s, weights: Float64s, row: Float32s) -> None:
    """Write the weighted sum of each of the columns, which are rows of `found`, as long as the weights and longer."""
    end = weights.size - weights.size % LANES
    sums = np.empty((ROWS, LANES), np.float64)
    for turn in range(-(-len(found) // ROWS)):
        first = max(0, min(ROWS * turn, len(found) - ROWS))
        sum_products(found, weights, first, end, sums)
        for index in range(ROWS):
            total = sums[index, 0]
            for at in range(end, weights.size):
                total += found[first + index, at] * weights[at]
            for lane in range(1, LANES):
                total += sums[index, lane]
            row[first + index] = total


@kernel
def _summary(blocks: Int32s, found: Float32s, chances: Float32s, kept: Bools, expected: float, row: Float32s) -> None:
    total = 0.0
    for block in range(len(blocks)):
        total += blocks[block, columns.WORDS]
    total = max(total, 1.0)
    count, size = found.shape[0], len(blocks)
    weights = np.zeros(size, np.float64)
    for block in range(size):
        weights[block] = blocks[block, columns.WORDS] / total
    _weigh(found, weights, row)
    taken, right, left, doubt, certain, unsure = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    chosen, runs = 0, 0
    for block in range(len(blocks)):
        words, chance = np.float64(blocks[block, columns.WORDS]), np.float64(chances[block])
        doubt += words * chance * (1 - chance)
        certain += words * (chance > 0.9 or chance < 0.1)
        unsure += words * (0.3 < chance < 0.7)
        if kept[block]:
            taken += words
            right += words * chance
            chosen += 1
            runs += block == 0 or not kept[block - 1]
        else:
            left += words * chance
    row[count], row[count + 1], row[count + 2], row[count + 3] = expected, taken / total, np.log(1 + taken), chosen
    row[count + 4], row[count + 5] = right / max(taken, 1.0), left / max(total - taken, 1.0)
    row[count + 6], row[count + 7], row[count + 8], row[count + 9] = (
        doubt / total,
        runs,
        certain / total,
        unsure / total,
    )
