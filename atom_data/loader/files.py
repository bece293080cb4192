"""Bytes of files by range: local ones by `pread`, those of an object store by range requests."""

import os
from functools import lru_cache
from typing import Any

from atom_data.errors import DataError
from atom_data.storage.paths import is_remote
from atom_data.storage.ranges import read_range

DESCRIPTORS = 64
"""How many files a process keeps open."""


class _Descriptor:
    """An open file that closes when its last reader lets go of it, so that no cache can close it under a `pread`."""

    def __init__(self, path: str) -> None:
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if hasattr(self, "number"):
            os.close(self.number)


class Files:
    """Ranges of any files; at most 64 are open. It serves several threads, and travels to a process with none open."""

    def __init__(self) -> None:
        """Begin with no file open."""
        self._descriptor = lru_cache(maxsize=DESCRIPTORS)(_Descriptor)

    def __reduce__(self) -> tuple[Any, ...]:
        """Arrive in another process with no file open."""
        return Files, ()

    def read(self, path: str, start: int, stop: int) -> bytes:
        """Return bytes [start, stop). DataError when the file cannot be read, or has become shorter than that."""
        if is_remote(path):
            return read_range(path, start, stop)
        try:
            descriptor = self._descriptor(path)  # held by its name until the read is done
            data = os.pread(descriptor.number, stop - start, start)
        except OSError as error:
            what = (error.strerror or "input/output error").lower()
            raise DataError(f"{path}: cannot be read ({what}). Check the file system, then resume.") from error
        if len(data) != stop - start:
            raise DataError(
                f"{path}: ended in the middle of bytes {start:,} to {stop:,}; it was whole when it was opened. "
                "Someone wrote to it: make the shard again."
            )
        return data
