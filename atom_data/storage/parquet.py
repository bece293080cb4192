"""Parquet shards: written whole or not at all with their hash, read in batches of bounded size."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from atom_data.storage.paths import Hashed, create, is_remote, local, open_raw, unreadable

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

    def abandon(self) -> None:
        """Let go after an error: the file will be removed, so nothing more need be written."""
        with contextlib.suppress(Exception):
            self._writer.close()
        self._writer.is_open = False  # else it tries to write its footer again when it is collected


@contextlib.contextmanager
def create_parquet(path: str, schema: pa.Schema, token: str, output: Output) -> Iterator[ParquetShard]:
    """Open a Parquet file for writing; on success it appears whole at `path` and `output` knows its size and hash."""
    with create(path, token) as stream:
        hashed = Hashed(stream)
        shard = ParquetShard(hashed, schema)
        try:
            yield shard
            shard.close()
        except BaseException:
            shard.abandon()
            raise
        output.bytes, output.sha256, output.rows = hashed.bytes, hashed.hexdigest(), shard.rows


def open_parquet(path: str) -> pq.ParquetFile:
    """Open a Parquet file, local or remote. DataError when it is none."""
    return _open(_source(path), path)


def _source(path: str) -> Any:  # noqa: ANN401
    return open_raw(path) if is_remote(path) else str(local(path))


def _open(source: Any, path: str, **options: Any) -> pq.ParquetFile:  # noqa: ANN401
    try:
        return pq.ParquetFile(source, memory_map=False, **options)
    except Exception as error:
        what = "is no readable Parquet file" if isinstance(error, pa.ArrowException) else "cannot be opened"
        raise unreadable(path, what, error) from error


def read_parquet(
    path: str, columns: Collection[str], start: int = 0, stop: int | None = None, batch_bytes: int = BATCH_BYTES
) -> Iterator[pa.RecordBatch]:
    """Yield batches of about `batch_bytes` with `columns`, from row groups [start, stop). Texts come as plain strings.

    Memory: three batches or one longer row, and of each column the compressed chunk of a row group, a page and a
    dictionary. The row count of a batch follows from the mean row size of its row group, and texts leave the
    dictionaries that they are stored in piece by piece: 600 kB of Parquet can hold the same 8 MB 200,000 times.
    Errors: DataError.
    """
    source = _source(path)
    file = _open(source, path)
    metadata = file.metadata
    names = [name for name in file.schema_arrow.names if name in columns]
    schema = pa.schema([plain_field(file.schema_arrow.field(name)) for name in names])
    leaves = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY" and leaf.path.split(".")[0] in names]
    reader = _open(source, path, metadata=metadata, read_dictionary=texts)
    try:
        for group in range(start, file.num_row_groups if stop is None else stop):
            rows = batch_rows(file, group, names, batch_bytes)
            batches = reader.iter_batches(batch_size=rows, row_groups=[group], columns=names)
            while (batch := _next(batches, path)) is not None:
                for piece in _pieces(batch, 2 * batch_bytes):
                    yield piece.cast(schema) if names else piece
    finally:
        reader.close()
        file.close()


def _next(batches: Iterator[pa.RecordBatch], path: str) -> pa.RecordBatch | None:
    try:
        return next(batches, None)
    except Exception as error:  # a store's error that passes through pyarrow keeps its own type
        raise unreadable(path, "cannot be read to the end", error) from error


def plain_field(field: pa.Field) -> pa.Field:
    """Return the field as it is given to steps: text is text, however it was stored."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    views = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    return field.with_type(views.get(kind, kind))


def _pieces(batch: pa.RecordBatch, limit: int) -> Iterator[pa.RecordBatch]:
    """Yield the batch in pieces that take at most `limit` bytes without their dictionaries; at least a row each."""
    if batch.num_rows > 1 and sum(map(_plain_bytes, batch.columns)) > limit:
        half = batch.num_rows // 2
        yield from _pieces(batch.slice(0, half), limit)
        yield from _pieces(batch.slice(half), limit)
    elif any(pa.types.is_nested(kind) for kind in batch.schema.types):
        # A cast of a slice would decode all of the lists behind it.
        yield batch.take(pa.array(range(batch.num_rows), pa.int64()))
    elif batch.num_rows or batch.num_columns == 0:
        yield batch


def _plain_bytes(array: pa.Array) -> int:
    """Return what an array would take without dictionaries."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_binary(kind.value_type)):
            return int(array.nbytes)
        lengths = pc.cast(pc.binary_length(array.dictionary), pa.int64()).take(array.indices)
        return (pc.sum(lengths).as_py() or 0) + 4 * len(array)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _plain_bytes(array.flatten()) + 4 * len(array)
    if pa.types.is_map(kind):
        return _plain_bytes(array.cast(pa.list_(pa.struct([kind.key_field, kind.item_field]))))
    if pa.types.is_struct(kind):
        return sum(map(_plain_bytes, array.flatten()))
    return int(array.nbytes)


def batch_rows(file: pq.ParquetFile, group: int, names: Collection[str], batch_bytes: int) -> int:
    """Return how many rows of a row group make about `batch_bytes`, by its uncompressed size; at least 1."""
    metadata = file.metadata.row_group(group)
    size = 0
    for index in range(metadata.num_columns):
        chunk = metadata.column(index)
        if chunk.path_in_schema.split(".")[0] in names:
            size += chunk.total_uncompressed_size
    return max(1, min(65_536, int(batch_bytes) * max(int(metadata.num_rows), 1) // max(int(size), 1)))
