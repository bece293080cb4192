"""The supervisor: a dead worker costs one attempt of one shard, the rest goes on, and the end is honest."""

import json
import re
from pathlib import Path

import pytest

from tests.command import atom_data, recipe

RECIPE = """
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number, identity in enumerate(["a", "poison", "c", "d"]):
        line = json.dumps({"id": identity, "text": "text"})
        (tmp_path / "in" / f"part-{number}.jsonl").write_text(line + "\n")
    return tmp_path


def finished(folder: Path, stage: str = "first") -> list[str]:
    return sorted(path.stem for path in (folder / "out" / stage / "receipts").glob("*.json"))


def test_worker_that_dies_is_retried_and_the_rest_goes_on(folder: Path) -> None:
    path = recipe(folder, RECIPE.format(step="die", what="os.kill(os.getpid(), 9)", folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 2, "--retries", 1)
    assert done.returncode == 1
    assert "first/part-1.jsonl: the worker was ended by SIGKILL (out of memory?)" in done.stderr
    assert "(tried 2 times)" in done.stderr
    assert done.stderr.strip().splitlines()[-1] == (
        f"{folder / 'out'}: 1 shards failed (first/part-1.jsonl); their reasons stand above. "
        "Mend the cause and run again: finished shards are kept."
    )
    assert finished(folder) == ["part-0.jsonl", "part-2.jsonl", "part-3.jsonl"]
    assert not (folder / "out" / "second").exists(), "a later stage never starts on incomplete input"
    assert not list((folder / "out").rglob("*.partial"))


def test_worker_that_dies_once_costs_nothing(folder: Path) -> None:
    mark = folder / "died"
    what = f"os.path.exists({str(mark)!r}) or (open({str(mark)!r}, 'w').close(), os.kill(os.getpid(), 9))"
    path = recipe(folder, RECIPE.format(step="die_once", what=what, folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 2, "--retries", 1)
    assert done.returncode == 0, done.stderr
    assert mark.exists()
    assert len(finished(folder, "second")) == 4


def test_bug_in_a_step_keeps_its_traceback_and_says_where(folder: Path) -> None:
    path = recipe(folder, RECIPE.format(step="divide", what="1 / 0", folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 1)
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "in stage 'first', step 1 (divide), on a batch of 1 rows" in done.stderr
    assert "tried" not in done.stderr, "a bug is not tried again"
    assert len(finished(folder)) == 3


def test_receipt_says_what_was_read_made_and_measured(folder: Path) -> None:
    path = recipe(folder, RECIPE.format(step="same", what="pass", folder=str(folder / "in")))
    assert atom_data("run", path, "-o", folder / "out", "-w", 1).returncode == 0
    receipt = json.loads((folder / "out" / "first" / "receipts" / "part-0.jsonl.json").read_text())
    assert (receipt["stage"], receipt["shard"]) == ("first", "part-0.jsonl")
    assert receipt["inputs"][0]["path"] == "part-0.jsonl"
    assert re.fullmatch("[0-9a-f]{64}", receipt["inputs"][0]["sha256"])
    assert receipt["outputs"][0]["path"] == "first/part-0.jsonl.parquet"
    assert receipt["rows_in"] == receipt["rows_out"] == 1
    assert set(receipt["measured"]) == {"wall_seconds", "cpu_seconds", "peak_memory_bytes", "input_bytes"}
    assert set(receipt["identity"]) == {"job", "code"}
    assert str(folder) not in json.dumps(receipt), "no path of this machine"
