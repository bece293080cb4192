"""Single rows of Parquet shards: found by the value of a column, read without the row groups that do not hold them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from atom_data.storage.parquet import open_parquet
from atom_data.storage.paths import unreadable

LARGE = ("text", "html", "markdown", "raw")
"""Columns that are read only when they are asked for."""


def find_rows(
    path: str,
    where: Mapping[str, Sequence[Any]],
    without: Collection[str] = LARGE,
    columns: Collection[str] | None = None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and values of the rows that have one of the values in one of the columns of `where`.

    Memory: these columns of a row group, and of a row group with such a row all columns, or `columns`, that are not in `without`.
    """
    before = 0
    with open_parquet(path) as file:
        there = file.schema_arrow.names
        names = [name for name in there if name not in without and (columns is None or name in columns)]
        keys = [name for name in where if name in there]
        for group in range(file.num_row_groups if keys else 0):
            places = _places(_read(file, path, group, keys), where)
            yield from ((before + place, row) for place, row in _taken(file, path, group, names, places))
            before += file.metadata.row_group(group).num_rows


def rows_at(path: str, numbers: Collection[int], without: Collection[str] = LARGE) -> Iterator[dict[str, Any]]:
    """Yield the values of the rows with these numbers, in their order. Memory: a row group with such a row."""
    before = 0
    with open_parquet(path) as file:
        names = [name for name in file.schema_arrow.names if name not in without]
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            places = sorted(number - before for number in numbers if before <= number < before + count)
            yield from (row for _, row in _taken(file, path, group, names, places))
            before += count


def groups_of(path: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield some columns of each row group, those of them that there are. Memory: these."""
    with open_parquet(path) as file:
        names = [name for name in columns if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            yield _read(file, path, group, names)


def _read(file: pq.ParquetFile, path: str, group: int, names: Sequence[str]) -> pa.Table:
    try:
        return file.read_row_group(group, columns=names)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, "cannot be read to the end", error) from error


def _taken(
    file: pq.ParquetFile, path: str, group: int, names: Sequence[str], places: Sequence[int]
) -> Iterator[tuple[int, dict[str, Any]]]:
    if places:
        rows = _read(file, path, group, names).take(pa.array(places)).to_pylist()
        yield from zip(places, rows, strict=True)


def _places(table: pa.Table, where: Mapping[str, Sequence[Any]]) -> list[int]:
    found: set[int] = set()
    for name in table.schema.names:
        column, values = table.column(name), where[name]
        same = pc.equal(column, values[0]) if len(values) == 1 else pc.is_in(column, pa.array(values, column.type))
        found.update(pc.indices_nonzero(pc.fill_null(same, False)).to_pylist())
    return sorted(found)


def cell(path: str, row: int, name: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Return one value of a column; None where there is no such column. Memory: that column of a row group."""
    before = 0
    with open_parquet(path) as file:
        if name not in file.schema_arrow.names:
            return None
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if before <= row < before + count:
                return _read(file, path, group, [name]).column(0)[row - before].as_py()
            before += count
        return None
