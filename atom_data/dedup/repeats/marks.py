"""The last job of `Repeats`: what the comparisons found, put together as rows beside each shard."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.dedup.repeats.rounds import ComparePieces, Found, Round, take_found
from atom_data.errors import Refusal
from atom_data.graph import Job, ShardJob, Source, reference, rows_of
from atom_data.identity import describe
from atom_data.job import Progress, Table, Task, Work
from atom_data.storage.paths import join
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Input, Intake, parts_meet
from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.repeats.spans import Spans
from atom_data.workspace import Workspace

SMALL_BYTES = 10_000_000
"""Sources and languages with less text are not checked by `allow_loss`."""


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
class MarkRepeats(ShardJob):
    """Writes NAME/SHARD.parquet with a row for each document that has repeats: row, id, and the columns added."""

    name: str
    of: Source
    by: Repeatable
    prefer: tuple[str, ...]
    compared: tuple[ComparePieces, ...]
    """The comparison of each round; the pieces of a round come before it."""
    added: pa.Schema
    allow_loss: float

    def upstream(self) -> tuple[Job, ...]:
        """What it reads, and the comparisons."""
        return (*self.of.jobs(), *self.compared)

    def check(self) -> pa.Schema:
        """Return what it writes."""
        for job in self.compared:
            job.pieces.check()
        return pa.schema([("row", pa.int64()), ("id", pa.string()), *self.added])

    def identity(self) -> dict[str, object]:
        """What it compares by, and the order of sources."""
        return {"repeats of": reference(self.of), "by": describe(self.by), "prefer": list(self.prefer)}

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """The shard, and all that was found."""
        return (*self.of.current(task.shards[0], workspace), *self._found(workspace))

    def _found(self, workspace: Workspace) -> tuple[Input, ...]:
        return tuple(item for job in self.compared for item in job.files(workspace))

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Write a row for each document of a shard that has repeats. Memory: a batch, and a cursor a partition."""
        work, shard = Work(), task.shards[0]
        intake = Intake(reject=lambda *_: None)
        whole, repeated = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        before = [cursor for job in self.compared for cursor in job.cursors(workspace, shard.name)]
        with ExitStack() as stack:
            path = join(self.name, f"{shard.name}.parquet")
            table = Table(path, self.check(), workspace, stack, work)
            table.open()
            for batch in rows_of(self.of, shard, workspace, {"id", "text", "source", "language"}, intake):
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
        work.take(shard, intake)
        work.inputs += self._found(workspace)
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
        return pa.RecordBatch.from_arrays(values, schema=self.check())

    def accept(self, receipts: Sequence[Receipt]) -> None:
        """Refuse a pass that would take nearly all of a source's or a language's text."""
        whole, repeated = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for receipt in receipts:
            for column, value, size, lost in receipt.notes["loss"]:
                whole[column, value] += size
                repeated[column, value] += lost
        for (column, value), size in sorted(whole.items()):
            if size >= SMALL_BYTES and repeated[column, value] > self.allow_loss * size:
                raise Refusal(
                    f"{self.name}: of {column} '{value}', {repeated[column, value]:,} of {size:,} bytes are repeats; "
                    f"allowed are {self.allow_loss:.0%}. Look at the spans in {self.name}/; then run again with "
                    "--accept, or set allow_loss in the recipe, if this is right."
                )
        parts_meet(span for receipt in receipts for span in receipt.spans)


def _add_up(batch: pa.RecordBatch, sizes: npt.NDArray[np.int64], totals: Counter[tuple[str, str]]) -> None:
    for name in ("source", "language"):
        if name in batch.schema.names:
            for value, size in zip(batch.column(name).to_pylist(), sizes.tolist(), strict=True):
                if value is not None:
                    totals[name, str(value)] += size
