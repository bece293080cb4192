"""The decompressed bytes of a file as a stream."""

import io
from collections.abc import Iterator


class Unpacked(io.RawIOBase):
    """A stream of pieces, read forward once. Memory: a piece, and what is asked for at once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Read these pieces."""
        self.pieces = pieces
        self.rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is not."""
        return False

    def peek(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer only at the end, without moving on."""
        parts, size = [self.rest], len(self.rest)
        while size < count and (piece := next(self.pieces, b"")):
            parts.append(piece)
            size += len(piece)
        self.rest = b"".join(parts) if len(parts) > 1 else self.rest
        return self.rest[:count]

    def read(self, count: int = -1) -> bytes:
        """Return the next `count` bytes, all for -1; fewer only at the end."""
        if count < 0:
            data, self.rest = b"".join([self.rest, *self.pieces]), b""
            return data
        data = self.peek(count)
        self.rest = self.rest[len(data) :]
        return data

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
