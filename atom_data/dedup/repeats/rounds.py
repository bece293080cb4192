"""The two jobs of a round: texts cut into keyed pieces, shard by shard; equal pieces compared, partition by partition."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column
from atom_data.dedup.repeats.buckets import Buckets, Cursor, cursors, groups_of, read_bucket
from atom_data.dedup.repeats.engines import FOUND, RANK_BITS, SHARD_BITS, Partition, Verdict
from atom_data.errors import ConfigError, DataError
from atom_data.graph import Job, PassJob, ShardJob, Source, reference, rows_of
from atom_data.identity import describe
from atom_data.ids import Shards, create_id_hashes
from atom_data.job import Progress, Table, Task, Work
from atom_data.storage.paths import join
from atom_data.storage.pieces import share
from atom_data.storage.shards import Input, Intake
from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.repeats.first_seen import Keys, bucket_of
from atom_data.workspace import Workspace

Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


class Found(NamedTuple):
    """Pieces of a batch of texts, as FOUND has them; `rows` counts from the first text of the batch."""

    rows: Integers
    starts: Integers
    steps: Integers
    times: Integers


class Pieces(NamedTuple):
    """Pieces with the key that says which are equal; `groups` is empty, or names the pieces that may overlap in part."""

    rows: Integers
    starts: Integers
    steps: Integers
    times: Integers
    highs: Hashes
    lows: Hashes
    groups: Hashes


@dataclass(frozen=True, kw_only=True)
class Round:
    """One way of cutting texts into pieces, and of saying which pieces repeat."""

    name: str
    cut: Callable[[Buffers, Found], Pieces]
    """Gets a batch of texts and what the round before left open."""
    judge: Callable[[Partition], Iterator[Verdict]]
    grouped: bool = False


@dataclass(frozen=True, kw_only=True)
class CutPieces(ShardJob):
    """Cuts the texts of every shard into pieces and deals them into partitions, by key."""

    name: str
    of: Source
    by: Any
    number: int
    """Which of the rounds of `by`."""
    prefer: tuple[str, ...]
    partitions: int
    after: "ComparePieces | None"

    @cached_property
    def round(self) -> Round:
        """The round that it works for."""
        found: Round = self.by.rounds()[self.number]
        return found

    def upstream(self) -> tuple[Job, ...]:
        """What it reads, and the round before."""
        return self.of.jobs() if self.after is None else (*self.of.jobs(), self.after)

    def check(self) -> pa.Schema:
        """Return the columns written. ConfigError without `id` and `text`."""
        names = self.of.schema().names
        for name in ("id", "text"):
            if name not in names:
                raise ConfigError(f"{self.name}: '{self.of.name}' has no column '{name}'; it has: {', '.join(names)}.")
        keys = ["high", "low", "group"] if self.round.grouped else ["high", "low"]
        places = [("document", pa.uint64()), ("start", pa.int64()), ("step", pa.int32()), ("times", pa.int32())]
        return pa.schema([*((key, pa.uint64()) for key in keys), *places])

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """The shard, and what the round before found."""
        return (*self.of.current(task.shards[0], workspace), *(self.after.files(workspace) if self.after else ()))

    def identity(self) -> dict[str, object]:
        """The source, the way of cutting, and the partitions."""
        return {
            "pieces of": reference(self.of),
            "by": describe(self.by),
            "round": self.number,
            "prefer": list(self.prefer),
            "partitions": self.partitions,
            **({} if self.after else {"ids": 1}),
        }

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Write the pieces of a shard. Memory: a batch of texts with its pieces, and what `Buckets` collects."""
        work, shard = Work(), task.shards[0]
        intake = Intake(reject=lambda *_: None)
        ranks = {source: rank for rank, source in enumerate(self.prefer)}
        wanted = {"text", *(("source",) if ranks else ()), *(() if self.after else ("id",))}
        with ExitStack() as stack:
            buckets = Buckets(
                Table(join(self.name, f"{shard.name}.parquet"), self.check(), workspace, stack, work), work
            )
            before = self.after.cursors(workspace, shard.name) if self.after else []
            note = self._id_hashes(shard.name, workspace, stack, work)
            for batch in rows_of(self.of, shard, workspace, wanted, intake):
                found = take_found(before, work.rows_in, batch.num_rows, opened=True)
                pieces = self.round.cut(string_buffers(column(batch, "text")), found)
                documents = _ranked(batch, ranks)[pieces.rows] | (pieces.rows + work.rows_in).astype(np.uint64)
                keys = pieces.groups if self.round.grouped else pieces.highs
                buckets.add(bucket_of(keys, self.partitions), self._batch(pieces, documents))
                note(batch)
                work.rows_in += batch.num_rows
                progress(work.rows_in, intake.bytes_read, work.rows_in)
            buckets.deal()
        if work.rows_in >> SHARD_BITS:
            raise DataError(f"{self.name}/{shard.name}: more than 2^{SHARD_BITS} documents in a shard. Split it.")
        work.rows_out = work.rows_in
        work.inputs = [*intake.inputs, *(self.after.files(workspace) if self.after else ())]
        return work

    def ids(self, shard: str) -> str:
        """Return where the first round leaves the hashes of a shard's ids, relative to the output folder."""
        return join(self.name, f"{shard}.ids")

    def _id_hashes(
        self, shard: str, workspace: Workspace, stack: ExitStack, work: Work
    ) -> Callable[[pa.RecordBatch], None]:
        """Return what is told each batch: in the first round it notes the ids."""
        if self.after is not None:
            return lambda batch: None
        hashes, output = stack.enter_context(create_id_hashes(self.ids(shard), workspace))
        work.outputs.append(output)
        return lambda batch: hashes.add(column(batch, "id").cast(pa.string()))

    def refuse_repeated_ids(self, part: int, workspace: Workspace) -> None:
        """Raise DataError when two documents whose id is hashed into a partition have one id."""
        own = self.of.shards(workspace)
        names = [shard.name for shard in own]
        bases = np.cumsum(
            [0, *(receipt.rows_out for receipt in workspace.finished_receipts(self.name, names))], dtype=np.int64
        )

        def ids_of(shard: int) -> Iterator[pa.Array]:
            for batch in rows_of(self.of, own[shard], workspace, {"id"}, Intake(reject=lambda *_: None)):
                yield column(batch, "id").cast(pa.string())

        paths = [workspace.path(self.ids(name)) for name in names]
        where = self.name.removesuffix(f"-{self.round.name}")
        shards = Shards(where=where, names=names, bases=bases, paths=paths, read=ids_of)
        shards.refuse_repeats(*share(part, self.partitions))

    def _batch(self, pieces: Pieces, documents: Hashes) -> pa.RecordBatch:
        schema = self.check()
        columns: dict[str, npt.NDArray[Any]] = {"high": pieces.highs, "low": pieces.lows, "group": pieces.groups}
        columns |= {"document": documents, "start": pieces.starts, "step": pieces.steps, "times": pieces.times}
        return pa.RecordBatch.from_arrays(
            [pa.array(columns[field.name], field.type) for field in schema], schema=schema
        )


def _ranked(batch: pa.RecordBatch, ranks: dict[str, int]) -> Hashes:
    """Return the rank of each document's source, in the bits where it decides the order."""
    if not ranks:
        return np.zeros(batch.num_rows, np.uint64)
    found = [ranks.get(source or "", len(ranks)) for source in column(batch, "source").to_pylist()]
    return np.array(found, np.uint64) << np.uint64(RANK_BITS)


@dataclass(frozen=True, kw_only=True)
class ComparePieces(PassJob):
    """Compares the pieces of each partition; what repeats is dealt back to the shards."""

    name: str
    pieces: CutPieces
    memory: int

    def upstream(self) -> tuple[Job, ...]:
        """The pieces."""
        return (self.pieces,)

    def check(self) -> pa.Schema:
        """Return the columns written."""
        return FOUND

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """One task a partition."""
        size = sum(shard.bytes for shard in self.pieces.of.shards(workspace)) // self.pieces.partitions
        return tuple(Task(_part(number), size, ()) for number in range(self.pieces.partitions))

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """The pieces of all shards."""
        return workspace.inputs(self.pieces.name, [shard.name for shard in self.pieces.of.shards(workspace)])

    def identity(self) -> dict[str, object]:
        """What decides the pieces, and the memory, which decides in how many laps they are compared."""
        return {"compares": self.pieces.identity(), "memory": self.memory}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Write what repeats, a row group for each shard. Memory: the engine's, and a row group of pieces."""
        work = Work(inputs=list(self.inputs(task, workspace)))
        if self.pieces.after is None:
            self.pieces.refuse_repeated_ids(int(task.name.rpartition("-")[2]), workspace)
        part = _Part(self.pieces, int(task.name.rpartition("-")[2]), self.memory, workspace)
        repeated = 0
        with ExitStack() as stack:
            table = Table(join(self.name, f"{task.name}.parquet"), FOUND, workspace, stack, work)
            buckets = Buckets(table, work)
            for verdict in self.pieces.round.judge(part):
                buckets.write(verdict.shard, verdict.lap, verdict.found)
                repeated += verdict.found.num_rows
                progress(part.read, 0, repeated)
        work.notes |= {"pieces": part.pieces, "found": repeated}
        return work

    def files(self, workspace: Workspace) -> tuple[Input, ...]:
        """What it wrote, by the receipts."""
        return workspace.inputs(self.name, [_part(number) for number in range(self.pieces.partitions)])

    def cursors(self, workspace: Workspace, shard: str) -> list[Cursor]:
        """Return what was found in a shard, to be read in order of row."""
        number = [each.name for each in self.pieces.of.shards(workspace)].index(shard)
        files = groups_of(workspace, self.name, [_part(part) for part in range(self.pieces.partitions)])
        return [cursor for path, groups in files for cursor in cursors(path, groups, number)]


def _part(number: int) -> str:
    return f"part-{number:04}"


class _Part:
    """The pieces of one partition, as the engines read them."""

    def __init__(self, pieces: CutPieces, number: int, memory: int, workspace: Workspace) -> None:
        self.number, self.memory, self.ranks = number, memory, len(pieces.prefer) + 1
        self.shift = pieces.partitions.bit_length() - 1
        self.files = groups_of(workspace, pieces.name, [shard.name for shard in pieces.of.shards(workspace)])
        self.pieces = sum(rows for _, groups in self.files for bucket, _, rows in groups if bucket == number)
        self.expected = self.pieces * (2 if pieces.round.grouped else 1)
        self.read = 0

    def read_keys(self) -> Iterator[tuple[int, Keys]]:
        for shard, (path, groups) in enumerate(self.files):
            for batch in read_bucket(path, groups, self.number):
                self.read += batch.num_rows
                named = {name: batch.column(name).to_numpy() for name in batch.schema.names}
                wide = (named[name].astype(np.int64) for name in ("start", "step", "times"))
                documents = named["document"] | np.uint64(shard << SHARD_BITS)
                groups_ = named.get("group", np.empty(0, np.uint64))
                yield shard, Keys(named["high"], named["low"], groups_, documents, *wide)


def take_found(before: list[Cursor], start: int, rows: int, *, opened: bool) -> Found:
    """Return what was found in the documents [start, start + rows), in order: the open pieces, or the repeats."""
    batches = [batch for cursor in before for batch in cursor.until(start + rows)]
    table = pa.Table.from_batches(batches, FOUND)
    table = table.filter(table.column("open") if opened else pc.invert(table.column("open")))
    values = [table.column(name).to_numpy().astype(np.int64) for name in ("row", "start", "step", "times")]
    order = np.lexsort((values[1], values[0]))
    return Found(values[0][order] - start, *(value[order] for value in values[1:]))
