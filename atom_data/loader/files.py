"""Bytes of files by range, which must be those that were opened: local ones by `pread`, those of a store by requests.

A run lasts for weeks. Rebuilding its tokens in the meantime would give every worker that opens a file later
other ids than the others have. So a file is known by size, time of change and inode (on a store by its ETag) from when
its folder was opened, and looked at again whenever it is opened anew, in any process, and after what was read of it.
Where these differ, its content decides: a file that was copied back or rebuilt with the same bytes is the same file.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from atom_data.errors import DataError
from atom_data.storage.paths import is_remote, join, without_secrets
from atom_data.storage.ranges import read_range, tag_of

DESCRIPTORS = 64
"""How many files a process keeps open."""
PIECE = 1 << 22
"""Bytes that are hashed at a time."""


class Seen:
    """The files of a folder as they were when it was opened, by number. Memory: 24 bytes per file."""

    def __init__(
        self,
        folder: str,
        outputs: Sequence[Mapping[str, Any]],
        source: str = "its receipt",
        advice: str = "rebuild the shard",
    ) -> None:
        """Take {"path" below `folder`, "bytes", "sha256"} of every file; what says so, and what to do, for errors."""
        self._folder, self._outputs, self._source, self._advice = folder, outputs, source, advice
        self.remote = is_remote(folder)
        self._stamps = np.zeros((len(outputs), 2), np.int64)
        self._tags: dict[int, str] = {}

    def path(self, number: int) -> str:
        """Return where a file is."""
        return join(self._folder, self._outputs[number]["path"])

    def note(self, number: int) -> None:
        """Check a local file for the first time. DataError when it is missing, or has another size than it should."""
        path, wanted = self.path(number), self._outputs[number]["bytes"]
        try:
            status = os.stat(path)  # noqa: PTH116 - Path takes four times as long, and there may be 30,000
        except OSError as error:
            raise DataError(
                f"{path}: there is no such file; {self._source} speaks of {wanted:,} bytes. "
                f"{self._advice.capitalize()}."
            ) from error
        if status.st_size != wanted:
            raise DataError(
                f"{path}: {status.st_size:,} bytes; {self._source} says {wanted:,}. It is cut or changed: "
                f"{self._advice}."
            )
        self._stamps[number] = status.st_mtime_ns, status.st_ino

    def note_remote(self, number: int) -> None:
        """Ask a store for the last byte of a file, which finds one that is cut, and remember its ETag where it has one."""
        size = self._outputs[number]["bytes"]
        tag = tag_of(self.path(number), size)
        if tag:
            self._tags[number] = tag

    def read_remote(self, number: int, start: int, stop: int) -> bytes:
        """Return bytes [start, stop) of a file on a store. DataError when it is another than it was at opening."""
        return read_range(self.path(number), start, stop, self._tags.get(number))

    def require(self, number: int) -> None:
        """Look at a local file again before it is read by its name. DataError when it is another one."""
        if not self.remote:
            descriptor = _Descriptor(self, number)
            self.confirm(number, descriptor.number)

    def is_same(self, number: int, size: int, mtime_ns: int, inode: int) -> bool:
        """Tell whether a file is the one that was opened, by what a file system says of it."""
        stamp = self._stamps[number]
        return bool(size == self._outputs[number]["bytes"] and mtime_ns == stamp[0] and inode == stamp[1])

    def confirm(self, number: int, descriptor: int) -> bool:
        """Tell whether an open file is as it was; False when it was touched, and its content is still what it should be.

        DataError when it is not. What is read then is the whole file, at about 1 GB/s, once for every change.
        """
        status = os.fstat(descriptor)
        if self.is_same(number, status.st_size, status.st_mtime_ns, status.st_ino):
            return True
        wanted = self._outputs[number]
        if status.st_size != wanted["bytes"] or _content(descriptor) != wanted["sha256"]:
            raise DataError(
                f"{self.path(number)}: was changed or rebuilt while it was open: {status.st_size:,} bytes, its content is "
                f"not that of {wanted['bytes']:,} bytes that {self._source} spoke of. Its ids are others: bring back the tokens "
                "that the run began with, or start a new run on these."
            )
        self._stamps[number] = status.st_mtime_ns, status.st_ino
        return False


class _Descriptor:
    """An open file that closes when its last reader lets go of it, so that no cache can close it under a `pread`."""

    def __init__(self, seen: Seen, file: int) -> None:
        self._seen, self._file, path = seen, file, seen.path(file)
        try:
            self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise _unreadable(path, error) from error
        self._size = self._mtime_ns = -1  # so that the first look compares it with what was opened

    def __del__(self) -> None:
        if hasattr(self, "number"):
            os.close(self.number)

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes [start, stop)."""
        count = stop - start
        try:
            data = os.pread(self.number, count, start)
        except OSError as error:
            raise _unreadable(self._seen.path(self._file), error) from error
        if len(data) != count:
            raise DataError(
                f"{self._seen.path(self._file)}: ended in the middle of bytes {start:,} to {stop:,}; it was whole when it was "
                "opened. Someone wrote to it: rebuild the shard."
            )
        return data

    def settle(self) -> bool:
        """Tell whether the file is as it was at the last look; False: touched. DataError when it is another one."""
        status = os.fstat(self.number)
        if status.st_mtime_ns == self._mtime_ns and status.st_size == self._size:
            return True
        unchanged = self._seen.confirm(self._file, self.number)
        self._size, self._mtime_ns = status.st_size, status.st_mtime_ns
        return unchanged


class Files:
    """Ranges of the files of a folder; at most 64 are open. It serves several threads, and travels with none open."""

    def __init__(self, seen: Seen) -> None:
        """Begin with no file open; `seen` says what they must be."""
        self._seen = seen
        self._descriptor = lru_cache(maxsize=DESCRIPTORS)(partial(_Descriptor, seen))
        self._read: set[_Descriptor] = set()

    def __reduce__(self) -> tuple[Any, ...]:
        """Unpickle without open files."""
        return Files, (self._seen,)

    def read(self, number: int, start: int, stop: int) -> bytes:
        """Return bytes [start, stop). DataError when the file cannot be read, or is not the one that was opened."""
        if self._seen.remote:
            return self._seen.read_remote(number, start, stop)
        while True:
            descriptor = self._descriptor(number)  # held by its name until the read is done
            data = descriptor.read(start, stop)
            if descriptor.settle():
                return data

    def read_ahead(self, number: int, start: int, stop: int) -> bytes:
        """Return the same, to be used only after `settle`: one look at a file is enough for all that was read of it."""
        if self._seen.remote:
            return self._seen.read_remote(number, start, stop)
        descriptor = self._descriptor(number)
        self._read.add(descriptor)
        return descriptor.read(start, stop)

    def settle(self) -> bool:
        """Tell whether the files read since the last time are as they were; False: touched, so read again.

        DataError when one is another than it was.
        """
        unchanged = True
        while self._read:
            try:
                descriptor = self._read.pop()
            except KeyError:  # another thread took the last one
                break
            unchanged = descriptor.settle() and unchanged
        return unchanged


def _content(descriptor: int) -> str:
    """Return the SHA-256 of an open file."""
    digest, at = hashlib.sha256(), 0
    while piece := os.pread(descriptor, PIECE, at):
        digest.update(piece)
        at += len(piece)
    return digest.hexdigest()


def _unreadable(path: str, error: OSError) -> DataError:
    what = (error.strerror or "input/output error").lower()
    return DataError(f"{without_secrets(path)}: cannot be read ({what}). Check the file system, then resume.")
