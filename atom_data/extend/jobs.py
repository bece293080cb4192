"""The two jobs that most passes are made of: one task for each shard, and one task over what all of these wrote.

A function makes both: it gets batches in their order and yields batches of the columns that the job writes. It may hold
what it likes of them, and that is the memory of a task; it knows nothing of tasks, files and receipts.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa

from atom_data.batch import empty
from atom_data.errors import ConfigError, DataError
from atom_data.graph import Job, PassJob, ShardJob, Source, reference, rows_of
from atom_data.identity import describe
from atom_data.job import Progress, Table, Task, Work
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import join
from atom_data.storage.shards import Input, Intake
from atom_data.workspace import Workspace

Makes = Callable[[Iterator[pa.RecordBatch]], Iterable[pa.RecordBatch]]


@dataclass(frozen=True, kw_only=True)
class EachShard(ShardJob):
    """A job with a task for each shard of a source: NAME/SHARD.parquet has what `make` yields for the shard's batches."""

    name: str
    of: Source
    columns: tuple[str, ...]
    """Those of `of` that `make` looks at."""
    make: Makes
    writes: pa.Schema
    """The columns that `make` yields."""

    def check(self) -> pa.Schema:
        """Try `make` on zero rows. ConfigError where a column is not there, and where it yields others than it should."""
        schema = self.of.schema()
        for name in self.columns:
            if name not in schema.names:
                there = ", ".join(schema.names)
                raise ConfigError(
                    f"job '{self.name}': no column '{name}'; columns there: {there}. Let the stage write it."
                )
        return _tried(self.name, self.make, pa.schema([schema.field(name) for name in self.columns]), self.writes)

    def identity(self) -> dict[str, object]:
        """What it reads, and the function."""
        made = {"make": describe(self.make), "writes": describe(self.writes)}
        return {"each shard of": reference(self.of), "columns": list(self.columns), **made}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Write what `make` yields."""
        shard, work, intake = task.shards[0], Work(), Intake(reject=lambda *_: None)

        def read() -> Iterator[pa.RecordBatch]:
            for batch in rows_of(self.of, shard, workspace, self.columns, intake):
                work.rows_in += batch.num_rows
                progress(work.rows_in, intake.bytes_read, work.rows_in)
                yield batch

        _write(self.name, task, self.make(read()), self.writes, workspace, work)
        work.rows_out = work.rows_in
        work.take(shard, intake)
        return work

    def batches(self, workspace: Workspace) -> Iterator[pa.RecordBatch]:
        """Yield what all tasks wrote, in the order of the shards."""
        for name in workspace.shard_names(self.name):
            yield from read_parquet(workspace.path(self.name, f"{name}.parquet"), self.writes.names)

    def written(self, workspace: Workspace) -> Input:
        """Return what all tasks wrote as one input, by the hashes of their files. DataError when one is not finished."""
        files = workspace.inputs(self.name, workspace.shard_names(self.name))
        digest = hashlib.sha256("".join(f"{file.path} {file.sha256}\n" for file in files).encode())
        return Input(f"{self.name}/receipts", sum(file.bytes for file in files), digest.hexdigest())


@dataclass(frozen=True, kw_only=True)
class AllShards(PassJob):
    """A job with one task over what all tasks of another wrote: NAME/all.parquet has what `make` yields for it."""

    name: str
    after: EachShard
    make: Makes
    writes: pa.Schema
    """The columns that `make` yields."""

    def upstream(self) -> tuple[Job, ...]:
        """The job whose tables it reads."""
        return (self.after,)

    def check(self) -> pa.Schema:
        """Try `make` on zero rows. ConfigError where it yields others than it should."""
        self.after.check()
        return _tried(self.name, self.make, self.after.writes, self.writes)

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """One."""
        return (Task("all", self.after.written(workspace).bytes, ()),)

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """All that the job before wrote."""
        return (self.after.written(workspace),)

    def identity(self) -> dict[str, object]:
        """The job before, and the function."""
        return {"all of": self.after.identity(), "make": describe(self.make), "writes": describe(self.writes)}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Write what `make` yields."""
        work = Work(inputs=[self.after.written(workspace)])
        read = 0

        def batches() -> Iterator[pa.RecordBatch]:
            nonlocal read
            for batch in self.after.batches(workspace):
                read += batch.nbytes
                progress(0, read, 0)
                yield batch

        _write(self.name, task, self.make(batches()), self.writes, workspace, work)
        return work

    def table(self, workspace: Workspace) -> pa.Table:
        """Return what it wrote. Memory: all of it."""
        found = read_parquet(workspace.path(self.name, "all.parquet"), self.writes.names)
        return pa.Table.from_batches(found, self.writes)


def _tried(name: str, make: Makes, reads: pa.Schema, writes: pa.Schema) -> pa.Schema:
    for batch in make(iter([empty(reads)])):
        _require(name, batch, writes, ConfigError)
    return writes


def _write(
    name: str, task: Task, made: Iterable[pa.RecordBatch], writes: pa.Schema, workspace: Workspace, work: Work
) -> None:
    with ExitStack() as stack:
        table = Table(join(name, f"{task.name}.parquet"), writes, workspace, stack, work)
        table.open()
        for batch in made:
            _require(f"{name}, task '{task.name}'", batch, writes, DataError)
            table.write(batch)


def _require(name: str, batch: object, writes: pa.Schema, error: type[Exception]) -> None:
    """Raise an error unless a batch has the columns that a job writes."""
    if not isinstance(batch, pa.RecordBatch) or not batch.schema.equals(writes):
        found = (
            ", ".join(f"{field.name} {field.type}" for field in batch.schema)
            if isinstance(batch, pa.RecordBatch)
            else ""
        )
        wanted = ", ".join(f"{field.name} {field.type}" for field in writes)
        raise error(
            f"job '{name}': make yields {found or repr(batch)}; by `writes` it is {wanted}. Let both say the same."
        )
