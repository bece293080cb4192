"""Where a takedown masked documents: their tokens are end tokens, and no label of a sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

IGNORED = -100
"""The label of a place that says nothing: what torch's cross entropy leaves out by itself."""

Ranges = list[tuple[int, int]]


class Masks:
    """The masked ranges of the shards of a manifest. Memory: 16 bytes per masked document."""

    def __init__(self, shards: Sequence[dict[str, Any]]) -> None:
        """Take the ranges of those shards that have some."""
        self._ranges = {
            number: np.array(shard["masked"], np.int64) for number, shard in enumerate(shards) if shard.get("masked")
        }

    def __bool__(self) -> bool:
        """Whether anything is masked."""
        return bool(self._ranges)

    def within(self, number: int, start: int, stop: int, zero: int = 0) -> Ranges:
        """Return the masked parts of tokens [start, stop) of a shard, counted from `zero`."""
        ranges = self._ranges.get(number)
        if ranges is None:
            return []
        first, last = np.searchsorted(ranges[:, 1], start, "right"), np.searchsorted(ranges[:, 0], stop, "left")
        return [(max(begin, start) - zero, min(end, stop) - zero) for begin, end in ranges[first:last].tolist()]


def mask_window(ranges: Ranges, labels: npt.NDArray[Any], begins: npt.NDArray[np.bool_]) -> None:
    """Ignore the labels of a window that are masked, and let each masked document be one, however many end tokens it has.

    `ranges` count from the first input; `labels` and `begins`, where documents begin, are those of the window.
    """
    for first, stop in ranges:
        labels[max(first - 1, 0) : max(stop - 1, 0)] = IGNORED
        begins[first + 1 : stop] = False
