"""A step that raises on every shard: a few tries, one traceback, the document by name; and what --allow-failed leaves out."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.culprit import culprit
from atom_data.runner.failing.alike import Alike, kind_of
from atom_data.workspace import Workspace
from tests.command import atom_data, fingerprint, recipe

RECIPE = """
    from atom_data import Jsonl, Stage

    def price(batch):
        for name in batch.column("id").to_pylist():
            if name.startswith("bad"):
                raise ValueError(f"no price in {{name}}")
        return batch

    def stages():
        first = Stage(name="first", reads=Jsonl({folder!r}, source="test"), steps=(price,))
        return (Stage(name="second", reads=first),)
"""


def made(folder: Path, shards: int, bad: int) -> Path:
    """Write a recipe over shards of ten documents, one of which is bad in the first `bad` shards; the largest come first."""
    (folder / "in").mkdir()
    for number in range(shards):
        names = [f"bad-{number}" if i == 6 and number < bad else f"{number}-{i}" for i in range(10)]
        text = "x" * (50 * (shards - number))
        lines = [json.dumps({"id": name, "text": text}) + "\n" for name in names]
        (folder / "in" / f"{number}.jsonl").write_text("".join(lines))
    return recipe(folder, RECIPE.format(folder=str(folder / "in")))


def test_a_bug_is_said_once_and_the_other_shards_are_not_tried(tmp_path: Path) -> None:
    done = atom_data("run", made(tmp_path, 20, 20), "-o", tmp_path / "out", "-w", 1)
    assert done.returncode == 1
    assert done.stderr.count("Traceback (most recent call last)") == 1
    assert "in stage 'first', step 1 (price), on document 'bad-0' (row 7 of a batch of 10)" in done.stderr
    assert (
        "first/1.jsonl: ValueError: no price in bad-1, in stage 'first', step 1 (price), on document 'bad-1' (row 7 of a batch "
        "of 10) (the same as 0.jsonl)\n"
    ) in done.stderr
    assert "first: 3 shards failed in the same way; 17 of 20 were not tried.\n" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        f"{tmp_path / 'out'}: 3 shards failed (first/0.jsonl, first/1.jsonl, "
    )
    assert len(list((tmp_path / "out" / "first" / "failed").iterdir())) == 3


def test_two_equal_errors_stop_nothing(tmp_path: Path) -> None:
    done = atom_data("run", made(tmp_path, 8, 2), "-o", tmp_path / "out", "-w", 1)
    assert done.returncode == 1
    assert "not tried" not in done.stderr
    assert len(list((tmp_path / "out" / "first" / "receipts").glob("*.json"))) == 6


def test_broken_files_are_each_of_a_kind_of_their_own(tmp_path: Path) -> None:
    path = made(tmp_path, 8, 0)
    for number in range(5):
        (tmp_path / "in" / f"{number}.jsonl").unlink()
        cut = gzip.compress(b'{"id": "a", "text": "b"}\n' * 999)[:-30]
        (tmp_path / "in" / f"{number}.jsonl.gz").write_bytes(cut)
    done = atom_data("run", path, "-o", tmp_path / "out", "-w", 1)
    assert f"{tmp_path / 'out'}: 5 shards failed" in done.stderr
    assert "not tried" not in done.stderr


def test_kinds() -> None:
    def trace(line: int, said: str) -> str:
        return (
            f'Traceback (most recent call last):\n  File "a.py", line {line}, in f\n    x()\n    ~~^^\n{said}\nin stage'
        )

    assert kind_of(trace(1, "ValueError: a")) == kind_of(trace(1, "ValueError: b\n  more")) == "ValueError a.py 1 f"
    assert kind_of(trace(1, "ValueError: a")) != kind_of(trace(2, "ValueError: a"))
    assert kind_of(trace(1, "KeyError: 1")) != kind_of(trace(1, "ValueError: 1"))
    alike = Alike()
    assert alike.note("a", "disk is away.", passing=True) == alike.note("b", "disk is away.", passing=True) == ""
    assert alike.most == 0
    assert (alike.note("a", "no column 'x'.", False), alike.note("b", "no column 'x'.", False)) == ("", "a")


def test_the_document_is_found_by_halves() -> None:
    calls = []

    def step(batch: pa.RecordBatch) -> pa.RecordBatch:
        calls.append(batch.num_rows)
        if 617 in batch.column("n").to_pylist():
            raise KeyError("617")
        if batch.num_rows > 900:
            raise ValueError("other")
        return batch

    ids = pa.array([f"d{i}" for i in range(1000)])
    batch = pa.record_batch({"id": ids, "n": pa.array(range(1000))})
    assert culprit(step, batch, KeyError()) == "on document 'd617' (row 618 of a batch of 1,000)"
    assert sum(calls) < 2_100
    assert culprit(step, batch, ValueError()) == (
        "on a batch of 1,000 rows; none of the documents 'd0' to 'd999' raises alone"
    )
    assert culprit(step, batch.slice(0, 0), KeyError()) == "on a batch of 0 rows"
    assert culprit(step, batch, MemoryError()) == "on a batch of 1,000 rows"
    assert culprit(step, batch.select(["n"]), KeyError()) == "on a batch of 1,000 rows"


def test_allow_failed_finishes_without_them_and_says_so_everywhere(tmp_path: Path) -> None:
    path, out = made(tmp_path, 5, 2), tmp_path / "out"
    done = atom_data("run", path, "-o", out, "-w", 1, "--allow-failed", 1)
    assert done.returncode == 1, "one was allowed, two failed"
    done = atom_data("run", path, "-o", out, "-w", 1, "--allow-failed", 2)
    assert done.returncode == 3
    assert "first: going on without 2 shards that failed, of 2 allowed: 0.jsonl, 1.jsonl\n" in done.stderr
    last = (
        f"{out}: finished without 2 shards that failed (first/0.jsonl, first/1.jsonl), as --allow-failed allows. "
        f"Why: atom-data logs {out} --failed. The next run tries them again."
    )
    assert done.stderr.splitlines()[-1] == last
    assert [pq.read_table(out / "second" / f"{n}.jsonl.parquet").num_rows for n in range(5)] == [0, 0, 10, 10, 10]
    receipt = json.loads((out / "first" / "receipts" / "0.jsonl.json").read_text())
    assert receipt["failed"].startswith(
        "ValueError: no price in bad-0, in stage 'first', step 1 (price), on document 'bad-0'"
    )
    assert (receipt["rows_in"], receipt["inputs"][0]["bytes"]) == (0, (tmp_path / "in" / "0.jsonl").stat().st_size)
    manifest = Workspace(str(out)).manifest("first")
    assert manifest is not None
    assert manifest.failed == ("0.jsonl", "1.jsonl")
    status = atom_data("status", path, "-o", out).stdout
    assert "first      3/5" in status
    assert (
        f"first: finished without 2 shards that failed (0.jsonl, 1.jsonl); see atom-data logs {out} --failed. "
        "Run again to try them again."
    ) in status
    assert "ValueError: no price in bad-0" in atom_data("logs", out, "--failed").stdout
    verified = atom_data("verify", out)
    assert (verified.returncode, verified.stderr.count("left out")) == (3, 2)
    assert "first/0.jsonl: left out because it failed: ValueError: no price in bad-0" in verified.stderr


def test_a_run_without_the_flag_tries_them_again(tmp_path: Path) -> None:
    path, out = made(tmp_path, 5, 2), tmp_path / "out"
    assert atom_data("run", path, "-o", out, "-w", 1, "--allow-failed", 2).returncode == 3
    done = atom_data("run", path, "-o", out, "-w", 1)
    assert done.returncode == 1
    assert "first: 3 shards are done already, 2 to make (failed before: 2)" in done.stderr
    for number in (0, 1):
        file = tmp_path / "in" / f"{number}.jsonl"
        file.write_text(file.read_text().replace("bad-", "good-"))
    done = atom_data("run", path, "-o", out, "-w", 1)
    assert done.returncode == 0, done.stderr
    assert "second: 3 shards are done already, 2 to make (input changed: 2)" in done.stderr
    assert not list((out / "first" / "failed").iterdir())
    assert atom_data("run", path, "-o", tmp_path / "clean", "-w", 1).returncode == 0
    assert fingerprint(out) == fingerprint(tmp_path / "clean")


def test_elements_of_an_array_leave_out_and_the_close_job_counts(tmp_path: Path) -> None:
    path, out = made(tmp_path, 4, 2), tmp_path / "out"
    words = ["run", path, "-o", out, "-w", 1, "--planned", "--stage", "first"]
    assert atom_data("run", path, "-o", out, "--on", "slurm", "--dry-run", "--tasks", 2).returncode == 0
    for part in ("0/2", "1/2"):
        done = atom_data(*words, "--part", part, "--allow-failed", 1)
        assert done.returncode == 0, "the stages after it wait for elements that end well"
    done = atom_data(*words, "--close", "--allow-failed", 1)
    assert done.returncode == 1
    assert "2 of 4 shards are not finished (0.jsonl, 1.jsonl; failed before: 2)" in done.stderr
    assert atom_data(*words, "--close", "--allow-failed", 2).returncode == 0
    second = ["run", path, "-o", out, "-w", 1, "--stage", "second"]
    assert "failed before: 2" in atom_data(*second).stderr
    assert atom_data(*second, "--allow-failed", 2).returncode == 3


@pytest.mark.parametrize("log", ["text", "json"])
def test_the_log_says_the_same(tmp_path: Path, log: str) -> None:
    done = atom_data("run", made(tmp_path, 3, 1), "-o", tmp_path / "out", "-w", 1, "--allow-failed", 3, "--log", log)
    assert done.returncode == 3
    if log == "json":
        lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        assert (lines[-1]["event"], lines[-1]["exit_code"]) == ("end", 3)
        assert [line["shard"] for line in lines if line["event"] == "failed"] == ["0.jsonl"]
