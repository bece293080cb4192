"""A file on a web server as a stream that can seek, read in large parts."""

import io

from atom_data.storage.paths import is_remote, local, open_raw
from atom_data.storage.web.traffic import WHOLE, Answer, Patience, Traffic

PIECE_BYTES = 32 << 20
"""Of a file that is read from beginning to end: a WARC file of 1 GB takes some 30 requests."""
FIRST_BYTES = 1 << 20
"""Of a file that may be read at some places alone, asked for at once; twice as many with each piece that follows the last one."""
PATIENCE = Patience()


class WebFile(io.RawIOBase):
    """A file at an http or https URL, opened for reading. Memory: a piece, and what is asked for at once.

    Where the server is busy or breaks off, it is asked again within `patience`; `traffic` says how often. Errors: as `ask_for`.
    """

    def __init__(
        self, url: str, patience: Patience, traffic: Traffic, piece_bytes: int = PIECE_BYTES, stop: int | None = None
    ) -> None:
        """Name a URL; `stop` is where reading ends, so that no more is asked for."""
        self.url, self.patience, self.traffic = url, patience, traffic
        self.piece_bytes, self.stop = piece_bytes, stop
        self.first_bytes = self.ahead_bytes = piece_bytes
        """Asked for at least, behind a jump and now."""
        self.at = self.base = 0
        self.piece = b""
        self.total: int | None = None
        self.etag = ""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Position."""
        return self.at

    def size(self) -> int:
        """Return the size of the file; where it is not known yet, its first byte is asked for."""
        if self.total is None:
            answer = self._ask(0, 1)
            self.total, self.etag = answer.total, answer.etag
        return self.total

    def gives_parts(self) -> bool:
        """Ask for the first byte, and tell whether the server gives parts of the file."""
        answer = self._ask(0, 1, try_parts=True)
        self.total, self.etag = (None if answer.total == WHOLE else answer.total), answer.etag
        return answer.total != WHOLE

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position; from the end only after asking for the first piece."""
        if whence == io.SEEK_END:
            if self.total is None:
                self._load(0, self.piece_bytes)
            offset += self.total or 0
        self.at = offset + (self.at if whence == io.SEEK_CUR else 0)
        return self.at

    def read(self, count: int = -1) -> bytes:
        """Return the next `count` bytes, all for -1; fewer only at the end of the file."""
        parts: list[bytes] = []
        while count and (data := self._next(self.piece_bytes if count < 0 else count)):
            parts.append(data)
            count -= len(data) if count > 0 else 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _next(self, count: int) -> bytes:
        if not self.base <= self.at < self.base + len(self.piece):
            if self.total is not None and self.at >= self.total:
                return b""
            in_order = self.piece and self.at == self.base + len(self.piece)
            self.ahead_bytes = min(2 * self.ahead_bytes, self.piece_bytes) if in_order else self.first_bytes
            self._load(self.at, max(count, self.ahead_bytes))
        index = self.at - self.base
        data = self.piece[index : index + count]
        self.at += len(data)
        return data

    def _load(self, start: int, count: int) -> None:
        stop = start + count if self.stop is None or start >= self.stop else min(start + count, self.stop)
        answer = self._ask(start, stop, self.etag)
        self.base, self.piece, self.total, self.etag = start, answer.data, answer.total, answer.etag

    def _ask(self, start: int, stop: int, etag: str = "", try_parts: bool = False) -> Answer:
        from atom_data.storage.web.asking import ask_for  # noqa: PLC0415 - clients of HTTP, which files on disk do without

        return ask_for(self.url, start, stop, self.patience, self.traffic, etag, try_parts)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def open_patiently(
    path: str, patience: Patience, traffic: Traffic, piece_bytes: int = PIECE_BYTES, stop: int | None = None
) -> io.RawIOBase:
    """Open a file or URL for reading: of a web server with patience, any other as `open_raw` does."""
    if path.startswith(("http://", "https://")):
        return WebFile(path, patience, traffic, piece_bytes, stop)
    stream: io.RawIOBase = open_raw(path)  # type: ignore[assignment]
    return stream


def open_input(path: str) -> io.RawIOBase:
    """Open a file or URL that a source reads: with patience of a web server that gives parts of files, else as `open_raw` does.

    DataError when it cannot be opened.
    """
    if path.startswith(("http://", "https://")):
        file = WebFile(path, PATIENCE, Traffic())
        file.first_bytes = FIRST_BYTES
        if file.gives_parts():
            return file
    stream: io.RawIOBase = open_raw(path)  # type: ignore[assignment]
    return stream


def join_base(base: str, name: str) -> str:
    """Return a file below a base address, or below a folder."""
    return f"{base.rstrip('/')}/{name}" if is_remote(base) else str(local(base) / name)
