"""How good a configuration of MinHash is on given documents: what it misses and what it removes wrongly, by Jaccard index.

A pair is *proposed* when its documents share a band, and *caught* when at most one of them is left: a document that was
removed for a third one counts, because the corpus is then free of the pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import column
from atom_data.dedup.near.curve import Curve
from atom_data.evaluate.truth import Truth, true_jaccard
from atom_data.stage import Step
from atom_data.text.similarity.pairs import Pairs
from atom_data.text.similarity.shingles import Shingles

EDGES = (0.0, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
"""A bin goes from one edge to below the next; pairs of exactly 1 have one of their own."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The pairs of the truth with a Jaccard index from `low` to below `high`."""

    low: float
    high: float
    pairs: int
    proposed: int
    caught: int
    expected: float
    """How many the curve lets expect to be proposed."""


@dataclass(frozen=True, slots=True)
class Link:
    """Two documents by number, with their true Jaccard index."""

    one: int
    other: int
    jaccard: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of the documents, against the truth."""

    documents: int
    removed: int
    bins: tuple[Bin, ...]
    duplicates: int
    """Pairs that ought to be caught."""
    missed: tuple[Link, ...]
    """Those of them with both documents left, nearest first."""
    wrong: tuple[Link, ...]
    """Removed documents, each with what it was removed for, where the truth says no; farthest first."""
    unjudged: int
    """Removed documents of which the truth says nothing."""

    @property
    def recall(self) -> float | None:
        """The share of duplicates caught; None without any."""
        return 1 - len(self.missed) / self.duplicates if self.duplicates else None

    @property
    def precision(self) -> float | None:
        """The share of evaluated removals that are right; None without any."""
        judged = self.removed - self.unjudged
        return 1 - len(self.wrong) / judged if judged else None


def evaluate(
    truth: Truth, shingles: Shingles, kept_for: Sequence[int], proposed: npt.NDArray[np.bool_], curve: Curve
) -> Evaluation:
    """Hold a result against the truth: `kept_for[i]` is the document that document i was removed for, -1 where it is kept.

    `proposed` says of each pair of the truth whether it shares a band.
    """
    pairs, left = truth.pairs, np.array(kept_for, np.int64) < 0
    caught = ~(left[pairs.left] & left[pairs.right])
    missed = np.flatnonzero(truth.duplicate & ~caught).tolist()
    links = [Link(int(pairs.left[i]), int(pairs.right[i]), float(pairs.jaccard[i])) for i in missed]
    removed = [
        Link(number, other, true_jaccard(shingles, number, other))
        for number, other in enumerate(kept_for)
        if other >= 0
    ]
    verdicts = [truth.is_right(link.one, link.other, link.jaccard) for link in removed]
    wrong = [link for link, verdict in zip(removed, verdicts, strict=True) if verdict is False]
    return Evaluation(
        documents=len(left),
        removed=len(removed),
        bins=_bins(pairs.jaccard, proposed, caught, curve),
        duplicates=int(truth.duplicate.sum()),
        missed=tuple(sorted(links, key=lambda link: (-link.jaccard, link.one, link.other))),
        wrong=tuple(sorted(wrong, key=lambda link: (link.jaccard, link.one))),
        unjudged=verdicts.count(None),
    )


def _bins(
    jaccards: npt.NDArray[np.float64], proposed: npt.NDArray[np.bool_], caught: npt.NDArray[np.bool_], curve: Curve
) -> tuple[Bin, ...]:
    places, expected = np.searchsorted(EDGES, jaccards, side="right") - 1, curve.proposed(jaccards)
    bins = []
    for number, (low, high) in enumerate(zip(EDGES, (*EDGES[1:], EDGES[-1]), strict=True)):
        here = places == number
        if here.any():
            counts = {name: int(values[here].sum()) for name, values in (("proposed", proposed), ("caught", caught))}
            bins.append(Bin(low, high, int(here.sum()), **counts, expected=float(expected[here].sum())))
    return tuple(bins)


def share_a_band(measure: Step, measured: str, documents: pa.Table, pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Return, for each pair, whether the hashes that the step measures agree in one band."""
    rows: list[list[int] | None] = []
    for batch in documents.to_batches():
        rows += column(measure(batch), measured).to_pylist()
    both = ((rows[one] or (), rows[other] or ()) for one, other in zip(pairs.left, pairs.right, strict=True))
    return np.array([any(a == b for a, b in zip(*bands, strict=False)) for bands in both], bool)
