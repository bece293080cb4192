"""Who survives in a cluster of near copies where another tool's choice must come out."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from atom_data.dedup.near.sets import Hashes, Integers
from atom_data.text.similarity.datatrove import datatrove_roots, datatrove_signatures


@dataclass(frozen=True, kw_only=True, slots=True)
class DatatroveSurvivor:
    """The root of datatrove's union by size, from the signatures of all that is in a cluster. Memory: 8 bytes a place of each."""

    ngram: int
    bands: int
    rows: int
    seed: int

    def signatures(self, text: pa.Array) -> pa.Array:
        """Return a list of `bands * rows` numbers a text (large_list of uint64)."""
        found = datatrove_signatures(text, self.ngram, self.bands * self.rows, self.seed)
        offsets = np.arange(len(found) + 1, dtype=np.int64) * found.shape[1]
        return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(found.ravel()))

    def first(self, order: Integers, numbers: Integers, signatures: Hashes) -> Integers:
        """Return `order`, rows with the best first, with the roots before all others; `numbers` are the rows' in the corpus."""
        reading = np.argsort(numbers, kind="stable")
        rows = signatures.reshape(len(numbers), self.bands * self.rows)[reading]
        is_root = np.zeros(len(numbers), bool)
        is_root[reading[datatrove_roots(rows, self.bands)]] = True
        return np.concatenate([order[is_root[order]], order[~is_root[order]]])
