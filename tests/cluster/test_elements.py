"""How many elements stages get whose tasks nobody can count before the stages before them are finished."""

import json
import re
from pathlib import Path

import pytest

from tests.command import atom_data, recipe


def test_as_many_as_there_are_tasks_and_never_all_that_the_profile_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for what is one task, a shard each where the source tells, and no 500 elements of 8 cores for three small files."""
    (tmp_path / "in").mkdir()
    for number in range(3):
        line = json.dumps({"id": str(number), "text": "a text of some words"})
        (tmp_path / "in" / f"{number}.jsonl").write_text(line + "\n")
    path = recipe(
        tmp_path,
        f"""
        from atom_data import Copies, Jsonl, MinHash, SameContent, Stage, keep

        def stages():
            first = Stage(name="first", reads=Jsonl({str(tmp_path / "in")!r}, source="test"))
            exact = Stage(name="unique", reads=Copies(of=first, by=SameContent()), steps=(keep("first_copy"),))
            return (Stage(name="second", reads=Copies(of=exact, by=MinHash()), steps=(keep("first_near_copy"),)),)
        """,
    )
    monkeypatch.setenv("PATH", "/nowhere")  # no Slurm: a dry run needs none
    words = ["--on", "slurm", "--dry-run", "--tasks", 500, "--workers-per-task", 8]
    done = atom_data("run", path, "-o", tmp_path / "out", *words)
    assert done.returncode == 0, done.stderr
    elements = {
        script.stem: re.findall("--array=(.*)", script.read_text())[0]
        for script in (tmp_path / "out" / "cluster").glob("*.sh")
        if not script.stem.endswith("-close")
    }
    assert set(elements.values()) == {"0-2", "0"}
    alone = {name for name, found in elements.items() if found == "0"}
    assert alone == {
        "exact.groups", "exact.guard", "near.clusters", "near.confirmed", "near.guard", "near.links",
    }  # fmt: skip
    assert (elements["unique"], elements["second"]) == ("0-2", "0-2")
    name = re.findall("--job-name=(.*)", (tmp_path / "out" / "cluster" / "near.links-close.sh").read_text())[0]
    assert re.fullmatch(r"recipe-[0-9a-f]{6}-near\.links-close", name)
