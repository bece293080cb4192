"""What a run asks of a file system that a thousand nodes share, and what such a system may answer late."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from atom_data.errors import DataError
from atom_data.runner import local
from atom_data.runner.recipe import load_recipe
from atom_data.status.status import job_status
from atom_data.storage.partials import sweep
from atom_data.storage.paths import create
from atom_data.storage.receipts import Reading
from atom_data.workspace import Workspace
from tests.command import ROOT, atom_data, recipe

RECIPE = """
    from atom_data import Jsonl, Stage

    def stages():
        first = Stage(name="first", reads=Jsonl({folder!r}, source="test"))
        return (Stage(name="second", reads=first),)
"""

WATCHED = """
import os
import sys

FOLDER, LOG = os.environ["WATCH_FOLDER"], os.environ["WATCH_LOG"]

def watch(event, arguments):
    if event in ("open", "os.scandir", "os.listdir") and str(arguments[0]).startswith(FOLDER):
        descriptor = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{event} {arguments[0]}\\n".encode())
        os.close(descriptor)

sys.addaudithook(lambda event, arguments: watch(event, arguments) if str(arguments[:1]).find(LOG) < 0 else None)
"""
"""A `sitecustomize` that notes what every process of a run opens and lists below a folder."""


def made(folder: Path, shards: int) -> Path:
    """Return a recipe of two stages over some files of one line."""
    (folder / "data" / "in").mkdir(parents=True)
    for number in range(shards):
        line = json.dumps({"id": str(number), "text": f"text {number}"})
        (folder / "data" / "in" / f"{number:04}.jsonl").write_text(line + "\n")
    return recipe(folder, RECIPE.format(folder=str(folder / "data" / "in")))


def asked(folder: Path, shards: int, elements: int) -> Counter[str]:
    """Return how often each call was made by one element of an array over some shards."""
    folder.mkdir()
    path, out = made(folder, shards), folder / "data" / "out"
    done = atom_data("run", path, "-o", out, "--on", "slurm", "--dry-run", "--tasks", elements)
    assert done.returncode == 0, done.stderr
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(WATCHED)
    words = [
        "run",
        path,
        "-o",
        out,
        "--stage",
        "first",
        "-w",
        "1",
        "--planned",
        "--log",
        "json",
        "--part",
        f"3/{elements}",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "atom_data.cli", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={
            **os.environ, "PYTHONPATH": f"{folder / 'site'}:{ROOT}",
            "WATCH_FOLDER": str(folder / "data"), "WATCH_LOG": str(folder / "log"),
        },
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert len(list((out / "first" / "receipts").glob("*.json"))) == shards // elements
    lines = (folder / "log").read_text().splitlines()
    place = f"{out}/claims"
    claims = [line.removeprefix("os.scandir ") for line in lines if line.startswith(f"os.scandir {place}")]
    assert len(claims) <= 6, "an element looks twice at most for whole runs, other arrays, and its own part"
    assert all(folder == place or folder.startswith(f"{place}/parts") for folder in claims)
    return Counter(line.split()[0] for line in lines if f" {place}" not in line or not line.startswith("os.scandir"))


def test_element_of_an_array_lists_nothing_and_opens_its_own_shards_only(tmp_path: Path) -> None:
    few, many = asked(tmp_path / "few", 30, 10), asked(tmp_path / "many", 600, 200)
    assert set(many) == {"open"}, "a folder was listed"
    assert few == many, "what an element asks must not grow with the array"
    assert many["open"] <= 37, "of each of its three shards the sketch is one"


def test_rename_whose_answer_was_lost_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server renamed, its answer was lost, and the client that asks again is told that there is no such file."""
    rename = os.replace

    def twice(partial: str, target: str) -> None:
        rename(partial, target)
        rename(partial, target)

    monkeypatch.setattr(os, "replace", twice)
    with create(str(tmp_path / "deep" / "file"), "token") as stream:
        stream.write(b"whole")
    assert (tmp_path / "deep" / "file").read_bytes() == b"whole"


def test_rename_that_failed_is_no_success_because_an_older_file_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"older")

    def lost(partial: str, target: str) -> None:
        raise FileNotFoundError(2, "no such file")

    monkeypatch.setattr(os, "replace", lost)
    with pytest.raises(FileNotFoundError), create(str(tmp_path / "file"), "token") as stream:
        stream.write(b"newer")
    assert (tmp_path / "file").read_bytes() == b"older"


def test_close_waits_for_receipts_that_this_node_does_not_see_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = made(tmp_path, 4), tmp_path / "out"
    assert atom_data("run", path, "-o", out, "--stage", "first", "-w", 1).returncode == 0
    hidden = out / "first" / "receipts" / "0002.jsonl.json"
    (out / "first" / "receipts" / "all.pq").unlink()
    hidden.rename(tmp_path / "hidden")
    options = local.Options(out=str(out), stage="first")
    monkeypatch.setattr(local, "LONG_PAUSE", 0.1)
    monkeypatch.setattr(local.soon, "__defaults__", (0.1,))
    monkeypatch.setattr(local, "LAG_SECONDS", 0.3)
    with pytest.raises(DataError, match=r"1 of 4 shards are not finished \(0002.jsonl; new: 1\)"):
        local.close(load_recipe(str(path)), options)
    assert not (out / "first" / "receipts" / "all.pq").exists()
    monkeypatch.setattr(local, "LAG_SECONDS", 60.0)
    shown = threading.Timer(0.5, lambda: (tmp_path / "hidden").rename(hidden))
    shown.start()
    local.close(load_recipe(str(path)), options)
    shown.join()
    assert (out / "first" / "receipts" / "all.pq").exists()


def test_close_does_not_wait_for_what_can_not_come(tmp_path: Path) -> None:
    path, out = made(tmp_path, 4), tmp_path / "out"
    assert atom_data("run", path, "-o", out, "--stage", "first", "-w", 1).returncode == 0
    (out / "first" / "0001.jsonl.parquet").unlink()
    begun = time.monotonic()
    with pytest.raises(DataError, match="output missing or damaged: 1"):
        local.close(load_recipe(str(path)), local.Options(out=str(out), stage="first"))
    assert time.monotonic() - begun < local.LAG_SECONDS / 2


def test_sweep_takes_one_attempt_or_all(tmp_path: Path) -> None:
    folder = tmp_path / "first" / "drops"
    (folder / "scratch.host-1-2.partial").mkdir(parents=True)
    for name in ("a.host-1-2.partial", "a.host-1-3.partial", "a.parquet", "scratch.host-1-2.partial/x"):
        (folder / name).touch()
    sweep(str(tmp_path / "first"), "host-1-2")
    assert sorted(path.name for path in folder.iterdir()) == ["a.host-1-3.partial", "a.parquet"]
    sweep(str(tmp_path / "first"))
    assert [path.name for path in folder.iterdir()] == ["a.parquet"]


def test_who_looks_again_reads_new_receipts_only(tmp_path: Path) -> None:
    path, out = made(tmp_path, 6), tmp_path / "out"
    job = load_recipe(str(path)).job("first")
    assert atom_data("run", path, "-o", out, "--stage", "first", "-w", 1, "--part", "0/2").returncode == 0
    first = job_status(job, Workspace(str(out)))
    assert (first.finished, first.shards, first.sums["rows_in"]) == (3, 6, 3)
    assert atom_data("run", path, "-o", out, "--stage", "first", "-w", 1, "--part", "1/2").returncode == 0
    (out / "first" / "receipts" / "all.pq").unlink()
    read: list[str] = []

    class Noting(Workspace):
        def receipts(self, folder: str, shards: Sequence[str], look: Any = None) -> Iterator[Reading]:
            read.extend(shards)
            return super().receipts(folder, shards, look)

    again = job_status(job, Noting(str(out)), before=first)
    assert read == ["0001.jsonl", "0003.jsonl", "0005.jsonl"]
    assert (again.finished, again.shards, again.sums["rows_in"]) == (6, 6, 6)
