"""Finished work is not removed or rebuilt in bulk without a question, and an output folder knows whose recipe it is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from atom_data.storage.receipts import Measured
from atom_data.workspace import Workspace
from tests.command import Done, atom_data, fingerprint, recipe

RECIPE = """
    from atom_data import Jsonl, Stage

    def {step}(batch):
        return batch

    def stages():
        {first} = Stage(name="{first}", reads=Jsonl({pattern!r}, source="test"), steps=({step},))
        return (Stage(name="second", reads={first}),)
"""
SHARDS = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight files of input."""
    (tmp_path / "in").mkdir()
    for number in range(SHARDS):
        put(tmp_path, number)
    return tmp_path


def put(folder: Path, number: int, text: str = "text") -> None:
    lines = [{"id": f"{number}-{i}", "text": f"{text} {i}"} for i in range(5)]
    (folder / "in" / f"{number}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def run(
    folder: Path, *more: object, name: str = "a.py", step: str = "same", first: str = "first", pattern: str = "*"
) -> Done:
    text = RECIPE.format(step=step, first=first, pattern=str(folder / "in" / f"{pattern}.jsonl"))
    return atom_data("run", recipe(folder, text, name), "-o", folder / "out", "-w", 1, *more)


def well(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def refused(done: Done) -> str:
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    return done.stderr


def make_dear(folder: Path, cpu_seconds: float, stages: tuple[str, ...] = ("first",)) -> None:
    """Let each shard of some stages have taken so long."""
    workspace = Workspace(str(folder / "out"), "test")
    for stage in stages:
        for name in workspace.finished_names(stage) or ():
            if name != "all.pq":
                receipt = workspace.finished_receipt(stage, name)
                workspace.write_receipt(replace(receipt, measured=Measured(cpu_seconds=cpu_seconds)))
        (folder / "out" / stage / "receipts" / "all.pq").unlink()


def tree(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_input_that_is_out_of_sight_removes_nothing_without_being_asked(folder: Path) -> None:
    well(run(folder))
    before, here = tree(folder / "out"), fingerprint(folder / "out")
    (folder / "away").mkdir()
    for number in range(4):
        (folder / "in" / f"{number}.jsonl").rename(folder / "away" / f"{number}.jsonl")
    said = refused(run(folder))
    assert "first: 4 of 8 shards removed, their input is not there: 0.jsonl, 1.jsonl, 2.jsonl, ..." in said
    assert "bring it back and run again" in said and "--replace" in said
    assert tree(folder / "out") == before
    for number in range(4):
        (folder / "away" / f"{number}.jsonl").rename(folder / "in" / f"{number}.jsonl")
    assert "first: all 8 shards are done already" in well(run(folder))
    assert fingerprint(folder / "out") == here


def test_narrower_pattern_is_asked_about_and_replace_goes_on(folder: Path) -> None:
    well(run(folder))
    assert "second: 6 of 8 shards removed" in refused(run(folder, pattern="[01]"))
    assert "6 shards of an earlier run are no longer in the input; removed: 2.jsonl" in well(
        run(folder, "--replace", pattern="[01]")
    )
    assert atom_data("verify", folder / "out").returncode == 0


def test_one_of_many_shards_goes_without_a_question(folder: Path) -> None:
    for number in range(SHARDS, 12):
        put(folder, number)
    well(run(folder))
    (folder / "in" / "3.jsonl").unlink()
    assert "first: 1 shard of an earlier run is no longer in the input; removed: 3.jsonl" in well(run(folder))


def test_edited_recipe_over_little_work_is_not_asked_about(folder: Path) -> None:
    well(run(folder))
    assert "first: 0 shards are done already, 8 to make (recipe or card changed: 8)" in well(run(folder, step="other"))


def test_edited_recipe_over_much_work_is_refused_with_its_cost(folder: Path) -> None:
    well(run(folder))
    make_dear(folder, 30.0)
    make_dear(folder, 450.0, ("second",))
    well(run(folder))  # nothing to do, and nothing asked
    before = tree(folder / "out")
    said = refused(run(folder, step="other"))
    assert "this run would replace finished work that took 3,840 CPU seconds and " in said
    assert (
        "first: 8 of 8 shards again, recipe or card changed: 0.jsonl, 1.jsonl, 2.jsonl, ... (240 CPU seconds and"
        in said
    )
    assert "second: 8 of 8 shards again, what it reads changes" in said
    assert "Give another --output to keep it, or --replace to go on." in said
    assert tree(folder / "out") == before
    assert "8 to make (recipe or card changed: 8)" in well(run(folder, "--replace", step="other"))


def test_few_changed_files_and_new_ones_are_no_question(folder: Path) -> None:
    """However dear the rest is: what follows from them cannot be otherwise."""
    for number in range(SHARDS, 12):
        put(folder, number)
    well(run(folder))
    make_dear(folder, 1000.0)
    put(folder, 3, "another text")
    put(folder, 90)
    assert "first: 11 shards are done already, 2 to make (input changed: 1)" in well(run(folder))


def test_damaged_work_is_made_again_without_a_question(folder: Path) -> None:
    well(run(folder))
    make_dear(folder, 1000.0)
    for number in range(6):
        (folder / "out" / "first" / f"{number}.jsonl.parquet").unlink()
    assert "6 to make (output missing or damaged: 6)" in well(run(folder))


def test_other_recipe_of_the_same_stages_is_refused(folder: Path) -> None:
    """Two recipes of a beginner, both with a stage `first` and the default --output."""
    well(run(folder))
    before = tree(folder / "out")
    said = refused(run(folder, name="b.py", step="other"))
    assert f"out: is the folder of another recipe, {folder}/a.py (stages: first, second)" in said
    assert "b.py would replace 8 shards of first (" in said
    assert tree(folder / "out") == before
    well(run(folder, "--replace", name="b.py", step="other"))
    assert "is the folder of another recipe" in refused(run(folder))


def test_other_recipe_of_other_stages_is_refused_until_replace(folder: Path) -> None:
    well(run(folder))
    said = refused(run(folder, name="b.py", first="begin"))
    assert "b.py would leave its first behind. Give another --output" in said
    well(run(folder, "--replace", name="b.py", first="begin"))


def test_recipe_that_moved_and_one_that_adds_a_stage_are_the_same(folder: Path) -> None:
    well(run(folder))
    (folder / "elsewhere").mkdir()
    moved = recipe(folder / "elsewhere", (folder / "a.py").read_text(), "a.py")
    assert "first: all 8 shards" in well(atom_data("run", moved, "-o", folder / "out", "-w", 1))
    text = """
    from atom_data import Jsonl, Stage

    def stages():
        first = Stage(name="first", reads=Jsonl({pattern!r}, source="test"))
        second = Stage(name="second", reads=first)
        return ({returns},)
    """.replace("{pattern!r}", repr(str(folder / "in" / "*.jsonl")))
    short, longer = text.format(returns="second"), text.format(returns='Stage(name="third", reads=second)')
    well(atom_data("run", recipe(folder, short, "short.py"), "-o", folder / "both", "-w", 1))
    said = well(atom_data("run", recipe(folder, longer, "longer.py"), "-o", folder / "both", "-w", 1))
    assert "second: all 8 shards" in said
    left = refused(atom_data("run", folder / "short.py", "-o", folder / "both", "-w", 1))
    assert "short.py would leave its third behind. Give" in left


def test_folder_of_an_earlier_release_is_taken_over_in_silence(folder: Path) -> None:
    well(run(folder))
    (folder / "out" / "run.json").unlink()
    assert "all 8 shards are done already" in well(run(folder, name="b.py"))
    assert json.loads((folder / "out" / "run.json").read_text())["recipe"] == str(folder / "b.py")


def test_stage_that_was_renamed_counts_no_more_and_is_named(folder: Path) -> None:
    well(run(folder, first="begin"))
    clean = fingerprint(folder / "out")
    well(run(folder))
    said = well(run(folder))
    left = f"{folder}/out: left over from stages that the recipe no longer has: begin. They are ignored"
    assert left in said and f"atom-data clean {folder}/out --stale removes them" in said
    assert left in well(atom_data("status", folder / "a.py", "-o", folder / "out"))
    assert left in well(atom_data("verify", folder / "out"))
    fresh = run(folder, "-o", folder / "fresh")
    well(fresh)
    assert fingerprint(folder / "out") == fingerprint(folder / "fresh") != clean


def test_part_of_a_job_by_hand_asks_about_removal_only(folder: Path) -> None:
    well(run(folder))
    make_dear(folder, 1000.0)
    part = ("--stage", "first", "--part", "0/2")
    assert "4 to make (recipe or card changed: 4)" in well(run(folder, *part, step="other"))
    assert "6 of 8 shards removed" in refused(run(folder, *part, pattern="[01]"))


def test_submission_asks_and_a_dry_one_removes_nothing(folder: Path) -> None:
    well(run(folder))
    before = tree(folder / "out")
    text = RECIPE.format(step="same", first="first", pattern=str(folder / "in" / "[01].jsonl"))
    arrays = ("run", recipe(folder, text, "a.py"), "-o", folder / "out", "--on", "slurm", "--dry-run")
    assert "first: 6 of 8 shards removed" in refused(atom_data(*arrays))
    well(atom_data(*arrays, "--replace"))
    now = tree(folder / "out")
    assert {name: now.get(name) for name in before} == before


def test_status_says_what_is_stale(folder: Path) -> None:
    well(run(folder))
    text = RECIPE.format(step="other", first="first", pattern=str(folder / "in" / "*.jsonl"))
    path = recipe(folder, text, "a.py")
    said = well(atom_data("status", path, "-o", folder / "out"))
    assert "first: 8 of 8 shards are stale (recipe or card changed); a run rebuilds them" in said
    assert "second: what is read there is stale; a run rebuilds what differs then" in said
    well(atom_data("run", path, "-o", folder / "out", "-w", 1, "--stage", "first", "--part", "0/2"))
    said = well(atom_data("status", path, "-o", folder / "out"))
    assert "first: 4 of 8 shards are stale (recipe or card changed)" in said
    well(atom_data("run", path, "-o", folder / "out", "-w", 1))
    assert "stale" not in well(atom_data("status", path, "-o", folder / "out"))
