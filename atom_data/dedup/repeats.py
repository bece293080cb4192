"""Repeats: a pass over the whole corpus that adds columns saying which parts of each text came before.

`Repeats(of=clean, by=Lines())` reads like a stage: the rows of `clean`, with the columns that `Lines` adds. It changes no
text; the step `RemoveSpans` does, and a card drops what is left empty.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import with_columns
from atom_data.dedup.buckets import Cursor
from atom_data.dedup.remove import SPANS
from atom_data.dedup.rounds import ComparePieces, CutPieces, Found, Round, identity_of, take_found
from atom_data.errors import ConfigError, DataError, Refusal
from atom_data.identity import describe
from atom_data.job import Job, Progress, Table, Task, Work, jobs_behind, receipt_input
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import join
from atom_data.storage.shards import Input, Intake, Reads, Shard
from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.spans import Spans

MOST_PARTITIONS = 256
"""A task by shard holds a file open for each, in each round."""
MOST_SOURCES = 250
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
SMALL_BYTES = 10_000_000
"""Sources and languages with less text are not judged by `allow_loss`."""


class Repeatable(Protocol):
    """What can repeat in a text: lines, paragraphs, substrings."""

    @property
    def name(self) -> str:
        """The pass's default name."""

    @property
    def column(self) -> str:
        """What the columns are called by."""

    def rounds(self) -> tuple[Round, ...]:
        """The rounds in which pieces are cut and compared; each after the first looks into what the last left open."""

    def spans(self, buffers: Buffers, found: Found) -> tuple[Spans, npt.NDArray[np.int64]]:
        """Return the bytes of what repeats, by text and in order, and the number of repeats in each text."""


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """What it reads, with columns that say what of each text came before. Changes no text, removes no document.

    With `by=Lines()` it adds `repeated_lines` (list of start and end: bytes of the UTF-8 text, in order, never
    touching), `repeated_line_count` (int32), `repeated_line_bytes` (int64) and `repeated_line_share` (float32, of the
    text's bytes). Nothing repeated, no text or a null: an empty list and zeros. Which occurrence is the first is decided
    by document order: source in `prefer`, then shard name, then row, then place in the text.

    A round is two jobs with tasks that do not depend on each other: one a shard, then one a partition. Nothing in the
    columns depends on the number of partitions, the memory, or the order in which tasks run. The first comparison also
    looks at the ids. DataError when two documents have one.
    """

    checks_ids: ClassVar[bool] = True

    of: Reads
    by: Repeatable
    name: str = ""
    """Its folder; the name of `by` when empty."""
    prefer: tuple[str, ...] = ()
    """Names of sources, best first; sources not named come after."""
    partitions: int = 16
    """Tasks of the comparison, a power of two: take so many that one's share of all hashes is about `memory`."""
    memory: str = "1GB"
    """What a comparison may use for its table; with less than its keys need, it reads its pieces more often."""
    allow_loss: float = 0.9
    """The share of a source's or language's bytes that may be repeats before the pass stops."""

    def __post_init__(self) -> None:
        """Take the name of what it compares by; refuse parameters without sense."""
        object.__setattr__(self, "name", self.name or self.by.name)
        if not 1 <= self.partitions <= MOST_PARTITIONS or self.partitions & (self.partitions - 1):
            raise ConfigError(
                f"Repeats '{self.name}': partitions is {self.partitions}. Give a power of two from 1 to {MOST_PARTITIONS}."
            )
        if len(self.prefer) > MOST_SOURCES:
            raise ConfigError(f"Repeats '{self.name}': prefer names {len(self.prefer)} sources; {MOST_SOURCES} can be.")
        self.memory_bytes  # noqa: B018 - refuses what is no size

    @property
    def memory_bytes(self) -> int:
        """`memory` as a number. ConfigError when it is no size."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?) *([KMGT]?B)", self.memory)
        if match is None or not float(match[1]):
            raise ConfigError(
                f"Repeats '{self.name}': memory is '{self.memory}'. Give a size such as '500MB' or '2GB'."
            )
        return int(float(match[1]) * UNITS[match[2]])

    @cached_property
    def compared(self) -> tuple[ComparePieces, ...]:
        """The comparison of each round; the pieces of a round come before it."""
        found: list[ComparePieces] = []
        for number, each in enumerate(self.by.rounds()):
            pieces = CutPieces(
                name=f"{self.name}-{each.name}",
                of=self.of,
                by=self.by,
                number=number,
                prefer=self.prefer,
                partitions=self.partitions,
                after=found[-1] if found else None,
            )
            found.append(ComparePieces(name=f"{pieces.name}-compared", pieces=pieces, memory=self.memory_bytes))
        return tuple(found)

    @property
    def added(self) -> pa.Schema:
        """The columns added."""
        name = self.by.column
        return pa.schema(
            [
                (f"{name}s", SPANS),
                (f"{name}_count", pa.int32()),
                (f"{name}_bytes", pa.int64()),
                (f"{name}_share", pa.float32()),
            ]
        )

    def jobs(self) -> tuple[Job, ...]:
        """The pass itself; the rounds come before it."""
        return (self,)

    def upstream(self) -> tuple[Job, ...]:
        """What it reads, and the comparisons."""
        return (*jobs_behind(self.of), *self.compared)

    def check(self) -> pa.Schema:
        """Return the columns added."""
        for job in self.compared:
            job.pieces.check()
        return self.added

    def schema(self) -> pa.Schema:
        """What it reads, and the columns added."""
        schema = self.of.schema()
        return pa.schema([*(field for field in schema if field.name not in self.added.names), *self.added])

    def shards(self, out: str) -> tuple[Shard, ...]:
        """The shards of what it reads."""
        return self.of.shards(out)

    def tasks(self, out: str) -> tuple[Task, ...]:
        """One task a shard."""
        return tuple(Task(shard.name, shard.bytes, (shard,)) for shard in self.of.shards(out))

    def inputs(self, task: Task, out: str) -> tuple[Input, ...]:
        """The shard, and all that was found."""
        return (*self.of.current(task.shards[0], out), *self._found(out))

    def _found(self, out: str) -> tuple[Input, ...]:
        return tuple(item for job in self.compared for item in job.files(out))

    def current(self, shard: Shard, out: str) -> tuple[Input, ...]:
        """The shard, and the repeats in it."""
        return (receipt_input(self.name, shard.name, out), *self.of.current(shard, out))

    def identity(self) -> dict[str, object]:
        """What it compares by, and the order of sources."""
        return {"repeats of": identity_of(self.of), "by": describe(self.by), "prefer": list(self.prefer)}

    def _file_schema(self) -> pa.Schema:
        return pa.schema([("row", pa.int64()), ("id", pa.string()), *self.added])

    def work(self, task: Task, out: str, token: str, progress: Progress) -> Work:
        """Write a row for each document of a shard that has repeats. Memory: a batch, and a cursor a partition."""
        work, shard = Work(), task.shards[0]
        intake = Intake(reject=lambda *_: None)
        whole, repeated = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        before = [cursor for job in self.compared for cursor in job.cursors(out, shard.name)]
        with ExitStack() as stack:
            path = join(self.name, f"{shard.name}.parquet")
            table = Table(path, self._file_schema(), out, token, stack, work)
            table.open()
            for batch in self.of.read(shard, out, {"id", "text", "source", "language"}, intake):
                buffers = string_buffers(batch.column("text"))
                found = take_found(before, work.rows_in, batch.num_rows, opened=False)
                spans, counts = self.by.spans(buffers, found)
                sizes = np.diff(buffers.offsets)
                lost = np.bincount(spans.rows, spans.ends - spans.starts, len(sizes)).astype(np.int64)
                table.write(self._rows(batch, work.rows_in, spans, counts, lost, sizes))
                _add_up(batch, sizes, whole)
                _add_up(batch, lost, repeated)
                work.rows_in += batch.num_rows
                work.text_bytes += int(sizes.sum())
                progress(work.rows_in, intake.bytes_read, work.rows_in)
        work.rows_out = work.rows_in
        work.inputs = [*intake.inputs, *self._found(out)]
        work.notes["loss"] = [[*key, size, repeated[key]] for key, size in sorted(whole.items())]
        return work

    def _rows(
        self,
        batch: pa.RecordBatch,
        start: int,
        spans: Spans,
        counts: npt.NDArray[np.int64],
        lost: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int64],
    ) -> pa.RecordBatch:
        some = np.flatnonzero(lost)
        places = np.searchsorted(spans.rows, some, "left")
        offsets = pa.array(np.append(places, len(spans.rows)), pa.int32())
        pairs = pa.StructArray.from_arrays([pa.array(spans.starts), pa.array(spans.ends)], names=["start", "end"])
        values = [
            pa.array(some + start),
            batch.column("id").take(pa.array(some)).cast(pa.string()),
            pa.ListArray.from_arrays(offsets, pairs),
            pa.array(counts[some], pa.int32()),
            pa.array(lost[some]),
            pa.array((lost[some] / sizes[some]).astype(np.float32)),
        ]
        return pa.RecordBatch.from_arrays(values, schema=self._file_schema())

    def accept(self, receipts: list[dict[str, Any]]) -> None:
        """Refuse a pass that would take nearly all of a source's or a language's text."""
        whole, repeated = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for receipt in receipts:
            for column, value, size, lost in receipt["notes"]["loss"]:
                whole[column, value] += size
                repeated[column, value] += lost
        for (column, value), size in sorted(whole.items()):
            if size >= SMALL_BYTES and repeated[column, value] > self.allow_loss * size:
                raise Refusal(
                    f"{self.name}: of {column} '{value}', {repeated[column, value]:,} of {size:,} bytes are repeats; "
                    f"allowed are {self.allow_loss:.0%}. Look at the spans in {self.name}/; then run again with "
                    "--accept, or set allow_loss in the recipe, if this is right."
                )

    def read(self, shard: Shard, out: str, columns: Collection[str], intake: Intake) -> Iterator[pa.RecordBatch]:
        """Yield what it reads with the columns added.

        The ids of both sides are compared, so the pass can never be applied to other rows than those it saw.
        Memory: a batch.
        """
        found, schema = receipt_input(self.name, shard.name, out), self._file_schema()
        intake.inputs.append(found)
        cursor, start = Cursor(read_parquet(join(out, found.path), schema.names)), 0
        for batch in self.of.read(shard, out, {*columns, "id"} - set(self.added.names), intake):
            here = pa.Table.from_batches(cursor.until(start + batch.num_rows), schema).combine_chunks()
            where = here.column("row").to_numpy() - start
            if here.column("id").to_pylist() != batch.column("id").take(pa.array(where, pa.int64())).to_pylist():
                raise DataError(
                    f"{self.name}/{shard.name}: the repeats belong to other documents than the shard. Run '{self.name}' again."
                )
            start += batch.num_rows
            positions = np.full(batch.num_rows, -1, np.int64)
            positions[where] = np.arange(len(where))
            places = pa.array(positions, mask=positions < 0)
            yield with_columns(batch, **{field.name: _spread(here, field, places) for field in self.added})


def _spread(here: pa.Table, field: pa.Field, places: pa.Array) -> pa.Array:
    """Return a whole column from the values of few rows: an empty list or zero for all others."""
    values = here.column(field.name).combine_chunks()
    nothing = pa.array([[]], SPANS) if field.type == SPANS else pa.array([0], field.type)
    return pa.concat_arrays([values, nothing]).take(places.fill_null(len(values)))


def _add_up(batch: pa.RecordBatch, sizes: npt.NDArray[np.int64], totals: Counter[tuple[str, str]]) -> None:
    for name in ("source", "language"):
        if name in batch.schema.names:
            for value, size in zip(batch.column(name).to_pylist(), sizes.tolist(), strict=True):
                if value is not None:
                    totals[name, str(value)] += size
