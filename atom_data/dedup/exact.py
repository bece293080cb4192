"""Exact copies: documents whose text is the same, byte for byte."""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.dedup.copies import TASK, copies_input, copies_path, read_with_copies
from atom_data.dedup.documents import Documents, open_documents
from atom_data.dedup.guard import refuse_losses
from atom_data.identity import describe
from atom_data.job import Job, Progress, Table, Task, Work, jobs_behind
from atom_data.stage import Stage
from atom_data.storage.shards import Input, Intake, Reads, Shard

ADDED = pa.schema([("copy_rank", pa.int32()), ("copy_count", pa.int32()), ("copy_of", pa.string())])


def hash_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add `text_hash` (binary[16], BLAKE2b of the UTF-8 text; null for a null text) and `text_bytes` (int64).

    A cryptographic hash, because a crawled page must not be able to pass for another one.
    """
    texts = column(batch, "text").cast(pa.binary()).to_pylist()
    hashes = [None if text is None else hashlib.blake2b(text, digest_size=16).digest() for text in texts]
    return with_columns(
        batch,
        text_hash=pa.array(hashes, pa.binary(16)),
        text_bytes=pa.array([0 if text is None else len(text) for text in texts], pa.int64()),
    )


@dataclass(frozen=True, kw_only=True)
class ExactCopies:
    """Adds `copy_rank`, `copy_count` and `copy_of` to what it reads. Removes nothing: `keep("first_copy")` does.

    Among equal texts the survivor (rank 0) is the one whose source comes first in `prefer`, then the smallest id.
    `copy_of` names it in all others. A null text is no copy of anything.
    """

    of: Reads
    name: str = "exact"
    prefer: tuple[str, ...] = ()
    """Names of sources, best first; sources not named come after."""
    memory: str = "2GB"
    """What DuckDB may use before it spills to disk."""
    allow_loss: float = 0.9
    """The share of a source's or language's documents that may be copies before the pass stops."""

    def jobs(self) -> tuple[Job, ...]:
        """The pass itself; the hashes come before it."""
        return (self,)

    def hashes(self) -> Stage:
        """The stage that hashes every text, shard by shard."""
        kept = [name for name in ("source", "language") if name in self.of.schema().names]
        return Stage(
            name=f"{self.name}-hashes",
            reads=self.of,
            steps=(hash_text,),
            writes=("id", *kept, "text_hash", "text_bytes"),
        )

    def upstream(self) -> tuple[Job, ...]:
        """The hashes of what it reads."""
        return (*jobs_behind(self.of), self.hashes())

    def check(self) -> pa.Schema:
        """Return the columns added."""
        self.hashes().check()
        return ADDED

    def schema(self) -> pa.Schema:
        """What it reads, and the columns added."""
        schema = self.of.schema()
        return pa.schema([*schema, *(field for field in ADDED if field.name not in schema.names)])

    def shards(self, out: str) -> tuple[Shard, ...]:
        """The shards of what it reads."""
        return self.of.shards(out)

    def current(self, shard: Shard, out: str) -> tuple[Input, ...]:
        """The shard and its copies."""
        return (copies_input(self.name, shard, out), *self.of.current(shard, out))

    def read(self, shard: Shard, out: str, columns: Collection[str], intake: Intake) -> Iterator[pa.RecordBatch]:
        """Yield what it reads with the columns added."""
        return read_with_copies(self.of, self.name, shard, out, columns, ADDED, intake)

    def identity(self) -> dict[str, object]:
        """The survivor policy."""
        return {"pass": "exact copies", "of": self.of.name, "prefer": list(self.prefer), "step": describe(hash_text)}

    def tasks(self, out: str) -> tuple[Task, ...]:
        """One task: copies are found among all shards."""
        shards = self.hashes().shards(out)
        return (Task(TASK, sum(shard.bytes for shard in shards), shards),) if shards else ()

    def inputs(self, task: Task, out: str) -> tuple[Input, ...]:
        """All hashes."""
        return tuple(item for shard in task.shards for item in self.hashes().current(shard, out))

    def work(self, task: Task, out: str, token: str, progress: Progress) -> Work:
        """Rank the documents of every hash that occurs twice or more. Memory: `memory`, the rest is on disk."""
        work = Work()
        columns = ("id", "source", "language", "text_hash", "text_bytes")
        with open_documents(
            self.hashes(), out, self.name, token, columns, self.prefer, self.memory, progress
        ) as documents:
            work.inputs, work.rows_in, work.rows_out = documents.inputs, documents.rows, documents.rows
            documents.database.execute(
                """create table copies as
                select shard, row, id, source, language,
                       (row_number() over same - 1)::int as copy_rank,
                       (count(*) over (partition by text_hash))::int as copy_count,
                       case when row_number() over same > 1 then first_value(id) over same end as copy_of
                from documents
                where text_hash in (select text_hash from documents group by text_hash having count(*) > 1)
                window same as (partition by text_hash order by priority, id, shard, row)"""
            )
            write_copies(documents, self.name, ADDED, out, token, work)
            work.notes["loss"] = documents.loss("copies", "copy_rank")
        return work

    def accept(self, receipts: list[dict[str, Any]]) -> None:
        """Refuse a pass that would remove nearly all of a source or a language."""
        refuse_losses(self.name, receipts[0]["notes"]["loss"], self.allow_loss)


def write_copies(documents: Documents, name: str, added: pa.Schema, out: str, token: str, work: Work) -> None:
    """Write the table `copies` as one file for each shard that has any, sorted by row."""
    schema = pa.schema([("row", pa.int64()), ("id", pa.string()), *added])
    names = ", ".join(schema.names)
    shards = documents.database.execute("select distinct shard from copies order by shard").fetchall()
    for (number,) in shards:
        with ExitStack() as stack:
            table = Table(copies_path(name, documents.names[number]), schema, out, token, stack, work)
            found = documents.database.sql(f"select {names} from copies where shard = {number} order by row")
            for batch in found.to_arrow_reader(65_536):
                table.write(batch)
