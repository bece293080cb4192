"""Runs of words that follow themselves over and over, which make a training run's loss jump (OLMo 2)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.text.buffers import string_buffers
from atom_data.text.statistics.scratch import words_of


@dataclass(frozen=True, kw_only=True, slots=True)
class CountLoops:
    """Add `loop_count` (int32): the most often that a run of up to `longest` words stands in a row. Reads `text`.

    1 where none directly follows itself, 0 for a text without words and for a null: `a b a b a b c` has 3. A run that begins a
    second time and is cut off does not count.

    OLMo 2 (Walsh et al. 2024, 2 OLMo 2 Furious, section 3.1) drops documents with 32 or more repeats of an n-gram of 1 to 13
    tokens; ours are words, since it depends on no tokenizer, or bytes: `unit="bytes"` sees what has no spaces. Card: `olmo2_loops`.
    Memory: 40 bytes per word (or byte) of the batch.
    """

    longest: int = 13

    unit: Literal["words", "bytes"] = "words"

    def __post_init__(self) -> None:
        """Refuse a length below 1, and units there are not."""
        if self.longest < 1 or self.unit not in ("words", "bytes"):
            raise ConfigError(
                f"CountLoops: longest={self.longest}, unit={self.unit!r}. Give a length from 1 up, and words or bytes."
            )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Count in the texts of a batch."""
        if self.unit == "bytes":
            buffers = string_buffers(column(batch, "text"))
            values, offsets = np.asarray(buffers.data), np.asarray(buffers.offsets)
        else:
            batch, _, words = words_of(batch)
            values, offsets = np.asarray(words.hashes), np.asarray(words.offsets)
        return with_columns(batch, loop_count=_most(values, offsets - offsets[0], self.longest))


def _most(values: npt.NDArray[np.generic], offsets: npt.NDArray[np.int64], longest: int) -> npt.NDArray[np.int32]:
    """Return for each document the most repeats of any run of up to `longest` values.

    Values that equal those `size` places before them stand in runs; a run of so many has `1 + length // size` repeats.
    """
    values = values[: offsets[-1]]
    filled = np.flatnonzero(np.diff(offsets))
    found = np.zeros(offsets.size - 1, np.int32)
    found[filled] = 1
    places = np.arange(values.size, dtype=np.int64)
    first = np.repeat(offsets[:-1], np.diff(offsets))
    for size in range(1, min(longest, values.size) + 1):
        same = np.zeros(values.size, np.bool_)
        same[size:] = (values[size:] == values[:-size]) & (places[size:] - size >= first[size:])
        if not same.any():
            continue
        length = places - np.maximum.accumulate(np.where(same, -1, places))
        most = np.maximum.reduceat(length, offsets[:-1][filled])
        found[filled] = np.maximum(found[filled], 1 + most // size)
    return found
