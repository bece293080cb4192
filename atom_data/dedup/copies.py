"""Copies: a pass over the whole corpus that adds columns saying which documents are copies of which.

`Copies(of=clean, by=SameText())` reads like a stage: the rows of `clean`, with the columns that `SameText` adds. It
removes nothing; a card does. The way of comparing (`by`) is a frozen dataclass that says what to measure in each
document and finds the copies among all of them.
"""

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import with_columns
from atom_data.dedup.documents import Documents, open_documents
from atom_data.dedup.guard import refuse_losses
from atom_data.errors import DataError
from atom_data.identity import describe
from atom_data.job import Job, Progress, Table, Task, Work, jobs_behind
from atom_data.stage import Stage, Step
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import join
from atom_data.storage.receipts import read_receipt
from atom_data.storage.shards import Input, Intake, Reads, Shard

TASK = "copies"
"""The one task of the pass: it compares documents of all shards."""


class Comparison(Protocol):
    """A way of comparing documents."""

    @property
    def name(self) -> str:
        """The pass's default name."""

    @property
    def added(self) -> pa.Schema:
        """The columns that say what is a copy: a rank (0: kept), a count (1: alone), and null where there is no copy."""

    @property
    def measure(self) -> Step:
        """The step that measures each document on its own; it adds `text_bytes` and the column `measured`."""

    @property
    def measured(self) -> str:
        """The column by which documents are compared."""

    def compare(self, documents: Documents, source: Reads, out: str) -> dict[str, Any]:
        """Make the table `copies` (shard, row, id, source, language, `added`) and return notes for the receipt."""


@dataclass(frozen=True, kw_only=True)
class Copies:
    """What it reads, with columns that say which documents are copies of which. Removes nothing.

    Among copies the survivor is chosen in this order: source in `prefer`, longer text, smaller id.
    """

    of: Reads
    by: Comparison
    name: str = ""
    """Its folder; the comparison's name when empty."""
    prefer: tuple[str, ...] = ()
    """Names of sources, best first; sources not named come after."""
    memory: str = "2GB"
    """What DuckDB may use before it spills to disk."""
    allow_loss: float = 0.9
    """The share of a source's or language's documents that may be copies before the pass stops."""

    def __post_init__(self) -> None:
        """Take the comparison's name."""
        object.__setattr__(self, "name", self.name or self.by.name)

    @cached_property
    def measures(self) -> Stage:
        """The stage that measures every document, shard by shard."""
        kept = [name for name in ("source", "language") if name in self.of.schema().names]
        writes = ("id", *kept, self.by.measured, "text_bytes")
        return Stage(
            name=f"{self.name}-{self.by.measured.replace('_', '-')}",
            reads=self.of,
            steps=(self.by.measure,),
            writes=writes,
        )

    def jobs(self) -> tuple[Job, ...]:
        """The pass itself; the measures come before it."""
        return (self,)

    def upstream(self) -> tuple[Job, ...]:
        """What it reads, and the measures."""
        return (*jobs_behind(self.of), self.measures)

    def check(self) -> pa.Schema:
        """Return the columns added."""
        self.measures.check()
        return self.by.added

    def schema(self) -> pa.Schema:
        """What it reads, and the columns added."""
        schema = self.of.schema()
        return pa.schema([*schema, *(field for field in self.by.added if field.name not in schema.names)])

    def shards(self, out: str) -> tuple[Shard, ...]:
        """The shards of what it reads."""
        return self.of.shards(out)

    def current(self, shard: Shard, out: str) -> tuple[Input, ...]:
        """The shard, and its copies by the receipt of the pass; a shard without copies has no file of them."""
        return (self._copies(shard, out), *self.of.current(shard, out))

    def identity(self) -> dict[str, object]:
        """The comparison and the survivor policy."""
        return {"copies of": self.of.name, "by": describe(self.by), "prefer": list(self.prefer)}

    def tasks(self, out: str) -> tuple[Task, ...]:
        """One task."""
        shards = self.measures.shards(out)
        return (Task(TASK, sum(shard.bytes for shard in shards), shards),) if shards else ()

    def inputs(self, task: Task, out: str) -> tuple[Input, ...]:
        """All measures."""
        stage = self.measures
        return tuple(item for shard in task.shards for item in stage.current(shard, out))

    def work(self, task: Task, out: str, token: str, progress: Progress) -> Work:
        """Compare all documents; write, for each shard that has any, the rows that are copies or have copies."""
        work = Work()
        columns = ("id", "source", "language", self.by.measured, "text_bytes")
        with open_documents(
            self.measures, out, self.name, token, columns, self.prefer, self.memory, progress
        ) as documents:
            work.inputs, work.rows_in, work.rows_out = documents.inputs, documents.rows, documents.rows
            work.notes = self.by.compare(documents, self.of, out)
            work.notes["loss"] = documents.loss("copies", self.by.added.names[0])
            self._write(documents, out, token, work)
        return work

    def _write(self, documents: Documents, out: str, token: str, work: Work) -> None:
        schema = self._file_schema()
        names = ", ".join(schema.names)
        for (number,) in documents.database.sql("select distinct shard from copies order by shard").fetchall():
            with ExitStack() as stack:
                table = Table(self._path(documents.names[number]), schema, out, token, stack, work)
                found = documents.database.sql(f"select {names} from copies where shard = {number} order by row")
                for batch in found.to_arrow_reader(65_536):
                    table.write(batch)

    def accept(self, receipts: list[dict[str, Any]]) -> None:
        """Refuse a pass that would remove nearly all of a source or a language."""
        refuse_losses(self.name, receipts[0]["notes"]["loss"], self.allow_loss)

    def read(self, shard: Shard, out: str, columns: Collection[str], intake: Intake) -> Iterator[pa.RecordBatch]:
        """Yield what it reads with the columns added: rank 0, count 1 and nulls where a document has no copy.

        The ids of both sides are compared, so the pass can never be applied to other rows than those it saw.
        Memory: the copies of one shard (about 100 bytes a copy).
        """
        found, schema = self._copies(shard, out), self._file_schema()
        intake.inputs.append(found)
        batches = read_parquet(join(out, found.path), schema.names) if found.bytes else ()
        table = pa.Table.from_batches(batches, schema)
        rows = table.column("row").to_numpy()
        start = 0
        for batch in self.of.read(shard, out, {*columns, "id"} - set(self.by.added.names), intake):
            first, last = np.searchsorted(rows, [start, start + batch.num_rows])
            here, where = table.slice(first, last - first), rows[first:last] - start
            if here.column("id").to_pylist() != batch.column("id").take(pa.array(where)).to_pylist():
                raise DataError(
                    f"{self.name}/{shard.name}: the copies belong to other documents than the shard. Run '{self.name}' again."
                )
            start += batch.num_rows
            yield with_columns(
                batch, **{field.name: _spread(here, field, where, batch.num_rows) for field in self.by.added}
            )

    def _file_schema(self) -> pa.Schema:
        return pa.schema([("row", pa.int64()), ("id", pa.string()), *self.by.added])

    def _path(self, shard: str) -> str:
        return join(self.name, f"{shard}.parquet")

    def _copies(self, shard: Shard, out: str) -> Input:
        receipt = read_receipt(out, self.name, TASK)
        if receipt is None:
            raise DataError(f"{self.name}: there is no receipt, so the pass is not finished. Run '{self.name}' first.")
        path = self._path(shard.name)
        for item in receipt["outputs"]:
            if item["path"] == path:
                return Input(path=path, bytes=item["bytes"], sha256=item["sha256"])
        return Input(path=path, bytes=0, sha256="no copies")


def _spread(here: pa.Table, field: pa.Field, where: npt.NDArray[np.int64], rows: int) -> pa.Array:
    """Return a whole column from the values of the few rows in `where`."""
    if pa.types.is_integer(field.type):
        values = np.full(rows, 1 if field.name.endswith("_count") else 0, field.type.to_pandas_dtype())
        values[where] = here.column(field.name).to_numpy()
        return pa.array(values, field.type)
    positions = np.full(rows, -1, np.int64)
    positions[where] = np.arange(len(where))
    return here.column(field.name).combine_chunks().take(pa.array(positions, mask=positions < 0))
