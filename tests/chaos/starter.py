"""Starts `atom-data` by forking a process that has imported it: a start takes a tenth of a second of CPU in place of two.

What is started is a process of its own, with a server and workers of its own, as from a shell; only importing is spared.
`python -m tests.chaos.starter` reads orders, a line of JSON each, and says number and exit code of the one process at a time.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tests.command import ROOT

LOADED = (
    "atom_data.audit.verify", "atom_data.commands.app", "atom_data.commands.look", "atom_data.commands.run",
    "atom_data.commands.status",
    "atom_data.runner.local",
    "atom_data.dedup.copies", "atom_data.dedup.exact.exact", "atom_data.dedup.near.minhash", "atom_data.dedup.repeats.repeats",
    "atom_data.dedup.repeats.remove", "atom_data.extract.extract", "atom_data.readers.jsonl", "atom_data.readers.warc",
    "atom_data.signals.words", "atom_data.tokens.tokenize", "pandas", "pyarrow.compute", "pyarrow.parquet", "rich.console",
)  # fmt: skip
"""What a run, `verify` and `fingerprint` over the recipe of this room import."""


class Child:
    """A process that a starter started, as `subprocess.Popen` has it."""

    def __init__(self, pid: int, says: IO[bytes]) -> None:
        """Take its number, and where its exit code will be said."""
        self.pid = pid
        self._says = says
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        if self._code is None and select.select([self._says], [], [], 0)[0]:
            self._code = int(json.loads(self._says.readline())["code"])
        return self._code

    def wait(self) -> int:
        """Wait for its end."""
        select.select([self._says], [], [])
        return self.poll() or 0

    def kill(self) -> None:
        """Kill it, where it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class Starter:
    """A process that has imported what a run needs."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it with these variables more; what it starts has them, too."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.starter"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )  # fmt: skip

    def start(self, words: tuple[str, ...], environment: Mapping[str, str], out: Path, errors: Path) -> Child:
        """Start a command; its output goes to two files."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"words": words, "environment": dict(environment), "out": str(out), "errors": str(errors)}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return Child(int(json.loads(self._process.stdout.readline())["pid"]), self._process.stdout)

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Start one process after the other; each of them returns from here, to run the command and end as any process does."""
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    while line := sys.stdin.buffer.readline():
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            return _become(order)
        _say(pid=pid)
        _, status = os.waitpid(pid, 0)
        _say(code=os.waitstatus_to_exitcode(status))
    return None


def _say(**what: int) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _become(order: dict[str, dict[str, str] | list[str] | str]) -> None:
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, str(order["out"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, str(order["errors"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        descriptor = os.open(name, flags)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.update(dict(order["environment"]))
    sys.argv = ["atom-data", *order["words"]]
    importlib.import_module("atom_data.cli").command()


if __name__ == "__main__":
    main()
