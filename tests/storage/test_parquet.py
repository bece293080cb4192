"""Parquet shards: whole files, plain texts, and batches that stay small whatever the file claims."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import DataError
from atom_data.storage.parquet import Output, create_parquet, open_parquet, read_parquet
from atom_data.storage.paths import sha256

SCHEMA = pa.schema([("id", pa.string()), ("n", pa.int32())])


def rows(count: int) -> pa.RecordBatch:
    return pa.record_batch({"n": pa.array(range(count), pa.int32()), "id": [f"é{n}" for n in range(count)]})


def test_create_parquet_round_trip(tmp_path: Path) -> None:
    path, output = str(tmp_path / "a.parquet"), Output("a.parquet")
    with create_parquet(path, SCHEMA, "t", output) as shard:
        shard.write(rows(3))
        shard.write(rows(0))
        shard.write(rows(2))
    assert (output.rows, output.bytes, output.sha256) == (5, Path(path).stat().st_size, sha256(path))
    read = pa.Table.from_batches(read_parquet(path, ["n", "id"]))
    assert read.schema == SCHEMA
    assert read.to_pydict() == {"id": ["é0", "é1", "é2", "é0", "é1"], "n": [0, 1, 2, 0, 1]}


def test_create_parquet_without_rows_has_its_columns(tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    with create_parquet(path, SCHEMA, "t", Output("a.parquet")):
        pass
    assert list(read_parquet(path, ["id"])) == []
    assert open_parquet(path).schema_arrow.equals(SCHEMA)


def test_create_parquet_error_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="boom"),
        create_parquet(str(tmp_path / "a.parquet"), SCHEMA, "t", Output("a")) as shard,
    ):
        shard.write(rows(3))
        raise ValueError("boom")
    assert list(tmp_path.iterdir()) == []


def bomb(path: Path, column: pa.Array) -> str:
    table = pa.table({"text": column, "n": pa.array(range(len(column)), pa.int64())})
    pq.write_table(table, path, row_group_size=len(column), dictionary_pagesize_limit=1 << 30, store_schema=False)
    assert path.stat().st_size < 1 << 20
    return str(path)


@pytest.mark.parametrize("nested", [False, True])
def test_read_parquet_batches_stay_small(tmp_path: Path, nested: bool) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0, None, 1] * 1_000, pa.int32()), pa.array(["x" * 500_000, "y"]))
    column = pa.ListArray.from_arrays(pa.array(range(3_001), pa.int32()), texts) if nested else texts
    path = bomb(tmp_path / "a.parquet", column)
    kind = pa.list_(pa.string()) if nested else pa.string()
    seen, pool = [], pa.default_memory_pool()
    before = pool.bytes_allocated()
    for batch in read_parquet(path, ["text", "n"], batch_bytes=1 << 20):
        assert batch.schema.field("text").type == kind
        assert batch.nbytes <= 3 << 20
        assert pool.bytes_allocated() - before < 32 << 20
        seen += batch.column("n").to_pylist()
        if len(seen) >= 300:
            break
    assert seen == list(range(len(seen)))
    assert len(seen) >= 300


def test_read_parquet_gives_all_that_was_written(tmp_path: Path) -> None:
    table = pa.table(
        {
            "string": pa.array(["a", None, "b"] * 50),
            "large": pa.array(["a", None, "b"] * 50, pa.large_string()),
            "view": pa.array(["a", None, "b"] * 50, pa.string_view()),
            "binary": pa.array([b"a", None, b"\xff"] * 50),
            "words": pa.array([["a", "b"], None, []] * 50),
            "map": pa.array([[("k", "v")], None, []] * 50, pa.map_(pa.string(), pa.string())),
            "struct": pa.array([{"k": "v", "l": ["w"]}, None, {}] * 50),
            "kind": pa.array(["a", "b", "a"] * 50).dictionary_encode(),
            "n": pa.array(range(150)),
        }
    )
    path = str(tmp_path / "a.parquet")
    pq.write_table(table, path, row_group_size=40)
    for batch_bytes in (1, 300, 1 << 20):
        read = pa.Table.from_batches(read_parquet(path, table.column_names, batch_bytes=batch_bytes))
        assert read.to_pydict() == table.to_pydict()
        assert read.schema.field("kind").type == read.schema.field("view").type == pa.string()
    part = pa.Table.from_batches(read_parquet(path, ["n", "absent"], 1, 3))
    assert part.to_pydict() == {"n": list(range(40, 120))}
    assert sum(batch.num_rows for batch in read_parquet(path, [])) == 150


@pytest.mark.parametrize(
    "data, said", [(b"no parquet", "is not a readable Parquet file"), (b"", "is not a readable Parquet file")]
)
def test_read_parquet_that_is_none_is_a_data_error(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    with pytest.raises(DataError, match=said):
        list(read_parquet(str(tmp_path / "a.parquet"), ["n"]))


def test_read_parquet_damaged_is_a_data_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"{n} " * 50 for n in range(500)]}), path, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[4:600] = b"\xff" * 596
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"a\.parquet: cannot be read to the end"):
        list(read_parquet(str(path), ["text"]))
