"""The columns of a source of Parquet files: what all of them have, in types that hold what each of them holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.parquet as pq

from atom_data.errors import DataError
from atom_data.readers.columns.strings import repaired, without_nul
from atom_data.readers.columns.types import common_type
from atom_data.readers.files import File
from atom_data.storage.pages.plain import plain_field
from atom_data.storage.parquet import open_parquet, refuse_twins
from atom_data.storage.paths import is_remote, reason, without_secrets
from atom_data.storage.state import state

LOOKED_AT = 1_000
REMOTE_LOOKED_AT = 16
"""Footers that are read before a run: a thousand take half a second. What comes later is compared when it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of the files that were looked at."""

    schema: pa.Schema
    """Every column of every file with rows, in the common type, in the order in which the files have them."""
    rows: bool
    """Whether any of the files has one."""
    homes: dict[str, str]
    """Of each column, the first file that has it."""
    differ: bool
    """Whether a column has another type somewhere."""
    seen: tuple[tuple[str, pa.Schema], ...]
    """Each different set of columns, with the first file that has it."""


def columns_of(files: Sequence[File], ours: frozenset[str]) -> Columns:
    """Return the columns of a source by its first files. A file without rows says nothing, unless all are empty.

    Those in `ours` may have any type. Errors: DataError for types that do not go together, naming both files.
    """
    local = [file.path for file in files if not is_remote(file.path)][:LOOKED_AT]
    remote = [file.path for file in files if is_remote(file.path)][:REMOTE_LOOKED_AT]
    keys = [(path, *state(path)[:2]) for path in local] + [(path, 0, 0) for path in remote]
    return _columns(tuple(keys), ours)


def schema_of(path: str) -> tuple[pa.Schema, pq.FileMetaData]:
    """Return the columns of a Parquet file in the types in which `read_parquet` gives them, and its footer."""
    file = open_parquet(path)
    try:
        refuse_twins(file.schema_arrow, path)
        schema = pa.schema([plain_field(field) for field in file.schema_arrow.remove_metadata()])
        return schema, file.metadata
    finally:
        file.close()


@lru_cache(maxsize=2 * LOOKED_AT)
def _known(path: str, size: int, time: int) -> tuple[pa.Schema, int]:  # a changed file is another one
    schema, metadata = schema_of(path)
    return schema, int(metadata.num_rows)


@lru_cache(maxsize=16)
def _columns(keys: tuple[tuple[str, int, int], ...], ours: frozenset[str]) -> Columns:
    found = [(key[0], *_known(*key)) for key in keys]
    any_rows = any(rows for _, _, rows in found)
    distinct: dict[pa.Schema, str] = {}
    for path, schema, rows in found:
        if rows or not any_rows:
            distinct.setdefault(schema, path)
    kinds: dict[str, dict[pa.DataType, str]] = {}
    for schema, path in distinct.items():
        for field in schema:
            kinds.setdefault(field.name, {}).setdefault(field.type, path)
    fields = [pa.field(name, _common(name, some, ours)) for name, some in kinds.items()]
    return Columns(
        schema=pa.schema(fields),
        rows=any_rows,
        homes={name: next(iter(some.values())) for name, some in kinds.items()},
        differ=any(len(some) > 1 for name, some in kinds.items() if name not in ours),
        seen=tuple((path, schema) for schema, path in distinct.items()),
    )


def _common(name: str, kinds: dict[pa.DataType, str], ours: frozenset[str]) -> pa.DataType:
    found = common_type(list(kinds))
    if found is not None:
        return found
    (one, here), *others = kinds.items()
    if name in ours:
        return one
    other, there = next((item for item in others if common_type([one, item[0]]) is None), others[-1])
    raise DataError(
        f"{without_secrets(there)}: column '{name}' holds {other}, in {without_secrets(here)} {one}; no type holds both "
        "without a loss. Make two sources of them, or write them with one type."
    )


def carried(batch: pa.RecordBatch, field: pa.Field, file: str, columns: Columns) -> pa.Array:
    """Return a column in the common type. Errors: DataError for a value that this type does not hold, or broken text."""
    array = batch.column(field.name)
    try:
        found = array.cast(field.type)
    except pa.ArrowException as error:
        home = without_secrets(columns.homes[field.name])
        raise DataError(
            f"{file}: column '{field.name}' holds {array.type}, in {home} and what goes with it {field.type} "
            f"({reason(error)}). Make two sources of them."
        ) from error
    if pa.types.is_string(found.type) or pa.types.is_large_string(found.type):
        return repaired(without_nul(found))
    if pa.types.is_nested(found.type):
        try:
            found.validate(full=True)
        except pa.ArrowException as error:
            raise DataError(
                f"{file}: column '{field.name}' holds text that is not UTF-8 ({reason(error)}). Write it as UTF-8."
            ) from error
    return found
