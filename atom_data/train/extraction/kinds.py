"""Models of whole pages: what kind a page is."""

from collections.abc import Sequence

import numpy as np

from atom_data.text.arrays import Bools, Float32s, Float64s, Int64s
from atom_data.text.main_text.model import KINDS, OTHER
from atom_data.text.main_text.trees import Trees
from atom_data.train.extraction.boosting import Boosting, grow, probabilities
from atom_data.train.extraction.examples import sites_in_folds
from atom_data.train.extraction.extractor import Options, Scored

KIND = Boosting(rounds=50, learning_rate=0.1, leaves=8, least_in_leaf=10, column_share=0.15, row_share=0.7)
FOLDS = 5


def train_kinds(scored: Sequence[Scored], options: Options) -> tuple[tuple[Trees, ...], float | None]:
    """Return trees for each of KINDS, and how often the likeliest kind is right on sites held out.

    `scored` are pages as seen by models that were trained on other sites. Nothing and None where they are of fewer than two kinds.
    """
    known = [one for one in scored if one.example.labeled.kind in KINDS]
    kinds = np.array([KINDS.index(one.example.labeled.kind or "") for one in known], np.int64)
    if len(set(kinds.tolist())) < 2:
        return (), None
    rows = np.stack([one.summary for one in known])
    everywhere = np.ones(len(known), np.bool_)
    trees = tuple(
        _grown(rows, (kinds == kind).astype(np.float64), everywhere, options.seed) for kind in range(len(KINDS))
    )
    return trees, round(float((_unseen(known, kinds, options.seed).argmax(1) == kinds).mean()), 4)


def unseen_kinds(scored: Sequence[Scored], options: Options) -> list[tuple[str, float]]:
    """Return the likeliest kind of each page, and its probability, by trees that have not seen its site."""
    kinds = np.array(
        [KINDS.index(kind) if (kind := one.example.labeled.kind) in KINDS else -1 for one in scored], np.int64
    )
    chances = _unseen(scored, kinds, options.seed)
    shares = chances / np.maximum(1, chances.sum(1, keepdims=True))
    all_shares = np.concatenate([shares, 1 - shares.sum(1, keepdims=True)], 1)
    places = all_shares.argmax(1)
    return [((*KINDS, OTHER)[place], float(row[place])) for place, row in zip(places, all_shares, strict=True)]


def _unseen(scored: Sequence[Scored], kinds: Int64s, seed: int) -> Float64s:
    """Return the probability of each kind for each page, by trees that have not seen its site."""
    rows = np.stack([one.summary for one in scored])
    folds = sites_in_folds([one.example for one in scored], FOLDS, seed + 2)
    chances = np.zeros((len(rows), len(KINDS)))
    for fold in range(FOLDS):
        for kind in range(len(KINDS)):
            trees = _grown(rows, (kinds == kind).astype(np.float64), folds != fold, seed)
            chances[folds == fold, kind] = probabilities(rows[folds == fold], trees)
    return chances


def _grown(rows: Float32s, targets: Float64s, which: Bools, seed: int) -> Trees:
    weights = np.ones(int(which.sum()), np.float32)
    return grow([rows[which]], [targets[which]], [weights], KIND, seed)
