"""A corpus during a pass: how its documents are numbered, how its work is split, and what earlier jobs have made.

Every document has a number: shards in the order of their names, then rows. Work that looks at all documents is split
into parts by range of hash; how many parts there are changes no byte of a result.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.dedup.documents import Measures
from atom_data.dedup.survivors import Survivors
from atom_data.errors import ConfigError, DataError
from atom_data.graph import Job, check_name
from atom_data.ids import Shards
from atom_data.job import Progress, Task
from atom_data.storage.parquet import read_parquet
from atom_data.storage.pieces import share
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Input
from atom_data.storage.sizes import parse_bytes
from atom_data.workspace import Workspace

MOST_PARTS = 4096
LEAST_MEMORY = 1_000_000
SHARED_BYTES, SHARED_PARTS = 32 << 20, 4
"""Work that needs this much memory is split into a few parts, although one task could do it."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """What all jobs of a pass share."""

    name: str
    measures: Measures
    survivors: Survivors
    memory: str
    """Memory per task, e.g. `2GB`."""
    parts: int = 0
    """Number of parts that work on all documents is split into; 0: as many as `memory` requires."""

    def __post_init__(self) -> None:
        """Validate sizes, and a name that becomes a folder."""
        check_name("pass", self.name)
        self.memory_bytes  # noqa: B018 - refuses what is not a size
        if not 0 <= self.parts <= MOST_PARTS:
            raise ConfigError(f"{self.name}: parts is {self.parts}. Give a number from 1 to {MOST_PARTS:,}, or 0.")

    @property
    def memory_bytes(self) -> int:
        """`memory` as a number. ConfigError when it is not a size, or less than a task takes in any case."""
        return parse_bytes(self.memory, f"{self.name}: memory", at_least=LEAST_MEMORY)

    def tasks(self, need: int) -> tuple[Task, ...]:
        """Return a task for each part of work that needs `need` bytes of memory in all; some more, for workers to share."""
        least = max(-(-need // self.memory_bytes), min(need // SHARED_BYTES, SHARED_PARTS))
        parts = self.parts or min(MOST_PARTS, 1 << max(least - 1, 0).bit_length())
        return tuple(Task(f"{part:04}-of-{parts:04}", need // parts, ()) for part in range(parts))


def part_of(task: Task) -> tuple[int, int]:
    """Return the range of places of a task of `Corpus.tasks`."""
    part, _, parts = task.name.partition("-of-")
    return share(int(part), int(parts))


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that is done, as the jobs after it see it."""

    receipts: tuple[Receipt, ...]
    """Sorted by task."""
    input: Input
    """All that it made, as one input of a task that reads parts of everything."""
    bases: npt.NDArray[np.int64]
    """The number of the first row of each task's shard, and the number of all: documents are numbered by shard and row."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.bases[-1])

    def numbers(self, shard: str) -> tuple[int, int]:
        """Return the number of the first row of a shard and of the first after it."""
        place = bisect_left(self.receipts, shard, key=lambda receipt: receipt.shard)
        return int(self.bases[place]), int(self.bases[place + 1])

    def outputs(self, suffix: str) -> Iterator[tuple[int, str]]:
        """Yield, for each task that made a file with this ending, its first number and the path."""
        for base, receipt in zip(self.bases.tolist(), self.receipts, strict=False):
            for item in receipt.outputs:
                if item.path.endswith(suffix):
                    yield base, item.path

    def bytes(self, suffix: str) -> int:
        """Return the size of all files with this ending."""
        return sum(
            int(item.bytes) for receipt in self.receipts for item in receipt.outputs if item.path.endswith(suffix)
        )

    def notes(self, name: str) -> int:
        """Return the sum of a note over all tasks."""
        return sum(int(receipt.notes.get(name, 0)) for receipt in self.receipts)


def finished(job: Job, workspace: Workspace) -> Finished:
    """Return what a job has made; read once for each job, since it is complete before a job after it starts.

    DataError when it is not finished. Memory: its receipts.
    """
    found: Finished = workspace.keep(job.name, lambda: _finished(job, workspace))
    return found


def bytes_so_far(job: Job, workspace: Workspace, ending: str) -> int:
    """Return the bytes of files that a job has made; 0 while it is not finished, for who only counts tasks."""
    try:
        return finished(job, workspace).bytes(ending)
    except DataError:
        return 0


def _finished(job: Job, workspace: Workspace) -> Finished:
    receipts = tuple(workspace.finished_receipts(job.name, [task.name for task in job.tasks(workspace)]))
    outputs = [item for receipt in receipts for item in receipt.outputs]
    digest = hashlib.sha256()
    for item in outputs:
        digest.update(f"{item.path} {item.sha256}\n".encode())
    bases = np.cumsum([0, *(receipt.rows_out for receipt in receipts)], dtype=np.int64)
    size = sum(item.bytes for item in outputs)
    return Finished(receipts, Input(f"{job.name}/receipts", size, digest.hexdigest()), bases)


def refuse_repeated_ids(where: str, measures: Measures, workspace: Workspace, task: Task, progress: Progress) -> None:
    """Raise DataError when two documents of the corpus whose id is hashed into the range of a task have one id."""
    done = finished(measures, workspace)
    names = [str(receipt.shard) for receipt in done.receipts]

    def ids_of(shard: int) -> Iterator[pa.Array]:
        for batch in read_parquet(workspace.path(measures.documents(names[shard])), ["id"]):
            yield batch.column("id")

    paths = [workspace.path(measures.ids(name)) for name in names]
    shards = Shards(where=where, names=names, bases=done.bases, paths=paths, read=ids_of)
    shards.refuse_repeats(*part_of(task), lambda read: progress(0, read, 0))


def shard_inputs(measures: Measures, shard: str, workspace: Workspace) -> tuple[Input, ...]:
    """Return what a shard's measures were made of and what they are: the inputs of a job that reads both."""
    receipt = workspace.finished_receipt(measures.name, shard)
    inputs = (Input(item.path, item.bytes, item.sha256) for item in receipt.inputs)
    return (*inputs, *(Input(item.path, item.bytes, item.sha256) for item in receipt.outputs))
