"""A web server that misbehaves as it is told, and counts what it is asked."""

import http.server
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.serving import serving


@dataclass
class Web:
    """What a server has, what it does wrong, and what it was asked."""

    files: dict[str, bytes]
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Of each path, what goes wrong with its next requests: a status, `cut`, `stall`, `drip`, `drop`, `shift`, `whole`, `other`."""
    hold: float = 0.0
    """Seconds that each answer takes."""
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Path and range of each request."""
    sent: Counter[str] = field(default_factory=Counter)
    """Bytes of each path that went out in good answers and bad ones."""
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(http.server.BaseHTTPRequestHandler):
    web: Web

    def do_GET(self) -> None:
        path, web = self.path.lstrip("/"), self.web
        with web.lock:
            web.requests.append((path, self.headers.get("Range", "")))
            web.at_once += 1
            web.most_at_once = max(web.most_at_once, web.at_once)
            fault = web.faults[path].pop(0) if web.faults[path] else ""
        time.sleep(web.hold)
        with web.lock:  # before the answer: who has it may ask again before this thread goes on
            web.at_once -= 1
        with suppress(BrokenPipeError, ConnectionResetError):
            self.answer(path, fault)

    def answer(self, path: str, fault: str) -> None:
        data = self.web.files.get(path)
        if fault.isdigit() or data is None:
            self.send_response(int(fault or 404))
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "drop":
            self.close_connection = True
            return
        first, _, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        start, stop = int(first or 0), min(len(data), int(last or len(data)) + 1)
        if start >= len(data):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start += fault == "shift"
        body = data if fault == "whole" else data[start:stop]
        self.send_response(200 if fault == "whole" else 206)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"other"' if fault == "other" else '"one"')
        if fault != "whole":
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.end_headers()
        if fault in ("cut", "stall", "drip"):
            body = body[: len(body) // 2] if fault == "cut" else body[:100]
        with self.web.lock:  # before they go, likewise
            self.web.sent[path] += len(body)
        self.wfile.write(body)
        if fault == "stall":
            time.sleep(1.5)
        for byte in data[start + 100 : start + 120] if fault == "drip" else b"":
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def misbehaving(web: Web) -> Iterator[Web]:
    """Serve files, and give where they are."""
    with serving(type("Handler", (Handler,), {"web": web})) as web.url:
        yield web
