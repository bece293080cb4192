"""Rows of Parquet files by their numbers and by what stands in them, against all rows."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.audit.answers.rows import find_rows, groups_of, rows_at
from atom_data.errors import DataError

ROWS = [{"id": f"d{number % 7}", "number": number, "text": "x" * number} for number in range(25)]


@pytest.fixture
def path(tmp_path: Path) -> str:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=10)
    return str(tmp_path / "a.parquet")


def test_rows_by_number_come_in_their_order_over_row_groups(path: str) -> None:
    assert [*rows_at(path, {24, 0, 9, 10}, without=())] == [ROWS[number] for number in (0, 9, 10, 24)]
    assert [row["number"] for row in rows_at(path, [3])] == [3]
    assert "text" not in next(rows_at(path, [3]))
    assert [*rows_at(path, [])] == []


def test_rows_by_value_have_the_columns_that_are_asked_for(path: str) -> None:
    wanted = [(number, {"number": number}) for number, row in enumerate(ROWS) if row["id"] in ("d1", "d5")]
    assert [*find_rows(path, {"id": ["d1", "d5"]}, (), ("number",))] == wanted


def test_columns_come_row_group_by_row_group(path: str) -> None:
    tables = [*groups_of(path, ("number", "not_there"))]
    assert [table.num_rows for table in tables] == [10, 10, 5]
    assert [table.column_names for table in tables] == [["number"]] * 3


def test_a_damaged_row_group_is_said_in_a_sentence(path: str) -> None:
    data = bytearray(Path(path).read_bytes())
    data[4:200] = b"\0" * 196
    Path(path).write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"a\.parquet: cannot be read to the end \("):
        [*rows_at(path, [1], without=())]
