"""ARC files, which crawlers wrote before WARC: the same rows, offsets and columns from the same source."""

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from atom_data.errors import DataError
from atom_data.readers import Warc
from atom_data.readers.framing import ARC, arc_fields
from atom_data.storage.shards import check_spans
from tests.readers.archives import members, outcome, page, record, write

BODY = page(b"<html><p>old</p></html>")


def arc(
    url: str, body: bytes = BODY, date: str = "20010203040506", mime: str = "text/html", length: object = None
) -> bytes:
    size = len(body) if length is None else length
    return f"{url} 192.0.2.7 {date} {mime} {size}\n".encode() + body + b"\n"


def first(version: str = "1 0 InternetArchive", more: bytes = b"") -> bytes:
    fields = b"URL IP-address Archive-date Content-type Archive-length\n"
    body = version.encode() + b"\n" + fields + more
    return b"filedesc://a.arc 0.0.0.0 20010203040500 text/plain %d\n" % len(body) + body + b"\n"


META = b'<?xml version="1.0"?>\n<arcmetadata>http://x/ 1.2.3.4 20010203040506 text/html 5\n</arcmetadata>\n'
PARTS = [first(), *(arc(f"http://example.org/{n}", page(b"%d" % n * (n * 40))) for n in range(8))]


@pytest.mark.parametrize("head", [first(), first("1 1 InternetArchive", META)])
@pytest.mark.parametrize("packed", ["plain", "members", "one member"])
def test_arc_gives_the_rows_a_warc_would(tmp_path: Path, head: bytes, packed: str) -> None:
    parts = [
        head,
        arc("http://example.org/1"),
        arc("dns:example.org", b"20010203\n", mime="text/dns"),
        arc("http://e.org/2"),
    ]
    data = b"".join(parts)
    stored = {"plain": data, "members": members(*parts), "one member": gzip.compress(data)}[packed]
    name = "a.arc" if packed == "plain" else "a.arc.gz"
    result = outcome(Warc(write(tmp_path, name, stored)))
    assert (result.rejects, result.skipped) == ([], {"warc.warcinfo": 1})
    assert [(row["url"], row["mime"], row["http_status"], row["html"]) for row in result.rows] == [
        ("http://example.org/1", "text/html", 200, b"<html><p>old</p></html>"),
        ("dns:example.org", "text/dns", None, None),
        ("http://e.org/2", "text/html", 200, b"<html><p>old</p></html>"),
    ]
    assert {row["date"] for row in result.rows} == {"2001-02-03T04:05:06Z"}
    pieces = {"plain": parts, "members": [members(part) for part in parts], "one member": [b""] * 4}[packed]
    assert [row["offset"] for row in result.rows] == [len(b"".join(pieces[:n])) for n in (1, 2, 3)]


def test_arc_and_warc_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.arc.gz", members(first(), arc("http://old.example/")))
    write(tmp_path, "b.arc", first() + arc("http://older.example/"))
    write(tmp_path, "c.warc.gz", members(record(1)))
    write(tmp_path, "d.warc.gz", members(first(), arc("http://named.example/")))  # what it is, not what it is called
    result = outcome(Warc(str(tmp_path)))
    assert [row["url"] for row in result.rows] == [
        "http://old.example/",
        "http://older.example/",
        "https://example.org/1",
        "http://named.example/",
    ]
    assert len({row["id"] for row in result.rows}) == 4


def test_arc_payload_with_lines_like_records_invents_none(tmp_path: Path) -> None:
    trap = page(b"<pre>\n" + arc("http://forged.example/") * 3 + record(9) + b"</pre>")
    parts = [first(), arc("http://a.example/", trap), arc("http://b.example/")]
    for name, data in (("a.arc", b"".join(parts)), ("a.arc.gz", members(*parts))):
        assert [row["url"] for row in outcome(Warc(write(tmp_path, name, data))).rows] == [
            "http://a.example/",
            "http://b.example/",
        ]
    forged = record(1, page(b"<pre>\r\n" + arc("http://forged.example/") + b"</pre>"))
    assert outcome(Warc(write(tmp_path, "a.warc", forged))).urls == ["1"]


@pytest.mark.parametrize(
    "bad, reason",
    [
        (arc("http://x.example/", length="-1"), "warc.bad_header"),
        (arc("http://x.example/", length="abc"), "warc.bad_header"),
        (arc("http://x.example/", length=90_000), "warc.truncated"),
        (b"rubbish\n", "warc.bad_header"),
    ],
)
def test_arc_broken_record_is_the_only_loss(tmp_path: Path, bad: bytes, reason: str) -> None:
    parts = [first(), arc("http://a.example/"), bad, arc("http://b.example/")]
    for name, data in (("a.arc", b"".join(parts)), ("a.arc.gz", members(*parts))):
        result = outcome(Warc(write(tmp_path, name, data)))
        assert [row["url"] for row in result.rows] == ["http://a.example/", "http://b.example/"]
        assert result.reasons == [reason]


def test_arc_with_a_damaged_first_record_is_known_by_its_name(tmp_path: Path) -> None:
    result = outcome(Warc(write(tmp_path, "a.arc", b"damaged\n" + arc("http://a.example/"))))
    assert ([row["url"] for row in result.rows], result.rejects) == (["http://a.example/"], [("warc.bad_header", 0)])
    result = outcome(Warc(write(tmp_path, "a.arc", arc("http://a.example/") + arc("http://b.example/"))))
    assert len(result.rows) == 2
    with pytest.raises(DataError, match="is not a WARC file; it begins with b'no record', as no WARC or ARC file does"):
        outcome(Warc(write(tmp_path, "a.arc", b"no record")))


@pytest.mark.parametrize(
    "line, url, date, mime, length",
    [
        (b"http://a/ 1.2.3.4 20010203040506 text/html 5\n", b"http://a/", b"20010203040506", b"text/html", b"5"),
        (b"http://a/x y z 1.2.3.4 20010203040506 text/html 5\r\n", b"http://a/x y z", b"20010203040506", b"text/html", b"5"),
        (b"http://a/ ::1 200102030405 text/html; charset=x 5\n", b"http://a/", b"200102030405", b"text/html; charset=x", b"5"),
        (b"http://a/ 1.2.3.4 20010203040506 no-type 5\n", b"http://a/", b"20010203040506", None, b"5"),
        (b"http://a/ 1.2.3.4 20010203 text/html 200 fac0 - 209 I.arc 7\n", b"http://a/", b"20010203", b"text/html", b"7"),
    ],
)  # fmt: skip
def test_arc_line_is_understood(line: bytes, url: bytes, date: bytes, mime: bytes | None, length: bytes) -> None:
    assert ARC.start.match(line)
    said = arc_fields(line)
    found = said[b"warc-target-uri"], said[b"warc-date"], said.get(b"content-type"), said[b"content-length"]
    assert found == (url, date, mime, length)
    assert said[b"warc-type"] == b"response"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(split_bytes=st.integers(60, 2_500), packed=st.booleans())
def test_arc_in_parts_gives_the_rows_of_the_whole(tmp_path: Path, split_bytes: int, packed: bool) -> None:
    path = write(tmp_path, "a.arc.gz" if packed else "a.arc", members(*PARTS) if packed else b"".join(PARTS))
    whole, parts = outcome(Warc(path, split_bytes=0)), outcome(Warc(path, split_bytes=split_bytes))
    assert parts.rows == whole.rows
    assert parts.skipped == whole.skipped
    assert len(whole.rows) == 8
    if parts.spans[0] is not None:
        check_spans("a.arc", [span for span in parts.spans if span is not None])


@settings(max_examples=100, deadline=None)
@given(line=st.binary(max_size=60), before=st.sampled_from([b"", b"filedesc:", b"http://a/ 1.2.3.4 20010203 "]))
def test_arc_line_of_anything_does_not_raise(line: bytes, before: bytes) -> None:
    arc_fields(before + line + b"\n")
