"""Rows dealt into buckets: a Parquet file whose every row group belongs to one bucket, and readers that take one bucket.

This is how a pass hands rows from tasks by shard to tasks by key and back, on any file system: each task writes one file
and reads its own row groups of all others.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.job import Table, Work
from atom_data.storage.parquet import open_parquet
from atom_data.workspace import Workspace

WAITING_BYTES = 64 << 20
"""What a writer collects before it deals it into row groups."""
BATCH_ROWS = 65_536


class Buckets:
    """Writes rows by bucket and notes in the receipt which row group is whose. Memory: WAITING_BYTES, twice."""

    def __init__(self, table: Table, work: Work) -> None:
        """Write to the table of a task; the file is made even when no row comes."""
        self._shard = table.open()
        self._waiting: list[tuple[npt.NDArray[np.int64], pa.RecordBatch]] = []
        self._bytes = 0
        self._groups: list[tuple[int, int, int]] = []
        work.notes["groups"] = self._groups

    def add(self, buckets: npt.NDArray[np.int64], batch: pa.RecordBatch) -> None:
        """Add rows with the bucket of each; within a bucket their order is kept."""
        if batch.num_rows:
            self._waiting.append((buckets, batch))
            self._bytes += batch.nbytes
        if self._bytes >= WAITING_BYTES:
            self.deal()

    def deal(self) -> None:
        """Write what waits, a row group for each bucket that has rows."""
        if not self._waiting:
            return
        buckets = np.concatenate([numbers for numbers, _ in self._waiting])
        table = pa.Table.from_batches([batch for _, batch in self._waiting]).combine_chunks()
        self._waiting, self._bytes = [], 0
        order = np.argsort(buckets, kind="stable")
        (dealt,) = table.take(pa.array(order)).combine_chunks().to_batches()
        numbers, starts = np.unique(buckets[order], return_index=True)
        for number, start, stop in zip(numbers.tolist(), starts, [*starts[1:], len(order)], strict=True):
            self.write(number, 0, dealt.slice(start, stop - start))

    def write(self, bucket: int, lap: int, batch: pa.RecordBatch) -> None:
        """Write a row group at once; rows of one bucket that are not in one order with the rest have another `lap`."""
        if batch.num_rows:
            self._shard.write(batch)
            self._shard.flush()
            self._groups.append((bucket, lap, batch.num_rows))


def groups_of(workspace: Workspace, folder: str, names: Sequence[str]) -> list[tuple[str, list[list[int]]]]:
    """Return the path of each finished file and [bucket, lap, rows] of each of its row groups."""
    receipts = workspace.finished_receipts(folder, names)
    return [(workspace.path(receipt.outputs[0].path), receipt.notes["groups"]) for receipt in receipts]


def read_bucket(path: str, groups: list[list[int]], bucket: int) -> Iterator[pa.RecordBatch]:
    """Yield the row groups of a bucket, each as one batch (at most WAITING_BYTES, or what one document gave)."""
    mine = [number for number, group in enumerate(groups) if group[0] == bucket]
    if mine:
        file = open_parquet(path)
        try:
            for number in mine:
                yield from file.read_row_group(number).combine_chunks().to_batches()
        finally:
            file.close()


class Cursor:
    """Rows in the order of their column `row`, taken up to a row at a time. Memory: BATCH_ROWS rows and those taken."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        """Read from batches; nothing is read yet."""
        self._batches = batches
        self._rest: pa.RecordBatch | None = None

    def until(self, end: int) -> list[pa.RecordBatch]:
        """Return what comes next with `row` below `end`."""
        taken: list[pa.RecordBatch] = []
        while True:
            if self._rest is None:
                self._rest = next(self._batches, None)
                if self._rest is None:
                    return taken
            count = int(np.searchsorted(self._rest.column("row").to_numpy(), end))
            if count:
                taken.append(self._rest.slice(0, count))
            if count < self._rest.num_rows:
                self._rest = self._rest.slice(count)
                return taken
            self._rest = None


def cursors(path: str, groups: list[list[int]], bucket: int) -> Iterator[Cursor]:
    """Yield a cursor for each lap of a bucket."""
    for lap in sorted({group[1] for group in groups if group[0] == bucket}):
        numbers = [number for number, group in enumerate(groups) if group[:2] == [bucket, lap]]
        yield Cursor(_in_batches(path, numbers))


def _in_batches(path: str, numbers: list[int]) -> Iterator[pa.RecordBatch]:
    file = open_parquet(path)
    try:
        yield from file.iter_batches(batch_size=BATCH_ROWS, row_groups=numbers)
    finally:
        file.close()
