"""Shares of a whole, the form most signals have."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def shares(parts: npt.NDArray[Any], wholes: npt.NDArray[Any]) -> pa.Array:
    """Return `parts / wholes` as float32, null where the whole is nothing."""
    none = wholes == 0
    return pa.array((parts / np.where(none, 1, wholes)).astype(np.float32), mask=none)
