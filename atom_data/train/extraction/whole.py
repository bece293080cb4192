"""Models of whole pages: what kind a page is, and what F1 its extraction can be expected to have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atom_data.text.arrays import Bools, Float32s, Float64s, Int64s
from atom_data.text.main_text.model import KINDS
from atom_data.text.main_text.trees import Trees
from atom_data.train.extraction.boosting import Boosting, grow, probabilities
from atom_data.train.extraction.examples import sites_in_folds
from atom_data.train.extraction.extractor import Options, Scored

KIND = Boosting(rounds=50, learning_rate=0.1, leaves=8, least_in_leaf=10, column_share=0.15, row_share=0.7)
CONFIDENCE = Boosting(rounds=60, learning_rate=0.06, leaves=8, least_in_leaf=25, column_share=0.15, row_share=0.7)
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Whole:
    """What is learned from pages that models have not seen: trees for each of KINDS, and for the F1."""

    kinds: tuple[Trees, ...]
    confidence: Trees
    kind_accuracy: float | None
    """The share of pages on sites held out whose likeliest kind is theirs; None where no page has a kind."""
    expected: Float64s
    """The F1 that was expected of each page, by models that had not seen its site."""


def train_whole(scored: Sequence[Scored], options: Options) -> Whole:
    """Return the models of whole pages; `scored` are pages as seen by models that were trained on other sites."""
    rows = np.stack([one.summary for one in scored])
    found = np.array([one.f1 for one in scored])
    folds = sites_in_folds([one.example for one in scored], FOLDS, options.seed + 2)
    expected = np.zeros(len(scored))
    for fold in range(FOLDS):
        trees = _grown(rows, found, folds != fold, CONFIDENCE, options.seed)
        expected[folds == fold] = probabilities(rows[folds == fold], trees)
    kinds = np.array([KINDS.index(kind) if (kind := one.example.labeled.kind) in KINDS else -1 for one in scored])
    known = kinds >= 0
    accuracy: float | None = None
    trees_of_kinds: tuple[Trees, ...] = ()
    if len(set(kinds[known].tolist())) > 1:
        accuracy = _kind_accuracy(rows[known], kinds[known], folds[known], options.seed)
        trees_of_kinds = tuple(
            _grown(rows, (kinds == kind).astype(np.float64), known, KIND, options.seed) for kind in range(len(KINDS))
        )
    return Whole(trees_of_kinds, _grown(rows, found, folds >= 0, CONFIDENCE, options.seed), accuracy, expected)


def _kind_accuracy(rows: Float32s, kinds: Int64s, folds: Int64s, seed: int) -> float:
    chances = np.zeros((len(rows), len(KINDS)))
    for fold in range(FOLDS):
        for kind in range(len(KINDS)):
            trees = _grown(rows, (kinds == kind).astype(np.float64), folds != fold, KIND, seed)
            chances[folds == fold, kind] = probabilities(rows[folds == fold], trees)
    return round(float((chances.argmax(1) == kinds).mean()), 4)


def _grown(rows: Float32s, targets: Float64s, which: Bools, how: Boosting, seed: int) -> Trees:
    weights = np.ones(int(which.sum()), np.float32)
    return grow([rows[which]], [targets[which].astype(np.float64)], [weights], how, seed)
