"""Engines that find first occurrences among the pieces of one partition, exactly or with a Bloom filter.

Both see the pieces in document order: source by `prefer`, then shard name, row, and place in the text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.text.repeats.bloom import BLOCK_BYTES, add_and_test, blocks_for
from atom_data.text.repeats.first_seen import Keys, Seen

Integers = npt.NDArray[np.int64]
RANK_BITS, SHARD_BITS = 56, 32
FOREVER = 1 << 62
"""A distance that no text has: nothing in the first document is a repeat."""


class Partition(Protocol):
    """The pieces of all shards whose keys fall into one partition."""

    shift: int
    """There are 2^shift partitions."""
    expected: int
    """Distinct keys at most."""
    ranks: int
    """How many ranks of sources there are."""
    memory: int
    """Bytes that the engine may take."""

    def read_keys(self) -> Iterator[tuple[int, Keys]]:
        """Yield shard numbers and keys, in order of shard and row; `documents` are rank, shard and row in one number."""


class Verdict(NamedTuple):
    """An engine's result for pieces of a shard: those that repeat, and those that are still open."""

    lap: int
    shard: int
    found: pa.RecordBatch


FOUND = pa.schema(
    [("row", pa.int64()), ("start", pa.int64()), ("step", pa.int32()), ("times", pa.int32()), ("open", pa.bool_())]
)
"""A piece: `step` units (or windows) from `start` on, `times` times one after the other. `open`: not decided yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exact:
    """Compares by a table of all keys: what it says is so, as far as 128-bit hashes are.

    The pieces of a partition are read twice for each time that its distinct keys fill the memory (91 bytes per key).
    """

    def judge(
        self, partition: Partition, *, distance: int, at_most: int = 1, keep_first: bool = True
    ) -> Iterator[Verdict]:
        """Yield what repeats, shard by shard. See `Seen.judge` for the rule."""
        lap, seen = 0, Seen(partition.memory, partition.expected)
        while True:
            for _, keys in partition.read_keys():
                seen.note(keys, distance == FOREVER)
            for shard, keys in partition.read_keys():
                staying, several = seen.judge(keys, distance, at_most, keep_first)
                yield Verdict(lap, shard, found_batch(keys, staying, several))
            lap += 1
            if not seen.next_round():
                return


@dataclass(frozen=True, kw_only=True, slots=True)
class Bloom:
    """Compares by a Bloom filter, in one reading; a few lines that never came before are removed.

    A line that did come before is always found. Which others are taken for repeats depends on keys and document order
    alone: every block of the filter is filled by one task, in document order, whatever the number of partitions.

    Memory: for a rate of 1e-2, 1.3 bytes per line, for 1e-4 3.3, for 1e-6 8.0, and rounded up to a power of two in all.
    """

    lines: int
    """Distinct lines expected in all documents."""
    false_positive_rate: float = 1e-6
    """The false positive rate at this many keys."""

    def __post_init__(self) -> None:
        """Validate parameters."""
        if self.lines < 1:
            raise ConfigError(f"Bloom: lines is {self.lines}. Give the number of distinct lines you expect.")
        if not 0 < self.false_positive_rate < 1:
            raise ConfigError(
                f"Bloom: false_positive_rate is {self.false_positive_rate}. Give a number between 0 and 1, such as 1e-6."
            )
        blocks_for(self.lines, self.false_positive_rate)

    @property
    def bytes(self) -> int:
        """Memory of the whole filter; each partition has its share of it."""
        return BLOCK_BYTES * blocks_for(self.lines, self.false_positive_rate)

    def judge(
        self, partition: Partition, *, distance: int, at_most: int = 1, keep_first: bool = True
    ) -> Iterator[Verdict]:
        """Yield what came before, shard by shard."""
        words = np.zeros((self.bytes // BLOCK_BYTES >> partition.shift, 8), np.uint32)
        for rank in range(partition.ranks):
            for shard, keys in partition.read_keys():
                mine = np.flatnonzero(keys.documents >> np.uint64(RANK_BITS) == rank)
                chosen = keys.take(mine)
                known = add_and_test(
                    words, partition.shift, chosen.highs, chosen.lows, chosen.documents, distance != FOREVER
                )
                yield Verdict(rank, shard, found_batch(chosen, np.where(known, 0, 1), np.zeros(len(known), np.bool_)))


def found_batch(keys: Keys, staying: Integers, several: npt.NDArray[np.bool_]) -> pa.RecordBatch:
    """Return what does not stay, and what stays but is open, by row."""
    gone = np.flatnonzero((staying >= 0) & (staying < keys.times))
    still = np.flatnonzero((staying > 0) & several)
    which = np.concatenate([gone, still])
    rows = (keys.documents[which] & np.uint64((1 << SHARD_BITS) - 1)).astype(np.int64)
    skipped = np.concatenate([staying[gone], np.zeros(len(still), np.int64)])
    times = np.concatenate([keys.times[gone] - staying[gone], staying[still]])
    opened = np.arange(len(which)) >= len(gone)
    order = np.argsort(rows, kind="stable")
    steps = keys.steps[which]
    columns = [rows, keys.starts[which] + skipped * steps, steps, times, opened]
    return pa.RecordBatch.from_arrays(
        [pa.array(values[order], field.type) for values, field in zip(columns, FOUND, strict=True)], schema=FOUND
    )
