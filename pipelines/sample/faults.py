"""Broken, odd and hostile records: faults that crawls really contain, planted in pages of the sample.

A spoiled page takes the place of the whole one. Each fault keeps to its own gzip member, so a reader that survives it
finds the next record. The faults on which FastWARC 2.0.1 raises stand at the ends of files, so the records before
them stay readable. README.md lists what a reader sees of each.
"""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from records import (
    Headers,
    Page,
    gzip_member,
    http_block,
    page_record,
    raw_record,
    record_id,
    response_headers,
    sha1_digest,
    warc_date,
)

DEBIAN = "https://www.debian.org/"
FAQ = DEBIAN + "doc/manuals/debian-faq/"
GUIDE = DEBIAN + "releases/bookworm/amd64/"
HANDBOOK = "https://debian-handbook.info/browse/"
OFFICE = "https://help.libreoffice.org/7.4/"
POSTGRES = "https://www.postgresql.org/docs/15/"
PYTHON = "https://docs.python.org/3.11/"
PATH_TRICK = POSTGRES + "../" * 700 + "etc/motd"
FIGURE = "debian-handbook/usr/share/doc/debian-handbook/html/nb-NO/images/existing-setup-2.pdf.gz"
ICON = "installation-guide-amd64/usr/share/doc/installation-guide-amd64/en/images/note.png"
DATE = datetime(2023, 5, 8, tzinfo=UTC)
DEPTH = 20_000
"""Nested elements of the deep page: recursive parsers overflow their stack well below this."""
BLANK_BYTES = 8 * 2**20
"""Blanks in the page that packs to almost nothing: a small cousin of a decompression bomb."""

NOT_FOUND = b"""<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head>
<title>404 Not Found</title>
</head><body>
<h1>Not Found</h1>
<p>The requested URL was not found on this server.</p>
<hr>
<address>Apache Server at www.debian.org Port 443</address>
</body></html>
"""
MOVED = b"""<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head>
<title>301 Moved Permanently</title>
</head><body>
<h1>Moved Permanently</h1>
<p>The document has moved <a href="https://www.debian.org/releases/stable/">here</a>.</p>
</body></html>
"""
REFRESH = b"""<html><head><meta http-equiv="refresh" content="0; url=index.en.html"><title>Redirect</title></head>
<body><a href="index.en.html">Continue</a></body></html>
"""

Records = dict[str, bytes]
"""Gzip members by the address of the page they replace."""


def _member(page: Page, block: bytes, *, drop: str = "", more: Headers = (), length: int | None = None) -> bytes:
    headers = tuple(header for header in response_headers(page, block) if header[0] != drop)
    return gzip_member(raw_record((*headers, *more), block, length=length))


def _http_faults(pages: Mapping[str, Page]) -> Records:
    """Break the HTTP layer: status lines, headers, encodings of the body."""
    bare, odd = pages[POSTGRES + "features.html"], pages[POSTGRES + "row-estimation-examples.html"]
    status_bytes = http_block(odd).index(b"\r\n")
    chunked = pages[FAQ + "kernel.fr.html"]
    chunks = b"%x\r\n%s\r\nZZZZ\r\n" % (2_000, chunked.body[:2_000]) + chunked.body[2_000:]
    zipped, cut = pages[PYTHON + "tutorial/whatnow.html"], pages[PYTHON + "library/cgitb.html"]
    encoded: Headers = (("Content-Encoding", "gzip"),)
    changed: dict[str, dict[str, Any]] = {
        PYTHON + "library/poplib.html": {"headers": (("X-Trace", "at frame; " * 100),) * 8},
        FAQ + "kernel.fr.html": {"headers": (("Transfer-Encoding", "chunked"),), "body": chunks},
        FAQ + "kernel.it.html": {"headers": encoded},
        zipped.url: {"headers": encoded, "body": gzip.compress(zipped.body, mtime=0)},
        cut.url: {"headers": encoded, "body": gzip.compress(cut.body, mtime=0)[:1_500]},
        FAQ + "kernel.nl.html": {"headers": (("Content-Length", "99"),)},
        POSTGRES + "basebackup-to-shell.html": {"url": PATH_TRICK},
    }
    return {
        bare.url: _member(bare, bare.body),
        odd.url: _member(odd, b"ICY two hundred" + http_block(odd)[status_bytes:]),
        **{url: page_record(replace(pages[url], **changes)) for url, changes in changed.items()},
    }


def _warc_faults(pages: Mapping[str, Page]) -> Records:
    """Break the WARC layer: fields that are missing, doubled, or say that the record is not whole."""
    cut = replace(pages[POSTGRES + "sql-createcast.html"], body=pages[POSTGRES + "sql-createcast.html"].body[:9_000])
    dateless, nameless = pages[FAQ + "redistributing.de.html"], pages[FAQ + "redistributing.pt.html"]
    doubled, whole = pages[FAQ + "redistributing.fr.html"], pages[FAQ + "redistributing.en.html"]
    revisit: Headers = (
        ("WARC-Type", "revisit"),
        ("WARC-Record-ID", record_id("revisit", whole.url)),
        ("WARC-Date", warc_date(DATE)),
        ("WARC-Target-URI", whole.url),
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"),
        ("WARC-Refers-To", record_id("response", whole.url)),
        ("WARC-Payload-Digest", sha1_digest(whole.body)),
        ("Content-Type", "application/http; msgtype=response"),
    )
    same_id: Headers = (("WARC-Record-ID", record_id("response", whole.url)),)
    return {
        cut.url: _member(cut, http_block(cut), more=(("WARC-Truncated", "length"),)),
        dateless.url: _member(dateless, http_block(dateless), drop="WARC-Date"),
        nameless.url: _member(nameless, http_block(nameless), drop="WARC-Target-URI"),
        doubled.url: _member(doubled, http_block(doubled), drop="WARC-Record-ID", more=same_id),
        whole.url + " again": gzip_member(raw_record(revisit, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")),
    }


def _payload_faults(pages: Mapping[str, Page]) -> Records:
    """Break the page: its bytes, its markup, what is said of its encoding."""
    russian = pages[HANDBOOK + "ru-RU/sect.web-browsers.html"]
    korean = pages[OFFICE + "ko/text/smath/01/03091508.html"]
    nul = pages[OFFICE + "en-US/text/smath/01/03090300.html"]
    deep = pages[OFFICE + "tr/text/sbasic/shared/01000000.html"]
    script = pages[OFFICE + "en-US/text/sbasic/shared/03090405.html"]
    blank = pages[POSTGRES + "libpq-notice-processing.html"]
    title = b"<title><script>alert(document.domain)</script> &lt;img src=x onerror=alert(1)&gt; "
    changed: dict[str, dict[str, Any]] = {
        russian.url: {"body": russian.body.decode().encode("cp1251", "replace")},
        HANDBOOK + "de-DE/sect.web-browsers.html": {"media_type": "text/html; charset=gb2312"},
        HANDBOOK + "es-ES/sect.web-browsers.html": {"media_type": "text/html; charset=x-user-defined-42"},
        korean.url: {"body": korean.body.replace("다".encode(), b"\xed\xa0\x80\xff\xeb\x8b", 9)},
        nul.url: {"body": nul.body.replace(b" the ", b" \0the\0 ")},
        deep.url: {"body": deep.body.replace(b"<body", b"<body>" + b"<div>" * DEPTH + b"<div", 1)},
        script.url: {"body": script.body.replace(b"<title>", title, 1)},
        blank.url: {"body": blank.body.replace(b"<body", b" " * BLANK_BYTES + b"<body", 1)},
        OFFICE + "hi/text/scalc/01/func_time.html": {"body": b""},
        OFFICE + "ko/text/shared/01/06140500.html": {"media_type": ""},
    }
    return {url: page_record(replace(pages[url], **changes)) for url, changes in changed.items()}


def _other_pages(packages: Path) -> list[Page]:
    """Return what a crawl also brings home: error pages, redirects, a figure, an icon."""
    moved: Headers = (("Location", DEBIAN + "releases/stable/"),)
    pdf = gzip.decompress((packages / FIGURE).read_bytes())
    png = (packages / ICON).read_bytes()
    return [
        Page(url=DEBIAN + "missing.html", body=NOT_FOUND, date=DATE, status="404 Not Found"),
        Page(url=DEBIAN + "releases/current/", body=MOVED, date=DATE, status="301 Moved Permanently", headers=moved),
        Page(url=FAQ, body=REFRESH, date=DATE),
        Page(url=HANDBOOK + "nb-NO/images/existing-setup-2.pdf", body=pdf, date=DATE, media_type="application/pdf"),
        Page(url=GUIDE + "images/note.png", body=png, date=DATE, media_type="image/png"),
    ]


def broken_records(pages: Mapping[str, Page], packages: Path) -> Records:
    """Return the faults by address; an address of `pages` means that the fault replaces this page."""
    others = {page.url: page_record(page) for page in _other_pages(packages)}
    return {**_http_faults(pages), **_warc_faults(pages), **_payload_faults(pages), **others}


def file_endings(pages: Mapping[str, Page]) -> dict[int, tuple[str, bytes]]:
    """Return what ends the files, by file number: address and bytes of faults after which a plain reader stops."""
    absurd, long, short, cut = (pages[FAQ + f"redistributing.{language}.html"] for language in ("ja", "ko", "nl", "ru"))
    member = page_record(cut)
    return {
        0: (absurd.url, page_record(replace(absurd, headers=(("X-Debug-Trace", "at frame; " * 7_000),)))),
        1: (long.url, _member(long, http_block(long), length=len(http_block(long)) + 60)),
        2: ("", gzip_member(b"upstream connect error or disconnect/reset before headers\r\n\r\n")),
        3: (short.url, _member(short, http_block(short), length=len(http_block(short)) - 60)),
        4: (cut.url, member[: len(member) // 2]),
    }
