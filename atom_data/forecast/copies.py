"""Copies in a forecast: a sample hides most of them, so their number does not grow linearly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atom_data.forecast.coverage import Coverage
from atom_data.forecast.estimate import ZERO, Estimate, Z, together
from atom_data.forecast.measured import SampleRun, SampleRuns
from atom_data.forecast.shape import JobShape

LARGEST_CLUSTER = 1000
SLOPES = np.linspace(1.5, 8, 40)
"""How much rarer larger clusters of copies may be: there are m^-slope of m documents."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """The ratio of the actual figure to one extrapolated linearly from the sample runs, and its relative error."""

    value: float
    error: float


SAME = Ratio(1.0, 0.0)


@dataclass(frozen=True, slots=True)
class CopyLoss:
    """The share of its documents that a stage drops as copies."""

    whole: Estimate
    """Of the whole input."""
    sample: float
    """In the sample."""


def copy_loss(job: str, runs: SampleRuns, covered: Coverage) -> CopyLoss:
    """Estimate what a stage that drops copies loses, from what it lost in two samples."""
    samples = [_lost(run, job, covered) for run in (runs.quarter, runs.whole)]
    _, documents, lost = samples[-1]
    return CopyLoss(loss_of_copies(samples), lost / documents) if documents else CopyLoss(ZERO, 0.0)


def _lost(run: SampleRun, job: str, covered: Coverage) -> tuple[float, int, int]:
    found = run.totals(job)
    documents_in, documents_out = int(found.documents_in), int(found.documents_out)
    return run.documents_sampled / covered.documents, documents_in, documents_in - documents_out


def kept_after(before: Ratio, loss: CopyLoss) -> Ratio:
    """Return the number of documents after a stage has dropped copies."""
    if loss.sample >= 1:
        return before
    value = before.value * ((1 - loss.whole.value) / (1 - loss.sample))
    spread = (loss.whole.high - loss.whole.low) / (2 * Z * max(0.01, 1 - loss.whole.value))
    return Ratio(value, together(before.error, spread))


def copies_written(job: JobShape, readers: dict[str, JobShape], runs: SampleRuns, covered: Coverage) -> Ratio:
    """Return the ratio of what a job of a pass writes to the linear extrapolation, where it writes only copies."""
    reader = readers.get(job.read_by)
    if reader is None or not reader.drops_copies or runs.whole.totals(job.name).documents_out:
        return SAME
    loss = copy_loss(reader.name, runs, covered)
    if not loss.sample or not loss.whole.low:
        return SAME
    return Ratio(loss.whole.value / loss.sample, math.log(loss.whole.high / loss.whole.low) / (2 * Z))


def loss_of_copies(samples: Sequence[tuple[float, int, int]]) -> Estimate:
    """Return the share of documents lost as copies in the whole, from samples of (share, documents, lost).

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
    sizes = np.unique(np.geomspace(2, LARGEST_CLUSTER, 60).round())
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
