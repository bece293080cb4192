"""A second run keeps what is finished, and says what has changed."""

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from atom_data.runner.changed import code_change
from atom_data.workspace import Workspace
from tests.command import atom_data, recipe, write_lines

RECIPE = """
    from atom_data import Jsonl, Stage, keep

    def {step}(batch):
        return batch

    def stages():
        reads = Jsonl({folder!r}, source="test")
        first = Stage(name="first", reads=reads, steps=({step}, keep({card!r})))
        return (Stage(name="second", reads=first),)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(3):
        path = tmp_path / "in" / f"part-{number}.jsonl"
        write_lines(path, ({"id": f"{number}-{i}", "text": f"text {i}"} for i in range(5)))
    (tmp_path / "card.toml").write_text(
        'source = "a test"\n[[rule]]\nreason = "source"\ncolumn = "source"\none_of = ["test"]\n'
    )
    return tmp_path


def run(folder: Path, step: str = "same", *more: str) -> str:
    path = recipe(folder, RECIPE.format(folder=str(folder / "in"), card=str(folder / "card.toml"), step=step))
    done = atom_data("run", path, "-o", folder / "out", "-w", 1, *more)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_second_run_does_nothing(folder: Path) -> None:
    run(folder)
    before = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*") if path.is_file()}
    assert run(folder) == "first: all 3 shards are done already\nsecond: all 3 shards are done already\n"
    assert {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*") if path.is_file()} == before


def test_touched_input_is_read_but_not_made_again(folder: Path) -> None:
    run(folder)
    (folder / "in" / "part-1.jsonl").touch()
    assert "first: all 3 shards are done already" in run(folder)


def test_changed_input_is_made_again_and_said(folder: Path) -> None:
    run(folder)
    with (folder / "in" / "part-1.jsonl").open("a") as file:
        file.write(json.dumps({"id": "new", "text": "one more"}) + "\n")
    said = run(folder)
    assert "first: 2 shards are done already, 1 to make (input changed: 1)" in said
    assert "second: 2 shards are done already, 1 to make (input changed: 1)" in said


def test_changed_input_that_gives_the_same_rows_stops_there(folder: Path) -> None:
    """Downstream compares content: the second stage sees the same bytes and keeps its shards."""
    run(folder)
    path = folder / "in" / "part-1.jsonl"
    path.write_text(path.read_text() + "\n")  # a blank line holds no document
    said = run(folder)
    assert "first: 2 shards are done already, 1 to make (input changed: 1)" in said
    assert "second: all 3 shards are done already" in said


def test_changed_card_is_made_again_and_said(folder: Path) -> None:
    run(folder)
    card = folder / "card.toml"
    card.write_text(card.read_text().replace('one_of = ["test"]', 'one_of = ["test", "other"]'))
    assert "first: 0 shards are done already, 3 to make (recipe or card changed: 3)" in run(folder)


def test_changed_library_is_named(folder: Path) -> None:
    """What a receipt of before says of libraries is put beside what is installed now."""
    run(folder)
    workspace = Workspace(str(folder / "out"), "test")
    for number in range(3):
        receipt = workspace.finished_receipt("first", f"part-{number}.jsonl")
        before = {**receipt.code, "isal": "1.0.0"} if number else {**receipt.code, "atom_data": "0" * 64}
        workspace.write_receipt(replace(receipt, code=before))
    said, now = run(folder), version("isal")
    assert f"3 to make (atom-data's code changed: 1, isal {now}, was 1.0.0: 2)" in said


def test_changed_function_in_recipe_is_made_again_and_said(folder: Path) -> None:
    run(folder)
    assert "3 to make (recipe or card changed: 3)" in run(folder, step="another")


def test_new_input_is_made_and_removed_input_is_removed(folder: Path) -> None:
    run(folder)
    (folder / "in" / "part-0.jsonl").rename(folder / "in" / "part-9.jsonl")
    said = run(folder, "same", "--replace")
    assert "first: 1 shard of an earlier run is no longer in the input; removed: part-0.jsonl" in said
    assert "first: 2 shards are done already, 1 to make" in said
    assert sorted(path.name for path in (folder / "out" / "second").glob("*.parquet")) == [
        "part-1.jsonl.parquet",
        "part-2.jsonl.parquet",
        "part-9.jsonl.parquet",
    ]
    assert atom_data("verify", folder / "out").returncode == 0


def test_changes_of_code_in_words() -> None:
    now = {"atom_data": "1" * 64, "numpy": "2.4.0", "numba": "0.66", "ftfy": "6.3.1", "isal": "1.8", "a.b": "2" * 64}
    assert code_change(now, dict(now)) == ""
    assert (
        code_change({**now, "ftfy": "6.3.0", "a.b": "3" * 64}, now) == "the code of a.b changed; ftfy 6.3.1, was 6.3.0"
    )
    assert code_change({}, {"ftfy": "6.3.1"}) == "ftfy 6.3.1, was not used"
    assert code_change({"ftfy": "6.3.1"}, {}) == "ftfy no longer used, was 6.3.1"
    assert code_change(dict.fromkeys(now, "0"), now).endswith("; and 3 more")
