"""A takedown that ends at any file goes on, and leaves the same bytes as one that was never stopped."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT, atom_data
from tests.takedown.corpus import everything, listed, rows

EVENTS = ("os.rename", "os.remove", "os.rmdir")
DRIVER = """
import os, sys
left = [int(sys.argv.pop(1))]
def hook(event, arguments):
    if event in ("os.rename", "os.remove", "os.rmdir"):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(hook)
from atom_data.cli import main
main()
"""


class Killed(BaseException):
    """What ends a takedown in this process."""


class Switch:
    """Ends whatever changes the folder for the n-th time."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.seen = 0
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if (
            self.left is None
            or event not in EVENTS
            or "/out/" not in str(arguments[0])
            or "/claims/" in str(arguments[0])
        ):
            return
        self.seen += 1
        if self.seen > self.left:
            raise Killed

    @contextmanager
    def at(self, number: int) -> Iterator[None]:
        self.left, self.seen = number, 0
        try:
            yield
        finally:
            self.left = None


@pytest.fixture(scope="session")
def switch() -> Switch:
    return Switch()


@pytest.fixture(scope="session")
def begun(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, bytes]]:
    """A folder with a key, what is to be taken down, and all files afterwards."""
    place = tmp_path_factory.mktemp("killed")
    out = Path(shutil.copytree(built, place / "out"))
    assert atom_data("takedown", out, "--domain", "c.test").returncode == 0
    ids = listed(place, sorted({row["id"] for row in rows(out, "tokens")})[3:40:9])
    assert atom_data("export", out / "tokens", "--to", place / "megatron").returncode == 0
    whole = Path(shutil.copytree(out, place / "whole"))
    assert atom_data("takedown", whole, "--ids", ids).returncode == 0
    return out, ids, everything(whole)


def finished(out: Path, ids: Path) -> None:
    """Go on, or begin anew where nothing was written down yet."""
    begun = (out / "removals" / "begun" / "journal.json").exists()
    if begun:
        assert "a takedown that was begun is not finished" in atom_data("verify", out).stderr
        done = atom_data("takedown", out, "--ids", ids)
        assert done.returncode == 2 and "Finish it first" in done.stderr
    done = atom_data("takedown", out, *(() if begun else ("--ids", ids)))
    if not begun and done.returncode == 0 and "takedown 3" in done.stdout:
        raise AssertionError("it was finished, and nothing said so")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("share", [3, pytest.param(1000, marks=pytest.mark.slow)])
def test_stopped_at_a_file_it_goes_on(
    share: int, begun: tuple[Path, Path, dict[str, bytes]], switch: Switch, tmp_path: Path
) -> None:
    """Every file with `-m slow`; else each of the first, and then ever fewer."""
    first, ids, whole = begun
    number, stopped = 0, 0
    while True:
        out = Path(shutil.copytree(first, tmp_path / "out"))
        try:
            with switch.at(number):
                done = atom_data("takedown", out, "--ids", ids)
                assert done.returncode == 0
                break
        except Killed:
            stopped += 1
        if (out / "removals" / "0002.json").exists() and not (out / "removals" / "begun" / "journal.json").exists():
            assert atom_data("verify", out).returncode in (0, 1)
        else:
            finished(out, ids)
        for left in (out / "removals").glob("begun.*.partial"):
            shutil.rmtree(left)
        assert everything(out) == whole, number
        shutil.rmtree(out)
        number += max(1, number // share)
    assert stopped > 10


@pytest.mark.parametrize("number", [5, 45, 90])
def test_killed_it_goes_on(begun: tuple[Path, Path, dict[str, bytes]], number: int, tmp_path: Path) -> None:
    first, ids, whole = begun
    out = Path(shutil.copytree(first, tmp_path / "out"))
    command = [sys.executable, "-c", DRIVER, str(number), "takedown", str(out), "--ids", str(ids)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    finished(out, ids)
    assert {name: data for name, data in everything(out).items() if not name.startswith("claims/")} == whole
