"""An S3 server on loopback (moto's) as stores are on a bad day: `python -m tests.storage.s3 PORT EVERY LAG STALL COUNTS`.

Every EVERY-th request fails, 0 for none: reading is answered in turn with 503 SlowDown and by a body that ends in the middle,
writing with 503 SlowDown and by a connection that is reset after half of the body. Where STALL is not 0, every third of these
requests stalls instead: half of the body, silence for STALL seconds, then the end of the connection. Objects are listed only
LAG seconds after they were written. A line a fault, its kind, is appended to the file COUNTS, where one is given.
"""

import contextlib
import itertools
import re
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Faults:
    """A WSGI application that sometimes does not let another one answer."""

    def __init__(self, application: Any, every: int, lag: float, stall: float = 0.0, counts: str = "") -> None:
        self.application = application
        self.every = every
        self.lag = lag
        self.stall = stall
        self.counts = counts
        self.count = itertools.count(1)
        self.written: dict[str, float] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        number, method = next(self.count), environ["REQUEST_METHOD"]
        if not self.every or number % self.every:
            if method == "GET" and "list-type=2" in environ["QUERY_STRING"]:
                return self._late(environ, start_response)
            if method in ("PUT", "POST"):
                self.written[unquote(environ["PATH_INFO"]).lstrip("/").partition("/")[2]] = time.monotonic()
            return self.application(environ, start_response)  # type: ignore[no-any-return]
        fault = number // self.every
        if self.stall and fault % 3 == 0 and method in ("GET", "PUT"):
            return self._stalled(environ, start_response)
        if fault % 2:
            if method == "GET":
                self._count("GET broken off")
                return self._half(environ, start_response)
            if method in ("PUT", "POST") and environ.get("CONTENT_LENGTH"):
                self._count(f"{method} reset")
                self._reset(environ)
        self._count(f"{method} 503")
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("503 Slow Down", [("Content-Type", "application/xml"), ("Content-Length", str(len(BUSY)))])
        return [BUSY]

    def _count(self, fault: str) -> None:
        if self.counts:
            with Path(self.counts).open("a") as file:
                file.write(f"{fault}\n")

    def _stalled(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Say nothing for some time in the middle of a body, then nothing more at all."""
        self._count(f"{environ['REQUEST_METHOD']} stalled")
        if environ["REQUEST_METHOD"] == "PUT":
            time.sleep(self.stall)
            self._reset(environ)
        body = b"".join(self.application(environ, start_response))
        yield body[: len(body) // 2]
        time.sleep(self.stall)

    def _reset(self, environ: dict[str, Any]) -> None:
        """Take half of the body, then reset the connection as a machine does that goes down."""
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
        connection = environ["werkzeug.socket"]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
        raise ConnectionResetError

    def _late(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """List without the objects that were written a short time ago."""
        answers: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self.application(environ, lambda status, headers, *_: answers.append((status, headers))))
        old = time.monotonic() - self.lag

        def shown(item: re.Match[bytes]) -> bytes:
            return item[0] if self.written.get(item[1].decode(), 0.0) < old else b""

        body = re.sub(rb"<Contents>(?:(?!</Contents>).)*?<Key>([^<]*)</Key>.*?</Contents>", shown, body, flags=re.S)
        status, headers = answers[-1]
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]

    def _half(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Promise the whole body, and close the connection after a half of it."""
        body = b"".join(self.application(environ, start_response))
        return [body[: len(body) // 2]]


@contextlib.contextmanager
def s3_server(every: int = 0, lag: float = 0.0, stall: float = 0.0, counts: str = "") -> Iterator[str]:
    """Run the server as a process of its own; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.storage.s3", str(port), str(every), str(lag), str(stall), counts]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("moto's server did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def faults_done(counts: Path) -> dict[str, int]:
    """Return how many faults of each kind a server has written down."""
    return dict(sorted(Counter(counts.read_text().splitlines()).items()))


def main() -> None:
    """Serve until ended."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import run_simple

    every, lag, stall, counts = int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
    application = Faults(DomainDispatcherApplication(create_backend_app), every, lag, stall, counts)
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)


if __name__ == "__main__":
    main()
