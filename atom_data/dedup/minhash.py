"""Near copies: MinHash proposes, the text itself confirms.

Broder 1997 (resemblance as the Jaccard index of shingle sets); banding as in Leskovec, Rajaraman and Ullman, Mining of
Massive Datasets, section 3.4: two texts of Jaccard index s share a band with probability 1 - (1 - s^rows)^bands.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.dedup.documents import Documents
from atom_data.dedup.verify import Candidates, confirm_candidates
from atom_data.errors import ConfigError
from atom_data.stage import Step
from atom_data.storage.shards import Reads
from atom_data.text.buffers import string_buffers
from atom_data.text.minhash import bands as band_hashes
from atom_data.text.minhash import has_shingles, signatures


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
        offsets = pa.array(np.arange(len(hashes) + 1, dtype=np.int32) * self.bands)
        lists = pa.ListArray.from_arrays(offsets, pa.array(hashes.ravel()), mask=pa.array(~has_shingles(found)))
        return with_columns(batch, band_hashes=lists, text_bytes=pa.array(np.diff(buffers.offsets)))


@dataclass(frozen=True, kw_only=True, slots=True)
class MinHash:
    """Compares by word n-grams. Adds `near_copy_rank`, `_count`, `_of`, `_jaccard` and `_containment`.

    A document is a near copy (rank > 0) only when its word n-grams have a Jaccard index of at least `min_jaccard` with
    those of a document that is kept, computed on the texts. A text without words is no copy of anything.
    `keep("first_near_copy")` keeps one of each. Defaults: the bands and rows of FineWeb (Penedo et al. 2024, section 3.4).
    """

    ngram: int = 5
    bands: int = 14
    rows: int = 8
    seed: int = 1
    min_jaccard: float = 0.75
    bucket_cap: int = 64
    """With how many kept documents of one bucket a document is compared: hot buckets stay linear."""

    name: ClassVar[str] = "near"
    measured: ClassVar[str] = "band_hashes"
    added: ClassVar[pa.Schema] = pa.schema(
        [
            ("near_copy_rank", pa.int32()),
            ("near_copy_count", pa.int32()),
            ("near_copy_of", pa.string()),
            ("near_copy_jaccard", pa.float32()),
            ("near_copy_containment", pa.float32()),
        ]
    )

    def __post_init__(self) -> None:
        """Refuse parameters without sense."""
        for name in ("ngram", "bands", "rows", "bucket_cap"):
            if getattr(self, name) < 1:
                raise ConfigError(f"MinHash: {name} is {getattr(self, name)}. Give a whole number from 1.")
        if not 0 < self.min_jaccard <= 1:
            raise ConfigError(f"MinHash: min_jaccard is {self.min_jaccard}. Give a number in (0, 1].")

    @property
    def measure(self) -> Step:
        """The step that hashes the bands of each text."""
        return BandHashes(ngram=self.ngram, bands=self.bands, rows=self.rows, seed=self.seed)

    def compare(self, documents: Documents, source: Reads, out: str) -> dict[str, Any]:
        """Group the bands on disk, then confirm the candidates on their texts.

        Memory: DuckDB's limit for the grouping, then 8 bytes a band and about 60 bytes more for each candidate; the
        candidates' shingles stand in a scratch file.
        """
        candidates = find_candidates(documents, self.bands)
        copies, notes = confirm_candidates(
            documents, candidates, source, out,
            ngram=self.ngram, min_jaccard=self.min_jaccard, bucket_cap=self.bucket_cap,
        )  # fmt: skip
        documents.database.register("found", copies)
        documents.database.execute("create table copies as select * from found join candidates using (candidate)")
        return notes


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
    ((count,),) = database.sql("select count(*) from candidates").fetchall()
    buckets = np.full((count, bands), -1, np.int64)
    found = database.sql("select candidate, band, bucket from shared join candidates using (shard, row)")
    for batch in found.to_arrow_reader(1 << 20):
        candidate, band, bucket = (batch.column(name).to_numpy() for name in ("candidate", "band", "bucket"))
        buckets[candidate, band] = bucket
    order = database.sql("select candidate from candidates order by survival").fetchnumpy()["candidate"]
    return Candidates(order=order.astype(np.int64), buckets=buckets, bucket_count=int(buckets.max(initial=-1)) + 1)
