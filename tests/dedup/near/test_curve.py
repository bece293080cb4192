"""The S-curve: values from the book, the area by plain sums, and datasketch's optimum."""

import numpy as np
import pytest
from datasketch.lsh import _optimal_param

from atom_data.dedup.near.curve import Curve, best_curve
from atom_data.errors import ConfigError


def test_proposed_is_what_the_book_prints() -> None:
    """Leskovec, Rajaraman and Ullman, figure 3.8: 20 bands of 5 rows."""
    printed = {0.2: 0.006, 0.3: 0.047, 0.4: 0.186, 0.5: 0.470, 0.6: 0.802, 0.7: 0.975, 0.8: 0.9996}
    curve = Curve(20, 5)
    for jaccard, value in printed.items():
        assert float(curve.proposed(jaccard)) == pytest.approx(value, abs=6e-4)
    assert float(curve.proposed(curve.midpoint)) == pytest.approx(0.5)


def test_mean_is_that_of_many_small_steps() -> None:
    curve = Curve(14, 8)
    steps = np.linspace(0.75, 0.80, 200_001)
    assert curve.mean(0.75, 0.80) == pytest.approx(float(curve.proposed(steps).mean()), abs=1e-6)
    assert curve.mean(0.8, 0.8) == pytest.approx(float(curve.proposed(0.8)))
    assert curve.waste(0.5) == pytest.approx(float(curve.proposed(np.linspace(0, 0.5, 200_001)).mean()), abs=1e-6)


@pytest.mark.parametrize("permutations", [2, 3, 37, 64, 112, 128, 200])
def test_best_curve_is_the_one_of_datasketch(permutations: int) -> None:
    for threshold in (0.0, 0.3, 0.5, 0.72, 0.8, 0.9, 0.97, 1.0):
        found = best_curve(threshold, permutations)
        assert (found.bands, found.rows) == _optimal_param(threshold, permutations, 0.5, 0.5), threshold


@pytest.mark.parametrize("weights", [(0.1, 0.9), (0.4, 0.6), (0.9, 0.1)])
def test_best_curve_weighs_as_datasketch_does(weights: tuple[float, float]) -> None:
    for threshold in (0.5, 0.8, 0.9):
        found = best_curve(threshold, 128, false_positive_weight=weights[0], false_negative_weight=weights[1])
        assert (found.bands, found.rows) == _optimal_param(threshold, 128, *weights)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: best_curve(1.2), "threshold: 1.2 is not a Jaccard index"),
        (lambda: best_curve(float("nan")), "threshold: nan is not a Jaccard index"),
        (lambda: best_curve(0.8, 1), "permutations: 1; it takes 2 to 1024"),
        (lambda: best_curve(0.8, false_positive_weight=-1), r"weights: \(-1, 0.5\)"),
        (lambda: Curve(0, 8), "bands is 0"),
    ],
)
def test_numbers_without_sense_are_refused(call, text: str) -> None:  # noqa: ANN001
    with pytest.raises(ConfigError, match=text):
        call()
