"""The copies of each shard, in the order of its rows, and what its sources, languages and domains lose."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.dedup.corpus import Corpus, finished, shard_inputs
from atom_data.dedup.documents import DOCUMENTS
from atom_data.dedup.near.clusters import read_numbers
from atom_data.graph import Job, PassJob
from atom_data.job import Progress, Table, Task, Work
from atom_data.storage.parquet import integers, read_parquet, strings
from atom_data.storage.paths import join
from atom_data.storage.shards import Input
from atom_data.workspace import Workspace

GROUPS = ("source", "language", "domain")
LOSS = pa.schema([*strings("column", "value"), *integers("documents", "removed"), *strings("sample")])
"""What a group of documents would lose, with one of them: `id -> id of the document that is kept`."""


@dataclass(frozen=True, kw_only=True)
class Marks(PassJob):
    """The job that leaves the copies: a task per shard, which collects what was found of its documents.

    NAME/SHARD.parquet has row, id and the columns added, for every document that is or has a copy; NAME/loss/SHARD.parquet
    has LOSS. Memory: the copies and the noted documents of one shard.
    """

    corpus: Corpus
    found: Job
    added: pa.Schema

    a_task_a_shard = True

    @property
    def name(self) -> str:
        """The pass's own folder."""
        return self.corpus.name

    def path(self, shard: str) -> str:
        """Return where the copies of a shard are, relative to the output folder."""
        return join(self.name, f"{shard}.parquet")

    def upstream(self) -> tuple[Job, ...]:
        """The job that found the copies."""
        return (self.found,)

    def check(self) -> pa.Schema:
        """Return what it writes of a copy."""
        return pa.schema([("row", pa.int64()), ("id", pa.string()), *self.added])

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """One task per shard."""
        return self.corpus.measures.tasks(workspace)

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """All that was found, and the shard's documents."""
        return (finished(self.found, workspace).input, *shard_inputs(self.corpus.measures, task.name, workspace))

    def identity(self) -> dict[str, object]:
        """What is collected."""
        return {"marks of": self.found.name}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Write the copies of a shard, and the loss of its groups."""
        measures = finished(self.corpus.measures, workspace)
        start, stop = measures.numbers(task.name)
        found = [
            batch
            for _, path in finished(self.found, workspace).outputs(".found")
            for batch in read_numbers(workspace.path(path), measures.count, start, stop)
        ]
        table = pa.Table.from_batches(found, self.found.check()).sort_by("number")
        rows = table.column("number").to_numpy() - start
        work = Work(inputs=list(self.inputs(task, workspace)), rows_in=stop - start, rows_out=stop - start)
        names = ["id", *GROUPS]
        batches = read_parquet(workspace.path(self.corpus.measures.documents(task.name)), names)
        documents = pa.Table.from_batches(batches, pa.schema([field for field in DOCUMENTS if field.name in names]))
        with ExitStack() as stack:
            if len(rows):
                marks = Table(self.path(task.name), self.check(), workspace, stack, work)
                ids = documents.column("id").take(pa.array(rows))
                columns = [pa.array(rows), ids, *table.select(self.added.names).itercolumns()]
                for batch in pa.Table.from_arrays(columns, schema=self.check()).to_batches(65_536):
                    marks.write(batch)
            losses = Table(join(self.name, "loss", f"{task.name}.parquet"), LOSS, workspace, stack, work)
            kept = table.column(self.added.names[2]).combine_chunks()
            for batch in loss_of(documents, rows[table.column(1).to_numpy() > 0], kept.drop_null()).to_batches():
                losses.write(batch)
        work.notes = {"copies": int((table.column(1).to_numpy() > 0).sum())}
        return work


def loss_of(documents: pa.Table, removed: npt.NDArray[np.int64], kept: pa.Array) -> pa.Table:
    """Count the documents of every group, and those among the rows `removed` for the documents `kept`."""
    gone = np.zeros(documents.num_rows, np.int64)
    gone[removed] = 1
    places = np.full(documents.num_rows, -1, np.int64)
    places[removed] = np.arange(len(removed))
    others = kept.take(pa.array(places, mask=places < 0))
    sample = pc.binary_join_element_wise(documents.column("id"), others, " -> ")
    tables = []
    for name in GROUPS:
        counted = pa.table({"value": documents.column(name), "gone": gone, "sample": sample})
        counted = counted.filter(pc.is_valid(counted.column("value")))
        sums = counted.group_by("value").aggregate([("gone", "count"), ("gone", "sum"), ("sample", "min")])
        sums = sums.sort_by("value")
        column = pa.array([name] * sums.num_rows, pa.string())
        values = [sums.column(key) for key in ("value", "gone_count", "gone_sum", "sample_min")]
        tables.append(
            pa.Table.from_arrays(
                [column, *(v.cast(f.type) for v, f in zip(values, [*LOSS][1:], strict=True))], schema=LOSS
            )
        )
    return pa.concat_tables(tables)
