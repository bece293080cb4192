"""What the passes know of every document, measured shard by shard, and the number each document has in the corpus."""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column, empty
from atom_data.graph import ShardJob, Source, rows_of, stage_of
from atom_data.identity import describe
from atom_data.ids import create_id_hashes
from atom_data.job import Progress, Table, Task, Work
from atom_data.signals.urls import domains_of
from atom_data.stage import Stage, Step
from atom_data.storage.parquet import Output, strings
from atom_data.storage.paths import join
from atom_data.storage.pieces import create_pieces, hash_places
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace

DOCUMENTS = pa.schema([*strings("id", "source", "language", "domain", "date"), ("text_bytes", pa.int64())])
"""What survivor policies and the guard look at; columns that the corpus lacks are null. Row by row as in the shard."""


class Hashes(Protocol):
    """The part of a comparison that measures."""

    @property
    def measure(self) -> Step:
        """The step that measures each document on its own; it adds the column `measured`, and may add `text_bytes`."""

    @property
    def measured(self) -> str:
        """The column by which documents are compared."""

    @property
    def record(self) -> pa.Schema:
        """The columns of `records`; the first is `hash` (uint64), the second `row` (int64)."""

    def records(self, documents: pa.RecordBatch, measured: pa.Array, first: int) -> pa.RecordBatch:
        """Return what goes to the task that groups equal hashes; `first` is the row of the first document."""


@dataclass(frozen=True, kw_only=True)
class Measures(ShardJob):
    """The first job of a pass: each shard read once, its documents noted and their hashes dealt by range.

    NAME/SHARD.parquet has DOCUMENTS, NAME/SHARD.hashes the records of the comparison, NAME/SHARD.ids the hashes of the
    ids, by which the job after it finds those that repeat. Memory: a batch and 200 MB.
    """

    name: str
    of: Source
    by: Hashes

    @cached_property
    def stage(self) -> Stage:
        """The step as a stage: it knows the columns that the step needs."""
        return Stage(
            name=stage_of(self.name),
            reads=self.of,
            steps=(self.by.measure,),
            writes=("id", self.by.measured),
            provenance=False,
        )

    def check(self) -> pa.Schema:
        """Try the step on zero rows, and whether what it measures can be compared."""
        measured = self.stage.check().field(self.by.measured)
        self.by.records(empty(DOCUMENTS), pa.array([], measured.type), 0)
        return DOCUMENTS

    def identity(self) -> dict[str, object]:
        """What is read and how it is measured."""
        return {"measures": self.stage.identity()["reads"], "by": describe(self.by.measure), "format": 2}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Measure every document of a shard."""
        shard, work, intake = task.shards[0], Work(), Intake(reject=lambda *_: None)
        columns = {*self.stage.needed(), *self._wanted()}
        hashes = Output(self.hashes(shard.name))
        with ExitStack() as stack:
            table = Table(self.documents(shard.name), DOCUMENTS, workspace, stack, work)
            table.open()
            pieces = stack.enter_context(
                create_pieces(workspace.path(hashes.path), self.by.record, workspace.token, hashes)
            )
            ids, id_hashes = stack.enter_context(create_id_hashes(self.ids(shard.name), workspace))
            work.outputs += [hashes, id_hashes]
            for batch in rows_of(self.of, shard, workspace, columns, intake):
                measured = self.by.measure(batch)
                documents = documents_of(measured)
                table.write(documents)
                ids.add(documents.column("id"))
                records = self.by.records(documents, column(measured, self.by.measured), work.rows_in)
                pieces.write(records, hash_places(records.column("hash").to_numpy()))
                work.rows_in += batch.num_rows
                progress(work.rows_in, intake.bytes_read, work.rows_in)
        work.rows_out = work.rows_in
        work.take(shard, intake)
        return work

    def _wanted(self) -> set[str]:
        there = set(self.of.schema().names)
        return there & {
            "id",
            "source",
            "language",
            "date",
            "text_bytes",
            *(("domain",) if "domain" in there else ("url",)),
        }

    def documents(self, shard: str) -> str:
        """Return where the documents of a shard are noted, relative to the output folder."""
        return join(self.name, f"{shard}.parquet")

    def hashes(self, shard: str) -> str:
        """Return where the records of a shard are, relative to the output folder."""
        return join(self.name, f"{shard}.hashes")

    def ids(self, shard: str) -> str:
        """Return where the hashes of a shard's ids are, relative to the output folder."""
        return join(self.name, f"{shard}.ids")


def documents_of(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return what is noted of each document of a batch."""
    there = dict(zip(batch.schema.names, batch.columns, strict=True))
    if "domain" not in there and "url" in there:
        there["domain"] = domains_of(there["url"].cast(pa.string()))
    if "text_bytes" not in there and "text" in there:
        there["text_bytes"] = pc.fill_null(pc.binary_length(there["text"]).cast(pa.int64()), 0)
    arrays = [there.get(field.name, pa.nulls(batch.num_rows)).cast(field.type) for field in DOCUMENTS]
    return pa.RecordBatch.from_arrays(arrays, schema=DOCUMENTS)
