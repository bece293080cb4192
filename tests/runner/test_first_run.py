"""A first run says that it compiles, no task does, and a second environment of the machine compiles nothing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from atom_data.runner.compiling import load_kernels
from atom_data.runner.needs import Needs
from atom_data.runner.server import server
from atom_data.text.signatures import declared
from tests.command import ROOT, recipe

LINES = """
    from atom_data import Jsonl, Stage
    from atom_data.signals import count_lines

    def stages():
        return (Stage(name="counted", reads=Jsonl("rows.jsonl", source="test"), steps=(count_lines,)),)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text('{"text": "one line"}\n')
    recipe(tmp_path, LINES)
    return tmp_path


def atom_data(folder: Path, *arguments: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own, with a cache of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ATOM_DATA_CACHE": str(cache or folder / "cache")}
    return subprocess.run(
        [sys.executable, "-m", "atom_data.cli", *arguments], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_first_run_says_that_it_compiles_and_no_task_takes_that_time(folder: Path) -> None:
    first = atom_data(folder, "run", "recipe.py", "-o", "first")
    assert first.returncode == 0, first.stderr
    said = re.search(r"compiling (\d+) kernels? for this machine, once \(about \d+ s\); kept in (\S+)", first.stderr)
    assert said and said[2] == str(folder / "cache")
    assert re.search(rf"compiled {said[1]} of {said[1]} kernels?\n", first.stderr)
    assert len(list((folder / "cache" / "kernels").rglob("*.bin"))) == int(said[1]), (
        "the server compiled all, workers nothing"
    )
    second = atom_data(folder, "run", "recipe.py", "-o", "second", "--log", "json")
    assert second.returncode == 0 and "compil" not in second.stderr


def test_programs_read_how_far_compiling_is(folder: Path) -> None:
    done = atom_data(folder, "run", "recipe.py", "--log", "json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    compiled = [(event["compiled"], event["kernels"]) for event in events if event["event"] == "compiling"]
    assert compiled[0][0] == 0 and compiled[-1][0] == compiled[-1][1] == len(compiled) - 1 > 0
    assert [number for number, _ in compiled] == [*range(len(compiled))]


def test_warm_compiles_what_a_recipe_needs_and_then_nothing(folder: Path) -> None:
    first = atom_data(folder, "warm", "recipe.py")
    assert first.returncode == 0, first.stderr
    assert re.search(
        rf"\d kernels, \d compiled now; {re.escape(str(folder))}/cache/kernels/\w+ has \d, 0\.\d MB", first.stdout
    )
    second = atom_data(folder, "warm", "recipe.py")
    assert second.returncode == 0 and second.stderr == "" and "all compiled before" in second.stdout
    run = atom_data(folder, "run", "recipe.py")
    assert run.returncode == 0 and "compil" not in run.stderr


def test_cache_that_cannot_be_written_to_is_said(folder: Path) -> None:
    refused = atom_data(folder, "warm", "recipe.py", cache=Path("/proc/none"))
    assert refused.returncode == 1
    assert re.search(r"/proc/none/kernels/\w+: it cannot be written to\. Name a folder that can", refused.stderr)
    run = atom_data(folder, "run", "recipe.py", cache=Path("/proc/none"))
    assert run.returncode == 0
    assert "in every run again: /proc/none cannot be written to" in run.stderr


def test_kernels_on_disk_are_loaded_without_a_word() -> None:
    load_kernels(list(declared())[:3], lambda compiled, kernels: None)  # unless nothing compiled them before
    told: list[tuple[int, int]] = []
    load_kernels(list(declared())[:3], lambda compiled, kernels: told.append((compiled, kernels)))
    assert told == []


def test_server_that_hears_of_no_recipe_still_gives_workers() -> None:
    server().load(Needs((), (), ()))
    server().wait(lambda compiled, kernels: None)
    process = server().context.Process(target=os.getpid)
    process.start()
    process.join()
    assert process.exitcode == 0
