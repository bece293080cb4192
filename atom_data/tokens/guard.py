"""Checks of the ids of documents: ids that text must not produce, and documents without tokens."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from atom_data.tokens.tokenizer.reference import Encoded, Reference

FEW = 4
"""Ids that a document of spaces alone may have."""

Runs = list[tuple[int, int]]
"""Neighboring ids, first and last."""


def runs_of(ids: Sequence[int]) -> Runs:
    """Return sorted ids as runs of consecutive ones: real tokenizers have one to three runs of special ids."""
    runs: Runs = []
    for one in ids:
        if runs and one == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], one
        else:
            runs.append((one, one))
    return runs


def among(ids: npt.NDArray[np.uint32], runs: Runs) -> npt.NDArray[np.bool_]:
    """Tell of every id whether it is in one of the runs."""
    found = np.zeros(len(ids), np.bool_)
    for first, last in runs:
        # below `first` the difference wraps around, and is larger than any run
        found |= ids == first if first == last else ids - np.uint32(first) <= last - first
    return found


def with_tokens(reference: Reference, texts: Sequence[str], encoded: Encoded) -> npt.NDArray[np.bool_]:
    """Tell of every text whether an id is left of it that stands for more than spaces, where it is more than spaces."""
    lengths = np.diff(encoded.offsets)
    whole = np.asarray(lengths > 0, np.bool_)
    if reference.losses.vanished:
        for number in np.flatnonzero(whole & (lengths <= FEW)).tolist():
            its = encoded.ids[encoded.offsets[number] : encoded.offsets[number + 1]].tolist()
            whole[number] = not texts[number].strip() or not reference.blank.issuperset(its)
    return whole


def selected(encoded: Encoded, keep: npt.NDArray[np.bool_]) -> Encoded:
    """Return the ids of some of the texts."""
    lengths = np.diff(encoded.offsets)
    offsets = np.zeros(int(keep.sum()) + 1, np.int64)
    np.cumsum(lengths[keep], out=offsets[1:])
    return Encoded(encoded.ids[np.repeat(keep, lengths)], offsets)


def count_of(wanted: int | None, encoded: Encoded) -> tuple[int, int]:
    """Return in how many texts an id is, and how often."""
    if wanted is None:
        return 0, 0
    hits = np.flatnonzero(encoded.ids == wanted)
    return len(np.unique(np.searchsorted(encoded.offsets, hits, "right"))), len(hits)
