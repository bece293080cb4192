"""What attempts that were killed left half-written: files and folders whose names end in `.TOKEN.partial`."""

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from atom_data.storage.paths import PARTIAL, is_remote, local


def sweep(folder: str, token: str = "", keep: Sequence[str] = ()) -> None:
    """Remove what an attempt, or without a token every attempt, left below the folder of a job. Local output only.

    `keep` are the tokens of processes that are still at work, HOST-PID: what they and their workers have begun stays.
    It walks the folder, which on a large run costs seconds: for a worker that was killed, and once a job.
    """
    if is_remote(folder):
        return
    end = f".{token}{PARTIAL}" if token else PARTIAL

    def left(name: str) -> bool:
        return name.endswith(end) and not is_begun_by(name, keep)

    for place, folders, files in os.walk(local(folder)):
        for name in files:
            if left(name):
                (Path(place) / name).unlink(missing_ok=True)
        for name in [name for name in folders if left(name)]:
            folders.remove(name)
            shutil.rmtree(Path(place) / name, ignore_errors=True)


def is_begun_by(name: str, tokens: Sequence[str]) -> bool:
    """Tell whether a file or folder is half-written by one of some processes, HOST-PID, or by a worker of one."""
    if not tokens or not name.endswith(PARTIAL):
        return False
    return re.search(rf"\.(?:{'|'.join(map(re.escape, tokens))})(?:-\d+)?{re.escape(PARTIAL)}$", name) is not None


def left_over(folder: str) -> bool:
    """Tell whether a killed attempt left something in a job's folder or among its receipts, from these two listings.

    What the supervisor writes (plan, manifest, summary) is there, and it may be killed when all shards are finished.
    """
    if is_remote(folder):
        return False
    return any(_is_partial_in(local(folder) / name) for name in ("", "receipts"))


def _is_partial_in(place: Path) -> bool:
    try:
        with os.scandir(place) as entries:
            return any(entry.name.endswith(PARTIAL) for entry in entries)
    except FileNotFoundError:
        return False


def scratch(folder: str, token: str) -> "tempfile.TemporaryDirectory[str]":
    """Return a temporary folder on disk below the folder of a job; it is removed after the task, and when its worker dies."""
    base = Path(tempfile.gettempdir()) if is_remote(folder) else local(folder)
    base.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="scratch.", suffix=f".{token}{PARTIAL}", dir=base)
