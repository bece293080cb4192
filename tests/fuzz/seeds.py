"""Small inputs of every kind, to be changed: made here, and the first records of the sample."""

import bz2
import gzip
import io
import json
import lzma
import zlib
from collections.abc import Callable
from functools import cache

import brotli
import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd

from tests.command import SAMPLE
from tests.readers.archives import members, page, record

PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".zst": zstd.compress,
    ".bz2": bz2.compress,
    ".xz": lambda data: lzma.compress(data, preset=0),
}
WARC_WORDS = (
    b"WARC/1.0\r\n", b"WARC/1.1\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"Content-Length: ", b"WARC-Type: response\r\n", b"\0", b":",
    b"WARC-Type: conversion\r\n", b"WARC-Truncated: length\r\n", b"HTTP/1.1 200 OK\r\n", b"filedesc://", b" ", b"\x1f\x8b\x08",
    b"http://e.org/ 1.2.3.4 20010203040506 text/html 5\n", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"\xfd7zXZ\0", b"BZh9",
)  # fmt: skip
HTTP_WORDS = (
    b"\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: br, gzip\r\n", b"Transfer-Encoding: chunked\r\n", b"ffffffff\r\n",
    b"Content-Encoding: deflate\r\n", b"Content-Encoding: zstd\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"0\r\n\r\n", b";", b",",
    b'Content-Type: text/html; charset="', b"Content-Length: 0\r\n", b"\x1f\x8b\x08", b"%PDF-1.4", b"\0",
)  # fmt: skip
HTML_WORDS = (
    b"<", b">", b"<div>", b"</div>", b"<p", b"<!--", b"-->", b"<![CDATA[", b"<script>", b"</script>", b"<table><tr><td>", b"&",
    b"&#",
    b"&#x110000;", b"<title>", b"<svg><math>", b"<select><option>", b"<template>", b"<meta charset=utf-16>", b"\0", b'="',
    b"<plaintext>",
    b"<a href=", b"<ul><li>", b"\xef\xbb\xbf", b"\xff\xfe", b"<b><i><font>", b"<frameset>", b"<noscript>", b"<textarea>", b"<base>",
)  # fmt: skip
CHARSETS = (
    "utf-8", "windows-1252", "shift_jis", "euc-jp", "iso-2022-jp", "gbk", "gb18030", "big5", "euc-kr", "utf-16le", "utf-16be",
    "koi8-r", "windows-874", "x-mac-cyrillic", "iso-8859-8-i", "x-user-defined", "replacement", "hz-gb-2312", "utf-7", "",
    "no such", "\0",
)  # fmt: skip
PRIVATE_WORDS = (
    b"@", b".", b"a.b+c@example.org", b"+49 (0)30 123456", b"192.168.0.1", b"::1", b"2001:db8::", b"4111 1111 1111 1111", b"-",
    b"(555) ",
    "ü".encode(), "я@ы.рф".encode(), b"icon@3x.jpg", b"DE89 3704 0044 0532 0130 00", b"..", b"//", b"\xe2\x80\xa8", b"mailto:",
)  # fmt: skip
TEXTS = (
    "Plain words of one line.\nAnd another, with Größe and 日本語の文章です。\n\nA second block — with “quotes”.\n",
    "Write to jane.doe+x@example.co.uk or call +1 (555) 010-9999 from 203.0.113.7; server 2001:db8::7.\n" * 3,
    "мир труд май, кодировка и буквы\n" * 4,
)


@cache
def warcs() -> tuple[tuple[bytes, ...], ...]:
    """Return files as their records."""
    kinds = ["warcinfo", "request", "response", "metadata", "response", "revisit", "resource"]
    made = tuple(
        record(number, page(b"<p>" + bytes([65 + number]) * (number * 53 % 400)), kind)
        for number, kind in enumerate(kinds)
    )
    return made, _sample(), tuple(record(n, block) for n, block in enumerate(https()))


@cache
def _sample() -> tuple[bytes, ...]:
    """Return a few small records of the sample."""
    data, found = sorted(SAMPLE.glob("*.warc.gz"))[0].read_bytes(), []
    while data and len(found) < 4:
        opened = zlib.decompressobj(31)
        whole = opened.decompress(data)
        data = opened.unused_data
        if len(whole) < 12_000:
            found.append(whole)
    return tuple(found)


def wets() -> tuple[tuple[bytes, ...], ...]:
    """Return WET files as their records."""
    return (tuple(record(n, text.encode(), "conversion") for n, text in enumerate(TEXTS)),)


def arcs() -> tuple[tuple[bytes, ...], ...]:
    """Return ARC files as their records."""
    fields = b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"
    head = b"filedesc://a.arc 0.0.0.0 20010203040500 text/plain %d\n" % len(fields) + fields + b"\n"
    body = page(b"<html><p>old</p></html>")
    each = [
        b"http://example.org/%d 192.0.2.7 20010203040506 text/html %d\n" % (n, len(body)) + body + b"\n"
        for n in range(5)
    ]
    return ((head, *each),)


def https() -> tuple[bytes, ...]:
    """Return HTTP responses, in many codings."""
    text = b"<html><title>t</title><p>" + b"page " * 100 + b"</html>"
    chunked = b"5\r\n<html\r\n" + b"%x\r\n" % (len(text) - 5) + text[5:] + b"\r\n0\r\n\r\n"
    coded = {
        "gzip": gzip.compress(text, mtime=0),
        "deflate": zlib.compress(text),
        "br": brotli.compress(text),
        "zstd": zstd.compress(text),
    }
    html = "Content-Type: text/html; charset=utf-8"
    return (
        page(text, html),
        page(chunked, f"{html}\r\nTransfer-Encoding: chunked"),
        *(page(data, f"{html}\r\nContent-Encoding: {name}") for name, data in coded.items()),
        page(gzip.compress(brotli.compress(text), mtime=0), f"{html}\r\nContent-Encoding: br, gzip"),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + page(text, html),
    )


def htmls() -> tuple[bytes, ...]:
    """Return pages: those of the sample's records, and one with a little of everything."""
    rich = (
        b"<!doctype html><html lang=en><head><meta charset=utf-8><title>A &amp; b</title><style>p{}</style></head><body>"
        b"<nav><a href=/>x</a></nav><main><h1>T</h1><p>One <b>two <i>three</b> four</i></p><ul><li>a<li>b</ul>"
        b"<table><tr><td>1<td>2</table><pre> x </pre><select><option>1</select><svg><path d=''/></svg>"
        b"<form><textarea>x</textarea></form></main><script>if (a<b) {}</script></body>"
    )
    found = [data.partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")[2] for data in _sample()]
    return (rich, *(page for page in found if b"<" in page))


def lines() -> tuple[bytes, ...]:
    """Return JSON lines."""
    rows: list[object] = [
        {"id": str(n), "text": text, "url": "https://e.org/", "n": n, "deep": [[{"a": None}]]}
        for n, text in enumerate(TEXTS)
    ]
    rows += [{"text": "no id"}, {"id": 5, "text": "x"}, {"id": "a"}, 3, "text", {"id": "b", "text": "\ud83d"}]
    return (
        "".join(json.dumps(row) + "\n" for row in rows).encode(),
        b'\xef\xbb\xbf{"text": "bom"}\r\n\r\n{"text": "last"}',
    )


def parquets() -> tuple[bytes, ...]:
    """Return Parquet files of several encodings and compressions."""
    table = pa.table(
        {
            "id": [str(n) for n in range(40)], "text": [TEXTS[n % 3] * (n % 4) for n in range(40)], "url": [None] * 40,
            "n": list(range(40)), "tags": [["a", "b"]] * 40, "meta": [{"k": n} for n in range(40)], "raw": [b"\xff"] * 40,
        }
    )  # fmt: skip
    found = []
    for options in (
        {"compression": "zstd", "row_group_size": 10}, {"compression": "none", "use_dictionary": False}, {"compression": "snappy"},
        {"compression": "gzip", "data_page_version": "2.0"}, 
        {"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY"}},
    ):  # fmt: skip
        stream = io.BytesIO()
        pq.write_table(table, stream, **options)
        found.append(stream.getvalue())
    return tuple(found)


def packed_members(records: tuple[bytes, ...], suffix: str) -> bytes:
    """Return a file of records in a compression: a member a record where it has members."""
    if suffix == ".gz":
        return members(*records)
    if suffix == ".zst":
        return b"".join(zstd.compress(data) for data in records)
    return PACK[suffix](b"".join(records))
