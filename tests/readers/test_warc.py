"""Warc: what becomes a row, what is skipped, what is rejected, and that nothing else happens."""

import gzip
import hashlib
import lzma
import random
from pathlib import Path

import brotli
import pytest
from backports import zstd
from fastwarc.warc import ArchiveIterator, WarcRecordType

from atom_data.readers import Warc, Wet
from atom_data.workspace import Workspace
from tests.readers.archives import PAGE, members, outcome, page, record, write


def test_warc_rows_equal_those_of_fastwarc(tmp_path: Path) -> None:
    kinds = ["warcinfo", "request", "response", "metadata", "response", "revisit", "response"]
    blocks = [b"", b"GET / HTTP/1.1\r\n\r\n", None, b"k: v\r\n", page(b"<p>" * 9_000), None, page(b"")]
    data = members(*(record(n, block, kind) for n, (kind, block) in enumerate(zip(kinds, blocks, strict=True))))
    path = write(tmp_path, "a.warc.gz", data)
    expected = [
        (found.headers["WARC-Target-URI"], found.stream_pos, found.http_headers.status_code, found.reader.read())
        for found in ArchiveIterator(path, record_types=WarcRecordType.response, fsspec_args=False)
    ]
    result = outcome(Warc(path))
    assert [(row["url"], row["offset"], row["http_status"], row["html"]) for row in result.rows] == expected
    assert len(expected) == 3
    assert result.skipped == {"warc.warcinfo": 1, "warc.request": 1, "warc.metadata": 1, "warc.revisit": 1}
    assert result.rejects == []


def test_warc_row_says_where_it_comes_from(tmp_path: Path) -> None:
    path = write(tmp_path, "segment/a.warc.gz", members(record(1)))
    (row,) = outcome(Warc(str(tmp_path), source="crawl")).rows
    assert row | {"id": ""} == {
        "id": "",
        "url": "https://example.org/1",
        "date": "2026-01-02T03:04:05Z",
        "source": "crawl",
        "file": "segment/a.warc.gz",
        "offset": 0,
        "http_status": 200,
        "mime": "text/html",
        "charset": "utf-8",
        "html": b"<html><p>page 1</p></html>",
        "payload_status": "ok",
    }
    assert str(tmp_path) not in str(outcome(Warc(path)).rows)


def test_warc_input_is_hashed_whole(tmp_path: Path) -> None:
    data = members(record(1), record(2)) + b"\0" * 5_000
    source = Warc(write(tmp_path, "a.warc.gz", data))
    (found,) = outcome(source).inputs
    assert (found.bytes, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    (now,) = source.current(source.shards(Workspace(""))[0], Workspace(""))
    assert (now.path, now.bytes, now.modified, now.sha256) == (found.path, found.bytes, found.modified, "")


@pytest.mark.parametrize(
    "name, data",
    [
        ("plain.warc", b"".join(record(n) for n in range(4))),
        ("one_member.warc.gz", gzip.compress(b"".join(record(n) for n in range(4)))),
        ("pairs.warc.gz", gzip.compress(record(0) + record(1)) + gzip.compress(record(2) + record(3))),
        ("frames.warc.zst", b"".join(zstd.compress(record(n)) for n in range(4))),
        ("stream.warc.zst", zstd.compress(b"".join(record(n) for n in range(4)))),
        ("stream.warc.xz", lzma.compress(b"".join(record(n) for n in range(4)))),
        ("wrong_name.warc", members(*(record(n) for n in range(4)))),
        ("line_feeds.warc", b"".join(record(n, end="\n") for n in range(4))),
        ("old.warc.gz", members(*(record(n, version="WARC/0.18") for n in range(4)))),
        ("lower.warc", b"".join(record(n, version="warc/1.0") for n in range(4))),
        ("no_line_ends.warc.gz", members(*(record(n).removesuffix(b"\r\n\r\n") for n in range(4)))),
        ("empty_members.warc.gz", members(record(0), b"", record(1), b"\r\n", record(2), b"", b"", record(3))),
        ("padded.warc.gz", members(record(0), record(1)) + b"\0" * 700 + members(record(2), record(3)) + b"\0\r\n"),
        ("many_empty.warc.gz", members(*map(record, range(3))) + members(b"") * 3_000 + members(record(3))),
    ],
)
def test_warc_odd_but_whole_gives_all_rows(tmp_path: Path, name: str, data: bytes) -> None:
    result = outcome(Warc(write(tmp_path, name, data)))
    assert result.urls == ["0", "1", "2", "3"]
    assert [row["html"] for row in result.rows] == [b"<html><p>page %d</p></html>" % n for n in range(4)]
    assert result.rejects == []


def test_warc_record_across_members_is_read_whole(tmp_path: Path) -> None:
    stream = b"".join(record(n, page(b"%05d " % n * 5_000)) for n in range(5))
    blocks = [stream[at : at + 7_000] for at in range(0, len(stream), 7_000)]
    result = outcome(Warc(write(tmp_path, "blocks.warc.gz", members(*blocks))))
    assert [row["html"] for row in result.rows] == [b"%05d " % n * 5_000 for n in range(5)]
    assert result.rejects == []


def test_warc_folded_and_odd_headers_are_understood(tmp_path: Path) -> None:
    data = record(1).replace(b"Content-Length: ", b"content-length:\r\n \t ")
    data += record(2, headers="WARC-Target-URI: <http://a.example/>\nno colon here\nWARC-Date: 20260102030405")
    data += record(3, headers="WARC-Target-URI: http://b.example/\xfc\nWARC-Date: yesterday")
    rows = outcome(Warc(write(tmp_path, "a.warc", data))).rows
    assert [row["url"] for row in rows] == ["https://example.org/1", "http://a.example/", "http://b.example/\xfc"]
    assert [row["date"] for row in rows] == ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", None]


def test_warc_payload_is_decoded_as_the_server_coded_it(tmp_path: Path) -> None:
    import zlib

    html = b"<html><p>coded</p></html>"
    chunked = b"5;x=y\r\n" + html[:5] + b"\r\n14\r\n" + html[5:25] + b"\r\n0\r\nTrailer: x\r\n\r\n"
    raw = zlib.compressobj(wbits=-15)
    cases = [
        (html, "X: z"),
        (gzip.compress(html), "Content-Encoding: gzip"),
        (zlib.compress(html), "Content-Encoding: deflate"),
        (raw.compress(html) + raw.flush(), "Content-Encoding: Deflate"),
        (brotli.compress(html), "content-encoding: br"),
        (zstd.compress(html), "Content-Encoding: zstd"),
        (brotli.compress(gzip.compress(html)), "Content-Encoding: gzip, br"),
        (chunked, "Transfer-Encoding: chunked"),
        (html, "Transfer-Encoding: chunked"),
        (html, "Content-Encoding: gzip"),
        (html, "Content-Encoding: br"),
        (html, "Content-Encoding: whatever"),
    ]
    records = [
        record(n, page(data, f"Content-Type: text/html\r\n{headers}\r\nX: y"))
        for n, (data, headers) in enumerate(cases)
    ]
    result = outcome(Warc(write(tmp_path, "a.warc.gz", members(*records))))
    assert [row["html"] for row in result.rows] == [html] * len(cases)


@pytest.mark.parametrize("pack, name", [(gzip.compress, "gzip"), (brotli.compress, "br"), (zstd.compress, "zstd")])
def test_warc_payload_that_decodes_to_too_much_is_rejected(tmp_path: Path, pack: object, name: str) -> None:
    bomb = pack(b"\0" * 20_000_000)  # type: ignore[operator]
    data = members(record(0), record(1, page(bomb, f"Content-Type: text/html\r\nContent-Encoding: {name}")), record(2))
    result = outcome(Warc(write(tmp_path, "a.warc.gz", data)))
    assert (result.urls, result.reasons) == (["0", "2"], ["warc.too_large"])


def test_warc_mime_comes_from_crawler_then_server_then_bytes(tmp_path: Path) -> None:
    identified = "WARC-Identified-Payload-Type: application/xhtml+xml"
    records = [
        record(0, page(b"x", "Content-Type: Text/HTML;Charset='ISO-8859-1'")),
        record(1, page(b"x", "Content-Type: text/html; charset=utf8"), headers=identified),
        record(2, page(b"\x89PNG", "Content-Type: image/png")),
        record(3, page(b"\n <!DOCTYPE html><p>x", "X: y")),
        record(4, page(b"nothing known", "X: y")),
        record(5, b"<p>made by a crawler", "resource", headers="Content-Type: text/html"),
        record(6, b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno"),
        record(7, b"not http at all"),
        record(8, b"HTTP/1.0 301 Moved\r\nLocation: /x"),
    ]
    rows = outcome(Warc(write(tmp_path, "a.warc.gz", members(*records)))).rows
    assert [(row["mime"], row["charset"], row["http_status"], row["html"]) for row in rows] == [
        ("text/html", "iso-8859-1", 200, b"x"),
        ("application/xhtml+xml", "utf8", 200, b"x"),
        ("image/png", None, 200, None),
        ("text/html", None, 200, b"\n <!DOCTYPE html><p>x"),
        (None, None, 200, None),
        ("text/html", None, None, b"<p>made by a crawler"),
        ("text/plain", None, 404, b"no"),
        (None, None, None, None),
        (None, None, 301, None),
    ]


def test_warc_ids_hold_wherever_a_record_stands(tmp_path: Path) -> None:
    first = outcome(Warc(write(tmp_path, "a.warc.gz", members(record(1), record(2), record(1))))).rows
    other = outcome(Warc(write(tmp_path, "b/other.warc", record(7) + record(2) + record(1)), source="x")).rows
    assert [row["id"] for row in first[:2]] == [other[2]["id"], other[1]["id"]]
    ids = {row["id"] for row in (*first, other[0])}
    assert len(ids) == 4
    assert all(len(identity) == 32 for identity in ids)


def test_warc_ids_change_with_every_part_of_a_record(tmp_path: Path) -> None:
    variants = [
        record(1),
        record(1, PAGE % 2),
        record(1, headers="WARC-Date: 2026-01-02T03:04:06Z"),
        record(1, headers="WARC-Target-URI: https://example.org/2"),
        record(1, headers="WARC-Record-ID: <urn:uuid:x>"),
        record(1).replace(b"WARC-Record-ID", b"X-Record-ID"),
    ]
    rows = [outcome(Warc(write(tmp_path, "a.warc", variant))).rows[0] for variant in variants]
    assert len({row["id"] for row in rows}) == len(variants)


def test_warc_columns_asked_for_are_given_in_order(tmp_path: Path) -> None:
    source = Warc(write(tmp_path, "a.warc.gz", members(record(1))))
    result = outcome(source, columns=("html", "url", "no such column"))
    assert result.rows == [{"url": "https://example.org/1", "html": b"<html><p>page 1</p></html>"}]
    assert outcome(source, columns=("no such column",)).batches[0].num_rows == 1


def test_warc_batches_are_bounded(tmp_path: Path) -> None:
    data = members(*(record(n, page(b"x" * 3_000_000)) for n in range(7)))
    assert [batch.num_rows for batch in outcome(Warc(write(tmp_path, "a.warc.gz", data))).batches] == [3, 3, 1]
    data = members(*(record(n, page(b"x")) for n in range(2_100)))
    assert [batch.num_rows for batch in outcome(Warc(write(tmp_path, "b.warc.gz", data))).batches] == [1000, 1000, 100]


def test_warc_hash_counts_what_is_read_again_once(tmp_path: Path) -> None:
    noise = random.Random(0).randbytes(700_000)
    data = members(*(record(n, page(noise)) for n in range(6)))
    data = data[:3_200_000] + b"rubbish" + data[3_200_000:]
    result = outcome(Warc(write(tmp_path, "a.warc.gz", data)))
    assert (len(result.rows), result.reasons) == (5, ["warc.bad_gzip"])
    assert result.inputs[0].sha256 == hashlib.sha256(data).hexdigest()


def test_warc_identity_knows_what_decides_the_rows() -> None:
    assert Warc("a").identity() == Warc("b").identity()
    for other in (Warc("a", source="x"), Warc("a", max_record_bytes=5), Warc("a", mimes=("text/html",))):
        assert other.identity() != Warc("a").identity()


def test_wet_conversions_are_texts(tmp_path: Path) -> None:
    language = "WARC-Identified-Content-Language: eng,deu"
    records = [
        record(0, b"software: x", "warcinfo"),
        record(1, "Grüße \0und \ud800".encode("utf-8", "surrogatepass"), "conversion", headers=language),
        record(2, b"", "conversion"),
    ]
    result = outcome(Wet(write(tmp_path, "a.warc.wet.gz", members(*records))))
    assert [(row["url"][-1], row["languages"], row["text"]) for row in result.rows] == [
        ("1", "eng,deu", "Grüße und \ufffd\ufffd\ufffd"),
        ("2", None, ""),
    ]
    assert result.skipped == {"warc.warcinfo": 1}
