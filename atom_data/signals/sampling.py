"""A number for each document that samples are drawn by."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.text.hashes import hash_64


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleUnit:
    """Add `sample_unit` (float64) in [0, 1) from `id`: the same document, the same number, in every run and shard.

    It is the first 53 bits of BLAKE2b of the seed and the id. A card with `max = 0.1` keeps a tenth; a larger bound keeps
    the same documents and more. Another seed draws another sample. A null id has no number.
    """

    seed: int = 0

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Number the documents of a batch."""
        values = column(batch, "id")
        text = values.cast(pa.string()) if pa.types.is_integer(values.type) else values
        identifiers = text.cast(pa.large_binary()).to_pylist()
        key = f"sample {self.seed} ".encode()
        bits = [hash_64(key + (one or b"")) >> 11 for one in identifiers]
        none = np.array([one is None for one in identifiers], bool)
        return with_columns(batch, sample_unit=pa.array(np.array(bits, np.float64) / 2**53, mask=none))
