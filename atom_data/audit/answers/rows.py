"""Single rows of Parquet shards: found by the value of a column, read without the row groups that do not hold them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.storage.parquet import open_parquet

LARGE = ("text", "html", "markdown", "raw")
"""Columns that are read only when they are asked for."""


def find_rows(
    path: str, where: Mapping[str, Sequence[Any]], without: Collection[str] = LARGE
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and values of the rows that have one of the values in one of the columns of `where`.

    Memory: these columns of a row group, and of a row group with such a row the columns that are not in `without`.
    """
    file = open_parquet(path)
    try:
        names = [name for name in file.schema_arrow.names if name not in without]
        keys = [name for name in where if name in file.schema_arrow.names]
        before = 0
        for group in range(file.num_row_groups if keys else 0):
            places = _places(file.read_row_group(group, columns=keys), where)
            if places:
                rows = file.read_row_group(group, columns=names).take(pa.array(places)).to_pylist()
                yield from zip((before + place for place in places), rows, strict=True)
            before += file.metadata.row_group(group).num_rows
    finally:
        file.close()


def _places(table: pa.Table, where: Mapping[str, Sequence[Any]]) -> list[int]:
    found: set[int] = set()
    for name in table.schema.names:
        column, values = table.column(name), where[name]
        same = pc.equal(column, values[0]) if len(values) == 1 else pc.is_in(column, pa.array(values, column.type))
        found.update(pc.indices_nonzero(pc.fill_null(same, False)).to_pylist())
    return sorted(found)


def cell(path: str, row: int, name: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Return one value of a column; None where there is no such column. Memory: that column of a row group."""
    file, before = open_parquet(path), 0
    try:
        if name not in file.schema_arrow.names:
            return None
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if before <= row < before + count:
                return file.read_row_group(group, columns=[name]).column(0)[row - before].as_py()
            before += count
        return None
    finally:
        file.close()
