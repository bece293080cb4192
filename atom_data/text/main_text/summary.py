"""A page in numbers, for models of the whole page: what kind it is, and how well its main text was found."""

import numpy as np

from atom_data.text.arrays import Bools, Float32s, Float64s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.main_text.names import COLUMNS
from atom_data.text.memory import inlined, kernel

CHOICE = (
    "expected", "kept_share", "kept_words_log", "kept_blocks", "kept_chance", "left_chance", "doubt", "kept_runs",
    "certain_share", "unsure_share",
)  # fmt: skip
"""Of the choice: the F1 that it expects; the share of the page's words that is kept, the logarithm of their number; blocks kept;
the mean chance of words kept, and of the others; mean chance times its complement; how often blocks kept follow one that is
not; the share of words with a chance above 0.9 or below 0.1, and of those between 0.3 and 0.7."""
LANES = 8
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


@inlined
def _weighted(values: Float32s, weights: Float64s) -> float:
    """Return the weighted sum, in eight sums that do not wait for each other."""
    end = weights.size - weights.size % LANES
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for at in range(0, end, LANES):
        a, b = a + values[at] * weights[at], b + values[at + 1] * weights[at + 1]
        c, d = c + values[at + 2] * weights[at + 2], d + values[at + 3] * weights[at + 3]
        e, f = e + values[at + 4] * weights[at + 4], f + values[at + 5] * weights[at + 5]
        g, h = g + values[at + 6] * weights[at + 6], h + values[at + 7] * weights[at + 7]
    for index in range(end, weights.size):
        a += values[index] * weights[index]
    return a + b + c + d + e + f + g + h


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
    for column in range(count):
        row[column] = _weighted(found[column], weights)
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
