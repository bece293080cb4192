"""A change to an index that fails changes nothing, whatever made it fail; what is taken out is counted."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from atom_data.dedup.index import Index
from atom_data.dedup.index.staging import settle
from tests.command import ROOT, Done, atom_data
from tests.dedup.test_copies import ledger

WORDS = "the words of document {} which nobody else has: {}"


def source(folder: Path, name: str, ids: list[str]) -> Path:
    place = folder / name
    place.mkdir(exist_ok=True)
    texts = {
        i: WORDS.format(i, " ".join(hashlib.sha256(f"{i}{n}".encode()).hexdigest() for n in range(20))) for i in ids
    }
    (place / "0.jsonl").write_text("".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in texts.items()))
    return place


def command(*arguments: object) -> Done:
    return atom_data("dedup-index", *arguments, "-w", 1)


def tree(folder: Path) -> dict[str, str]:
    """Return all files of a folder by content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def kept(index: Path) -> list[str]:
    tables = [pq.read_table(path, columns=["id"]) for path in sorted((index / "out" / "kept").glob("*.parquet"))]
    return sorted(value for table in tables for value in table.column("id").to_pylist())


@pytest.fixture
def index(tmp_path: Path) -> Path:
    done = command("add", tmp_path / "index", source(tmp_path, "one", ["a", "b", "c"]), "--name", "one")
    assert done.returncode == 0, done.stderr
    return tmp_path / "index"


def test_an_id_of_the_index_is_refused_and_the_index_is_as_it_was(index: Path, tmp_path: Path) -> None:
    before, two = tree(index), source(tmp_path, "two", ["d", "b"])
    done = command("add", index, two, "--name", "two")
    assert done.returncode == 1
    assert (
        "near: two documents have the id 'b': row 1 of shard one--0.jsonl and row 1 of shard two--0.jsonl"
        in done.stderr
    )
    assert f"Nothing was added: {index} is as it was." in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(index) == before
    done = command("add", index, two, "--name", "two", "--ids", "file")
    assert done.returncode == 0, done.stderr
    assert kept(index) == ["a", "b", "c", "two/0.jsonl#d"]
    assert dict(ledger(index / "out", "kept"))["two/0.jsonl#b"]["near_copy_of"] == "b"  # type: ignore[index]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "one", "two"]
    assert sorted(path.name for path in index.iterdir()) == ["index.json", "index.py", "out"]
    assert atom_data("verify", index / "out").returncode == 0
    assert command("remove", index, "--ids", ids_file(tmp_path, "b")).returncode == 0
    assert kept(index) == ["a", "c", "two/0.jsonl#b", "two/0.jsonl#d"]


def test_a_broken_shard_leaves_the_index_and_mended_it_goes_on(index: Path, tmp_path: Path) -> None:
    before, two = tree(index), source(tmp_path, "two", ["d", "e"])
    good = (two / "0.jsonl").read_text()
    (two / "1.jsonl.gz").write_bytes(b"\x1f\x8b\x08 cut off")
    done = command("add", index, two, "--name", "two")
    assert done.returncode == 1
    assert "two--1.jsonl" in done.stderr
    assert tree(index) == before
    finished = tmp_path / "index.adding" / "out" / "sketches" / "two--0.jsonl.parquet"
    made = finished.stat().st_mtime_ns
    (two / "1.jsonl.gz").unlink()
    (two / "1.jsonl").write_text(good.replace('"d"', '"f"').replace('"e"', '"g"'))
    done = command("add", index, two, "--name", "two")
    assert done.returncode == 0, done.stderr
    assert (index / "out" / "sketches" / "two--0.jsonl.parquet").stat().st_mtime_ns == made
    assert [len(one.shards) for one in Index.load(index).sources] == [1, 2]
    assert atom_data("verify", index / "out").returncode == 0


def test_a_first_add_that_fails_leaves_no_index(tmp_path: Path) -> None:
    done = command("add", tmp_path / "index", source(tmp_path, "one", ["a", "a"]), "--name", "one")
    assert done.returncode == 0, "texts by id: one line"
    (tmp_path / "one" / "0.jsonl").write_text('{"id": "a", "text": "x"}\n' * 2)
    done = command("add", tmp_path / "other", tmp_path / "one", "--name", "one")
    assert done.returncode == 1
    assert "the id 'a': row 0 of shard one--0.jsonl and row 1 of shard one--0.jsonl" in done.stderr
    assert not (tmp_path / "other").exists()


def start(index: Path, two: Path, **options: object) -> subprocess.Popen[str]:
    line = [
        sys.executable,
        "-m",
        "atom_data.cli",
        "dedup-index",
        "add",
        str(index),
        str(two),
        "--name",
        "two",
        "-w",
        "1",
    ]
    return subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True, **options)  # type: ignore[call-overload,no-any-return]


def test_files_that_cannot_be_written_leave_the_index(index: Path, tmp_path: Path) -> None:
    before, two = tree(index), source(tmp_path, "two", ["d", "e"])

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))  # write(2) fails from there on, as on a full disk

    with start(index, two, preexec_fn=small) as run:
        _, errors = run.communicate(timeout=120)
    assert run.returncode != 0, errors
    assert tree(index) == before


@pytest.mark.parametrize("stage", ["sketches", "near/candidates"])
def test_sigkill_in_the_middle_leaves_the_index(index: Path, tmp_path: Path, stage: str) -> None:
    before, two = tree(index), source(tmp_path, "two", [f"d{n}" for n in range(300)])
    made = tmp_path / "index.adding" / "out" / stage / "receipts"
    earlier = (index / "out" / stage / "receipts" / "one--0.jsonl.json").stat().st_ino
    with start(index, two) as run:
        end = time.monotonic() + 120
        while not made.is_dir() or not any(p.stat().st_ino != earlier for p in made.glob("[!a]*.json")):
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < end
            time.sleep(0.005)
        os.killpg(run.pid, signal.SIGKILL)
    assert tree(index) == before
    done = command("add", index, two, "--name", "two")
    assert done.returncode == 0, done.stderr
    assert len(kept(index)) == 303
    assert atom_data("verify", index / "out").returncode == 0


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_a_crash_while_a_change_is_put_in_place_is_finished_by_the_next_command(
    index: Path, tmp_path: Path, moved: int
) -> None:
    """The states that `commit` goes through: out.new there, index.json replaced, out moved away, out.new moved in."""
    other = tmp_path / "other"
    for name, ids in (("one", ["a", "b", "c"]), ("two", ["d"])):
        assert command("add", other, source(tmp_path, name, ids), "--name", name).returncode == 0
    (other / "out").rename(index / "out.new")
    if moved:
        page = json.loads((other / "index.json").read_text())
        (index / "index.json").write_text(json.dumps({**page, "moving": True}))
    if moved > 1:
        (index / "out").rename(index / "out.old")
    if moved > 2:
        (index / "out.new").rename(index / "out")
    if moved == 1:
        done = atom_data("run", index / "index.py", "-o", index / "out")
        assert "the last change is not yet in its place. Run atom-data dedup-index stats first." in done.stderr
    settle(Index.load(index))
    assert kept(index) == (["a", "b", "c", "d"] if moved else ["a", "b", "c"])
    assert sorted(path.name for path in index.iterdir()) == ["index.json", "index.py", "out"]
    assert command_ok(index)


def command_ok(index: Path) -> bool:
    return atom_data("dedup-index", "stats", index).returncode == 0


def ids_file(folder: Path, *ids: str) -> Path:
    (folder / "ids.txt").write_text("\n".join(ids))
    return folder / "ids.txt"


def test_removal_counts_documents_and_names_what_is_not_there(index: Path, tmp_path: Path) -> None:
    done = command("remove", index, "--ids", ids_file(tmp_path, "a", "x", "c"))
    assert done.returncode == 0, done.stderr
    assert "documents taken out: 2; not in the index: 1 ids ('x')" in done.stdout
    assert "2 documents removed" in done.stdout
    assert kept(index) == ["b"]
    done = command("remove", index, "--ids", ids_file(tmp_path, "a"))
    assert done.returncode == 0, done.stderr
    assert "documents taken out: 0; 1 had been removed before" in done.stdout


@pytest.mark.parametrize(
    ("ids", "options", "said"),
    [
        (
            ["x", "y"],
            [],
            "{}: none of the ids (2) is in the index: 'x', 'y'. Nothing was removed. {}/out/kept and its drops",
        ),
        (
            ["x", "a"],
            ["--strict"],
            "{}: of 2 ids 1 are not in the index: 'x'. Nothing was removed, as --strict asks. Correct",
        ),
    ],
)
def test_removal_of_what_is_not_there_changes_nothing(
    index: Path, tmp_path: Path, ids: list[str], options: list[str], said: str
) -> None:
    before = tree(index)
    done = command("remove", index, "--ids", ids_file(tmp_path, *ids), *options)
    assert done.returncode == 1
    assert said.format(index, index) in done.stderr
    assert tree(index) == before


def test_removal_takes_what_a_failed_add_left(index: Path, tmp_path: Path) -> None:
    assert command("add", index, source(tmp_path, "two", ["a"]), "--name", "two").returncode == 1
    assert (tmp_path / "index.adding").exists(), "it has links to the sketches"
    assert command("remove", index, "--ids", ids_file(tmp_path, "b")).returncode == 0
    assert not (tmp_path / "index.adding").exists()
