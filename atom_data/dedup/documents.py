"""All documents of a corpus as one DuckDB table that spills to disk: what the whole-corpus comparisons work on."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from atom_data.job import Progress
from atom_data.stage import Stage
from atom_data.storage.paths import PARTIAL, is_remote, local
from atom_data.storage.shards import Input, Intake


@dataclass(slots=True)
class Documents:
    """The table `documents` (shard, row, priority and the columns asked for) and what was read to make it."""

    database: duckdb.DuckDBPyConnection
    folder: Path
    """Scratch space on disk, gone after the pass."""
    names: list[str] = field(default_factory=list)
    """Shard names by number."""
    inputs: list[Input] = field(default_factory=list)
    rows: int = 0

    def loss(self, table: str, rank: str) -> list[list[Any]]:
        """Return [column, value, documents, removed] for each source and language, removed being those of rank > 0."""
        found: list[list[Any]] = []
        for name in ("source", "language"):
            lines = self.database.execute(
                f"""select a.value, a.documents, coalesce(b.removed, 0) from
                (select {name} as value, count(*) as documents from documents group by 1) a left join
                (select {name} as value, count(*) as removed from {table} where {rank} > 0 group by 1) b
                on a.value is not distinct from b.value where a.value is not null order by 1"""
            ).fetchall()
            found += [[name, *line] for line in lines]
        return found


@contextlib.contextmanager
def open_documents(
    stage: Stage,
    out: str,
    name: str,
    token: str,
    columns: Sequence[str],
    prefer: Sequence[str],
    memory: str,
    progress: Progress,
) -> Iterator[Documents]:
    """Read the shards of a stage into DuckDB. Columns the stage lacks are null; `priority` follows from `prefer`.

    The rows stream through in batches; what does not fit into `memory` goes to a scratch folder beside the output.
    """
    base = local(out) / name if not is_remote(out) else Path(tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scratch.", suffix=f".{token}{PARTIAL}", dir=base) as folder:
        database = duckdb.connect(str(Path(folder) / "documents.duckdb"))
        try:
            database.execute(f"set memory_limit = '{memory}'")
            database.execute("set preserve_insertion_order = false")
            documents = Documents(database, Path(folder))
            schema = stage.schema()
            types = {f.name: f.type for f in schema}
            wanted = pa.schema([(c, types.get(c, pa.string())) for c in columns])
            reader = pa.RecordBatchReader.from_batches(
                pa.schema([("shard", pa.int32()), ("row", pa.int64()), ("priority", pa.int32()), *wanted]),
                _batches(stage, out, wanted, prefer, documents, progress),
            )
            database.register("incoming", reader)
            database.execute("create table documents as select * from incoming")
            database.unregister("incoming")
            yield documents
        finally:
            database.close()


def _batches(
    stage: Stage, out: str, wanted: pa.Schema, prefer: Sequence[str], documents: Documents, progress: Progress
) -> Iterator[pa.RecordBatch]:
    ranks = {source: rank for rank, source in enumerate(prefer)}
    intake = Intake(reject=lambda *_: None)
    for number, shard in enumerate(stage.shards(out)):
        documents.names.append(shard.name)
        row = 0
        for batch in stage.read(shard, out, wanted.names, intake):
            count = batch.num_rows
            there = dict(zip(batch.schema.names, batch.columns, strict=True))
            sources = there["source"].to_pylist() if ranks and "source" in there else [None] * count
            arrays = [
                pa.array([number] * count, pa.int32()),
                pa.array(range(row, row + count), pa.int64()),
                pa.array([ranks.get(source or "", len(ranks)) for source in sources], pa.int32()),
                *(there.get(item.name, pa.nulls(count, item.type)) for item in wanted),
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=["shard", "row", "priority", *wanted.names])
            row += count
            progress(documents.rows + row, 0, documents.rows + row)  # the comparing that follows has no bytes to count
        documents.rows += row
    documents.inputs = intake.inputs
