"""Jsonl, Text and Parquet: what becomes a row, and what a bad line or file does."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from atom_data.errors import ConfigError, DataError
from atom_data.readers import Jsonl, Parquet, Text
from atom_data.storage.paths import sha256
from atom_data.workspace import Workspace
from tests.readers.archives import outcome, served, write

LINES = (
    b'{"text": "one", "id": 7, "url": "https://a.example/", "date": "2026", "source": "news", "n": 3}\n'
    b'{"text": "tw\xffo"}\n'
    b"\n"
    b'\xef\xbb\xbf{"text": "three \\ud83d\\ude00 \\ud83d \\u0000!", "n": null}\n'
    b"not json\n"
    b'{"body": "x", "n": 1}\n'
    b"[1]\n"
    b'{"text": 5}\n'
    b'{"text": null}\n'
    b'{"text": "four", "n": 1.5}\n'
    b'{"text": "five", "n": true}\n' + b'{"text": "' + b"y" * 200 + b'"}\n' + b"[" * 2_000 + b"\n"
    b'{"text": "six", "n": 99999999999999999999}\n'
    b'{"text": "last", "source": ""}'
)


def test_jsonl_bad_line_costs_only_itself(tmp_path: Path) -> None:
    source = Jsonl(write(tmp_path, "a.jsonl", LINES), columns={"n": "int64"}, max_line_bytes=150)
    result = outcome(source)
    assert [(row["text"], row["source"], row["n"]) for row in result.rows] == [
        ("one", "news", 3),
        ("three \U0001f600 \ufffd !", "jsonl", None),
        (None, "jsonl", None),
        ("last", "jsonl", None),
    ]
    assert result.reasons == [
        "jsonl.bad_utf8",
        "jsonl.bad_json",
        "jsonl.no_text",
        "jsonl.bad_json",
        "jsonl.no_text",
        "jsonl.bad_value",
        "jsonl.bad_value",
        "jsonl.too_large",
        "jsonl.too_large",
        "jsonl.bad_value",
    ]
    for (_, position), sample in zip(result.rejects, result.samples, strict=True):
        assert LINES[position : position + len(sample)] == sample
        assert LINES[position - 1 : position] == b"\n"
    assert "no field 'text'; fields here: body, n" in result.details
    assert result.skipped == {"jsonl.empty_line": 1}
    row = result.rows[0]
    assert (row["id"], row["url"], row["date"], row["file"], row["offset"]) == (
        "7",
        "https://a.example/",
        "2026",
        "a.jsonl",
        0,
    )


def test_jsonl_deep_nesting_is_a_bad_line(tmp_path: Path) -> None:
    result = outcome(Jsonl(write(tmp_path, "a.jsonl", b"[" * 200_000 + b'\n{"text": "x"}')))
    assert (result.reasons, [row["text"] for row in result.rows]) == (["jsonl.bad_json"], ["x"])


@pytest.mark.parametrize(
    "name, pack",
    [
        ("a.jsonl.gz", gzip.compress),
        ("a.jsonl.zst", zstd.compress),
        ("a.json.bz2", bz2.compress),
        ("a.ndjson.xz", lzma.compress),
    ],
)
def test_jsonl_compressed_gives_the_same_rows(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    half = LINES.index(b"\n\xef") + 20  # in the middle of a line: members need not end where lines do
    source = Jsonl(write(tmp_path, name, pack(LINES[:half]) + pack(LINES[half:])), split_bytes=10)
    plain = outcome(Jsonl(write(tmp_path, "plain/a.jsonl", LINES)))
    result = outcome(source)
    assert len(source.shards(Workspace(""))) == 1
    assert (result.rejects, [row["text"] for row in result.rows]) == (
        plain.rejects,
        [row["text"] for row in plain.rows],
    )
    assert result.inputs[0].sha256 == sha256(source.shards(Workspace(""))[0].path)


@pytest.mark.parametrize(
    "data", [gzip.compress(LINES)[:-30], gzip.compress(LINES) + b"rubbish", gzip.compress(LINES)[:40] + b"x" * 60]
)
def test_jsonl_broken_compression_is_a_data_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl\.gz: .*Fetch the file again"):
        outcome(Jsonl(write(tmp_path, "a.jsonl.gz", data)))


def test_jsonl_names_fields_and_source(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.jsonl", b'{"body": "x", "key": "k", "link": "l", "source": "s"}\n{"body": "x"}\n{"body": "x"}\n'
    )
    result = outcome(Jsonl(path, source="mine", text="body", id="key", url="link"))
    assert next((row["id"], row["url"], row["source"]) for row in result.rows) == ("k", "l", "mine")
    assert len({row["id"] for row in result.rows}) == 3
    assert [row["id"] for row in result.rows] == [
        row["id"] for row in outcome(Jsonl(path, source="mine", text="body", id="key")).rows
    ]
    assert outcome(Jsonl(path, text="body", id="key"), columns=("source",)).rows == [
        {"source": "s"},
        {"source": "jsonl"},
        {"source": "jsonl"},
    ]


@pytest.mark.parametrize(
    "columns, said", [({"n": "int"}, "has type 'int'; there are string"), ({"file": "string"}, "is always there")]
)
def test_jsonl_columns_that_cannot_be_are_refused(columns: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Jsonl("a.jsonl", columns=columns)


TEXT = b"\xef\xbb\xbfAlpha\r\nbeta\r\n\r\n \t\r\nGamma \xff\n\n" + b"z" * 500 + b"\nlast\0\n"


@pytest.mark.parametrize(
    "unit, limit, rows, rejects",
    [
        ("file", 1_000, [(0, "Alpha\r\nbeta\r\n\r\n \t\r\nGamma \ufffd\n\n" + "z" * 500 + "\nlast")], []),
        ("file", 400, [], [("text.too_large", 0)]),
        ("block", 400, [(0, "Alpha\r\nbeta"), (22, "Gamma \ufffd")], [("text.too_large", 31)]),
        ("block", 600, [(0, "Alpha\r\nbeta"), (22, "Gamma \ufffd"), (31, "z" * 500 + "\nlast")], []),
        ("line", 400, [(0, "Alpha"), (10, "beta"), (22, "Gamma \ufffd"), (532, "last")], [("text.too_large", 31)]),
    ],
)
def test_text_by_unit(
    tmp_path: Path, unit: str, limit: int, rows: list[tuple[int, str]], rejects: list[tuple[str, int]]
) -> None:
    result = outcome(Text(write(tmp_path, "a.txt.gz", gzip.compress(TEXT)), unit=unit, max_document_bytes=limit))
    assert [(row["offset"], row["text"]) for row in result.rows] == rows
    assert result.rejects == rejects
    assert all(len(sample) <= 1 << 16 for sample in result.samples)


def test_text_unknown_unit_is_refused() -> None:
    with pytest.raises(ConfigError, match="unit is 'page'; there are file, block, line"):
        Text("a.txt", unit="page")


def table(count: int = 10) -> pa.Table:
    return pa.table(
        {
            "text": pa.array([f"text {n}" if n % 4 else None for n in range(count)]),
            "id": pa.array([f"id{n}" if n % 4 != 2 else None for n in range(count)]),
            "date": pa.array(
                [datetime(2026, 1, 2, 3, 4, n % 60, tzinfo=UTC) for n in range(count)],
                pa.timestamp("us", "Europe/Berlin"),
            ),
            "lang": pa.array(["de"] * count).dictionary_encode(),
            "tags": pa.array([[{"k": "a", "v": n}] for n in range(count)]),
        }
    )


def save(folder: Path, name: str, data: pa.Table, rows: int = 3) -> str:
    path = folder / name
    pq.write_table(data, path, row_group_size=rows)
    return str(path)


def test_parquet_gives_its_columns_and_ours(tmp_path: Path) -> None:
    source = Parquet(save(tmp_path, "a.parquet", table()))
    result = outcome(source)
    assert source.schema().names == ["id", "text", "url", "date", "source", "file", "row", "lang", "tags"]
    assert result.batches[0].schema.equals(source.schema())
    row = result.rows[1]
    assert row == {
        "id": "id1",
        "text": "text 1",
        "url": None,
        "date": "2026-01-02T03:04:01Z",
        "source": "parquet",
        "file": "a.parquet",
        "row": 1,
        "lang": "de",
        "tags": [{"k": "a", "v": 1}],
    }
    assert len({row["id"] for row in result.rows}) == 10
    (found,) = result.inputs
    assert (found.bytes, found.sha256) == ((tmp_path / "a.parquet").stat().st_size, sha256(str(tmp_path / "a.parquet")))


def test_parquet_in_parts_gives_the_same_rows(tmp_path: Path) -> None:
    path = save(tmp_path, "a.parquet", table(20), 3)
    whole, source = outcome(Parquet(path)), Parquet(path, split_bytes=1_000)
    parts = outcome(source)
    assert [shard.name for shard in source.shards(Workspace(""))] == [f"a.p000{index}" for index in range(7)]
    assert parts.rows == whole.rows
    assert sum(found.bytes for found in parts.inputs) == Path(path).stat().st_size
    assert [found.bytes for found in parts.inputs] == [
        source.current(shard, Workspace(""))[0].bytes for shard in source.shards(Workspace(""))
    ]
    assert len({found.sha256 for found in parts.inputs}) == 7


def test_parquet_columns_asked_for_are_read_alone(tmp_path: Path) -> None:
    source = Parquet(save(tmp_path, "a.parquet", table(4)))
    assert outcome(source, columns=("lang", "row")).rows == [{"row": n, "lang": "de"} for n in range(4)]
    both = outcome(source, columns=("id",)).rows
    assert both == [{"id": row["id"]} for row in outcome(source).rows]
    assert sum(batch.num_rows for batch in outcome(source, columns=("nothing",)).batches) == 4


def test_parquet_renamed_columns_and_source(tmp_path: Path) -> None:
    data = pa.table(
        {"body": pa.array(["x"], pa.large_string()), "text": ["other"], "n": [5], "source": [None], "row": ["r"]}
    )
    source = Parquet(save(tmp_path, "a.parquet", data), text="body", id="n", source=None)
    assert outcome(source).rows == [
        {"id": "5", "text": "x", "url": None, "date": None, "source": "parquet", "file": "a.parquet", "row": 0}
    ]


@pytest.mark.parametrize(
    "options, said",
    [
        ({"text": "body"}, r"a\.parquet: no column 'body'; columns there: text, id, date, lang, tags\. Name the one"),
        ({"text": "tags"}, "column 'tags' holds list.*, which is not a string"),
        ({"id": "tags"}, "column 'tags' holds list.*, which is not a string"),
    ],
)
def test_parquet_column_that_cannot_be_is_a_config_error(tmp_path: Path, options: dict[str, str], said: str) -> None:
    source = Parquet(save(tmp_path, "a.parquet", table(2)), **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=said):
        source.schema()


def test_parquet_that_is_none_is_a_data_error(tmp_path: Path) -> None:
    source = Parquet(write(tmp_path, "a.parquet", b"no parquet"))
    with pytest.raises(DataError, match=r"a\.parquet: is not a readable Parquet file"):
        source.schema()


def test_parquet_over_http_gives_the_same_rows(tmp_path: Path) -> None:
    path = save(tmp_path, "a.parquet", table())
    local = outcome(Parquet(path))
    with served({"/a.parquet": Path(path).read_bytes()}) as url:
        remote = outcome(Parquet(f"{url}/a.parquet"))
    assert (remote.rows, remote.inputs[0].sha256) == (local.rows, local.inputs[0].sha256)


def test_text_in_another_encoding_is_told_to_the_reader(tmp_path: Path) -> None:
    plain = write(tmp_path, "a.txt", "①と髙橋さん\n".encode("cp932"))
    assert [row["text"] for row in outcome(Text(plain, charset="Shift_JIS")).rows] == ["①と髙橋さん"]
    with pytest.raises(ConfigError, match=r"charset is 'nonsense' with unit 'file'\. Give a label"):
        Text(plain, charset="nonsense")
    with pytest.raises(ConfigError, match="go with unit='file' only"):
        Text(plain, charset="utf-16", unit="line")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_text_in_utf16_is_read_whole_or_named(tmp_path: Path, codec: str) -> None:
    path = write(tmp_path, "a.txt", "\ufeffДом\r\nи море\r\n".encode(codec))
    result = outcome(Text(path))
    assert ([row["text"] for row in result.rows], result.damage["replaced_characters"]) == (["Дом\r\nи море"], 0)
    lines = outcome(Text(path, unit="line"))
    assert (lines.rows, lines.rejects) == ([], [("text.utf16", 0)])
    assert lines.details == ["the file is in UTF-16: take unit='file', or convert it to UTF-8; lines cannot be told"]


def test_readers_count_what_they_replace(tmp_path: Path) -> None:
    text = outcome(Text(write(tmp_path, "a.txt", b"caf\xe9 \xef\xbf\xbd\nwhole\n"), unit="line"))
    assert text.damage == {"documents": 2, "damaged_documents": 1, "characters": 11, "replaced_characters": 1}
    lines = b'{"text": "a \\ud83d \\ufffd \xef\xbf\xbd"}\n{"text": "b \xef\xbf\xbd"}\n{"text": null}\n'
    jsonl = outcome(Jsonl(write(tmp_path, "a.jsonl", lines)))
    assert jsonl.damage == {"documents": 3, "damaged_documents": 1, "characters": 10, "replaced_characters": 1}
