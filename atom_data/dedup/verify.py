"""Confirmation: candidates compared on their texts, each only with documents that are kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.dedup.documents import Documents
from atom_data.errors import DataError
from atom_data.storage.shards import Intake, Reads, Shard
from atom_data.text.buffers import string_buffers
from atom_data.text.copies import confirm
from atom_data.text.shingles import shingle_set

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Documents that share a bucket with another, by number."""

    order: Integers
    """Their numbers in the order in which survivors are chosen, best first."""
    buckets: Integers
    """[candidate, band]: the bucket, or -1 where the document is alone in it."""
    bucket_count: int


def confirm_candidates(
    documents: Documents,
    candidates: Candidates,
    source: Reads,
    out: str,
    *,
    ngram: int,
    min_jaccard: float,
    bucket_cap: int,
) -> tuple[pa.Table, dict[str, Any]]:
    """Walk the candidates in survivor order; one is a copy when a kept document of its buckets is near enough.

    Returns a table of the copies and of the documents kept for them (`candidate` and the columns of the pass; rank 0 for
    the kept), and notes for the receipt.
    """
    shingles, offsets = shingles_on_disk(documents, source, out, ngram)
    copy_of, jaccard, containment, compared = confirm(
        candidates.order,
        candidates.buckets,
        candidates.bucket_count,
        shingles,
        offsets,
        min_jaccard=min_jaccard,
        cap=bucket_cap,
    )
    removed = np.flatnonzero(copy_of >= 0)
    kept = np.unique(copy_of[removed])
    size = len(offsets) - 1
    count = np.bincount(copy_of[removed], minlength=size) + 1
    ranks = ranks_within(copy_of, candidates.order)
    ids = documents.database.sql("select id from candidates order by candidate").to_arrow_table().column("id")
    rows = np.concatenate([kept, removed])
    cluster = np.concatenate([kept, copy_of[removed]])
    lone = np.concatenate([np.ones(len(kept), bool), np.zeros(len(removed), bool)])
    table = pa.table(
        {
            "candidate": pa.array(rows),
            "near_copy_rank": pa.array(ranks[rows], pa.int32()),
            "near_copy_count": pa.array(count[cluster], pa.int32()),
            "near_copy_of": ids.take(pa.array(cluster, mask=lone)),
            "near_copy_jaccard": pa.array(jaccard[rows], pa.float32(), mask=lone),
            "near_copy_containment": pa.array(containment[rows], pa.float32(), mask=lone),
        }
    )
    notes = {
        "candidates": size,
        "compared": int(compared),
        "near_copies": len(removed),
        "buckets": candidates.bucket_count,
    }
    return table, notes


def ranks_within(copy_of: Integers, order: Integers) -> Integers:
    """Return 0 for kept documents, and 1, 2, ... for the copies of each, in survivor order."""
    ranks = np.zeros(len(copy_of), np.int64)
    ordered = order[copy_of[order] >= 0]
    by_kept = ordered[np.argsort(copy_of[ordered], kind="stable")]
    owners = copy_of[by_kept]
    starts = np.searchsorted(owners, owners, side="left")
    ranks[by_kept] = np.arange(len(by_kept)) - starts + 1
    return ranks


def shingles_on_disk(
    documents: Documents, source: Reads, out: str, ngram: int
) -> tuple[npt.NDArray[np.uint64], Integers]:
    """Write the sorted shingle sets of all candidates to a scratch file; return it as a memory map, with offsets."""
    path = documents.folder / "shingles"
    lengths = [np.zeros(1, np.int64)]
    with path.open("wb") as file:
        for shard_number, shard in enumerate(source.shards(out)):
            for texts in _candidate_texts(documents, source, shard, shard_number, out):
                flat, offsets = shingle_set(string_buffers(texts), ngram)
                file.write(flat.tobytes())
                lengths.append(np.diff(offsets))
    offsets = np.cumsum(np.concatenate(lengths), dtype=np.int64)
    if offsets[-1] == 0:
        return np.zeros(0, np.uint64), offsets
    return np.memmap(path, np.uint64, mode="r"), offsets


def _candidate_texts(documents: Documents, source: Reads, shard: Shard, number: int, out: str) -> Iterator[pa.Array]:
    found = documents.database.sql(
        f"select row, id from candidates where shard = {number} order by row"
    ).to_arrow_table()
    rows, ids = found.column("row").to_numpy(), found.column("id")
    start = done = 0
    if len(rows) == 0:
        return
    for batch in source.read(shard, out, {"id", "text"}, Intake(reject=lambda *_: None)):
        last = int(np.searchsorted(rows, start + batch.num_rows))
        where = pa.array(rows[done:last] - start)
        if not batch.column("id").take(where).equals(ids.slice(done, last - done).combine_chunks()):
            raise DataError(f"{shard.name}: its documents are not those that the signatures saw. Run the pass again.")
        yield batch.column("text").take(where)
        start, done = start + batch.num_rows, last
