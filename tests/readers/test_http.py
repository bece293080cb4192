"""HTTP: heads as servers write them, every coding whole and broken, binary data by any name; nothing lost in silence."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings, strategies as st

from atom_data.extract import Extract, Resiliparse
from atom_data.extract.page import Page, extracted
from atom_data.extract.sniff import has_controls, is_binary
from atom_data.readers import Warc
from atom_data.readers.codings import NAMES, TooLarge, dechunked, undone
from atom_data.readers.http import mime_and_charset, parse_head, split_answer
from tests.extract.test_extract import extract
from tests.readers.archives import Outcome, members, outcome, page, record, write

TEXT = "The harbor town keeps its archive in a low brick building. "
HTML = f"<html><title>t</title><p>{TEXT * 40}</p></html>".encode()
SOME_HTML = HTML[:300], HTML[300:]
SKIPPABLE = b"\x5a\x2a\x4d\x18\x03\0\0\0abc"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "deflate": zlib.compress,
    "x-deflate": raw_deflate,
}


def read(tmp_path: Path, *blocks: bytes, headers: str = "") -> Outcome:
    """Rows of records with these blocks."""
    records = [record(number, block, headers=headers) for number, block in enumerate(blocks)]
    return outcome(Warc(write(tmp_path, "a.warc.gz", members(*records))))


def coded(*lines: str) -> str:
    return "\r\n".join(["Content-Type: text/html", *lines])


@pytest.mark.parametrize(
    "payload, lines",
    [
        (b"".join(map(gzip.compress, SOME_HTML)), ["Content-Encoding: gzip"]),
        (b"".join(map(gzip.compress, (HTML[i : i + 1] for i in range(len(HTML))))), ["Content-Encoding: x-gzip"]),
        (gzip.compress(HTML) + b"\0" * 8 + b"junk", ["Content-Encoding: gzip"]),
        (gzip.compress(HTML), ['Content-Encoding: "gzip"']),
        (gzip.compress(HTML), ["Content-Encoding: gzip", "Content-Encoding: identity"]),
        (gzip.compress(HTML), ["Content-Encoding: none", "Content-Encoding: GZIP"]),
        (brotli.compress(gzip.compress(HTML)), ["Content-Encoding: gzip", "Content-Encoding: br"]),
        (gzip.compress(HTML), ["Content-Encoding: gzip, gzip"]),
        (gzip.compress(gzip.compress(HTML)), ["Content-Encoding: gzip"]),
        (gzip.compress(HTML), ["X: y"]),
        (zstd.compress(HTML), ["X: y"]),
        (gzip.compress(HTML), ["Content-Encoding: br"]),
        (zstd.compress(SOME_HTML[0]) + SKIPPABLE + zstd.compress(SOME_HTML[1]), ["Content-Encoding: zstd"]),
        (SKIPPABLE + zstd.compress(HTML), ["Content-Encoding: zstd"]),
        (brotli.compress(HTML) + b"\r\n", ["Content-Encoding: br"]),
        (raw_deflate(HTML), ["Content-Encoding: deflate"]),
        (zlib.compress(HTML), ["Content-Encoding: deflate, identity"]),
        (chunks(gzip.compress(HTML), b""), ["Transfer-Encoding: gzip, chunked"]),
        (chunks(gzip.compress(HTML), b""), ["Transfer-Encoding: chunked", "Content-Encoding: gzip"]),
        (gzip.compress(HTML), ["Transfer-Encoding: chunked", "Content-Encoding: gzip"]),
        (chunks(*SOME_HTML) + b"0000;last\r\nTrailer: x\r\n\r\n", ["Transfer-Encoding: Chunked"]),
        (b"%016x ; a=b\r\n%s\r\n0\r\n\r\n" % (len(HTML), HTML), ["Transfer-Encoding: chunked"]),
        (HTML, ["X-Crawler-Content-Encoding: gzip", "X-Crawler-Transfer-Encoding: chunked"]),
        (HTML, ["Content-Encoding: deflate"]),
        (HTML, ["Content-Encoding: aws-chunked", "Transfer-Encoding: identity"]),
    ],
)
def test_http_payload_is_decoded_whole(tmp_path: Path, payload: bytes, lines: list[str]) -> None:
    (row,) = read(tmp_path, page(payload, coded(*lines))).rows
    assert (row["html"], row["payload_status"]) == (HTML, "ok")


@pytest.mark.parametrize("name", CODERS)
def test_http_data_cut_off_or_broken_keeps_what_comes_before(tmp_path: Path, name: str) -> None:
    noise = b"<p>" + random.Random(1).randbytes(15_000).hex().encode()
    whole = CODERS[name](noise)
    cut, bad = whole[: len(whole) // 2], whole[: len(whole) // 2] + b"\xff" * len(whole)
    rows = read(tmp_path, *(page(data, coded(f"Content-Encoding: {name}")) for data in (cut, bad))).rows
    assert rows[0]["payload_status"] == "truncated"
    # Without a checksum nonsense may pass for data for a while, up to the end.
    assert rows[1]["payload_status"] in (("truncated", "broken") if name in ("br", "x-deflate") else ("broken",))
    for row in rows:
        kept = row["html"] if name != "zstd" else noise  # its blocks of 128 kB are given whole or not at all
        assert len(kept) > 8_000
        assert noise.startswith(kept[:8_000])


def test_http_wrong_checksum_loses_no_text(tmp_path: Path) -> None:
    data = gzip.compress(HTML)
    data = data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]
    (row,) = read(tmp_path, page(data, coded("Content-Encoding: gzip"))).rows
    assert (row["html"], row["payload_status"]) == (HTML, "broken")


@pytest.mark.parametrize(
    "payload, html, status",
    [
        (chunks(*SOME_HTML), HTML, "truncated"),
        (chunks(HTML)[:-20], HTML[:-18], "truncated"),
        (chunks(SOME_HTML[0]) + b"zz\r\n" + SOME_HTML[1], SOME_HTML[0], "broken"),
        (HTML, HTML, "ok"),
        (b"0\r\n\r\n", b"", "ok"),
    ],
)
def test_http_chunks_that_end_too_early_are_said(tmp_path: Path, payload: bytes, html: bytes, status: str) -> None:
    (row,) = read(tmp_path, page(payload, coded("Transfer-Encoding: chunked"))).rows
    assert (row["html"], row["payload_status"]) == (html, status)


def test_http_compressed_bytes_are_never_a_page(tmp_path: Path) -> None:
    noise = random.Random(2).randbytes(3_000)
    nested = HTML
    for _ in range(6):
        nested = gzip.compress(nested)
    payloads = [
        (noise, "br"),
        (noise, "deflate"),
        (b"\x1f\x8b\x08\0" + noise, "gzip"),
        (nested, "gzip"),
        (noise, "gzip"),
    ]
    blocks = [page(data, coded(f"Content-Encoding: {name}")) for data, name in payloads]
    batches = read(tmp_path, *blocks).batches
    (batch,) = (Extract()(batch) for batch in batches)
    assert batch["payload_status"].to_pylist() == ["undecoded", "undecoded", "broken", "undecoded", "undecoded"]
    assert not {"ok", "empty"} & set(batch["extract_status"].to_pylist())
    empty = read(tmp_path, page(gzip.compress(b""), coded("Content-Encoding: gzip"))).rows[0]
    assert (empty["html"], empty["payload_status"]) == (b"", "ok")


def test_http_payload_the_crawler_cut_is_truncated(tmp_path: Path) -> None:
    (row,) = read(tmp_path, page(HTML), headers="WARC-Truncated: length").rows
    assert (row["html"], row["payload_status"]) == (HTML, "truncated")


def test_http_what_is_no_page_is_not_decoded(tmp_path: Path) -> None:
    bomb = page(gzip.compress(b"\0" * 20_000_000), "Content-Type: image/png\r\nContent-Encoding: gzip")
    result = read(tmp_path, bomb, page(HTML, "Content-Type: image/png"))
    assert [(row["mime"], row["html"], row["payload_status"]) for row in result.rows] == [("image/png", None, None)] * 2


@pytest.mark.parametrize("names", [["gzip"], [], ["gzip", "br"], ["br", "zstd"]])
def test_http_bomb_of_any_nesting_is_too_large(tmp_path: Path, names: list[str]) -> None:
    bomb = b"\0" * 17_000_000
    for name in names or ["zstd", "gzip"]:
        bomb = CODERS[name](bomb)
    result = read(tmp_path, page(bomb, coded(f"Content-Encoding: {', '.join(names)}")), page(HTML))
    assert (result.urls, result.reasons) == (["1"], ["warc.too_large"])


def test_http_many_tiny_members_take_no_long_time() -> None:
    payload = gzip.compress(b"") * 400_000  # 8 MB
    assert undone(payload, [b"gzip"], 1_000) == (b"", "ok")


@pytest.mark.parametrize(
    "line, status",
    [
        ("HTTP/1.1 200 OK", 200),
        ("HTTP/2 200", 200),
        ("HTTP/3 204 ", 204),
        ("http/1.1 200 ok", 200),
        ("HTTP 200 OK", 200),
        ("ICY 200 OK", 200),
        ("HTTP/1.1200 OK", 200),
        ("HTTP/1.1 0200 OK", 200),
        ("HTTP/1.1 OK", None),
        ("HTTP/1.1 2000 OK", None),
        ("HTTP/1.1\t404\tNot: found", 404),
        ("\r\n\r\nHTTP/1.1 200 OK", 200),
        ("HTTP/1.1 999 Request denied", 999),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_http_status_lines_of_all_kinds_have_a_page(tmp_path: Path, line: str, status: int | None, end: str) -> None:
    block = f"{line}{end}Content-Type: text/html; charset=latin1{end}X: <y>{end}{end}".encode() + b"<p>\n\n" + HTML
    (row,) = read(tmp_path, block).rows
    assert (row["http_status"], row["mime"], row["charset"]) == (status, "text/html", "latin1")
    assert row["html"] == b"<p>\n\n" + HTML


@pytest.mark.parametrize(
    "before",
    [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Type: text/plain\r\n\r\n",
        "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n",
    ],
)
def test_http_response_behind_interim_ones_is_the_page(tmp_path: Path, before: str) -> None:
    answer = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n" + HTML
    (row,) = read(tmp_path, before.encode() + answer).rows
    assert (row["http_status"], row["html"]) == (404, HTML)


def test_http_page_about_http_is_not_taken_apart(tmp_path: Path) -> None:
    shown = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
    (row,) = read(tmp_path, page(shown, "Content-Type: text/plain")).rows
    assert row["html"] == shown
    data = members(record(0, b"HTTP is a protocol", "resource", headers="Content-Type: text/plain"))
    assert outcome(Warc(write(tmp_path, "b.warc.gz", data))).rows[0]["html"] == b"HTTP is a protocol"


def test_http_head_without_an_end_is_said(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + HTML + b"\n\n<p>more",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nand this is the text",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
    ).rows
    assert [(row["http_status"], row["html"], row["payload_status"]) for row in rows] == [
        (200, HTML + b"\n\n<p>more", "ok"),
        (200, b"", "truncated"),
        (103, None, "ok"),
    ]


@pytest.mark.parametrize(
    "said, mime, charset",
    [
        (b"Text/HTML;Charset='ISO-8859-1'", "text/html", "iso-8859-1"),
        (b"text/html, text/html; charset=utf-8", "text/html", "utf-8"),
        (b"text/html; charset=utf-8, text/html", "text/html", "utf-8"),
        (b"text/plain; charset=koi8-r, text/html", "text/html", None),
        (b"text/html, */*", "text/html", None),
        (b"text/html, nonsense", "text/html", None),
        (b"application/x-unknown-content-type", None, None),
        (b"html; charset=utf-8", None, "utf-8"),
        (b"", None, None),
    ],
)
def test_http_content_type_is_the_last_that_is_one(said: bytes, mime: str | None, charset: str | None) -> None:
    assert mime_and_charset(said) == (mime, charset)


def test_http_fields_that_are_lists_are_joined() -> None:
    head = b"Content-Encoding: gzip\r\nX : 1\r\nX: 2\r\nno colon\r\n folded\r\nContent-Encoding: br\r\n\r\n"
    assert parse_head(head) == {b"content-encoding": b"gzip, br", b"x": b"2"}
    assert parse_head(b"X:\r\n 1\r\n\t2") == {b"x": b"1 2"}


def test_http_page_without_a_type_is_known_by_its_beginning(tmp_path: Path) -> None:
    pages = [
        b"<?xml version='1.0'?>\n<!DOCTYPE html><p>x",
        b"<!--saved--><p>x",
        b"<iframe src=x>",
        b"<address>",
        b"<?xml?><rss>",
    ]
    rows = read(tmp_path, *(page(data, "X: y") for data in pages)).rows
    assert [row["mime"] for row in rows] == ["text/html", "text/html", "text/html", None, None]


NOISE = random.Random(3).randbytes(2_000)
BINARY = {
    "pdf": b"%PDF-1.4 ...",
    "pdf behind a line": b"\r\n%PDF-1.7\n1 0 obj <</Type/Catalog>> stream\n\x80\x81",
    "postscript": b"%!PS-Adobe-3.0\n%%Title: x",
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "gif": b"GIF89a\x01\0\x01\0\x80\0\0",
    "webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "zip": b"PK\x03\x04\x14\0",
    "gzip": b"\x1f\x8b\x08\0abc",
    "rar": b"Rar!\x1a\x07\x01\0",
    "office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "mp4": b"\0\0\0\x18ftypmp42",
    "mp3": b"ID3\x03\0\0\0\0",
    "ogg": b"OggS\0\x02",
    "font": b"wOF2\0\x01\0\0",
    "program": b"\x7fELF\x02\x01\x01\0",
    "icon": b"\0\0\x01\0\x01\0",
    "noise": NOISE,
    "short noise": NOISE[:60],
    "noise behind a page": b"<p>Warning: headers already sent</p>\n" + NOISE,
    "noise in the midst": b"<p>x" * 400 + NOISE * 10 + b"<p>x" * 400,
}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("mime", ["text/html", "text/plain"])
def test_html_binary_data_by_any_name_is_binary(name: str, mime: str) -> None:
    assert extract(BINARY[name], mime=mime) == [(None, None, "binary")]


@pytest.mark.parametrize(
    "case",
    [
        ("<p>日本語の文章です。</p>" * 20).encode("utf-16"),
        ("\ufeff" + "漢字かな" * 50).encode("utf-16-be"),
        ("<p>Привет, мир</p>" * 20).encode("utf-16-le"),
        ("<p>plain</p>" * 9).encode("utf-16-be"),
        (("漢字一二三四" * 50).encode("utf-16-le"), "utf-16le"),
        b"\xef\xbb\xbf<p>x",
        ("日本語の文章です。" * 20).encode("iso2022_jp"),
        ("한국어 문장입니다. " * 20).encode("iso2022_kr"),
        b"<p>page one\x0cpage two\x0bline\x1a",
        b"NAME\n  N\bNA\bAM\bME\bE" * 50,
        b"<p>padded" + b"\0" * 5_000,
        b"<p>one stray \x01 and \x02 and \x03 in many" + b" words" * 100,
        b"GIF89a is a format",
        b"BMW and PKZIP and MZ and ID3 tags and RIFF",
        b"\x1b[1mbold\x1b[0m" * 20,
        "Gr\xf6\xdfe".encode("latin-1"),
        b"",
        b"\0",
    ],
    ids=range(18),
)
def test_html_text_that_only_looks_odd_is_no_binary(case: bytes | tuple[bytes, str]) -> None:
    data, charset = case if isinstance(case, tuple) else (case, None)
    assert not is_binary(data, charset)


def test_html_short_noise_is_seldom_missed() -> None:
    rng = random.Random(4)
    assert sum(is_binary(rng.randbytes(80), None) for _ in range(200)) > 180
    assert all(is_binary(rng.randbytes(1_000), None) and has_controls(rng.randbytes(200)) for _ in range(200))


def test_trafilatura_calls_binary_data_binary() -> None:
    pytest.importorskip("trafilatura")
    from atom_data.extract import Trafilatura

    assert extract(BINARY["png"], BINARY["noise"], step=Extract(engine=Trafilatura())) == [(None, None, "binary")] * 2


pieces = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([gzip.compress(HTML), brotli.compress(HTML), zstd.compress(HTML), raw_deflate(HTML), SKIPPABLE]),
    st.sampled_from(
        [chunks(HTML), b"0\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 \r\n\r\n", b"\r\n\r\n", b"\r\r"]
    ),
    st.sampled_from([b"Content-Encoding: gzip\r\n", b"<p>"]),
)
payloads = st.lists(pieces, max_size=5).map(b"".join)


@settings(deadline=None)
@given(payloads, st.lists(st.sampled_from([*NAMES, b"identity", b""]), max_size=5), st.integers(0, 5_000))
def test_undone_never_raises_and_never_gives_more_than_allowed(data: bytes, names: list[bytes], limit: int) -> None:
    try:
        payload, how = undone(data, names, limit)
    except TooLarge:
        return
    assert how in ("ok", "truncated", "broken", "undecoded")
    assert len(payload) <= max(limit, len(data))


@settings(deadline=None)
@given(payloads, st.integers(1, 200), st.booleans())
def test_split_answer_never_raises_and_invents_no_payload(block: bytes, limit: int, loose: bool) -> None:
    answer = split_answer(block, limit, loose)
    assert answer is None or block.endswith(bytes(answer.payload))


@settings(deadline=None)
@given(st.binary(max_size=400), st.integers(0, 40), st.sampled_from([None, "utf-16", "x"]))
def test_is_binary_never_raises(data: bytes, times: int, charset: str | None) -> None:
    for sample in (data, data * times, b"<p>" * 6_000 + data):
        assert is_binary(sample, charset) in (True, False)
    page = Page(data, charset, "text/plain", None)
    assert extracted(page, Resiliparse(), 1 << 20).status != "parser"


def test_http_chunks_of_one_byte_take_no_more_memory_than_the_payload() -> None:
    """A view for each took 147 MB for 3 MB of them."""
    payload = b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"
    tracemalloc.start()
    body = dechunked(payload)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert body == (b"x" * 100_000, "ok")
    assert peak < 3_000_000
