"""CSV, TSV, Arrow IPC and JSON arrays: rows with their numbers, what is rejected, and broken files in a sentence."""

import bz2
import csv
import gzip
import io
import json
import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pytest
from hypothesis import given, settings, strategies as st

from atom_data import Jsonl, Tables
from atom_data.errors import ConfigError, DataError
from atom_data.readers.open import source_for
from atom_data.readers.tables.formats import array_rows, delimited_rows
from atom_data.readers.tables.unpacked import Unpacked
from atom_data.testing import check_source
from tests.readers.archives import outcome

ROWS = [
    {"id": "a", "text": 'It says "yes",\nand more', "url": "https://a.org", "score": "1"},
    {"id": "", "text": "zweite Größe", "url": "", "score": "2"},
    {"id": "c", "text": "", "url": "https://c.org", "score": "3"},
]


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_ipc(rows: list[dict[str, Any]], file: bool) -> bytes:
    table, sink = pa.Table.from_pylist(rows), pa.BufferOutputStream()
    with (pa.ipc.new_file if file else pa.ipc.new_stream)(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue().to_pybytes()


def write_kinds(folder: Path) -> dict[str, Path]:
    """Write the same rows in every format."""
    made = {
        "plain.csv": as_csv(ROWS),
        "bom.csv": b"\xef\xbb\xbf" + as_csv(ROWS),
        "packed.csv.gz": gzip.compress(as_csv(ROWS)),
        "two.csv.bz2": bz2.compress(as_csv(ROWS)[:40]) + bz2.compress(as_csv(ROWS)[40:]),
        "tabs.tsv.xz": lzma.compress(as_csv(ROWS, "\t")),
        "file.arrow": as_ipc(ROWS, file=True),
        "stream.arrows": as_ipc(ROWS, file=False),
        "array.json": json.dumps(ROWS, indent=1, ensure_ascii=False).encode(),
        "array.json.gz": gzip.compress(json.dumps(ROWS).encode()),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    feather.write_feather(pa.Table.from_pylist(ROWS), folder / "some.feather", compression="zstd")
    return {path.name: path for path in folder.iterdir()}


KINDS = ("plain.csv", "bom.csv", "packed.csv.gz", "two.csv.bz2", "tabs.tsv.xz", "file.arrow", "stream.arrows", "array.json",
         "array.json.gz", "some.feather")  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_rows(name: str, tmp_path: Path) -> None:
    path = write_kinds(tmp_path)[name]
    source = Tables(str(path), source="test", columns={"score": "string"})
    rows = outcome(source).rows
    assert [row["text"] for row in rows] == [row["text"] for row in ROWS]
    assert [row["row"] for row in rows] == [0, 1, 2]
    assert [row["url"] for row in rows] == ["https://a.org", "", "https://c.org"]
    assert [row["score"] for row in rows] == ["1", "2", "3"]
    assert [rows[0]["id"], len(rows[1]["id"]), rows[2]["id"]] == ["a", 32, "c"]
    assert {row["file"] for row in rows} == {name}
    check_source(source)
    by_row = outcome(Tables(str(path), source="test", ids="row")).rows
    assert [row["id"] for row in by_row] == [f"test/{name}#{number}" for number in range(3)]


def test_folder(tmp_path: Path) -> None:
    write_kinds(tmp_path)
    (tmp_path / "more.csv.txt").write_text("no table")
    assert len(outcome(Tables(str(tmp_path), ids="row")).rows) == 30


def test_bad_rows_cost_themselves(tmp_path: Path) -> None:
    """Empty lines are no rows; a row that is rejected has its number, and those after it keep theirs."""
    (tmp_path / "a.csv").write_bytes(b'id,text\na,one\n\nb\nc,"two\nlines"\nd,x,y\ne,\xff\xfe\nf,last\n')
    found = outcome(Tables(f"{tmp_path}/a.csv"))
    assert [(row["id"], row["row"], row["text"]) for row in found.rows] == [
        ("a", 0, "one"),
        ("c", 2, "two\nlines"),
        ("f", 5, "last"),
    ]
    assert found.rejects == [("table.bad_row", 1), ("table.bad_row", 3), ("table.bad_utf8", 4)]
    assert found.details == ["1 values, and the first line has 2 names", "3 values, and the first line has 2 names",
                             "byte 0 of 'text' is not UTF-8"]  # fmt: skip
    assert found.samples == [b"b", b"d,x,y", b"\xff\xfe"]
    (tmp_path / "a.json").write_text('[{"text": "x"}, 5, {"no": 1}, {"text": 7}, {"text": "y"}]')
    found = outcome(Tables(f"{tmp_path}/a.json"))
    assert [(row["row"], row["text"]) for row in found.rows] == [(0, "x"), (4, "y")]
    assert found.rejects == [("table.bad_json", 1), ("table.no_text", 2), ("table.no_text", 3)]


@pytest.mark.parametrize(
    ("body", "kept", "lost"),
    [
        (b'a,"one"\nb,"never closed\nc,"three"\nd,four\n', ["one", "four"], b'b,"never closed\nc,"three"'),
        (b'a,"one"\nb,"never closed\nc,three\n', ["one"], b'b,"never closed\nc,three'),
        (b'a,"one"\nb,"closed" and more\nc,"a ""quoted"" word"\n', ["one", 'a "quoted" word'], b'b,"closed" and more'),
    ],
)
def test_a_quote_that_is_not_closed_gives_no_text(body: bytes, kept: list[str], lost: bytes, tmp_path: Path) -> None:
    """It would take the next rows into its text, and they would be gone without a word."""
    (tmp_path / "a.csv").write_bytes(b"id,text\n" + body)
    found = outcome(Tables(f"{tmp_path}/a.csv"))
    assert [row["text"] for row in found.rows] == kept
    assert (found.rejects, found.samples) == ([("table.bad_row", 1)], [lost])
    assert found.details[0].startswith("its quotes do not close where a value ends (")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_three_ways(end: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(end.join([b"\xef\xbb\xbfid,text", b"a,\xc3\xa9", b'b,"x,y"', b""]))
    assert [(row["id"], row["text"]) for row in outcome(Tables(f"{tmp_path}/a.csv")).rows] == [
        ("a", "\u00e9"),
        ("b", "x,y"),
    ]


def test_delimiter(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(as_csv(ROWS, ";"))
    assert outcome(Tables(f"{tmp_path}/a.csv", delimiter=";")).rows[0]["text"] == ROWS[0]["text"]
    with pytest.raises(ConfigError, match="delimiter is ';;'; it is one ASCII character"):
        Tables("a.csv", delimiter=";;")


BROKEN: dict[str, tuple[bytes, str]] = {
    "twice.csv": (b"id,text,id\n1,2,3\n", "its first line names 'id' twice"),
    "none.csv": (b"", "its first line is empty"),
    "huge.csv": (
        b'id,text\n1,"' + b"x" * 300_000 + b'"\n',
        "row 0 or one of the next has more than the 100000|100,000 bytes allowed",
    ),
    "cut.csv.gz": (gzip.compress(as_csv(ROWS * 50))[:-20], "Fetch the file again"),
    "cut.arrow": (as_ipc(ROWS, True)[:-60], "is damaged or cut off"),
    "cut.arrows": (as_ipc(ROWS, False)[:-120], "is damaged or cut off behind row"),
    "no.arrow": (b"hello, I am no table", "is damaged or cut off"),
    "cut.json": (b'[{"text": "x"}, {"text": "y"', "is broken or cut off at element 1 of its array"),
    "no_end.json": (b'[{"text": "x"}', "before element 1 of its array stands the end of the file and no ','"),
    "object.json": (b'{"text": "x"}', "before element 0 of its array stands '{' and no '\\['"),
    "bad.json": (b'[{"text": "x"}, {"text": oops}]', "is broken or cut off at element 1"),
    "bytes.json": (b'[{"text": "\xff"}]', "is not UTF-8"),
    "long.json": (
        b'[{"text": "' + b"x" * 3_000_000 + b'"}]',
        "element 0 of its array is broken, or has more than the 100,000",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(name: str, tmp_path: Path) -> None:
    data, said = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=said):
        outcome(Tables(f"{tmp_path}/{name}", max_row_bytes=100_000))


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


@settings(max_examples=60)
@given(st.lists(st.fixed_dictionaries({"a": WORDS, "b": WORDS}), min_size=1, max_size=6), st.integers(1, 40))
def test_arrays_in_any_pieces(rows: list[dict[str, str]], size: int) -> None:
    data = json.dumps(rows).encode()
    pieces = iter([data[at : at + size] for at in range(0, len(data), size)])
    assert [row for _, row, _ in array_rows(Unpacked(pieces), "x", 1 << 20)] == rows


@settings(max_examples=60)
@given(st.lists(st.fixed_dictionaries({"a": WORDS, "b": WORDS}), min_size=1, max_size=6), st.integers(1, 40))
def test_csv_as_python_writes_it(rows: list[dict[str, str]], size: int) -> None:
    data = as_csv(rows)
    pieces = iter([data[at : at + size] for at in range(0, len(data), size)])
    assert [row for _, row, _ in delimited_rows(Unpacked(pieces), "x", ",", 1 << 20)] == rows


def test_named_on_a_command_line(tmp_path: Path) -> None:
    """A table is told by its ending, and an array from lines of JSON by its first sign."""
    write_kinds(tmp_path)
    for name in ("plain.csv", "tabs.tsv.xz", "file.arrow", "array.json", "array.json.gz"):
        assert len(outcome(source_for("test", str(tmp_path / name))).rows) == 3
    (tmp_path / "lines.json").write_text('{"text": "x"}\n{"text": "y"}\n')
    assert isinstance(source_for("test", str(tmp_path / "lines.json")), Jsonl)
