"""The supervisor: a dead worker costs one attempt of one shard, the rest goes on, and the end is honest."""

import errno
import gzip
import json
import re
import zlib
from pathlib import Path

import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.job import Task
from atom_data.runner.worker import judged
from atom_data.storage.shards import Shard
from atom_data.workspace import Workspace
from tests.command import POISON, atom_data, poisoned, recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return poisoned(tmp_path)


def finished(folder: Path, stage: str = "first") -> list[str]:
    return sorted(path.stem for path in (folder / "out" / stage / "receipts").glob("*.json"))


def test_worker_that_dies_is_retried_and_the_rest_goes_on(folder: Path) -> None:
    path = recipe(folder, POISON.format(step="die", what="os.kill(os.getpid(), 9)", folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 2, "--retries", 1)
    assert done.returncode == 1
    assert "first/part-1.jsonl: the worker was ended by SIGKILL (out of memory?)" in done.stderr
    assert "(tried 2 times)" in done.stderr
    assert done.stderr.strip().splitlines()[-1] == (
        f"{folder / 'out'}: 1 shard failed (first/part-1.jsonl); the reasons stand above. "
        "Fix the cause and run again: finished shards are kept."
    )
    assert finished(folder) == ["part-0.jsonl", "part-2.jsonl", "part-3.jsonl"]
    assert not (folder / "out" / "second").exists(), "a later stage never starts on incomplete input"
    assert not list((folder / "out").rglob("*.partial"))
    hint = f"atom-data logs {folder / 'out'} --failed"
    assert f"first: 1 shard failed; see {hint}" in atom_data("status", path, "-o", folder / "out").stdout
    assert "the worker was ended by SIGKILL" in atom_data(*hint.split()[1:]).stdout


def test_worker_that_dies_once_costs_nothing(folder: Path) -> None:
    mark = folder / "died"
    what = f"os.path.exists({str(mark)!r}) or (open({str(mark)!r}, 'w').close(), os.kill(os.getpid(), 9))"
    path = recipe(folder, POISON.format(step="die_once", what=what, folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 2, "--retries", 1)
    assert done.returncode == 0, done.stderr
    assert mark.exists()
    assert len(finished(folder, "second")) == 4


def test_bug_in_a_step_keeps_its_traceback_and_says_where(folder: Path) -> None:
    path = recipe(folder, POISON.format(step="divide", what="1 / 0", folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 1)
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "in stage 'first', step 1 (divide), on document 'poison'" in done.stderr
    assert "tried" not in done.stderr, "a bug is not tried again"
    assert len(finished(folder)) == 3


def test_cut_input_is_not_tried_again(folder: Path) -> None:
    """No further try makes a broken file whole, and of a large one each takes an hour."""
    (folder / "in" / "part-1.jsonl").unlink()
    whole = gzip.compress(b"".join(json.dumps({"id": str(i), "text": "text"}).encode() + b"\n" for i in range(999)))
    (folder / "in" / "part-1.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    path = recipe(folder, POISON.format(step="same", what="pass", folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 1)
    assert done.returncode == 1
    assert "part-1.jsonl.gz: the file ends inside the member at 0. Fetch the file again, or repair it." in done.stderr
    assert "Trying again" not in done.stderr
    assert "(tried" not in done.stderr
    assert len(finished(folder)) == 3


def test_error_of_the_disk_is_tried_again(folder: Path) -> None:
    mark = folder / "failed"
    text = POISON.format(step="fail_once", what="fail(OSError(5, 'Input/output error'))", folder=str(folder / "in"))
    text += f"""
    def fail(error):
        if not os.path.exists({str(mark)!r}):
            open({str(mark)!r}, 'w').close()
            raise error
    """
    done = atom_data("run", recipe(folder, text), "-o", folder / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    assert (
        "first/part-1.jsonl: OSError: [Errno 5] Input/output error, "
        "in stage 'first', step 1 (fail_once), on document 'poison' Trying again."
    ) in done.stderr


HERE, FAR = Task("a", 1, (Shard("a", "/a.jsonl", 1),)), Task("a", 1, (Shard("a", "s3://b/a.jsonl", 1),))


def raised(error: DataError, cause: BaseException | None) -> DataError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "task", "out", "again"),
    [
        (DataError("its content"), HERE, "out", False),
        (DataError("its content"), FAR, "out", True),
        (DataError("its content"), HERE, "s3://b/out", True),
        (raised(DataError("cut"), zlib.error("incomplete")), HERE, "out", False),
        (raised(DataError("no gzip"), gzip.BadGzipFile("magic")), HERE, "out", False),
        (raised(DataError("no Parquet"), OSError("thrift")), HERE, "out", False),
        (raised(DataError("stale"), OSError(errno.ESTALE, "stale file handle")), HERE, "out", True),
        (raised(DataError("not seen yet"), FileNotFoundError(errno.ENOENT, "no such file")), HERE, "out", True),
        (raised(DataError("full"), OSError(errno.ENOSPC, "no space")), HERE, "out", True),
        (raised(DataError("read-only"), OSError(errno.EROFS, "read-only")), HERE, "out", False),
        (raised(DataError("shrunk"), EOFError()), HERE, "out", True),
        (ConfigError("the card"), FAR, "s3://b/out", False),
        (MemoryError(), HERE, "out", True),
        (ValueError("a bug"), FAR, "out", False),
    ],
)
def test_what_is_worth_another_try(error: Exception, task: Task, out: str, again: bool) -> None:
    assert judged(error, task, Workspace(out))[0] is again


def test_receipt_says_what_was_read_made_and_measured(folder: Path) -> None:
    path = recipe(folder, POISON.format(step="same", what="pass", folder=str(folder / "in")))
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


def test_what_a_killed_supervisor_left_is_swept_where_all_shards_are_finished(folder: Path) -> None:
    """Killed while it writes the plan, the manifest or the summary of a finished job: the next run has no shard to make."""
    path = recipe(folder, POISON.format(step="step", what="pass", folder=str(folder / "in")))
    assert atom_data("run", path, "-o", folder / "out").returncode == 0
    first = folder / "out" / "first"
    (first / "receipts" / "all.pq").rename(first / "receipts" / "all.pq.host-1-1.partial")
    (folder / "out" / "second" / "plan.json.host-1-1.partial").touch()
    assert atom_data("run", path, "-o", folder / "out").returncode == 0
    assert not list((folder / "out").rglob("*.partial"))
    assert atom_data("verify", folder / "out").stderr == ""
