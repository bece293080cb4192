"""Small WARC files, written here byte by byte, and what a source makes of them."""

import gzip
import http.server
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atom_data.graph import Source
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace
from tests.serving import serving

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><p>page %d</p></html>"


def page(payload: bytes, headers: str = "Content-Type: text/html") -> bytes:
    """Return an HTTP response."""
    return f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + payload


def record(
    number: int,
    block: bytes | None = None,
    kind: str = "response",
    headers: str = "",
    end: str = "\r\n",
    version: str = "WARC/1.1",
    length: object = None,
) -> bytes:
    """Return one record; `length` may lie."""
    block = PAGE % number if block is None else block
    lines = [
        version,
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012}>",
        f"WARC-Target-URI: https://example.org/{number}",
        "WARC-Date: 2026-01-02T03:04:05Z",
        "Content-Type: application/http; msgtype=response",
        *filter(None, headers.split("\n")),
        f"Content-Length: {len(block) if length is None else length}",
    ]
    return (end.join(lines) + end * 2).encode() + block + end.encode() * 2


def members(*records: bytes) -> bytes:
    """Return a file with one gzip member a record."""
    return b"".join(gzip.compress(data, mtime=0) for data in records)


@dataclass
class Outcome:
    """All that reading a source gave."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[tuple[str, int]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    damage: Counter[str] = field(default_factory=Counter)
    inputs: list[Input] = field(default_factory=list)
    spans: list[tuple[int, int] | None] = field(default_factory=list)
    batches: list[Any] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        return [row["url"].removeprefix("https://example.org/") for row in self.rows]

    @property
    def reasons(self) -> list[str]:
        return [reason for reason, _ in self.rejects]


def outcome(source: Source, columns: tuple[str, ...] = (), shards: tuple[Shard, ...] | None = None) -> Outcome:
    """Read all shards of a source."""
    result = Outcome()

    def reject(reason: str, position: int, detail: str, sample: bytes) -> None:
        result.rejects.append((reason, position))
        result.details.append(detail)
        result.samples.append(sample)

    for shard in source.shards(Workspace("")) if shards is None else shards:
        intake = Intake(reject=reject)
        for batch in source.read(shard, Workspace(""), columns or tuple(source.schema().names), intake):
            batch.validate(full=True)
            result.batches.append(batch)
            result.rows += batch.to_pylist()
        result.skipped += intake.skipped
        result.damage.update(intake.damage)
        result.inputs += intake.inputs
        result.spans.append(intake.span)
    return result


def write(folder: Path, name: str, data: bytes) -> str:
    """Write a file and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


@contextmanager
def served(files: dict[str, bytes], cut: int | None = None, says_length: bool = True) -> Iterator[str]:
    """Serve files over HTTP; with `cut`, the connection breaks after so many bytes of each answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = files.get(self.path.partition("?")[0])
            if data is None:
                self.send_error(503 if "busy" in self.path else 404)
                return
            asked = self.headers.get("Range")
            start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
            self.send_response(206 if asked else 200)
            if says_length:
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(data) - start))
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            self.wfile.write(data[start:] if cut is None else data[start : start + cut])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with serving(Handler) as address:
        yield address
