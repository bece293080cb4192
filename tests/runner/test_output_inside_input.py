"""Output folders held against the input: a run must not read what it writes, nor write among somebody's files."""

import os
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError
from atom_data.runner import places
from atom_data.runner.places import refuse_overlap
from atom_data.runner.recipe import load_recipe
from atom_data.workspace import Workspace
from tests.command import atom_data, recipe, write_lines

RECIPE = """
    from atom_data import Jsonl, Parquet, Stage, Warc
    from atom_data.signals import count_words

    def stages():
        return Stage(name="clean", reads={reads}, steps=(count_words,))
"""


def data(folder: Path, count: int = 10) -> Path:
    """Write data/a.parquet and data/a.jsonl of so many documents and return the folder."""
    place = folder / "data"
    place.mkdir()
    rows = [
        {"id": str(number), "text": f"text {number}", "url": f"https://a.example/{number}"} for number in range(count)
    ]
    pq.write_table(pa.Table.from_pylist(rows), place / "a.parquet")
    write_lines(place / "a.jsonl", rows)
    return place


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that has data, as the working folder."""
    data(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


REACHED = [
    ("data/**/*.jsonl", "data/out"),
    ("data/**", "data/out"),
    ("data/**/clean/*.parquet", "data/out"),
    ("data/*/*/*.parquet", "data/out"),
    ("data/o?t/*/x*", "data/out"),
    ("data/[no]*/*/*.json", "data/out"),
    ("data", "data/out"),
    ("data/", "data/a/b/out"),
    ("data/../data", "data/./out/"),
    (".", "out"),
    ("**/*.parquet", "out"),
    ("data/*.parquet", "data/new/.."),
    ("s3://bucket/data/**/*.parquet", "s3://bucket/data/out"),
    ("s3://bucket/data/", "s3://bucket/data/out/"),
    ("s3://key:secret@bucket/data/", "s3a://bucket//data/out"),
]
WITHIN = [
    ("out/clean/a.parquet", "out"),
    ("out/**/*.parquet", "out"),
    ("out", "out"),
    ("data/a.jsonl", "data"),
    ("data/*.jsonl", "data"),
    ("data/*.jsonl", "."),
    ("s3://bucket/out/a.parquet", "s3://bucket/out"),
]
APART = [
    ("data/*.jsonl", "data/out"),
    ("data/a.jsonl", "data/out"),
    ("data/*/*.jsonl", "data/out"),
    ("data", "out"),
    ("data", "data2"),
    ("data/**/*.jsonl", "data.out"),
    ("data/**/*.jsonl", "data/.out"),
    ("data", "data/.work/out"),
    ("data/20*/*.parquet", "data/out"),
    ("data/**/raw/*/*.parquet", "dat"),
    ("s3://bucket/data/a.parquet", "s3://bucket/data/out"),
    ("s3://bucket/data/", "s3://other/data/out"),
    ("s3://bucket/data/", "data/out"),
    ("data", "s3://bucket/data/out"),
    ("https://host/data/a.jsonl", "s3://host/data/a.jsonl"),
]


@pytest.mark.parametrize(("path", "out"), REACHED)
def test_an_output_folder_that_the_input_reaches_is_refused(here: Path, path: str, out: str) -> None:
    absolute = out if "://" in out else str(here / out)
    for given in (out, absolute):
        with pytest.raises(ConfigError, match=r"inside (it|the output)") as raised:
            refuse_overlap("web", path, given)
        assert "source 'web': it reads " in str(raised.value) and "secret" not in str(raised.value)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("path", "out"), WITHIN)
def test_input_inside_the_output_folder_is_refused(path: str, out: str) -> None:
    with pytest.raises(ConfigError, match=r"which is inside the output folder .*: a run replaces and removes"):
        refuse_overlap("web", path, out)


@pytest.mark.parametrize(("path", "out"), APART)
def test_what_never_meets_is_fine(here: Path, path: str, out: str) -> None:
    refuse_overlap("web", path, out)
    refuse_overlap("web", path if "://" in path else str(here / path), out)


def test_links_are_followed_on_both_sides(tmp_path: Path) -> None:
    place = data(tmp_path)
    (tmp_path / "to_data").symlink_to(place)
    (place / "out").mkdir()
    (tmp_path / "to_out").symlink_to(place / "out")
    for path, out in ((tmp_path / "to_data" / "**" / "*.jsonl", place / "out"), (place, tmp_path / "to_out")):
        with pytest.raises(ConfigError, match="is inside it"):
            refuse_overlap("web", str(path), str(out))


@pytest.mark.parametrize("reads", ['Parquet("data/**/*.parquet")', 'Parquet("data")', 'Parquet("data/*.parquet")'])
def test_four_runs_read_the_same_documents(tmp_path: Path, reads: str) -> None:
    data(tmp_path)
    path = recipe(tmp_path, RECIPE.format(reads=reads))
    refused = "*.parquet" not in reads or "**" in reads
    for _ in range(4 if not refused else 1):
        checked = atom_data("check", path, "-o", "data/out", cwd=tmp_path)
        done = atom_data("run", path, "-o", "data/out", "-w", 1, cwd=tmp_path)
        if refused:
            for ended in (checked, done, atom_data("plan", path, "-o", "data/out", cwd=tmp_path)):
                assert ended.returncode == 2 and "the output folder data/out is inside it" in ended.stderr, ended
            assert not (tmp_path / "data" / "out").exists()
        else:
            assert done.returncode == checked.returncode == 0, done.stderr
            found = [pq.read_metadata(file).num_rows for file in (tmp_path / "data/out/clean").glob("*.parquet")]
            assert found == [10]


def test_an_array_is_not_written_into_its_own_input(tmp_path: Path) -> None:
    data(tmp_path)
    path = recipe(tmp_path, RECIPE.format(reads='Jsonl("data/**/*.jsonl")'))
    done = atom_data("run", path, "-o", "data/out", "--on", "slurm", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2 and "is inside it" in done.stderr
    assert not (tmp_path / "data" / "out").exists()


def test_files_behind_a_link_in_the_input_are_found_before_anything_is_written(tmp_path: Path) -> None:
    place = data(tmp_path)
    first = recipe(tmp_path, RECIPE.format(reads=f'Parquet("{place}/*.parquet")'))
    assert atom_data("run", first, "-w", 1, cwd=tmp_path).returncode == 0
    before = tree(tmp_path / "out")
    second = recipe(
        tmp_path, RECIPE.format(reads=f'Parquet("{place}/*/*.parquet")').replace("clean", "next"), "second.py"
    )
    (place / "more").symlink_to(tmp_path / "out" / "clean")
    done = atom_data("run", second, "-w", 1, "--replace", cwd=tmp_path)
    assert done.returncode == 2 and "data/more/a.parquet is inside the output folder out" in done.stderr, done.stderr
    (place / "more").unlink()
    (place / "few").mkdir()
    (place / "few" / "b.parquet").symlink_to(tmp_path / "out" / "clean" / "a.parquet")
    done = atom_data("run", second, "-w", 1, "--replace", cwd=tmp_path)
    assert done.returncode == 2 and "data/few/b.parquet is inside the output folder out" in done.stderr, done.stderr
    assert tree(tmp_path / "out") == before


def test_dedup_index_in_its_own_input_is_refused(tmp_path: Path) -> None:
    data(tmp_path)
    done = atom_data("dedup-index", "add", "data/index", "data/", "--name", "a", cwd=tmp_path)
    assert done.returncode == 2 and "the output folder data/index is inside it" in done.stderr, done.stderr
    assert not (tmp_path / "data" / "index").exists()


@pytest.mark.parametrize("kind", ["files", "folders", "stage", "an export", "below a stage", "same name"])
def test_a_folder_of_somebody_is_refused_and_nothing_is_touched(tmp_path: Path, kind: str) -> None:
    data(tmp_path)
    path = recipe(tmp_path, RECIPE.format(reads='Jsonl("data/*.jsonl")'))
    home, says = tmp_path / "home", "An output folder is a run's own: give a new or an empty folder as --output."
    (home / ("clean" if kind == "same name" else "photos")).mkdir(parents=True)
    if kind == "files":
        (home / "thesis.tex").write_text("mine")
    elif kind in ("stage", "below a stage"):
        assert atom_data("run", path, "-o", "first", "-w", 1, cwd=tmp_path).returncode == 0
        home = tmp_path / "first" / "clean" / ("" if kind == "stage" else "deeper")
        says = "belongs to the stage 'clean' of the run in"
    elif kind == "an export":
        (home / "photos").rmdir()
        (home / "atom-data.json").write_text('{"format": 1, "made": []}')
    elif kind == "same name":
        (home / "clean" / "a.jsonl.parquet").write_text("mine")
        (home / "other").mkdir()
        (home / "other" / "plan.json").write_text("{}")
    before = tree(tmp_path)
    for command in ("check", "run", "plan"):
        done = atom_data(command, path, "-o", home, cwd=tmp_path)
        assert done.returncode == 2 and says in done.stderr, done
    assert tree(tmp_path) == before


def test_empty_folders_logs_forecasts_and_earlier_runs_are_taken(tmp_path: Path) -> None:
    data(tmp_path)
    path, out = recipe(tmp_path, RECIPE.format(reads='Jsonl("data/*.jsonl")')), tmp_path / "out"
    out.mkdir()
    (out / "run.log").write_text("what the shell wrote")
    (out / ".nfs0001").write_text("")
    (out / "clean").mkdir()
    assert atom_data("plan", path, cwd=tmp_path).returncode == 0
    assert atom_data("run", path, "-w", 1, cwd=tmp_path).returncode == 0
    (out / "notes.txt").write_text("a run from before may hold more")
    other = recipe(tmp_path, RECIPE.format(reads='Jsonl("data/*.jsonl")').replace("clean", "next"), "other.py")
    for again in (path, other):
        done = atom_data("run", again, "-w", 1, "--replace", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    os.truncate(out / "next" / "plan.json", 0)
    assert atom_data("check", path, "-o", out, cwd=tmp_path).returncode == 0


def test_a_job_that_another_task_begins_meanwhile_is_no_file_of_somebody(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On two nodes one task looked whether the job had begun, another wrote its plan, and the first then found a file there."""
    (here / "recipe.py").write_text(textwrap.dedent(RECIPE.format(reads="Jsonl('data/a.jsonl')")), "utf-8")
    loaded, folder = load_recipe(str(here / "recipe.py")), here / "out" / "clean"
    looked = places._begun

    def begun(place: Path) -> bool:
        found = looked(place)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plan.json").write_text("{}")
        return found

    (here / "out").mkdir()
    monkeypatch.setattr(places, "_begun", begun)
    places.check_places(loaded, Workspace(str(here / "out"), "t"))
    begun(folder)  # from now on it has
    places.check_places(loaded, Workspace(str(here / "out"), "t"))
