"""Turns: how many requests all processes of a user on this machine have at one host at the same time."""

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from atom_data.errors import ConfigError
from atom_data.storage.shards import shard_name

FIRST_WAIT, LONGEST_WAIT = 0.02, 0.5
"""Seconds between two looks for a free turn; the pauses grow from the first to the last."""


@contextlib.contextmanager
def turn(host: str, most: int) -> Iterator[None]:
    """Hold one of `most` turns at a host, waiting for it as long as all are taken.

    A turn is a locked file in the folder for temporary files, so that it is free again when its process dies. Other machines
    do not see it. ConfigError when that folder belongs to somebody else.
    """
    folder = _folder()
    places = [folder / f"{shard_name(host)}.{number}" for number in range(most)]
    for attempt in count():
        for place in places:
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            try:
                yield
            finally:
                os.close(descriptor)
            return
        time.sleep(min(LONGEST_WAIT, FIRST_WAIT * 1.5 ** min(attempt, 20)))


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"atom-data-turns-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise ConfigError(f"{folder}: belongs to another user. Set TMPDIR to a folder of yours.")
    return folder
