"""Parquet shards: written whole or not at all with their hash, read in batches of bounded size."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from atom_data.errors import DataError
from atom_data.storage.paths import Hashed, advice, create, is_remote, local, open_raw, reason, without_secrets

ROW_GROUP_BYTES = 32 << 20
BATCH_BYTES = 8 << 20


@dataclass(slots=True)
class Output:
    """A finished file of a shard."""

    path: str
    """Relative to the output folder."""
    bytes: int = 0
    sha256: str = ""
    rows: int = 0


class ParquetShard:
    """Collects batches and writes them in row groups of about 32 MB of Arrow data (the bound of its memory)."""

    def __init__(self, stream: Hashed, schema: pa.Schema) -> None:
        """Write to an open stream; the schema is fixed from the start, so that an empty shard has its columns."""
        # No statistics of text: they would put crawled strings into every footer.
        options: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "write_statistics": False}
        self._writer = pq.ParquetWriter(pa.PythonFile(stream, mode="w"), schema, **options)
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_bytes = 0
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Add the rows; columns are taken by name and must have the schema's types."""
        batch = batch.select(self._schema.names).cast(self._schema)
        self._waiting.append(batch)
        self._waiting_bytes += batch.nbytes
        self.rows += batch.num_rows
        if self._waiting_bytes >= ROW_GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits as one row group."""
        table = pa.Table.from_batches(self._waiting, self._schema)
        if table.num_rows:
            self._writer.write_table(table, row_group_size=table.num_rows)
        self._waiting, self._waiting_bytes = [], 0

    def close(self) -> None:
        """Write the rest and the footer."""
        self.flush()
        self._writer.close()


@contextlib.contextmanager
def create_parquet(path: str, schema: pa.Schema, token: str, output: Output) -> Iterator[ParquetShard]:
    """Open a Parquet file for writing; on success it appears whole at `path` and `output` knows its size and hash."""
    with create(path, token) as stream:
        hashed = Hashed(stream)
        shard = ParquetShard(hashed, schema)
        yield shard
        shard.close()
        output.bytes, output.sha256, output.rows = hashed.bytes, hashed.hexdigest(), shard.rows


def open_parquet(path: str) -> pq.ParquetFile:
    """Open a Parquet file, local or remote. DataError when it is none."""
    try:
        source = open_raw(path) if is_remote(path) else str(local(path))
        return pq.ParquetFile(source, memory_map=False)
    except (OSError, pa.ArrowException) as error:
        what = "is no readable Parquet file" if isinstance(error, pa.ArrowException) else "cannot be opened"
        raise DataError(f"{without_secrets(path)}: {what} ({reason(error)}). {advice(error)}") from error


def read_parquet(
    path: str, columns: Collection[str], start: int = 0, stop: int | None = None, batch_bytes: int = BATCH_BYTES
) -> Iterator[pa.RecordBatch]:
    """Yield batches of about `batch_bytes` with `columns`, from row groups [start, stop).

    Memory: one batch plus the compressed pages of one row group; the row count of a batch follows from the mean row
    size of its row group, so a group of long documents comes in few rows.
    """
    file = open_parquet(path)
    names = [name for name in file.schema_arrow.names if name in columns]
    try:
        for group in range(start, file.num_row_groups if stop is None else stop):
            rows = batch_rows(file, group, names, batch_bytes)
            yield from file.iter_batches(batch_size=rows, row_groups=[group], columns=names)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{without_secrets(path)}: cannot be read to the end ({reason(error)}). {advice(error)}"
        ) from error
    finally:
        file.close()


def batch_rows(file: pq.ParquetFile, group: int, names: Collection[str], batch_bytes: int) -> int:
    """Return how many rows of a row group make about `batch_bytes`, by its uncompressed size; at least 1."""
    metadata = file.metadata.row_group(group)
    size = 0
    for index in range(metadata.num_columns):
        chunk = metadata.column(index)
        if chunk.path_in_schema.split(".")[0] in names:
            size += chunk.total_uncompressed_size
    return max(1, min(65_536, batch_bytes * max(metadata.num_rows, 1) // max(size, 1)))
