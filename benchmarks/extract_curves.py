"""What extract.py measures of a model alone: whether it knows how good it is, and what bounds on its probabilities do."""

from collections.abc import Sequence

import numpy as np

from atom_data.text.main_text.choice import choose
from atom_data.train.extraction.examples import agreement_of
from atom_data.train.extraction.extractor import Scored

BOUNDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def calibration(judged: Sequence[Scored], parts: int = 10) -> list[dict[str, float]]:
    """Return the mean F1 that models expect and the one found, by deciles of the expected one."""
    order = sorted(judged, key=lambda one: one.expected)
    rows = []
    for part in np.array_split(np.arange(len(order)), parts):
        expected = float(np.mean([order[index].expected for index in part]))
        found = float(np.mean([order[index].f1 for index in part]))
        rows.append({"pages": len(part), "expected": round(expected, 4), "found": round(found, 4)})
    return rows


def bounds(judged: Sequence[Scored]) -> list[dict[str, float]]:
    """Return F1, precision and recall where all blocks are kept that are at least so likely, and no others."""
    rows = []
    for bound in BOUNDS:
        kept = (choose(one.example.page, one.chances, least=bound, enough=bound)[0] for one in judged)
        means = np.mean([agreement_of(one.example, chosen) for one, chosen in zip(judged, kept, strict=True)], 0)
        values = dict(zip(("f1", "precision", "recall"), (round(float(mean), 4) for mean in means), strict=True))
        rows.append({"bound": bound, **values})
    return rows
