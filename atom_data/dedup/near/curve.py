"""The S-curve of banded MinHash: how likely two texts are proposed as copies, by their Jaccard index.

Two texts of Jaccard index s agree in one place of their signatures with probability s, so they share at least one of
`bands` bands of `rows` places with probability 1 - (1 - s ** rows) ** bands (Leskovec, Rajaraman and Ullman, Mining of
Massive Datasets, section 3.4).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError

MOST_PERMUTATIONS = 1024
"""Above it the search for an optimum would need more nodes than the polynomials are known to be exact with."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """The curve of some bands of some rows."""

    bands: int
    rows: int

    def __post_init__(self) -> None:
        """Validate the numbers of bands and rows."""
        for name in ("bands", "rows"):
            if getattr(self, name) < 1:
                raise ConfigError(f"curve: {name} is {getattr(self, name)}. Give a whole number from 1.")

    @property
    def permutations(self) -> int:
        """Number of hashes of a signature."""
        return self.bands * self.rows

    @property
    def midpoint(self) -> float:
        """The Jaccard index at which half of the pairs are proposed."""
        return float((1 - 0.5 ** (1 / self.bands)) ** (1 / self.rows))

    def proposed(self, jaccard: float | Floats) -> Floats:
        """Return the probability that two texts of this Jaccard index share a band, so that they are compared."""
        return np.asarray(1 - (1 - np.asarray(jaccard, np.float64) ** self.rows) ** self.bands)

    def mean(self, low: float, high: float) -> float:
        """Return the mean probability over Jaccard indices between `low` and `high`, all equally likely."""
        if low == high:
            return float(self.proposed(low))
        nodes, weights = _nodes(min(self.permutations, MOST_PERMUTATIONS), low, high)
        return float(weights @ self.proposed(nodes)) / (high - low)

    def waste(self, threshold: float) -> float:
        """Return what share of pairs below the threshold is proposed, only to be refused by their texts."""
        return self.mean(0.0, threshold) if threshold > 0 else 0.0


def best_curve(
    threshold: float,
    permutations: int = 128,
    *,
    false_positive_weight: float = 0.5,
    false_negative_weight: float = 0.5,
) -> Curve:
    """Return the bands and rows that datasketch takes for a threshold: those of the smallest weighted error.

    The error is the area under the curve below the threshold (pairs proposed for nothing) and over it above (pairs
    missed), each times its weight; of equal ones the fewest bands, then the fewest rows (datasketch 2.0.0,
    `MinHashLSH(threshold, num_perm, weights)`). bands * rows may be less than `permutations`. As confirmation refuses
    what is proposed for nothing, a larger weight of false negatives is often the better choice.

    ConfigError for numbers out of range.
    """
    if not 0 <= threshold <= 1:
        raise ConfigError(f"threshold: {threshold} is not a Jaccard index. Give a number from 0 to 1; 0.8 is usual.")
    if not 2 <= permutations <= MOST_PERMUTATIONS:
        raise ConfigError(f"permutations: {permutations}; it takes 2 to {MOST_PERMUTATIONS}. 128 is usual.")
    weights = (false_positive_weight, false_negative_weight)
    if min(weights) < 0 or max(weights) == 0:
        raise ConfigError(f"weights: {weights}. Give two numbers from 0, one of them above 0; 0.5 and 0.5 are usual.")
    pairs = [(b, r) for b in range(1, permutations + 1) for r in range(1, permutations // b + 1)]
    bands, rows = np.array(pairs, np.float64).T[:, :, None]
    below, below_weights = _nodes(permutations, 0.0, threshold)
    above, above_weights = _nodes(permutations, threshold, 1.0)
    wasted = (1 - (1 - below**rows) ** bands) @ below_weights
    missed = (1 - above**rows) ** bands @ above_weights
    best = int(np.argmin(wasted * false_positive_weight + missed * false_negative_weight))
    return Curve(*pairs[best])


def _nodes(degree: int, low: float, high: float) -> tuple[Floats, Floats]:
    """Return places and weights that integrate a polynomial of this degree exactly from `low` to `high`.

    Gauss-Legendre: n nodes are exact for degree 2 n - 1, and the curve is a polynomial of degree bands * rows.
    """
    places, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    half = (high - low) / 2
    return low + half * (places + 1), half * weights
