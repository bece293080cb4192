"""`atom-data clean`: what nothing needs goes, receipts stay, and what is needed again is rebuilt, the same to the byte."""

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from tests.command import atom_data, fingerprint, recipe
from tests.runner.test_stages import RECIPE, finished_run

CLEANED = [
    "exact/text-hash", "exact/groups", "near/band-hashes", "near/links", "near/clusters", "near/candidates",
    "near/confirmed",
]  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return finished_run(tmp_path_factory.mktemp("clean"))


@pytest.fixture
def made(finished: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Return a recipe over input of its own, and its finished folder, to change."""
    shutil.copytree(finished[0].parent / "in", tmp_path / "in")
    path = recipe(tmp_path, RECIPE.format(pages=str(tmp_path / "in" / "*.jsonl")))
    done = atom_data("run", path, "-o", tmp_path / "out", "-w", 2)
    assert done.returncode == 0, done.stderr
    return path, tmp_path / "out"


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def clean(made: tuple[Path, Path], *words: str) -> str:
    done = atom_data("clean", made[1], "--recipe", made[0], *words)
    assert done.returncode == 0, done.stderr
    assert atom_data("verify", made[1]).returncode == 0
    return done.stdout


def test_what_passes_found_on_their_way_goes_and_all_else_stays(made: tuple[Path, Path]) -> None:
    _path, out = made
    before, hashed = tree(out), fingerprint(out)
    dry = clean(made, "--dry-run")
    assert tree(out) == before and "would be removed, which frees" in dry
    said = clean(made)
    assert [line.split()[0] for line in said.splitlines()[1:-1]] == CLEANED
    assert said.splitlines()[:-1] == dry.splitlines()[:-1]
    after = tree(out)
    gone = before.keys() - after.keys()
    assert gone and all(name.rpartition("/")[0] in CLEANED for name in gone)
    assert {name: data for name, data in after.items() if not name.endswith("/cleaned.json")} == {
        name: data for name, data in before.items() if name not in gone
    }
    assert fingerprint(out) == hashed, "the content of the corpus is the same"
    assert f"{len(gone)} files removed" in said
    assert clean(made) == f"{out}: nothing to remove\n"


def test_a_later_run_makes_nothing_again_and_status_says_what_was_cleaned(made: tuple[Path, Path]) -> None:
    path, out = made
    clean(made)
    before = {name: (out / name).stat().st_mtime_ns for name in tree(out)}
    done = atom_data("run", path, "-o", out, "--jobs")
    assert done.returncode == 0, done.stderr
    assert "to make" not in done.stderr and "damaged" not in done.stderr
    assert {name: (out / name).stat().st_mtime_ns for name in tree(out)} == before
    assert "near/links         2/2 cleaned" in " ".join(done.stdout.split("\n")) or "2/2 cleaned" in done.stdout


@pytest.mark.parametrize("lost", ["near/0.jsonl.parquet", "near/receipts/0.jsonl.json"])
def test_what_is_needed_again_is_made_again_in_a_sentence(made: tuple[Path, Path], lost: str) -> None:
    path, out = made
    before, hashed = tree(out), fingerprint(out)
    clean(made)
    (out / lost).unlink()
    done = atom_data("run", path, "-o", out, "-w", 2)
    assert done.returncode == 0, done.stderr
    told = "near: 'near' has something to make, for which the files of near/band-hashes, near/links, near/clusters, "
    assert told in done.stderr and "they were cleaned, so these jobs are done again" in done.stderr
    assert "exact: all 2 shards are done already" in done.stderr, "of another pass nothing is needed"
    assert fingerprint(out) == hashed
    assert atom_data("verify", out).returncode == 0
    assert not (out / "near" / "links" / "cleaned.json").exists()
    assert (out / "exact" / "groups" / "cleaned.json").exists()
    files = {name for name in before if not name.startswith("exact/")}
    assert files <= tree(out).keys()


def test_input_that_comes_after_a_clean_gives_what_a_run_from_the_start_gives(made: tuple[Path, Path]) -> None:
    path, out = made
    clean(made)
    text = json.loads((path.parent / "in" / "0.jsonl").read_text().splitlines()[0])["text"]
    (path.parent / "in" / "2.jsonl").write_text(json.dumps({"id": "new", "text": f"{text} and more"}) + "\n")
    done = atom_data("run", path, "-o", out, "-w", 2)
    assert done.returncode == 0, done.stderr
    fresh = path.parent / "fresh"
    assert atom_data("run", path, "-o", fresh, "-w", 2).returncode == 0
    assert fingerprint(out) == fingerprint(fresh)
    assert atom_data("verify", out).returncode == 0


def test_an_array_by_hand_of_a_cleaned_pass_says_what_is_missing_and_can_be_gone_on_with(
    made: tuple[Path, Path],
) -> None:
    path, out = made
    hashed = fingerprint(out)
    clean(made)
    (out / "near" / "receipts" / "0.jsonl.json").unlink()
    early = atom_data("run", path, "-o", out, "--stage", "near", "--part", "0/2")
    assert early.returncode == 1 and "output missing or damaged" in early.stderr
    for stage in ("band-hashes", "links", "clusters", "candidates", "confirmed"):
        for part in ("0/2", "1/2"):
            done = atom_data("run", path, "-o", out, "--stage", f"near/{stage}", "--part", part)
            assert done.returncode == 0, done.stderr
    assert atom_data("run", path, "-o", out, "--stage", "near").returncode == 0
    assert fingerprint(out) == hashed


def test_scripts_of_a_cleaned_pass_are_written_only_where_it_has_work(made: tuple[Path, Path]) -> None:
    path, out = made
    clean(made)
    done = atom_data("run", path, "-o", out, "--on", "slurm", "--dry-run")
    assert "every stage is finished and closed" in done.stdout
    assert (out / "near" / "links" / "cleaned.json").exists()


def test_nothing_goes_while_something_that_reads_it_is_not_finished(made: tuple[Path, Path]) -> None:
    path, out = made
    (out / "fuzzy_deduped" / "receipts" / "0.jsonl.json").unlink()
    before = tree(out)
    done = atom_data("clean", out, "--recipe", path)
    assert "near: its intermediates stay, because 'fuzzy_deduped' is not finished (new: 1)" in done.stdout
    assert all(name in tree(out) for name in before if name.startswith("near/"))
    assert not list((out / "exact" / "groups").glob("*.found")), "those of the pass before went"


def test_a_pass_that_a_person_has_not_accepted_keeps_what_it_found(made: tuple[Path, Path]) -> None:
    path, out = made
    (out / "near" / "guard" / "receipts" / "all.pq").unlink()
    said = atom_data("clean", out, "--recipe", path, "--dry-run").stdout
    assert "near: its intermediates stay, because 'near/guard' as a whole was not accepted yet" in said


def test_stages_that_the_recipe_lost_go_when_asked_for_and_only_what_is_theirs(made: tuple[Path, Path]) -> None:
    path, out = made
    path.write_text(path.read_text().replace('"exact_deduped"', '"other"'))
    assert atom_data("run", path, "-o", out, "-w", 2).returncode == 0
    (out / "exact_deduped" / "mine.txt").write_text("mine")
    said = atom_data("clean", out, "--recipe", path, "--dry-run").stdout
    assert "not in the recipe: exact_deduped. With --stale these go, too." in said
    assert atom_data("clean", out, "--recipe", path).returncode == 0
    assert (out / "exact_deduped" / "0.jsonl.parquet").exists()
    said = atom_data("clean", out, "--recipe", path, "--stale").stdout
    assert "exact_deduped" in said and "not in the recipe" in said
    assert sorted(tree(out / "exact_deduped")) == ["mine.txt"]
    assert "exact_deduped/mine.txt: an orphan" in atom_data("verify", out).stderr
    (out / "exact_deduped" / "mine.txt").unlink()
    assert atom_data("verify", out).returncode == 0


def test_half_written_files_go_unless_somebody_may_still_write_them(made: tuple[Path, Path]) -> None:
    path, out = made
    host = socket.gethostname()
    dead = out / "read" / f"0.jsonl.parquet.{host}-999999999-1.partial"
    ours = out / "read" / f"1.jsonl.parquet.{host}-{os.getpid()}-1.partial"
    old, lately = (out / "read" / f"{name}.jsonl.parquet.elsewhere-12-1.partial" for name in "01")
    scratch = out / "near" / f"scratch.abc.{host}-999999999-2.partial"
    scratch.mkdir()
    for file in (dead, ours, old, lately, scratch / "shingles"):
        file.write_bytes(b"12345")
    os.utime(old, (1, 1))
    said = atom_data("clean", out, "--recipe", path).stdout
    assert "half-written files" in said
    assert not dead.exists() and not old.exists() and not scratch.exists()
    assert ours.exists() and lately.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere",), "nowhere: there is no such folder. Give the --output of a run."),
        (("{tmp}",), "{tmp}: does not say which recipe made it (no run.json). Name it by --recipe."),
        (
            ("{tmp}", "--recipe", "{recipe}"),
            "{tmp}: nothing of {recipe} is in it. Give the recipe that made it, and its",
        ),
        (
            ("s3://bucket/out", "--recipe", "{recipe}"),
            "s3://bucket/out: only folders are cleaned. Remove what you do not",
        ),
    ],
)
def test_what_cannot_be_cleaned_is_said(
    finished: tuple[Path, Path], tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    place = {"tmp": tmp_path, "recipe": finished[0]}
    done = atom_data("clean", *(word.format(**place) for word in words))
    assert done.returncode in (1, 2)
    assert says.format(**place) in done.stderr
