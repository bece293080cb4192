"""A dry run says what a run would do and writes nothing; options of a cluster are refused for a run here."""

import json
import re
from pathlib import Path

import pytest

from tests.command import Done, atom_data, recipe, write_lines

RECIPE = """
    from atom_data import Copies, Jsonl, SameText, Stage, keep

    def {step}(batch):
        return batch

    def stages():
        clean = Stage(name="clean", reads=Jsonl({folder!r}, source="test"), steps=({step},))
        distinct = Stage(name="distinct", reads=Copies(of=clean, by=SameText()), steps=(keep("first_copy"),))
        return (distinct,)
"""
NOTHING = "This was a dry run: nothing was made, removed or written."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(4):
        records = [{"id": f"{number}-{i}", "text": f"text {number} {i}"} for i in range(5)]
        write_lines(tmp_path / "in" / f"{number}.jsonl", records)
    return tmp_path


def run(folder: Path, *more: object, step: str = "same") -> Done:
    path = recipe(folder, RECIPE.format(step=step, folder=str(folder / "in")))
    return atom_data("run", path, "-o", folder / "out", "-w", 1, *more)


def dry(folder: Path, *more: object, step: str = "same") -> str:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "recipe.py"}
    done = run(folder, "--dry-run", *more, step=step)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(NOTHING + "\n")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "recipe.py"} == before
    return done.stdout


def test_first_dry_run_makes_not_even_the_folder(folder: Path) -> None:
    run(folder, "--dry-run")  # the recipe's own folder has its __pycache__ now, if Python makes one
    said = dry(folder)
    assert "clean: 0 shards to keep, 4 to make anew\n  anew: 4: 0.jsonl, 1.jsonl, 2.jsonl, ...\n" in said
    assert "exact: 0 shards to keep, 4 to make anew" in said and "exact/" not in said
    assert "its shards are known when the stages before it are finished" in dry(folder, "--jobs")
    assert f"no receipt tells what they take: atom-data plan {folder}/recipe.py does." in said
    assert not (folder / "out").exists()


def test_dry_run_after_a_run_has_nothing_to_do(folder: Path) -> None:
    assert run(folder).returncode == 0
    said = dry(folder)
    assert "clean: all 4 shards are kept" in said and "distinct: all 4 shards are kept" in said
    assert "Nothing to do." in said


def test_dry_run_says_what_is_made_again_and_why_and_what_it_took(folder: Path) -> None:
    assert run(folder).returncode == 0
    said = dry(folder, step="other")
    assert "clean: 0 shards to keep, 4 to rebuild\n" in said
    assert "  again, recipe or card changed: 4: 0.jsonl, 1.jsonl, 2.jsonl, ... (took 0." in said
    assert "distinct: 0 shards to keep, 4 to rebuild\n  again, what it reads changes: 4:" in said
    assert "at most: shards whose input turns out the same are kept; they took 0." in said
    assert "refused" not in said


def test_dry_run_says_what_is_removed_and_that_it_is_refused(folder: Path) -> None:
    assert run(folder).returncode == 0
    (folder / "in" / "0.jsonl").rename(folder / "in" / "9.jsonl")
    (folder / "in" / "1.jsonl").write_text(json.dumps({"id": "1", "text": "another"}) + "\n")
    said = dry(folder)
    assert "clean: 2 shards to keep, 1 to rebuild, 1 to make anew, 1 to remove\n" in said
    assert "  again, input changed: 1: 1.jsonl (took 0." in said
    assert "  anew: 1: 9.jsonl\n" in said
    assert "  remove, not in the input: 1: 0.jsonl (took 0." in said
    assert "distinct: 0 shards to keep, 3 to rebuild, 1 to make anew, 1 to remove\n" in said
    assert re.search(r"^Removed: \d shards; they took 0\.\d CPU seconds and \d+ kB by their receipts\.$", said, re.M)
    assert "Without --replace this is refused:" in said
    assert "clean: 1 of 4 shards removed, their input is not there: 0.jsonl" in said
    assert "refused" not in dry(folder, "--replace")


def test_dry_run_of_a_stage_is_of_that_stage(folder: Path) -> None:
    assert run(folder).returncode == 0
    said = dry(folder, "--stage", "clean", step="other")
    assert "clean: 0 shards to keep, 4 to rebuild" in said and "distinct" not in said


def test_dry_run_of_a_pass_is_of_all_its_jobs(folder: Path) -> None:
    assert run(folder, "--stage", "clean").returncode == 0
    said = dry(folder, "--stage", "exact", "--jobs")
    assert "exact/text-hash: 0 shards to keep, 4 to make anew" in said and "exact: " in said and "clean" not in said


@pytest.mark.parametrize(
    "option",
    ["--profile=nope.toml", "--tasks=3", "--workers-per-task=2", "--partition=cpu", "--time=8:00:00", "--sbatch=a=b",
     "--resume"],
)  # fmt: skip
def test_option_of_a_cluster_without_one_is_refused(folder: Path, option: str) -> None:
    for more in ((), ("--dry-run",)):
        done = run(folder, option, *more)
        name = option.partition("=")[0]
        assert done.returncode == 2
        assert done.stderr == (
            f"{name}: it says how a Slurm array is submitted, and this run is to happen here. Add --on slurm, or leave it "
            "out.\n"
        )
    assert not (folder / "out").exists()


def test_option_of_slurm_is_none_of_ray(folder: Path) -> None:
    done = run(folder, "--on", "ray", "--tasks", 3)
    assert done.returncode == 2
    assert "--tasks: it says how a Slurm array is submitted, and Ray has no such setting." in done.stderr


@pytest.mark.parametrize(
    ("option", "way"),
    [("--stage=clean", "leave it out"), ("--part=0/2", "give --tasks N"), ("--workers=2", "Give --workers-per-task N")],
)
def test_option_of_a_run_here_is_none_of_an_array(folder: Path, option: str, way: str) -> None:
    path = recipe(folder, RECIPE.format(step="same", folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "--on", "slurm", "--dry-run", option)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{option.partition('=')[0]}: it is for a run here, and this one goes to Slurm.")
    assert way in done.stderr


def test_pass_that_is_left_over_is_named_once(folder: Path) -> None:
    assert run(folder).returncode == 0
    text = RECIPE.format(step="same", folder=str(folder / "in")).replace("return (distinct,)", "return (clean,)")
    said = atom_data("run", recipe(folder, text), "-o", folder / "out", "--dry-run", "--replace").stdout
    assert "left over from stages that the recipe no longer has: distinct, exact. They are ignored" in said
