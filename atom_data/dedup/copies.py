"""Copies: a pass over the whole corpus that adds columns saying which documents are copies of which.

`Copies(of=clean, by=SameText())` reads like a stage: the rows of `clean`, with the columns that `SameText` adds. It
removes nothing; a card does. The way of comparing (`by`) is a frozen dataclass that says what to measure in each
document and which jobs find the copies among all of them. Every job has tasks of bounded memory and a receipt for each:

    exact/text-hash    a task per shard: what is noted of each document, and its hashes dealt by range of hash
    exact/groups       a task a range of hashes: who is a copy; and whether an id repeats
    exact              a task per shard: the copies of the shard, in the order of its rows
    exact/guard        one task: what each source, language and domain would lose
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import with_columns
from atom_data.dedup.corpus import Corpus
from atom_data.dedup.documents import Hashes, Measures
from atom_data.dedup.guard import Guard
from atom_data.dedup.marks import Marks
from atom_data.dedup.survivors import Survivors
from atom_data.errors import DataError
from atom_data.graph import Job, Pass, Source, inner, reference, rows_of
from atom_data.identity import describe
from atom_data.storage.parquet import read_parquet
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace


class Comparison(Hashes, Protocol):
    """A way of comparing documents."""

    @property
    def name(self) -> str:
        """The pass's default name."""

    @property
    def added(self) -> pa.Schema:
        """The columns that say what is a copy.

        The first is a rank (0: kept), the second a count (1: alone), the third the id of the document that is kept instead.
        """

    def finds(self, corpus: Corpus, source: Source) -> Job:
        """Return the job that writes `number` and the columns added for every document that has or is a copy."""


@dataclass(frozen=True, kw_only=True)
class Copies(Pass):
    """What it reads, with columns that say which documents are copies of which. Removes nothing.

    DataError when two documents have one id: then nothing that is said of it could be held against a document.
    Among copies the survivor is chosen by each policy of `keep` in turn, then by smaller id.
    """

    checks_ids: ClassVar[bool] = True

    of: Source
    by: Comparison
    name: str = ""
    """Its folder, in which those of its jobs lie; the comparison's name when empty."""
    keep: tuple[str, ...] = ("source", "longest")
    """Policies: `source` (as in `prefer`), `longest`, `newest`, `oldest`, `first` (by the names of the shards, then by row)."""
    prefer: tuple[str, ...] = ()
    """Names of sources, best first; sources not named come after."""
    memory: str = "2GB"
    """Memory per task: it decides into how many parts the work is split, and no byte of the result. One cluster of near
    copies is never split: a task holds 295 bytes per document of it. So do five bytes per document of the corpus, where they
    are joined."""
    parts: int = 0
    """Number of parts the work is split into; 0: as many as `memory` requires. Changes no byte of the result either."""
    allow_loss: float = 0.9
    """The share of a source's or language's documents (of 1,000 or more) that may be copies before the pass stops."""
    allow_domain_loss: float = 0.98
    """The same for domains: many sites are one template."""

    finds_copies = True

    def __post_init__(self) -> None:
        """Take the comparison's name; validate sizes and policies."""
        object.__setattr__(self, "name", self.name or self.by.name)
        _ = self.guard

    @cached_property
    def corpus(self) -> Corpus:
        """What the jobs of the pass share."""
        return Corpus(
            name=self.name,
            measures=Measures(name=inner(self.name, self.by.measured.replace("_", "-")), of=self.of, by=self.by),
            survivors=Survivors(keep=tuple(self.keep), prefer=tuple(self.prefer)),
            memory=self.memory,
            parts=self.parts,
        )

    @cached_property
    def marks(self) -> Marks:
        """The job that leaves the copies of each shard."""
        return Marks(corpus=self.corpus, found=self.by.finds(self.corpus, self.of), added=self.by.added)

    @cached_property
    def guard(self) -> Guard:
        """The last job: it looks at what would be lost."""
        return Guard(marks=self.marks, allow_loss=self.allow_loss, allow_domain_loss=self.allow_domain_loss)

    def jobs(self) -> tuple[Job, ...]:
        """The last job; all others come before it."""
        return (self.guard,)

    def schema(self) -> pa.Schema:
        """What it reads, and the columns added."""
        schema = self.of.schema()
        return pa.schema([*schema, *(field for field in self.by.added if field.name not in schema.names)])

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The shard, and its copies by their receipt; a shard without copies has no file of them."""
        return (self._copies(shard, workspace), *self.of.current(shard, workspace))

    def identity(self) -> dict[str, object]:
        """What it reads, the comparison and the survivor policy."""
        return {
            "copies of": reference(self.of),
            "by": describe(self.by),
            "survivors": describe(self.corpus.survivors),
        }

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield what it reads with the columns added: rank 0, count 1 and nulls where a document has no copy.

        The ids of both sides are compared, so the pass can never be applied to other rows than those it saw.
        Memory: the copies of one shard (about 100 bytes a copy).
        """
        found, schema = self._copies(shard, workspace), self.marks.check()
        intake.inputs.append(found)
        batches = read_parquet(workspace.path(found.path), schema.names) if found.bytes else ()
        table = pa.Table.from_batches(batches, schema)
        rows = table.column("row").to_numpy()
        start = 0
        for batch in rows_of(self.of, shard, workspace, {*columns, "id"} - set(self.by.added.names), intake):
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

    def _copies(self, shard: Shard, workspace: Workspace) -> Input:
        path = self.marks.path(shard.name)
        for item in workspace.finished_receipt(self.name, shard.name).outputs:
            if item.path == path:
                return Input(path=path, bytes=item.bytes, sha256=item.sha256)
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
