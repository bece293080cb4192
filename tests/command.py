"""The command line as a user runs it, recipes made from the sample's, and the processes behind a run."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from atom_data.cli import main

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "pipelines" / "sample"
LISTED = Path("/proc/thread-self/children")
"""A kernel that has this lists children at once; else every process is asked for its parent."""


class Done(NamedTuple):
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


def atom_data(*arguments: object, cwd: Path = ROOT) -> Done:
    """Run `atom-data` in this process, as its console script does; its workers are processes of their own."""
    out, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
        mock.patch.object(sys, "argv", ["atom-data", *map(str, arguments)]),
    ):
        try:
            main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return Done(code, out.getvalue(), errors.getvalue())


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start `atom-data` and return at once. It hears Ctrl-C, also where the tests run in a shell's background."""
    command = [sys.executable, "-m", "atom_data.cli", *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def fingerprint(out: Path) -> str:
    """Return the hash over the content of all shards of a run, which must be without fault."""
    done = atom_data("fingerprint", out)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def sample_recipe(folder: Path, pages: str) -> Path:
    """Write the sample's recipe with another source and return its path."""
    text = (ROOT / "pipelines" / "sample.py").read_text()
    text, first = re.subn(r"^SAMPLE = .*$", f"SAMPLE = Path({str(SAMPLE)!r})", text, flags=re.M)
    text, second = re.subn(r"^PAGES = .*$", f"PAGES = {pages}", text, flags=re.M)
    assert first == second == 1
    path = folder / "variant.py"
    path.write_text(text)
    return path


def recipe(folder: Path, text: str, name: str = "recipe.py") -> Path:
    """Write a recipe and return its path."""
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return path


def children(pid: int) -> list[int]:
    """Return the processes whose parent is `pid`."""
    if not LISTED.exists():
        return [number for number in _numbers() if _parent(number) == pid]
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text().split())
    return sorted(found)


def _numbers() -> list[int]:
    return sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def hit(pid: int, number: int, among: Callable[[], Sequence[int]]) -> bool:
    """Send a signal to a process that is still among those meant; False when it is gone.

    Numbers are given again: the process is held by a descriptor while one looks whether it is the one that was meant.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if pid not in among():
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def workers(run: subprocess.Popen[str]) -> list[int]:
    """Return the worker processes of a run: forked by a server that the run started."""
    return [pid for server in children(run.pid) for pid in children(server)]


POISON = """
    import os

    from atom_data import Jsonl, Stage

    def {step}(batch):
        if "poison" in batch.column("id").to_pylist():
            {what}
        return batch

    def stages():
        first = Stage(name="first", reads=Jsonl({folder!r}, source="test"), steps=({step},))
        return (Stage(name="second", reads=first),)
"""
"""A recipe of two stages, whose `step` does `what` when it meets the document "poison"."""


def poisoned(folder: Path) -> Path:
    """Write four shards below FOLDER/in, of a document each, the second with the document that POISON looks for."""
    (folder / "in").mkdir()
    for number, identity in enumerate(["a", "poison", "c", "d"]):
        write_lines(folder / "in" / f"part-{number}.jsonl", [{"id": identity, "text": "text"}])
    return folder


def write_lines(path: Path, records: Iterable[Mapping[str, object]]) -> None:
    """Write records as JSON lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
