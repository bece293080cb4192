"""Parquet shards: written whole or not at all with their hash, read in batches of bounded size."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from atom_data.errors import DataError
from atom_data.storage.pages.footer import SMALL_BUFFER_BYTES, RowGroups, without_arrow_types
from atom_data.storage.pages.plain import has_dictionary, pieces, plain_field, together
from atom_data.storage.pages.rowgroups import Plan, leaves_of, plan
from atom_data.storage.pages.rows import row_bytes
from atom_data.storage.paths import Hashed, create, is_remote, local, open_raw, reason, unreadable, without_secrets
from atom_data.storage.web.stream import open_input

ROW_GROUP_BYTES = 32 << 20
BATCH_BYTES = 8 << 20
BUFFER_BYTES = 1 << 18
BUFFERS_BYTES = 16 << 20


def strings(*names: str) -> list[pa.Field]:
    """Return a column of strings for each name."""
    return [pa.field(name, pa.string()) for name in names]


def integers(*names: str) -> list[pa.Field]:
    """Return a column of int64 for each name."""
    return [pa.field(name, pa.int64()) for name in names]


@dataclass(slots=True)
class Output:
    """A finished file of a shard."""

    path: str
    """Relative to the output folder."""
    bytes: int = 0
    sha256: str = ""
    rows: int = 0


class ParquetShard:
    """Collects batches and writes them in row groups of about 32 MB of Arrow data (twice that is the bound of its memory).

    The bytes follow from the rows alone: where a row group and a page end does not depend on how rows come in batches. So
    a file without some of its rows is the file that would have been made of the others.
    """

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
        if not batch.schema.equals(self._schema):
            batch = batch.select(self._schema.names).cast(self._schema)
        self.rows += batch.num_rows
        sizes = np.cumsum(row_bytes(batch))
        start, before = 0, 0
        while start < batch.num_rows:
            stop = int(np.searchsorted(sizes, before + ROW_GROUP_BYTES - self._waiting_bytes)) + 1
            stop = min(stop, batch.num_rows)
            self._waiting.append(batch.slice(start, stop - start))
            self._waiting_bytes += int(sizes[stop - 1]) - before
            start, before = stop, int(sizes[stop - 1])
            if self._waiting_bytes >= ROW_GROUP_BYTES:
                self.flush()

    def flush(self) -> None:
        """Write what waits as one row group."""
        table = pa.Table.from_batches(self._waiting, self._schema)
        if table.num_rows:
            table = table.combine_chunks()  # pages end where chunks do
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


def schema_of(path: str) -> pa.Schema:
    """Return the columns of a Parquet file. DataError when it is none."""
    with open_parquet(path) as file:
        return file.schema_arrow


def row_group_of(path: str, group: int) -> pq.RowGroupMetaData:
    """Return what the footer says of a row group, with all its columns. DataError where that is damaged."""
    with open_parquet(path) as file:
        found: pq.RowGroupMetaData = _asked(path, partial(RowGroups(file.metadata).of, group, None))
        return found


def _source(path: str) -> Any:  # noqa: ANN401
    return open_input(path) if is_remote(path) else str(local(path))


def _open(source: Any, path: str, **options: Any) -> pq.ParquetFile:  # noqa: ANN401
    try:
        # Times of 96 bits reach further than 64 bits of nanoseconds: the year 9999 of Spark would come out as 1816.
        return pq.ParquetFile(source, memory_map=False, coerce_int96_timestamp_unit="us", **options)
    except Exception as error:
        what = "is not a readable Parquet file" if isinstance(error, pa.ArrowException) else "cannot be opened"
        raise _refused(path, what, error) from error


def _refused(path: str, what: str, error: Exception) -> DataError:
    """Return the DataError for what Arrow does not read; a file that is damaged is another matter than one it cannot read."""
    where, why = without_secrets(path), reason(error)
    if "encrypted" in why or "decrypt" in why.lower():
        return DataError(f"{where}: is encrypted, and keys are not supported ({why}). Decrypt it first.")
    if isinstance(error, pa.ArrowNotImplementedError) or "NotImplemented" in why or "not supported" in why:
        return DataError(
            f"{where}: is written in a way that is not read ({why}). Write it again, for example with zstd."
        )
    return unreadable(path, what, error)


def read_parquet(
    path: str, columns: Collection[str], start: int = 0, stop: int | None = None, batch_bytes: int = BATCH_BYTES
) -> Iterator[pa.RecordBatch]:
    """Yield batches of about `batch_bytes` with `columns`, from row groups [start, stop). Texts come as plain strings.

    Memory, whatever the size of the row groups: about six batches or one longer row, and of each column a page and a
    dictionary. A page above 128 MB is read piece by piece where its column is not nested and its codec can do that
    (zstd, gzip, brotli, none); in Snappy and LZ4 it takes its uncompressed size, at most 2 GB. Of a remote file, the
    compressed row group.
    The row count of a batch follows from the mean size of a row, and falls where pages, dictionaries, or values that
    repeat the one before could make more of it: 600 kB of Parquet can hold the same 8 MB 200,000 times.
    Errors: DataError, also for two columns of one name.
    """
    source = _source(path)
    file = _open(source, path)
    there = file.schema_arrow  # it is made anew whenever it is asked for
    refuse_twins(there, path)
    chosen = [field for field in there if field.name in columns]
    names, schema = [field.name for field in chosen], pa.schema(list(map(plain_field, chosen)))
    leaves = leaves_of(file.metadata, there, frozenset(names))
    options = _by_piece(len(leaves)) if isinstance(source, str) else {}
    with contextlib.ExitStack() as stack:
        stack.callback(file.close)
        stream = stack.enter_context(open_raw(path)) if isinstance(source, str) else None
        metadata = file.metadata
        if stream is not None and any(has_dictionary(field.type) for field in chosen):
            metadata = without_arrow_types(stream)

        def opener(dictionaries: Sequence[str]) -> pq.ParquetFile:
            return _open(source, path, metadata=metadata, read_dictionary=list(dictionaries), **options)

        groups = RowGroups(metadata)
        reader, by_index = None, ()
        last = stack.enter_context(contextlib.ExitStack())
        for group in range(start, file.num_row_groups if stop is None else stop):
            found = _asked(path, partial(groups.of, group, names))
            how = _asked(path, partial(plan, found, leaves, group, batch_bytes, stream, opener))
            if reader is None or how.dictionaries != by_index:
                last.close()  # one open file at a time, however often the row groups of a file take turns
                reader, by_index = opener(how.dictionaries), how.dictionaries
                last.callback(reader.close)
            batches = _rows_of(reader, how, group, names, path, stream)
            plain = _counted(_plain(batches, schema, 2 * batch_bytes), path, group, found.num_rows)
            yield from together(plain, batch_bytes // 2) if how.joined else plain


def _counted(batches: Iterator[pa.RecordBatch], path: str, group: int, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield batches; DataError where they are not the rows that the footer says, by which rows have their numbers."""
    count = 0
    for batch in batches:
        count += batch.num_rows
        yield batch
    if count != rows:
        raise DataError(
            f"{without_secrets(path)}: the number of rows of row group {group} is {count:,}, by the footer {rows:,}. "
            "Fetch the file again."
        )


def _by_piece(leaves: int) -> dict[str, Any]:
    """Return the options that read a local file through a buffer for each column, instead of a row group at once."""
    return {
        "pre_buffer": False,
        "buffer_size": max(SMALL_BUFFER_BYTES, min(BUFFER_BYTES, BUFFERS_BYTES // max(leaves, 1))),
    }


def _rows_of(
    reader: pq.ParquetFile, how: Plan, group: int, names: Sequence[str], path: str, stream: BinaryIO | None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a row group as they are stored: some as dictionaries, those of big pages put beside them."""
    others = [name for name in names if name not in how.streamed]
    if others or not names:
        batches = reader.iter_batches(batch_size=how.rows, row_groups=[group], columns=others)
        while (batch := _asked(path, partial(next, batches, None))) is not None:
            # A name with a dot may have brought what is not a column of ours, but a part of one.
            columns = {name: batch.column(name) for name in others}
            columns |= _big(how, batch.num_rows, path)
            yield pa.RecordBatch.from_arrays([columns[name] for name in names], names) if names else batch
        return
    left = reader.metadata.row_group(group).num_rows
    while left:
        count = min(how.rows, left)
        columns = _big(how, count, path)
        yield pa.RecordBatch.from_arrays([columns[name] for name in names], names)
        left -= count


def _big(how: Plan, rows: int, path: str) -> dict[str, pa.Array]:
    return {name: _asked(path, partial(values.take, rows)) for name, values in how.streamed.items()}


def _asked(path: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401
    try:
        return ask()
    except DataError:
        raise
    except Exception as error:  # a store's error that passes through pyarrow keeps its own type
        raise _refused(path, "cannot be read to the end", error) from error


def _plain(batches: Iterator[pa.RecordBatch], schema: pa.Schema, limit: int) -> Iterator[pa.RecordBatch]:
    """Yield pieces of at most `limit` bytes in the types of the schema."""
    for batch in batches:
        for piece in pieces(batch, limit):
            arrays = [_cast(column, field.type) for column, field in zip(piece.columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema) if schema.names else piece


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if pa.types.is_large_binary(array.type) and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        array = array.view(pa.large_string())  # without a look at whether it is UTF-8, as Arrow reads what says it is
    return array.cast(kind)


def refuse_twins(schema: pa.Schema, path: str) -> None:
    """Check that no two columns, and no two fields of a struct, have one name. Errors: DataError."""
    twin = _twin(schema)
    if twin is not None:
        raise DataError(
            f"{without_secrets(path)}: two columns are called '{twin}', so that neither can be asked for by its name. "
            "Write the file again with other names."
        )


def _twin(fields: pa.Schema | pa.DataType) -> str | None:
    names: set[str] = set()
    for index in range(len(fields.names) if isinstance(fields, pa.Schema) else fields.num_fields):
        field = fields.field(index)
        if field.name in names:
            return str(field.name)
        names.add(field.name)
        if pa.types.is_nested(field.type) and (inner := _twin(field.type)) is not None:
            return f"{field.name}.{inner}"
    return None
