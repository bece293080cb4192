"""Raw bytes of a file, read forward once, hashed on the way, with a way back for when a record is broken."""

import hashlib
import io
from typing import BinaryIO, cast

from atom_data.errors import DataError
from atom_data.storage.paths import advice, reason, without_secrets
from atom_data.storage.web.stream import open_input

CHUNK_BYTES = 1 << 20


class Window:
    """A view on the bytes of a file from `start` on; memory: one chunk of 1 MiB and what `fill` was asked for.

    Only the bytes [start, stop) enter the hash, each once, however often they are read.
    """

    def __init__(self, path: str, start: int = 0, stop: int | None = None, stream: BinaryIO | None = None) -> None:
        """Open `path` at `start`, or read what is open already. DataError when it cannot be opened."""
        self.path = path
        self.stream: BinaryIO = cast(BinaryIO, open_input(path)) if stream is None else stream
        self.total = self._size()
        self.start, self.stop = start, stop
        self.digest = hashlib.sha256()
        self.hashed = start
        self.base, self.index, self.chunk = 0, 0, b""
        self.rewound = 0
        self.seek(start)

    def _size(self) -> int | None:
        try:
            total = self.stream.seek(0, io.SEEK_END)
            self.stream.seek(0)
        except (OSError, ValueError):
            return None  # a store that cannot tell; then an interrupted download can only be seen by its error
        return total

    @property
    def at(self) -> int:
        """Offset of the next byte."""
        return self.base + self.index

    def view(self, count: int) -> memoryview:
        """Return up to `count` next bytes without moving on; none only at the end of the file."""
        if self.index >= len(self.chunk):
            self.base, self.index, self.chunk = self.at, 0, self._load()
        return memoryview(self.chunk)[self.index : self.index + count]

    def fill(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer only at the end of the file, without moving on."""
        while len(self.chunk) - self.index < count:
            data = self._load()
            if not data:
                break
            self.base, self.index, self.chunk = self.at, 0, self.chunk[self.index :] + data
        return self.chunk[self.index : self.index + count]

    def advance(self, count: int) -> None:
        """Move on by `count` bytes, all of which `view` or `fill` has shown."""
        self.index += count

    def seek(self, offset: int) -> None:
        """Go to `offset`: back to a record that broke, or forward within what is loaded."""
        if self.base <= offset <= self.base + len(self.chunk):
            self.index = offset - self.base
            return
        try:
            self.stream.seek(offset)
        except (OSError, ValueError) as error:
            raise self.unreadable(error) from error
        self.base, self.index, self.chunk = offset, 0, b""

    def _load(self) -> bytes:
        place = self.base + len(self.chunk)
        try:
            data = self.stream.read(CHUNK_BYTES)
        except DataError:  # it says all there is to say
            raise
        except Exception as error:  # every store has errors of its own, and all of them mean: not the file's fault
            raise self.unreadable(error) from error
        if not data and self.total is not None and place < self.total:
            where = without_secrets(self.path)
            early = EOFError()
            raise DataError(f"{where}: ended at byte {place} of {self.total}. {advice(early)}") from early
        self._hash(data, place)
        return data

    def _hash(self, data: bytes, place: int) -> None:
        end = place + len(data) if self.stop is None else min(place + len(data), self.stop)
        if place <= self.hashed < end:
            self.digest.update(memoryview(data)[self.hashed - place : end - place])
            self.hashed = end

    def unreadable(self, error: BaseException) -> DataError:
        """Return the DataError for a failed read: the task is to be tried again, the file is not to blame."""
        where = without_secrets(self.path)
        return DataError(f"{where}: cannot be read at byte {self.at} ({reason(error)}). {advice(error)}")

    def drain(self) -> None:
        """Read on to the end of what is hashed."""
        while (self.stop is None or self.at < self.stop) and (data := self.view(CHUNK_BYTES)):
            self.advance(len(data))

    @property
    def bytes(self) -> int:
        """Bytes hashed so far."""
        return self.hashed - self.start

    def close(self) -> None:
        """Close the file."""
        self.stream.close()
