"""Commands with a limit of time, the processes behind a run by number, and what they leave."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from tests.chaos.starter import Starter
from tests.command import ROOT, children, hit

LIMIT_SECONDS = 900.0


class Ended(NamedTuple):
    """How a command ended: exit code (None: it had to be killed after the limit), what it printed, and what it said."""

    code: int | None
    printed: str
    said: str


class Process(NamedTuple):
    """A process by number and start time, as numbers are given again."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self:
        """Return the process that has this number now."""
        return cls(pid, _started(pid))


class Run:
    """`atom-data` at work, with what it says in files."""

    def __init__(
        self, *words: str, environment: Mapping[str, str] | None = None, starter: Starter | None = None
    ) -> None:
        """Start it: by a starter, which has imported it, or as a shell does."""
        self.folder = tempfile.TemporaryDirectory(prefix="atom-data-chaos-")
        self.outputs = [Path(self.folder.name) / name for name in ("out", "err")]
        more, (out, errors) = environment or {}, self.outputs
        self.process = starter.start(words, more, out, errors) if starter else _started_fresh(words, more, out, errors)
        self.end = time.monotonic() + LIMIT_SECONDS

    @property
    def running(self) -> bool:
        """Tell whether it has not ended."""
        return self.process.poll() is None

    def servers(self) -> list[int]:
        """Return the server that workers are forked from, as a list of one or none."""
        return [pid for pid in children(self.process.pid) if b"forkserver" in _words(pid)]

    def workers(self) -> list[int]:
        """Return the workers of this run."""
        return [pid for server in self.servers() for pid in children(server)]

    def family(self) -> list[Process]:
        """Return all processes of this run but the supervisor itself."""
        found = [pid for child in children(self.process.pid) for pid in (child, *children(child))]
        return [process for process in map(Process.of, found) if process.started]

    def wait(self) -> Ended:
        """Wait for the end; after the limit the whole family is killed."""
        while self.running and time.monotonic() < self.end:
            time.sleep(0.01)
        code = self.process.poll()
        if code is None:
            family = self.family()
            self.process.kill()
            self.process.wait()
            end(family)
        printed, said = (path.read_text("utf-8", "replace") for path in self.outputs)
        self.folder.cleanup()
        return Ended(code, printed, said)


def _started_fresh(
    words: Sequence[str], environment: Mapping[str, str], out: Path, errors: Path
) -> subprocess.Popen[bytes]:
    with out.open("wb") as first, errors.open("wb") as second:
        return subprocess.Popen(
            [sys.executable, "-m", "atom_data.cli", *words],
            stdout=first, stderr=second, stdin=subprocess.DEVNULL, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )  # fmt: skip


def command(*words: str, environment: Mapping[str, str] | None = None, starter: Starter | None = None) -> Ended:
    """Run a command to its end."""
    return Run(*words, environment=environment, starter=starter).wait()


def _words(pid: int) -> bytes:
    """Return the command of a process and its name: a server that was forked from the run has the run's command."""
    with contextlib.suppress(OSError):
        return b" ".join(Path(f"/proc/{pid}/{file}").read_bytes() for file in ("cmdline", "comm"))
    return b""


def _started(pid: int) -> str:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""


def alive(family: list[Process]) -> list[Process]:
    """Return those that are still there."""
    return [process for process in family if is_alive(process)]


def is_alive(process: Process) -> bool:
    """Tell whether it is still there, and no other one under its number."""
    return _started(process.pid) == process.started != ""


def gone(family: list[Process], seconds: float) -> bool:
    """Wait until all of them have ended; False where some have not by then."""
    limit = time.monotonic() + seconds
    while alive(family):
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


def end(family: list[Process]) -> None:
    """Kill those of these processes that are still there."""
    for process in alive(family):
        hit(process.pid, signal.SIGKILL, lambda: [other.pid for other in alive(family)])


def sentence(ended: Ended) -> str:
    """Return what is wrong with how a failing command ended, or an empty string: it must say a sentence and no traceback."""
    if ended.code is None:
        return "it did not end within the limit of time"
    if "Traceback" in ended.said:
        return f"a traceback: {ended.said[-1500:]}"
    if not ended.said.strip():
        return f"exit code {ended.code} without a word"
    return ""
