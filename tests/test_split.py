"""A large file is read in parts, and the parts together are the whole: nothing lost, nothing twice."""

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.command import SAMPLE, atom_data, recipe
from tests.tokens.corpus import tiny_tokenizer

RECIPE = """
    from atom_data import Stage, {kind}

    def stages():
        return (Stage(name="read", reads={kind}({path!r}, source="test", split_bytes={split}), allow_unreadable=1.0),)
"""


def rows(folder: Path, kind: str, path: Path, split: int) -> tuple[int, list[dict[str, object]]]:
    """Return the number of shards and all rows, by file and place in it."""
    out = folder / f"out-{split}"
    written = recipe(folder, RECIPE.format(kind=kind, path=str(path), split=split), f"recipe_{split}.py")
    done = atom_data("run", written, "-o", out, "-w", 2)
    assert done.returncode == 0, done.stderr
    shards = sorted((out / "read").glob("*.parquet"))
    return len(shards), [row for shard in shards for row in pq.read_table(shard).to_pylist()]


def test_warc_in_parts_is_the_whole(tmp_path: Path) -> None:
    path = SAMPLE / "sample-00004.warc.gz"
    one, whole = rows(tmp_path, "Warc", path, 0)
    many, parts = rows(tmp_path, "Warc", path, 100_000)
    assert one == 1
    assert many == 15
    assert len(whole) > 300
    assert parts == whole


def test_uncompressed_warc_in_parts_is_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "plain.warc"
    path.write_bytes(gzip.decompress((SAMPLE / "sample-00005.warc.gz").read_bytes()))
    _, whole = rows(tmp_path, "Warc", path, 0)
    many, parts = rows(tmp_path, "Warc", path, 1_000_000)
    assert many >= 3
    assert len(whole) > 200
    assert parts == whole


def test_parquet_in_parts_is_the_whole(tmp_path: Path) -> None:
    import pyarrow as pa

    path = tmp_path / "rows.parquet"
    table = pa.table({"id": [f"id-{i}" for i in range(5000)], "text": [f"text {i} " * 20 for i in range(5000)]})
    pq.write_table(table, path, row_group_size=250)
    _, whole = rows(tmp_path, "Parquet", path, 0)
    many, parts = rows(tmp_path, "Parquet", path, 20_000)
    assert many > 3
    assert [row["id"] for row in whole] == table.column("id").to_pylist()
    assert parts == whole


def test_page_that_looks_like_a_record_stops_the_stage(tmp_path: Path) -> None:
    """In an uncompressed file a page can hold bytes that look like a record; a part must not begin there unseen."""

    def record(number: int, body: bytes) -> bytes:
        page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nWARC-Target-URI: http://a.example/{number}\r\n"
        return head.encode() + f"Content-Length: {len(page)}\r\n\r\n".encode() + page + b"\r\n\r\n"

    forged = record(666, b"<p>never crawled</p>")
    path = tmp_path / "hostile.warc"
    path.write_bytes(
        record(1, b"<p>page</p>" + b"x" * 3000 + b"\n" + forged * 20 + b"y" * 3000) + record(2, b"<p>last</p>")
    )
    _, whole = rows(tmp_path, "Warc", path, 0)
    assert len(whole) == 2
    written = recipe(tmp_path, RECIPE.format(kind="Warc", path=str(path), split=4000), "split.py")
    done = atom_data("run", written, "-o", tmp_path / "out", "-w", 1)
    assert done.returncode == 1
    assert "hostile.warc: its parts do not meet" in done.stderr
    assert "Pass split_bytes=0 to the source." in done.stderr


FORGED = """
    from atom_data import Jsonl, Stage, Tokenize, Wet
    from atom_data.dedup import Copies, SameText

    def stages():
        pages = Wet({path!r}, split_bytes={split})
        return ({node},)
"""
NODES = {
    "stage": 'Stage(name="made", reads=pages)',
    "tokens": 'Tokenize(name="made", reads=pages, tokenizer={tokenizer!r})',
    "pass": 'Stage(name="made", reads=Copies(of=pages, by=SameText()))',
}


@pytest.mark.parametrize("node", NODES)
def test_records_forged_inside_a_page_are_no_documents(tmp_path: Path, node: str) -> None:
    """A page may hold what looks like records; a part that begins there would hold documents that nobody crawled."""
    forged = "".join(wet_record(f"https://forged.example/{i}", f"forged {i} " * 20) for i in range(20))
    path = tmp_path / "hostile.wet"
    path.write_text(
        wet_record("https://one.example/", "text " * 50 + forged) + wet_record("https://two.example/", "two")
    )
    written = NODES[node].format(tokenizer=str(tiny_tokenizer(tmp_path / "tokenizer.json")))
    for split, code in ((4000, 1), (0, 0)):
        text = FORGED.format(path=str(path), split=split, node=written)
        done = atom_data("run", recipe(tmp_path, text, f"recipe_{split}.py"), "-o", tmp_path / f"out-{split}")
        assert done.returncode == code, done.stderr
        assert ("hostile.wet: its parts do not meet" in done.stderr) == (code == 1)
    receipts = (tmp_path / "out-0" / "made" / "receipts").glob("*.json")
    assert sum(json.loads(receipt.read_text())["rows_out"] for receipt in receipts) == 2


def wet_record(url: str, text: str) -> str:
    """Return a record of a WET file."""
    head = f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
    head += f"WARC-Record-ID: <urn:uuid:{url}>\r\nContent-Type: text/plain\r\n"
    return f"{head}Content-Length: {len(text.encode())}\r\n\r\n{text}\r\n\r\n"
