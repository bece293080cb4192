"""Near copies: MinHash proposes, the text itself confirms.

Broder 1997 (resemblance as the Jaccard index of shingle sets); banding as in Leskovec, Rajaraman and Ullman, Mining of
Massive Datasets, section 3.4: two texts of Jaccard index s share a band with probability 1 - (1 - s^rows)^bands.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.dedup.copies import TASK, copies_input, read_with_copies
from atom_data.dedup.documents import Documents, open_documents
from atom_data.dedup.exact import write_copies
from atom_data.dedup.guard import refuse_losses
from atom_data.dedup.verify import Candidates, confirm_candidates
from atom_data.errors import ConfigError
from atom_data.job import Job, Progress, Task, Work, jobs_behind
from atom_data.stage import Stage
from atom_data.storage.shards import Input, Intake, Reads, Shard
from atom_data.text.buffers import string_buffers
from atom_data.text.minhash import bands as band_hashes
from atom_data.text.minhash import signatures

ADDED = pa.schema(
    [
        ("near_copy_rank", pa.int32()),
        ("near_copy_count", pa.int32()),
        ("near_copy_of", pa.string()),
        ("near_copy_jaccard", pa.float32()),
        ("near_copy_containment", pa.float32()),
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BandHashes:
    """Add `band_hashes` (list of uint64, one a band; null for a text without words) and `text_bytes` (int64)."""

    ngram: int = 5
    bands: int = 14
    rows: int = 8
    seed: int = 1

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Hash the word n-grams of `text`; a text of fewer words has one shingle of all its words."""
        buffers = string_buffers(column(batch, "text"))
        found = signatures(buffers, self.ngram, self.bands * self.rows, self.seed)
        hashes = band_hashes(found, self.bands, self.rows)
        wordless = (found == np.iinfo(np.uint32).max).all(axis=1)
        offsets = pa.array(np.arange(len(hashes) + 1, dtype=np.int32) * self.bands)
        lists = pa.ListArray.from_arrays(offsets, pa.array(hashes.ravel()), mask=pa.array(wordless))
        return with_columns(batch, band_hashes=lists, text_bytes=pa.array(np.diff(buffers.offsets)))


@dataclass(frozen=True, kw_only=True)
class MinHash:
    """Adds `near_copy_rank`, `_count`, `_of`, `_jaccard`, `_containment`. Removes nothing: `keep("first_near_copy")` does.

    A document is a near copy (rank > 0) only when its word n-grams have a Jaccard index of at least `min_jaccard` with
    those of a document that is kept, computed on the texts. Survivors are chosen in this order: source in `prefer`,
    longer text, smaller id. Defaults: the bands and rows of FineWeb (Penedo et al. 2024, section 3.4).
    """

    of: Reads
    name: str = "near"
    ngram: int = 5
    bands: int = 14
    rows: int = 8
    seed: int = 1
    min_jaccard: float = 0.75
    bucket_cap: int = 64
    """With how many kept documents of one bucket a document is compared: hot buckets stay linear."""
    prefer: tuple[str, ...] = ()
    memory: str = "2GB"
    """What DuckDB may use before it spills to disk."""
    allow_loss: float = 0.9
    """The share of a source's or language's documents that may be copies before the pass stops."""

    def __post_init__(self) -> None:
        """Refuse parameters without sense."""
        for name in ("ngram", "bands", "rows", "bucket_cap"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"MinHash '{self.name}': {name} is {getattr(self, name)}. Give a whole number from 1."
                )
        if not 0 < self.min_jaccard <= 1:
            raise ConfigError(f"MinHash '{self.name}': min_jaccard is {self.min_jaccard}. Give a number in (0, 1].")

    def jobs(self) -> tuple[Job, ...]:
        """The pass itself; the signatures come before it."""
        return (self,)

    def signatures(self) -> Stage:
        """The stage that hashes the bands of every text, shard by shard."""
        step = BandHashes(ngram=self.ngram, bands=self.bands, rows=self.rows, seed=self.seed)
        kept = [name for name in ("source", "language") if name in self.of.schema().names]
        return Stage(
            name=f"{self.name}-signatures",
            reads=self.of,
            steps=(step,),
            writes=("id", *kept, "band_hashes", "text_bytes"),
        )

    def upstream(self) -> tuple[Job, ...]:
        """The signatures of what it reads."""
        return (*jobs_behind(self.of), self.signatures())

    def check(self) -> pa.Schema:
        """Return the columns added."""
        self.signatures().check()
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
        """Shingles, threshold and survivor policy; bands and rows decide the signatures, which are inputs."""
        return {
            "pass": "near copies",
            "of": self.of.name,
            "ngram": self.ngram,
            "min_jaccard": self.min_jaccard,
            "bucket_cap": self.bucket_cap,
            "prefer": list(self.prefer),
        }

    def tasks(self, out: str) -> tuple[Task, ...]:
        """One task: copies are found among all shards."""
        shards = self.signatures().shards(out)
        return (Task(TASK, sum(shard.bytes for shard in shards), shards),) if shards else ()

    def inputs(self, task: Task, out: str) -> tuple[Input, ...]:
        """All signatures."""
        return tuple(item for shard in task.shards for item in self.signatures().current(shard, out))

    def work(self, task: Task, out: str, token: str, progress: Progress) -> Work:
        """Group the bands on disk, confirm the candidates on their texts, write the copies of each shard.

        Memory: `memory` for the grouping, then 8 bytes a band and about 60 bytes more for each candidate; the
        candidates' shingles stand in a scratch file.
        """
        work = Work()
        columns = ("id", "source", "language", "band_hashes", "text_bytes")
        with open_documents(
            self.signatures(), out, self.name, token, columns, self.prefer, self.memory, progress
        ) as documents:
            work.inputs, work.rows_in, work.rows_out = documents.inputs, documents.rows, documents.rows
            candidates = find_candidates(documents, self.bands)
            copies, work.notes = confirm_candidates(
                documents, candidates, self.of, out,
                ngram=self.ngram, min_jaccard=self.min_jaccard, bucket_cap=self.bucket_cap,
            )  # fmt: skip
            documents.database.register("found", copies)
            documents.database.execute("create table copies as select * from found join candidates using (candidate)")
            write_copies(documents, self.name, ADDED, out, token, work)
            work.notes["loss"] = documents.loss("copies", "near_copy_rank")
        return work

    def accept(self, receipts: list[dict[str, Any]]) -> None:
        """Refuse a pass that would remove nearly all of a source or a language."""
        refuse_losses(self.name, receipts[0]["notes"]["loss"], self.allow_loss)


def find_candidates(documents: Documents, bands: int) -> Candidates:
    """Make the table `candidates`: documents that share a band with another, numbered by shard and row.

    `survival` is their place in the order in which survivors are chosen; the bucket of each band is -1 where the
    document is alone in it.
    """
    database = documents.database
    database.execute(
        """create table banded as
        select shard, row, (band - 1)::int as band, band_hashes[band] as hash
        from documents, generate_series(1, $1) as bands(band) where band_hashes is not null""".replace("$1", str(bands))
    )
    database.execute(
        """create table shared as
        select shard, row, band, (dense_rank() over (order by hash) - 1)::int as bucket from banded
        where hash in (select hash from banded group by hash having count(*) > 1)"""
    )
    database.execute("drop table banded")
    database.execute(
        """create table candidates as
        select (row_number() over (order by shard, row) - 1)::bigint as candidate,
               (row_number() over (order by priority, text_bytes desc, id, shard, row) - 1)::bigint as survival,
               shard, row, id, source, language
        from documents where (shard, row) in (select (shard, row) from shared)"""
    )
    count = database.execute("select count(*) from candidates").fetchone()[0]  # type: ignore[index]
    buckets = np.full((count, bands), -1, np.int64)
    found = database.sql("select candidate, band, bucket from shared join candidates using (shard, row)")
    for batch in found.to_arrow_reader(1 << 20):
        candidate, band, bucket = (batch.column(name).to_numpy() for name in ("candidate", "band", "bucket"))
        buckets[candidate, band] = bucket
    order = database.sql("select candidate from candidates order by survival").fetchnumpy()["candidate"]
    return Candidates(order=order.astype(np.int64), buckets=buckets, bucket_count=int(buckets.max(initial=-1)) + 1)
