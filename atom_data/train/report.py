"""What a classifier does on documents it has not seen: precision and recall for each threshold."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

KEPT = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
"""The shares of all documents for which a threshold is reported: scores themselves mean something else in every model."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a card with `min = score` would keep of the held-out documents."""

    score: float
    kept: float
    """The share of all documents."""
    precision: float | None
    """The share of those kept that have the label; None where nothing is kept."""
    recall: float
    """The share of those with the label that is kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a classifier was trained, and how good it is."""

    label: str
    documents: dict[str, int]
    """By label, those trained on and those held out."""
    held_out: dict[str, int]
    left_out: dict[str, int]
    parameters: dict[str, Any]
    area_under_curve: float
    """The chance that a held-out document with the label scores higher than one without: 0.5 is none, 1 is perfect."""
    thresholds: tuple[Threshold, ...]
    best: Threshold
    """The score with the highest F1, the harmonic mean of precision and recall."""

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def thresholds(scores: npt.NDArray[np.float32], positive: npt.NDArray[np.bool_]) -> tuple[Threshold, ...]:
    """Return the scores that keep each share of KEPT, or a little more where documents have equal scores."""
    ranked = np.sort(scores)[::-1]
    places = [max(round(share * scores.size), 1) - 1 for share in KEPT]
    chosen = sorted({_rounded_down(float(ranked[place])) for place in places})
    return tuple(_threshold(score, scores, positive) for score in chosen)


def _rounded_down(score: float) -> float:
    return float(np.floor(score * 1e6) / 1e6)


def _threshold(score: float, scores: npt.NDArray[np.float32], positive: npt.NDArray[np.bool_]) -> Threshold:
    kept = scores >= np.float32(score)
    right = int((kept & positive).sum())
    precision = round(right / int(kept.sum()), 4) if kept.any() else None
    return Threshold(score, round(float(kept.mean()), 4), precision, round(right / max(int(positive.sum()), 1), 4))


def best_threshold(scores: npt.NDArray[np.float32], positive: npt.NDArray[np.bool_]) -> Threshold:
    """Return the score of a document at which F1 is highest; of equal ones the highest score."""
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(positive[order])
    f1 = 2 * right / (np.arange(1, scores.size + 1) + max(int(positive.sum()), 1))
    last = np.append(np.diff(scores[order]) != 0, True)  # equal scores are kept together
    f1[~last] = -1
    return _threshold(_rounded_down(float(scores[order][int(f1.argmax())])), scores, positive)


def area_under_curve(scores: npt.NDArray[np.float32], positive: npt.NDArray[np.bool_]) -> float:
    """Return the chance that a document with the label scores higher than one without, half of it for equal scores."""
    values, places = np.unique(scores, return_inverse=True)
    with_label = np.bincount(places[positive], minlength=values.size)
    without = np.bincount(places[~positive], minlength=values.size)
    lower = np.cumsum(without) - without
    pairs = max(int(with_label.sum()) * int(without.sum()), 1)
    return round(float((with_label * (lower + without / 2)).sum() / pairs), 4)
