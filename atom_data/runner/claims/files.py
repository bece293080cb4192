"""Claims as files of a folder.

OUT/claims/HOST-PID-START.json                          a run, a submission, a repair
OUT/claims/parts/STAGE.N.RECIPE/I/HOST-PID-START.json   array task I of N; `close` for the job that closes the stage

There is no lock, because a network file system may lose one. A claim is a file of its own, written first and looked around
from afterwards: of two that begin at once each comes to see the other, since each wrote before it looked. It says "held"
once its writer has seen no other claim. A process that sees a held claim, or an earlier one, gives way; the earliest waits until
the others have given way. So two are never held. NFS shows a folder as it is to who has just made a file in it.

Elements of one array do not exclude one another as long as they are different parts of the same stage of the same recipe.
An array task lists whole runs and its own part, never the array: a thousand of them must not make a million requests.

How old a claim is, the clock of the file system says alone: its time of change beside that of the claim just written.
"""

import contextlib
import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from atom_data.runner.claims.claim import BEAT_SECONDS, FOLDER, Claim, Part, fate, refusal
from atom_data.runner.claims.heart import Heart
from atom_data.runner.claims.life import Who, me, same_process
from atom_data.storage.paths import PARTIAL, create
from atom_data.workspace import Workspace

PARTS = "parts"
BEGINNING_SECONDS = 30.0
"""How long to wait for others that are just beginning to give way."""
PAUSE = 0.05


class Rival(NamedTuple):
    """The claim of another process, and the seconds since its last sign of life."""

    claim: Claim
    age: float
    path: Path


class FileClaim:
    """The claim of this process in a folder."""

    def __init__(self, workspace: Workspace, what: str, part: Part | None) -> None:
        """Write nothing yet."""
        self.workspace, self.part, self.claim = workspace, part, Claim.mine(what)
        self.place = workspace.local(FOLDER)
        inner = self.place / PARTS / part.group / part.index if part else self.place
        self.path = inner / self.claim.name
        self.heart: Heart | None = None
        self.first = not self.place.parent.exists()
        """Whether the output folder is made for this claim: a run that is refused leaves none."""

    def begin(self, take_over: bool, note: Callable[[str], None], gone: Callable[[Who], bool]) -> None:
        """Write the claim, look around, and hold it. DataError names who is at work, and leaves nothing."""
        if self.path.exists():
            raise refusal(self.workspace, self.claim, 0.0)
        try:
            self._write()
            end = time.monotonic() + BEGINNING_SECONDS
            while rivals := self._living(take_over, note, gone):
                first = min(rivals, key=lambda rival: (not rival.claim.held, rival.claim.order))
                if first.claim.held or first.claim.order < self.claim.order or time.monotonic() > end:
                    raise refusal(self.workspace, first.claim, first.age)
                time.sleep(PAUSE)
            self.claim = replace(self.claim, held=True)
            self._write()
        except BaseException:
            self._remove()
            raise
        self.heart = Heart(self._beat, BEAT_SECONDS)

    def _write(self) -> None:
        for attempt in (1, 2, 3):
            try:
                with create(str(self.path), self.claim.who.token) as stream:
                    stream.write(json.dumps(self.claim.value(), indent=1).encode())
            except FileNotFoundError:  # a process that has just ended there removed the folder
                if attempt == 3:
                    raise
            else:
                return

    def _living(self, take_over: bool, note: Callable[[str], None], gone: Callable[[Who], bool]) -> list[Rival]:
        """Return the claims of others that bind; those of processes that are gone are taken away."""
        now, found = self.path.stat().st_mtime, []
        for path in claim_files(self.place, self.part):
            rival = _read(path, now) if path != self.path else None
            if rival is None:
                continue
            judged = "gone" if gone(rival.claim.who) else fate(rival.claim.who, rival.age)
            if judged == "gone" or (judged == "silent" and take_over):
                path.unlink(missing_ok=True)
                note(
                    f"{self.workspace.root}: an earlier run ended without a final message ({rival.claim.who}, begun "
                    f"{rival.claim.since[:19].replace('T', ' ')} UTC); going on with what it finished"
                )
            else:
                found.append(rival)
        return found

    def _beat(self) -> bool:
        try:
            os.utime(self.path)
        except FileNotFoundError:  # taken over, or removed by hand
            self._write()
            if self._living(False, lambda text: None, lambda who: False):
                self.path.unlink(missing_ok=True)
                return False
        return True

    def release(self) -> None:
        """Let others in."""
        if self.heart is not None:
            self.heart.stop()
        self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
            folder = self.path.parent
            # The group of an array stays while its tasks come and go; closing the stage, or a whole run, removes it.
            if self.part is None or self.part.index == "close":
                for left in sorted(self.place.glob(f"{PARTS}/**/"), reverse=True):
                    with contextlib.suppress(OSError):
                        left.rmdir()
                folder = self.place
            folder.rmdir()
            if self.first:
                self.place.parent.rmdir()


def claim_files(place: Path, part: Part | None = None) -> Iterator[Path]:
    """Yield the claims below a folder of claims that could exclude a part; those of all parts for a whole run."""
    yield from _files(place)
    for group in _folders(place / PARTS):
        if part is None or part.excludes(group.name):
            for inner in _folders(group):
                yield from _files(inner)
        elif group.name == part.group:
            yield from _files(group / part.index)


def others_at_work(workspace: Workspace) -> list[Claim]:
    """Return the claims of other processes that are, or may be, at work in a folder. None on an object store."""
    if workspace.is_remote:
        return []
    now, found = me(), []
    for path in claim_files(workspace.local(FOLDER)):
        rival = _read(path, time.time())
        if rival and not same_process(rival.claim.who, now) and fate(rival.claim.who, rival.age) != "gone":
            found.append(rival.claim)
    return found


def _files(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.name.endswith(".json")]


def _folders(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if not path.name.endswith((".json", PARTIAL))]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(Path(entry.path) for entry in os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read(path: Path, now: float) -> Rival | None:
    """Return a claim; None when it was removed meanwhile. DataError for anything else."""
    try:
        with path.open("rb") as file:
            data, changed = file.read(), os.fstat(file.fileno()).st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ESTALE:  # how NFS says that a file it still shows is gone
            return None
        raise
    try:
        value = json.loads(data)
    except ValueError:
        value = {}
    return Rival(Claim.read(value, str(path)), max(0.0, now - changed), path)
