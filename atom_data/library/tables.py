"""Tables from whatever holds columns: pyarrow, polars, pandas, DuckDB, or a list of texts."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from atom_data.errors import ConfigError

BATCH_BYTES = 8 << 20
"""Of a batch that steps are given: what a core's caches and a kernel's working memory are made for."""


@runtime_checkable
class ArrowStream(Protocol):
    """What gives its columns through the Arrow PyCapsule interface: tables of polars, pandas 2.2, DuckDB, nanoarrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a capsule of a stream of batches."""


@runtime_checkable
class ArrowArray(Protocol):
    """What gives one batch through the same interface."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> object:
        """Return capsules of a schema and an array."""


Data: TypeAlias = pa.Table | pa.RecordBatch | ArrowStream | ArrowArray | Sequence[str | None]


def as_table(data: Data, where: str) -> pa.Table:
    """Return data as a table whose strings are of type `string`; texts alone become the column `text`.

    Columns of type large_string, string_view and dictionary of strings are cast: that is how polars and DuckDB hold text.
    ConfigError for anything else, and for a table without columns.
    """
    table = _table(data, where)
    if not table.num_columns:
        raise ConfigError(f"{where}: the table has no column. Give one with a column 'text'.")
    twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if twice:
        raise ConfigError(f"{where}: two columns are called '{twice[0]}'. Rename one.")
    for number, field in enumerate(table.schema):
        if _is_text(field.type) and field.type != pa.string():
            texts = pa.chunked_array([_plain(chunk) for chunk in table.column(number).chunks], pa.string())
            table = table.set_column(number, pa.field(field.name, pa.string()), texts)
    return table


def _table(data: Any, where: str) -> pa.Table:  # noqa: ANN401 - of any library
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, str):
        raise ConfigError(f"{where}: one text is given. Give a list of texts: [text].")
    if isinstance(data, (list, tuple)):
        wrong = next((item for item in data if item is not None and not isinstance(item, str)), None)
        if wrong is not None:
            raise ConfigError(
                f"{where}: the list holds {type(wrong).__name__}. Give texts, or a table with a column 'text'."
            )
        return pa.table({"text": pa.array(data, pa.string())})
    if isinstance(data, (ArrowStream, ArrowArray)):
        return pa.table(data)
    raise ConfigError(
        f"{where}: {type(data).__name__} holds no columns that Arrow can read. Give a pyarrow Table or RecordBatch, a table of "
        "polars, pandas or DuckDB, or a list of texts."
    )


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain(chunk: pa.Array) -> pa.Array:
    return (
        chunk.dictionary_decode().cast(pa.string()) if pa.types.is_dictionary(chunk.type) else chunk.cast(pa.string())
    )


def batches_of(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches of about BATCH_BYTES; a table without rows gives one batch without rows."""
    rows = max(1, int(table.num_rows * BATCH_BYTES // max(1, table.nbytes)))
    if not table.num_rows:
        yield pa.RecordBatch.from_arrays([pa.array([], field.type) for field in table.schema], schema=table.schema)
    for start in range(0, table.num_rows, rows):
        # One chunk per column, whatever the chunks of the table are.
        part = table.slice(start, rows).combine_chunks()
        yield from part.to_batches()
