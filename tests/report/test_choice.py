"""Which lines are shown: those with the smallest hashes, as a plain sort of all lines says."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.audit.sights import place
from atom_data.report.choice import least_of


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, str]:
    found = {}
    for shard in ("a", "b"):
        ids = [f"{shard}{number}" for number in range(50)]
        table = pa.table({"id": ids, "reason": [("odd", "even")[number % 2 == 0] for number in range(50)]})
        pq.write_table(table, tmp_path / f"{shard}.parquet", row_group_size=20)
        found[shard] = str(tmp_path / f"{shard}.parquet")
    return found


@pytest.mark.parametrize("count", [1, 3, 200])
def test_the_first_of_each_reason_by_hash(paths: dict[str, str], count: int) -> None:
    found = least_of(paths, ("id",), count, "reason")
    plain = sorted((place(f"{shard}{row}"), f"{shard}{row}", shard, row) for shard in "ab" for row in range(50))
    for reason, odd in (("odd", 1), ("even", 0)):
        assert found[reason] == [line for line in plain if line[3] % 2 == odd][:count]
    assert least_of(paths, ("id",), count) == {"": plain[:count]}


def test_records_are_called_by_file_and_position(tmp_path: Path) -> None:
    table = pa.table({"file": ["a", "b"], "position": [3, 14]})
    pq.write_table(table, tmp_path / "a.parquet")
    lines = least_of({"a": str(tmp_path / "a.parquet")}, ("file", "position"), 5)
    assert {line.name for line in lines[""]} == {"a:3", "b:14"}
