"""Estimates with an interval, and how they are made from a sample: a line through three points, and what copies do."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Z = 1.645
"""Of a normal distribution, 90 % lie within so many standard deviations: the intervals are meant to hold 9 times of 10."""
MOST_COPIES = 1000
SLOPES = np.linspace(1.5, 8, 40)
"""How much rarer larger clusters of copies may be: there are m^-slope of m documents."""


class Estimate(NamedTuple):
    """A figure and the interval that holds it 9 times of 10."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        """Return the same in another unit, or of more of the same."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, other: "Estimate") -> "Estimate":
        """Return the sum of two that err together: what makes one larger makes the other larger too."""
        return Estimate(self.value + other.value, self.low + other.low, self.high + other.high)

    @property
    def error(self) -> float:
        """The standard deviation that the interval comes from, as a share of the value."""
        if self.value <= 0 or self.high <= self.value:
            return 0.0
        return math.log(self.high / self.value) / Z

    def holds(self, figure: float) -> bool:
        """Tell whether a figure lies in the interval."""
        return self.low <= figure <= self.high


ZERO = Estimate(0.0, 0.0, 0.0)


def spread(value: float, error: float) -> Estimate:
    """Return an estimate with an error as a share of it; the interval is one of factors, so that it never reaches 0."""
    factor = math.exp(Z * error)
    return Estimate(value, value / factor, value * factor)


def together(*errors: float) -> float:
    """Return the error of a product of things that err apart."""
    return math.hypot(*errors)


def total(estimates: Sequence[Estimate]) -> Estimate:
    """Return the sum of estimates that err together."""
    found = ZERO
    for estimate in estimates:
        found = found.plus(estimate)
    return found


def line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return the least-squares slope and intercept, neither below 0: more input never costs less than none."""
    x, y = np.array(xs, float), np.array(ys, float)
    spare = x - x.mean()
    if not spare.any():
        return 0.0, float(y.mean())
    slope = max(0.0, float((spare * y).sum() / (spare**2).sum()))
    intercept = float(y.mean() - slope * x.mean())
    if intercept < 0:
        return float((x * y).sum() / (x**2).sum()), 0.0
    return slope, intercept


def scatter(ys: Sequence[float], xs: Sequence[float], of: int) -> float:
    """Return the error of sum(ys) / sum(xs) for all of `of` shards, as a share of it, by how the shards seen differ.

    That of a ratio estimator with the correction for a finite population (Cochran, Sampling Techniques, 1977, 2.6 and
    6.3); 0 where all shards were seen, and half where one alone was.
    """
    seen, total_x, total_y = len(ys), sum(xs), sum(ys)
    if seen >= of or total_x <= 0 or total_y <= 0:
        return 0.0
    if seen < 2:
        return 0.5
    ratio = total_y / total_x
    rest = sum((y - ratio * x) ** 2 for y, x in zip(ys, xs, strict=True)) / (seen - 1)
    return math.sqrt(rest * (1 - seen / of) / seen) / (total_y / seen)


def loss_of_copies(samples: Sequence[tuple[float, int, int]]) -> Estimate:
    """Return the share of documents that fall to copies in the whole, from samples of (share, documents, lost).

    A copy is seen only when another one is in the sample. Of a cluster of m documents, a sample of share f has m f on
    average and loses all but one: m f - 1 + (1 - f)^m. The clusters are taken to be m^-a of m documents, as many small
    ones and few large ones as one finds in crawls, or, as likely, all of one size, with a share c of all documents in
    one. All these on a grid are weighed by how well they explain what was lost: Poisson, with the square root of the
    likelihood, for copies come in clusters and one sample is a part of the other. The estimate is the median, the
    interval the middle 90 %.
    """
    share, documents, lost = samples[-1]
    if documents == 0:
        return ZERO
    if share >= 1:
        return Estimate(*[lost / documents] * 3)
    sizes = np.unique(np.geomspace(2, MOST_COPIES, 60).round())
    member = np.gradient(sizes) * sizes ** (1 - SLOPES[:, None])  # how many documents are in clusters of each size
    member = np.concatenate([member / member.sum(1, keepdims=True), np.eye(len(sizes))])
    prior = np.repeat([1 / len(SLOPES), 1 / len(sizes)], [len(SLOPES), len(sizes)])
    clustered = np.geomspace(1e-5, 1, 240)[:, None]
    log_weight = np.log(prior) + np.zeros((len(clustered), 1))
    for share, documents, lost in samples:
        of_each = 1 + np.expm1(sizes * np.log1p(-share)) / (sizes * share)
        expected = documents * clustered * (member @ of_each) + 1e-9
        log_weight += 0.5 * (lost * np.log(expected) - expected)
    weight = np.exp(log_weight - log_weight.max()).ravel()
    whole = (clustered * (member @ (1 - 1 / sizes))).ravel()
    order = np.argsort(whole)
    reached = np.cumsum(weight[order]) / weight.sum()
    low, middle, high = (float(whole[order][np.searchsorted(reached, at)]) for at in (0.05, 0.5, 0.95))
    return Estimate(middle, low, high)
