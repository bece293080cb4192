"""What a sample holds, before it has a number: ids, labels, and where documents begin."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

IGNORED = -100
"""The label of a place that says nothing: what torch's cross entropy leaves out by itself."""


class Cut(NamedTuple):
    """`inputs` (uint32), `labels` of the same length (uint32; int64 where some are ignored), and `bounds` (int32)."""

    inputs: npt.NDArray[np.uint32]
    labels: npt.NDArray[Any]
    bounds: npt.NDArray[np.int32]


def boundaries(inputs: npt.NDArray[np.uint32], eos_id: int) -> npt.NDArray[np.int32]:
    """Return where documents begin in a window, and its length at the end: no index is needed, as an end token ends each."""
    inner = np.flatnonzero(inputs[:-1] == eos_id) + 1
    return np.concatenate([[0], inner, [len(inputs)]]).astype(np.int32)
