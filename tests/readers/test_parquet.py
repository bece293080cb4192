"""Parquet of other writers: ids of any type, files that differ, files without rows, and what is not a file of the source."""

import json
import uuid
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.readers import Jsonl, Parquet
from atom_data.readers.parquet import OURS
from atom_data.workspace import Workspace
from tests.readers.archives import outcome


def save(path: Path, data: pa.Table | dict[str, object], **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(data if isinstance(data, pa.Table) else pa.table(data), path, **options)
    return path


def unchecked(values: list[bytes]) -> pa.Array:
    """Return strings that need not be UTF-8: Arrow does not look."""
    return pa.array(values, pa.binary()).view(pa.string())


def ids(path: Path) -> list[str]:
    return [row["id"] for row in outcome(Parquet(str(path))).rows]


UUIDS = [uuid.UUID(int=0xDEADBEEF << 96 | 0xFF00 + number) for number in range(3)]


@pytest.mark.parametrize(
    "column, wanted",
    [
        (pa.array([one.bytes for one in UUIDS], pa.uuid()), [str(one) for one in UUIDS]),
        (pa.array([one.bytes for one in UUIDS], pa.binary(16)), [one.hex for one in UUIDS]),
        (pa.array([one.bytes for one in UUIDS], pa.binary()), [one.hex for one in UUIDS]),
        (pa.array([b"a", "é".encode(), b"\0\1"], pa.large_binary()), ["a", "é", "0001"]),
        (unchecked([b"a\xff", b"a\xfe", b"b"]), ["61ff", "61fe", "b"]),
        (pa.array([1, 2, -3], pa.int8()), ["1", "2", "-3"]),
        (pa.array([Decimal("1.50"), Decimal("2.00"), Decimal("3.25")]), ["1.50", "2.00", "3.25"]),
        (pa.array([0.1, 2.0, 1e16], pa.float32()), ["0.1", "2.0", "1e+16"]),
        (
            pa.array([0, 1, 1_000_000], pa.timestamp("us", "UTC")),
            ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:01Z"],
        ),
        (pa.array(["x", "y", "z"]).dictionary_encode(), ["x", "y", "z"]),
        (pa.array(["x", "y", "z"], pa.string_view()), ["x", "y", "z"]),
    ],
)
def test_ids_of_any_type_stay_apart(tmp_path: Path, column: pa.Array, wanted: list[str]) -> None:
    assert ids(save(tmp_path / "a.parquet", {"text": ["a", "b", "c"], "id": column})) == wanted


@pytest.mark.parametrize(
    "values",
    [
        [7, 0, -1],
        [1.5, 2.0, 1e16, 1e-7, float("inf")],
        [float("nan"), 1.0, float("nan")],
        [True, False],
        [None, None],
        ["", "a", "b\0c", "\0", "  "],
    ],
)
def test_ids_are_those_of_json_lines(tmp_path: Path, values: list[object]) -> None:
    texts = [f"text {number}" for number in range(len(values))]
    save(tmp_path / "parquet" / "a", {"text": texts, "id": values})
    lines = [json.dumps({"text": text, "id": value}) for text, value in zip(texts, values, strict=True)]
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "a").write_text("\n".join(lines))
    found = ids(tmp_path / "parquet" / "a")
    wanted = outcome(Jsonl(str(tmp_path / "json" / "a"), source="parquet")).rows
    assert found == [row["id"] for row in wanted]
    assert len(set(found)) == len(values)
    assert "nan" not in found
    assert all(found)


@pytest.mark.parametrize("kind", [pa.string(), pa.binary(), pa.large_binary()])
def test_text_that_is_no_utf8_is_rejected(tmp_path: Path, kind: pa.DataType) -> None:
    texts = pa.array([b"one", b"tw\xffo", None, "dré\0i".encode()], pa.binary())
    texts = texts.view(kind) if kind == pa.string() else texts.cast(kind)
    path = save(tmp_path / "a.parquet", {"text": texts, "n": [0, 1, 2, 3]})
    result = outcome(Parquet(str(path)))
    assert [(row["text"], row["row"], row["n"]) for row in result.rows] == [("one", 0, 0), (None, 2, 2), ("dréi", 3, 3)]
    assert result.rejects == [("parquet.bad_utf8", 1)]
    assert (result.details, result.samples) == (["byte 2 of the text is not UTF-8"], [b"tw\xffo"])
    assert [row["row"] for row in outcome(Parquet(str(path)), columns=("row",)).rows] == [0, 2, 3]


def test_other_columns_that_are_no_utf8_can_still_be_told(tmp_path: Path) -> None:
    data = {"text": ["a", "b"], "url": unchecked([b"https://a/\xe9", b"x"]), "lang": unchecked([b"d\xff", b"d\xfe"])}
    rows = outcome(Parquet(str(save(tmp_path / "a.parquet", data)))).rows
    assert [(row["url"], row["lang"]) for row in rows] == [("https://a/\\xe9", "d\\xff"), ("x", "d\\xfe")]
    save(tmp_path / "a.parquet", {"text": ["a"], "tags": pa.ListArray.from_arrays([0, 1], unchecked([b"\xff"]))})
    with pytest.raises(DataError, match=r"a\.parquet: column 'tags' holds text that is not UTF-8 .*Write it as UTF-8"):
        outcome(Parquet(str(tmp_path)))


def both_ways(folder: Path, one: pa.Table, other: pa.Table) -> list[Path]:
    """Save two files so that each comes first once."""
    for place, first, second in (("ab", one, other), ("ba", other, one)):
        save(folder / place / "0.parquet", first)
        save(folder / place / "1.parquet", second)
    return [folder / "ab", folder / "ba"]


def with_column(column: pa.Array) -> pa.Table:
    return pa.table({"text": [f"text {number}" for number in range(len(column))], "n": column})


@pytest.mark.parametrize(
    "one, other, kind",
    [
        (pa.array([1], pa.int32()), pa.array([1 << 40]), pa.int64()),
        (pa.array([1], pa.uint8()), pa.array([-1], pa.int8()), pa.int16()),
        (pa.array([1 << 50]), pa.array([0.5]), pa.float64()),
        (pa.nulls(1), pa.array(["a"]), pa.string()),
        (pa.array(["a"]), pa.array(["b"], pa.large_string()), pa.large_string()),
        (pa.array(["a"]), pa.array(["b"]).dictionary_encode(), pa.string()),
        (pa.array(["a"]), pa.array(["b"], pa.string_view()), pa.string()),
        (pa.array([1], pa.timestamp("s")), pa.array([1], pa.timestamp("us")), pa.timestamp("us")),
        (pa.array([[None]]), pa.array([["a"]]), pa.list_(pa.string())),
        (pa.array([{"a": None}]), pa.array([{"a": "b"}]), pa.struct([("a", pa.string())])),
    ],
)
def test_types_that_differ_become_one_that_holds_both(
    tmp_path: Path, one: pa.Array, other: pa.Array, kind: pa.DataType
) -> None:
    values = []
    for folder in both_ways(tmp_path, with_column(one), with_column(other)):
        source = Parquet(str(folder))
        assert source.schema().field("n").type == kind
        result = outcome(source)
        assert {batch.schema.field("n").type for batch in result.batches} == {kind}
        values.append([row["n"] for row in result.rows])
    assert values[0] == values[1][::-1]
    assert values[0] == [*one.to_pylist(), *other.to_pylist()] or pa.types.is_timestamp(kind)


@pytest.mark.parametrize(
    "one, other, said",
    [
        (pa.array([1]), pa.array(["a"]), ("int64", "string")),
        (pa.array([{"a": 1}]), pa.array([{"a": 1, "b": "x"}]), ("struct<a: int64>", "struct<a: int64, b: string>")),
        (pa.array([[1]]), pa.array([1]), ("list<", "int64")),
        (pa.array([1], pa.timestamp("s")), pa.array([1], pa.timestamp("s", "UTC")), ("timestamp[ms]", "tz=UTC")),
    ],
)
def test_types_that_do_not_go_together_name_both_files(
    tmp_path: Path, one: pa.Array, other: pa.Array, said: tuple[str, str]
) -> None:
    for folder in both_ways(tmp_path, with_column(one), with_column(other)):
        with pytest.raises(DataError, match="no type holds both") as error:
            Parquet(str(folder)).schema()
        for part in (*said, "0.parquet", "1.parquet", "column 'n'", "Make two sources of them"):
            assert part in str(error.value)


def test_integer_that_a_double_does_not_hold_is_a_data_error(tmp_path: Path) -> None:
    for folder in both_ways(tmp_path, with_column(pa.array([(1 << 53) + 1])), with_column(pa.array([0.5]))):
        with pytest.raises(DataError, match=r"column 'n' holds int64, .* double .*9007199254740993"):
            outcome(Parquet(str(folder)))


def test_column_that_one_file_lacks_is_a_data_error_where_it_is_asked_for(tmp_path: Path) -> None:
    less, more = with_column(pa.array([1])).drop_columns(["n"]), with_column(pa.array([2]))
    for folder in both_ways(tmp_path, less, more):
        assert "n" in Parquet(str(folder)).schema().names
        with pytest.raises(
            DataError, match=r"\d\.parquet: no column 'n', which .*\d\.parquet has; columns there: text"
        ):
            outcome(Parquet(str(folder)))
        assert len(outcome(Parquet(str(folder)), columns=OURS).rows) == 2


def test_types_that_differ_are_part_of_the_identity(tmp_path: Path) -> None:
    save(tmp_path / "0.parquet", with_column(pa.array([1], pa.int32())))
    source = Parquet(str(tmp_path))
    before = source.identity()
    save(tmp_path / "1.parquet", with_column(pa.array([1], pa.int32())))
    assert source.identity() == before
    save(tmp_path / "2.parquet", with_column(pa.array([1], pa.int64())))
    assert source.identity() != before


@pytest.mark.parametrize(
    "empty",
    [
        pa.table({"text": pa.nulls(0)}),
        pa.table({}),
        pa.table({"other": pa.array([], pa.list_(pa.int8()))}),
        pa.table({"text": pa.array([], pa.string()), "n": pa.array([], pa.string())}),
    ],
)
def test_file_without_rows_fits_anywhere(tmp_path: Path, empty: pa.Table) -> None:
    for folder in both_ways(tmp_path, with_column(pa.array([1, 2])), empty):
        result = outcome(Parquet(str(folder), split_bytes=1))
        assert [row["n"] for row in result.rows] == [1, 2]
        assert Parquet(str(folder)).schema().field("n").type == pa.int64()
        assert all(found.sha256 for found in result.inputs)
    path = save(tmp_path / "alone.parquet", empty)
    assert outcome(Parquet(str(path))).rows == []


def test_file_without_row_groups_fits_anywhere(tmp_path: Path) -> None:
    with pq.ParquetWriter(tmp_path / "a.parquet", pa.schema([("text", pa.null())])):
        pass
    assert pq.read_metadata(tmp_path / "a.parquet").num_row_groups == 0
    save(tmp_path / "b.parquet", {"text": ["a"]})
    assert [row["text"] for row in outcome(Parquet(str(tmp_path), split_bytes=1)).rows] == ["a"]


def test_columns_of_nulls_are_null(tmp_path: Path) -> None:
    nothing = {name: pa.nulls(2) for name in ("text", "url", "date", "source", "id")}
    rows = outcome(Parquet(str(save(tmp_path / "a.parquet", nothing)))).rows
    assert [(row["text"], row["url"], row["date"], row["source"]) for row in rows] == [
        (None, None, None, "parquet")
    ] * 2
    assert len({row["id"] for row in rows}) == 2


def test_two_columns_of_one_name_are_a_data_error(tmp_path: Path) -> None:
    path = save(tmp_path / "a.parquet", pa.Table.from_arrays([pa.array(["a"])] * 3, ["text", "m", "m"]))
    with pytest.raises(DataError, match=r"a\.parquet: two columns are called 'm', .*Write the file again"):
        Parquet(str(path)).schema()
    twins = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["k", "k"])
    save(path, {"text": ["a"], "m": pa.ListArray.from_arrays([0, 1], twins)})
    with pytest.raises(DataError, match=r"two columns are called 'm\.(item|element)\.k'"):
        Parquet(str(path)).schema()


def test_names_with_dots_are_names(tmp_path: Path) -> None:
    data = {"text": ["x"], "a": [{"b": "inner", "c": 1}], "a.b": ["outer"], "a.c.d": [2]}
    path = save(tmp_path / "a.parquet", data)
    (row,) = outcome(Parquet(str(path))).rows
    assert (row["a"], row["a.b"], row["a.c.d"]) == ({"b": "inner", "c": 1}, "outer", 2)
    assert outcome(Parquet(str(path), text="a.b"), columns=("text",)).rows == [{"text": "outer"}]


@pytest.mark.parametrize(
    "name", ["_temporary/0/part-1.parquet", ".part.parquet", "_part.parquet", ".hidden/a.parquet", "_metadata"]
)
def test_hidden_files_are_no_input(tmp_path: Path, name: str) -> None:
    save(tmp_path / "in" / "lang=en" / "part-0.parquet", {"text": ["a"]})
    save(tmp_path / "in" / "_day=1" / "part-0.parquet", {"text": ["b"]})
    (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "in" / name).write_bytes(b"no parquet")
    for place in ("in", "in/**/*.parquet"):
        assert [row["text"] for row in outcome(Parquet(str(tmp_path / place))).rows] == ["b", "a"]
    if name.startswith("_t"):  # a path that says so is asked for
        assert len(Parquet(str(tmp_path / "in" / "_temporary" / "**" / "*.parquet")).shards(Workspace(""))) == 1


def test_times_of_96_bits_reach_the_year_9999(tmp_path: Path) -> None:
    far = pa.array([253_402_300_799_000_000, None], pa.timestamp("us"))
    options = {"use_deprecated_int96_timestamps": True, "store_schema": False}
    rows = outcome(Parquet(str(save(tmp_path / "a.parquet", {"text": ["a", "b"], "date": far}, **options)))).rows
    assert [row["date"] for row in rows] == ["9999-12-31T23:59:59Z", None]


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "brotli", "lz4", "zstd"])
def test_row_groups_that_are_encoded_differently(tmp_path: Path, codec: str) -> None:
    texts = [f"text {number % 3}" if number < 50 else f"text {number}" for number in range(100)]
    path = save(
        tmp_path / "a.parquet",
        {"text": texts},
        row_group_size=30,
        dictionary_pagesize_limit=50,
        data_page_size=20,
        write_batch_size=1,
        compression=codec,
        write_page_index=True,
    )
    assert [row["text"] for row in outcome(Parquet(str(path))).rows] == texts


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_delta_encodings(tmp_path: Path, encoding: str) -> None:
    texts = [f"text {number}" for number in range(100)]
    options = {"use_dictionary": False, "column_encoding": dict.fromkeys(("text", "kind"), encoding)}
    data = {"text": texts, "kind": pa.array(texts).dictionary_encode()}
    rows = outcome(Parquet(str(save(tmp_path / "a.parquet", data, **options)))).rows
    assert [(row["text"], row["kind"]) for row in rows] == list(zip(texts, texts, strict=True))


@pytest.mark.parametrize(
    "data, said",
    [
        (b"", "is not a readable Parquet file"),
        (b"PAR1", "is not a readable Parquet file"),
        (b"PARE" + b"x" * 20 + b"\x08\0\0\0PARE", "is encrypted, and keys are not supported .*Decrypt it first"),
        (b"PAR1" + b"x" * 20 + b"\xff\xff\0\0PAR1", "is not a readable Parquet file"),
        (b'{"text": "a"}\n', "is not a readable Parquet file"),
    ],
)
def test_file_that_is_none_is_a_data_error(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    with pytest.raises(DataError, match=rf"a\.parquet: {said}"):
        Parquet(str(tmp_path)).schema()


def test_codec_that_is_not_read_is_a_data_error(tmp_path: Path) -> None:
    data = save(tmp_path / "a.parquet", {"text": ["a"]}, compression="snappy", store_schema=False).read_bytes()
    codec = b"\x04text\x15"  # ColumnMetaData: the path, then the codec, of which 1 is Snappy and 3 LZO, doubled
    assert data.count(codec + b"\x02") == 1
    (tmp_path / "a.parquet").write_bytes(data.replace(codec + b"\x02", codec + b"\x06"))
    with pytest.raises(DataError, match=r"a\.parquet: is written in a way that is not read .*LZO.*Write it again"):
        outcome(Parquet(str(tmp_path)))


@pytest.mark.parametrize("column", [pa.array([["a"]]), pa.array([{"a": 1}])])
def test_column_that_cannot_be_a_string_is_a_config_error(tmp_path: Path, column: pa.Array) -> None:
    path = save(tmp_path / "a.parquet", {"text": ["a"], "url": column})
    with pytest.raises(
        ConfigError, match=r"a\.parquet: column 'url' holds .*, which is not a string\. Name another one"
    ):
        Parquet(str(path)).schema()
