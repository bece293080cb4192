"""An S3 server on loopback (moto's), that can fail some requests: `python -m tests.storage.s3 PORT EVERY`.

Every EVERY-th request is answered with 503 SlowDown, or by a body that ends in the middle, in turn; 0 for none.
"""

import contextlib
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Faults:
    """A WSGI application that sometimes does not let another one answer."""

    def __init__(self, application: Any, every: int) -> None:
        self.application = application
        self.every = every
        self.count = itertools.count(1)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        number = next(self.count)
        if not self.every or number % self.every:
            return self.application(environ, start_response)  # type: ignore[no-any-return]
        if environ["REQUEST_METHOD"] == "GET" and number // self.every % 2:
            return self._half(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("503 Slow Down", [("Content-Type", "application/xml"), ("Content-Length", str(len(BUSY)))])
        return [BUSY]

    def _half(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Promise the whole body, and close the connection after a half of it."""
        body = b"".join(self.application(environ, start_response))
        return [body[: len(body) // 2]]


@contextlib.contextmanager
def s3_server(every: int = 0) -> Iterator[str]:
    """Run the server as a process of its own; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.storage.s3", str(port), str(every)]
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


def main() -> None:
    """Serve until ended."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import run_simple

    application = Faults(DomainDispatcherApplication(create_backend_app), int(sys.argv[2]))
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)


if __name__ == "__main__":
    main()
