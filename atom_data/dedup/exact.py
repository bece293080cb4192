"""Exact copies: documents whose text is the same, byte for byte."""

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.dedup.documents import Documents
from atom_data.stage import Step
from atom_data.storage.shards import Reads


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


@dataclass(frozen=True, kw_only=True, slots=True)
class SameText:
    """Compares by the text as it is. Adds `copy_rank` (int32, 0: kept), `copy_count` (int32) and `copy_of` (id of the kept).

    A null text is no copy of anything. `keep("first_copy")` keeps one of each.
    """

    name: ClassVar[str] = "exact"
    measured: ClassVar[str] = "text_hash"
    measure: ClassVar[Step] = staticmethod(hash_text)
    added: ClassVar[pa.Schema] = pa.schema(
        [("copy_rank", pa.int32()), ("copy_count", pa.int32()), ("copy_of", pa.string())]
    )

    def compare(self, documents: Documents, source: Reads, out: str) -> dict[str, Any]:
        """Rank the documents of every hash that occurs twice or more. Memory: DuckDB's limit, the rest is on disk."""
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
        return {}
