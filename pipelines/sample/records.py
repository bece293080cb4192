"""Build WARC/1.1 records whose bytes follow from their content alone."""

import base64
import hashlib
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://atom-data/pipelines/sample")
"""Record ids are version 5 UUIDs in this namespace, so that a rebuild gives the same ids."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page as a server would hand it out."""

    url: str
    body: bytes
    date: datetime
    media_type: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    headers: Headers = ()
    """HTTP headers after Content-Type; Content-Length is added where they have none."""


def rank(*parts: str) -> str:
    """Return the hexadecimal rank of a name: an order that is stable and looks shuffled."""
    return hashlib.sha256("\n".join(("sample 1", *parts)).encode()).hexdigest()


def gzip_member(content: bytes) -> bytes:
    """Return one gzip member without a name or a time, so that equal content gives equal bytes."""
    packer = zlib.compressobj(level=9, wbits=31)
    return packer.compress(content) + packer.flush()


def sha1_digest(content: bytes) -> str:
    """Return a digest as WARC writes it: SHA-1 in base 32."""
    return "sha1:" + base64.b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def record_id(*parts: str) -> str:
    """Return the record id that belongs to a name."""
    return f"<urn:uuid:{uuid.uuid5(NAMESPACE, '|'.join(parts))}>"


def warc_date(date: datetime) -> str:
    """Return a date as WARC-Date writes it."""
    return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(date: datetime) -> str:
    """Return a date as HTTP writes it."""
    return date.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def raw_record(headers: Headers, block: bytes, *, length: int | None = None) -> bytes:
    """Return an uncompressed record; `length` overrides the true Content-Length, for records that lie about it."""
    size = len(block) if length is None else length
    lines = [f"{name}: {value}\r\n" for name, value in (*headers, ("Content-Length", str(size)))]
    return b"WARC/1.1\r\n" + "".join(lines).encode() + b"\r\n" + block + b"\r\n\r\n"


def http_block(page: Page) -> bytes:
    """Return the HTTP response of a page: status line, headers, body."""
    headers: Headers = (("Content-Type", page.media_type), *page.headers)
    if "content-length" not in {name.lower() for name, _ in headers}:
        headers = (*headers, ("Content-Length", str(len(page.body))))
    lines = [f"HTTP/1.1 {page.status}\r\n", *(f"{name}: {value}\r\n" for name, value in headers), "\r\n"]
    return "".join(lines).encode() + page.body


def response_headers(page: Page, block: bytes) -> Headers:
    """Return the WARC headers of a response, without its Content-Length."""
    return (
        ("WARC-Type", "response"),
        ("WARC-Record-ID", record_id("response", page.url)),
        ("WARC-Date", warc_date(page.date)),
        ("WARC-Target-URI", page.url),
        ("WARC-Payload-Digest", sha1_digest(page.body)),
        ("WARC-Block-Digest", sha1_digest(block)),
        ("Content-Type", "application/http; msgtype=response"),
    )


def page_record(page: Page) -> bytes:
    """Return the response record of a page as one gzip member."""
    block = http_block(page)
    return gzip_member(raw_record(response_headers(page, block), block))


def warcinfo_record(filename: str, date: datetime) -> bytes:
    """Return the record that opens a file and says what made it."""
    block = (
        b"software: pipelines/sample/make_sample.py\r\n"
        b"format: WARC File Format 1.1\r\n"
        b"description: pages of Debian packages under free licenses, wrapped offline under their public address, "
        b"between genuine crawl records; see README.md\r\n"
    )
    headers: Headers = (
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", record_id("warcinfo", filename)),
        ("WARC-Date", warc_date(date)),
        ("WARC-Filename", filename),
        ("Content-Type", "application/warc-fields"),
    )
    return gzip_member(raw_record(headers, block))
