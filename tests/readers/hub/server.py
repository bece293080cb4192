"""A hub on loopback that speaks the part of the Hugging Face Hub's protocol that reading needs, and counts what it is asked."""

import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.serving import serving

COMMITS = {"main": "a" * 40, "v1": "b" * 40}


@dataclass
class Hub:
    """Data sets by name, revision and file."""

    files: dict[str, dict[str, dict[str, bytes]]]
    token: str = ""
    """What a private hub asks for."""
    requests: list[str] = field(default_factory=list)
    cuts: int = 0
    """How many of the next answers break off in the middle."""


class Handler(http.server.BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0]).strip("/")
        self.hub.requests.append(path)
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            return self.give(401, b"{}")
        parts = path.split("/")
        if parts[:2] == ["api", "datasets"]:
            return self.info("/".join(parts[2:4]), "/".join(parts[5:]) or "main")
        if parts[0] == "datasets" and parts[3] == "resolve":
            return self.file("/".join(parts[1:3]), parts[4], "/".join(parts[5:]))
        return self.give(404, b"{}")

    def commit(self, revision: str) -> str:
        return COMMITS.get(revision, revision)

    def info(self, name: str, revision: str) -> None:
        found = self.hub.files.get(name, {}).get(self.commit(revision))
        if found is None:
            return self.give(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        siblings = [{"rfilename": file} for file in found]
        said = {"id": name, "sha": self.commit(revision), "siblings": siblings, "private": False, "tags": [], "downloads": 0,
                "likes": 0}  # fmt: skip
        return self.give(200, json.dumps(said).encode())

    def file(self, name: str, revision: str, path: str) -> None:
        data = self.hub.files.get(name, {}).get(self.commit(revision), {}).get(path)
        if data is None:
            return self.give(404, b"", {"X-Error-Code": "EntryNotFound"})
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        start, stop = int(first), min(len(data), int(last or len(data)) + 1)
        if start >= len(data):
            return self.give(416, b"")
        more = {"ETag": f'"{name}{path}"', "X-Repo-Commit": self.commit(revision)}
        return self.give(206, data[start:stop], {**more, "Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"})

    def give(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.hub.cuts and status == 206:
            self.hub.cuts -= 1
            body = body[: len(body) // 2]
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def serve(hub: Hub) -> Iterator[str]:
    """Serve a hub, and give its address."""
    with serving(type("Handler", (Handler,), {"hub": hub})) as address:
        yield address
