"""Estimates with an interval, and how they are made from a sample."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Z = 1.645
"""90 % of a normal distribution is within this many standard deviations: the intervals are 90 % intervals."""


class Estimate(NamedTuple):
    """A figure and its 90 % interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        """Return the same in another unit, or of more of the same."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, other: "Estimate") -> "Estimate":
        """Return the sum of two fully correlated estimates."""
        return Estimate(self.value + other.value, self.low + other.low, self.high + other.high)

    @property
    def error(self) -> float:
        """The standard deviation that the interval comes from, as a share of the value."""
        if self.value <= 0 or self.high <= self.value:
            return 0.0
        return math.log(self.high / self.value) / Z

    def holds(self, figure: float) -> bool:
        """Tell whether a figure is in the interval."""
        return self.low <= figure <= self.high


ZERO = Estimate(0.0, 0.0, 0.0)


def spread(value: float, error: float) -> Estimate:
    """Return an estimate with an error as a share of it; the interval is one of factors, so that it never reaches 0."""
    factor = math.exp(Z * error)
    return Estimate(value, value / factor, value * factor)


def together(*errors: float) -> float:
    """Return the relative error of a product of independent estimates."""
    return math.hypot(*errors)


def total(estimates: Sequence[Estimate]) -> Estimate:
    """Return the sum of fully correlated estimates."""
    summed = ZERO
    for estimate in estimates:
        summed = summed.plus(estimate)
    return summed


def line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return the least-squares slope and intercept, neither below 0: more input never costs less than none."""
    x, y = np.array(xs, float), np.array(ys, float)
    centered = x - x.mean()
    if not centered.any():
        return 0.0, float(y.mean())
    slope = max(0.0, float((centered * y).sum() / (centered**2).sum()))
    intercept = float(y.mean() - slope * x.mean())
    if intercept < 0:
        return float((x * y).sum() / (x**2).sum()), 0.0
    return slope, intercept


def scatter(ys: Sequence[float], xs: Sequence[float], population: int) -> float:
    """Return the error of sum(ys) / sum(xs) for all shards, `population` many, as a share of it, by how those seen differ.

    That of a ratio estimator with the correction for a finite population (Cochran, Sampling Techniques, 1977, 2.6 and
    6.3); 0 where all shards were seen, and half where one alone was.
    """
    seen, total_x, total_y = len(ys), sum(xs), sum(ys)
    if seen >= population or total_x <= 0 or total_y <= 0:
        return 0.0
    if seen < 2:
        return 0.5
    ratio = total_y / total_x
    variance = sum((y - ratio * x) ** 2 for y, x in zip(ys, xs, strict=True)) / (seen - 1)
    return math.sqrt(variance * (1 - seen / population) / seen) / (total_y / seen)
