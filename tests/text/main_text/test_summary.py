"""The means of a page's columns are those of a plain loop, to the last bit: a processor with wider vectors rounds alike."""

import numpy as np
import pytest
from numba import njit

from atom_data.text.main_text.summary import _weigh


@njit
def weigh(found: np.ndarray, weights: np.ndarray, row: np.ndarray) -> None:
    _weigh(found, weights, row)


def plain_sum(values: np.ndarray, weights: np.ndarray) -> np.float32:
    """Return the sum in eight sums, one after the other; what is left over belongs to the first."""
    sums, whole = [0.0] * 8, len(weights) - len(weights) % 8
    for at in range(whole):
        sums[at % 8] += float(values[at]) * float(weights[at])
    for at in range(whole, len(weights)):
        sums[0] += float(values[at]) * float(weights[at])
    total = sums[0]
    for more in sums[1:]:
        total += more
    return np.float32(total)


@pytest.mark.parametrize("blocks", [0, 1, 7, 8, 9, 64, 287])
@pytest.mark.parametrize("columns", [4, 5, 262])
def test_each_column_is_summed_by_weight(blocks: int, columns: int) -> None:
    numbers = np.random.default_rng(7)
    found = numbers.normal(0, 1000, (columns, 320)).astype(np.float32)  # rows go on behind the blocks
    weights = numbers.random(blocks)
    row = np.full(columns + 3, -1, np.float32)
    weigh(found, weights, row)
    assert row.tolist() == [*(plain_sum(values, weights) for values in found), -1, -1, -1]
