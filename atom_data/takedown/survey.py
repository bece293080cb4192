"""What a takedown would write again, by stage: shards, documents, tokens and bytes, found without changing anything."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.receipts import Receipt
from atom_data.takedown.folder import Folder, Job, data_file, ledger_file
from atom_data.takedown.search import Found
from atom_data.workspace import Workspace


@dataclass(slots=True)
class Survey:
    """What would go from a stage."""

    job: str
    of: int
    """Shards in all."""
    shards: int = 0
    documents: int = 0
    tokens: int = 0
    bytes: int = 0
    """Of the shards that would be written again."""


def survey(folder: Folder, found: Found) -> list[Survey]:
    """Look where the documents are, in the shards that may hold them. Memory: a batch."""
    ids = pa.array(sorted(found.documents), pa.string())
    touched = {one.shard for one in found.documents.values()}
    return [_job(folder, job, ids, touched) for job in folder.jobs if job.kind in ("stage", "tokens")]


def _job(folder: Folder, job: Job, ids: pa.Array, touched: set[str]) -> Survey:
    line = Survey(job.name, len(job.shards))
    for receipt in folder.receipts(job, frozenset(folder.candidates(job, touched))):
        documents, tokens = _count(folder.workspace, receipt, ids)
        if documents:
            line.shards += 1
            line.documents += documents
            line.tokens += tokens
            line.bytes += receipt.output_bytes
    return line


def _count(workspace: Workspace, receipt: Receipt, ids: pa.Array) -> tuple[int, int]:
    documents = tokens = 0
    for item in (data_file(receipt), ledger_file(receipt)):
        if item is None:
            continue
        names = ("id", "tokens") if "tokens" in open_parquet(workspace.path(item.path)).schema_arrow.names else ("id",)
        for batch in read_parquet(workspace.path(item.path), names):
            rows = batch.filter(pc.fill_null(pc.is_in(batch.column("id"), ids), False))
            documents += rows.num_rows
            tokens += (pc.sum(rows.column("tokens")).as_py() or 0) if "tokens" in names else 0
    return documents, tokens
