"""A small crawl whose records are known one by one, with both of its indexes."""

import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.readers.archives import record

LANGUAGES = ("eng", "deu,eng", "jpn", "deu")
HOSTS = ("www.example.org", "example.org", "notexample.org", "a.b.example.com:8080")


@dataclass(frozen=True)
class Entry:
    file: str
    start: int
    length: int
    url: str
    language: str
    mime: str
    status: int
    digest: str


def write_crawl(folder: Path, files: int = 3, records: int = 40, bytes_of_a_page: int = 2000) -> list[Entry]:
    """Write WARC files, `cdx-00000.gz`, `part-0.parquet` and part-1, and return all entries in the order of the files."""
    found = []
    for part in range(files):
        name, data = f"crawl-data/warc/{part}.warc.gz", b""
        for number in range(part * records, (part + 1) * records):
            url = f"https://user:x@{HOSTS[number % 4]}/{number}"
            status, mime = (404 if number % 7 == 0 else 200), ("application/pdf" if number % 5 == 0 else "text/html")
            body = b"<p>" + random.Random(number).randbytes(bytes_of_a_page).hex().encode()
            answer = f"HTTP/1.1 {status} OK\r\nContent-Type: {mime}\r\n\r\n".encode() + body
            packed = gzip.compress(
                record(number, answer).replace(b"https://example.org/%d" % number, url.encode()), mtime=0
            )
            entry = Entry(name, len(data), len(packed), url, LANGUAGES[number % 4], mime, status, f"DIGEST{number}")
            found.append(entry)
            data += packed
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    write_indexes(folder, found)
    return found


def write_indexes(folder: Path, found: list[Entry]) -> None:
    """Write both indexes of some entries, sorted by URL as the real ones are."""
    by_url = sorted(found, key=lambda entry: entry.url[::-1])
    lines = [f"key 20260522000000 {json.dumps(cdx(entry))}\n" for entry in by_url]
    (folder / "cdx-00000.gz").write_bytes(b"".join(gzip.compress(line.encode()) for line in lines))
    rows = [columnar(entry) for entry in by_url]
    for part in range(2):
        pq.write_table(pa.Table.from_pylist(rows[part::2]), folder / f"part-{part}.parquet", row_group_size=20)


def cdx(entry: Entry) -> dict[str, str]:
    return {
        "url": entry.url, "mime": entry.mime, "mime-detected": entry.mime, "status": str(entry.status), "digest": entry.digest,
        "length": str(entry.length), "offset": str(entry.start), "filename": entry.file, "languages": entry.language,
    }  # fmt: skip


def columnar(entry: Entry) -> dict[str, Any]:
    return {
        "url_surtkey": "key", "url": entry.url, "fetch_status": entry.status, "content_digest": entry.digest,
        "content_mime_type": "text/html", "content_mime_detected": entry.mime, "content_languages": entry.language,
        "warc_filename": entry.file, "warc_record_offset": entry.start, "warc_record_length": entry.length,
    }  # fmt: skip
