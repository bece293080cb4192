"""What tests do with a submitted run: submit, wait, look at receipts, and check that no stage began too early."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.command import atom_data
from tests.slurm.cluster import Cluster


def submit(path: Path, out: Path, *more: object) -> str:
    """Submit a recipe, as four elements a stage unless more is said; return what the command printed."""
    tasks = () if "--tasks" in more else ("--tasks", 4)
    done = atom_data("run", path, "-o", out, "--on", "slurm", *tasks, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(true: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def receipts(out: Path, stage: str) -> set[str]:
    """Return the names of a stage's receipts."""
    return {path.stem for path in (out / stage / "receipts").glob("*.json")}


def written(out: Path, stage: str) -> list[int]:
    """Return when each receipt of a stage was written, sorted."""
    return sorted(path.stat().st_mtime_ns for path in (out / stage / "receipts").glob("*.json"))


def check_never_early(out: Path, shards: int) -> None:
    """Check that the second stage has nothing before the first is whole, now and at every time before."""
    first, second = written(out, "first"), written(out, "second")
    if second:
        assert len(first) == shards, "a stage started on incomplete input"
        assert first[-1] < second[0], "a stage started before its input was whole"


def jobs(out: Path) -> dict[str, str]:
    """Return the number of each stage's array."""
    return {job["stage"]: job["array"] for job in json.loads((out / "cluster" / "submission.json").read_text())["jobs"]}


def running(slurm: Cluster, out: Path, stage: str = "first", form: str = "%A") -> list[str]:
    """Return the running elements of a stage."""
    return slurm.command(
        "squeue", "--noheader", f"--jobs={jobs(out)[stage]}", "--states=RUNNING", f"--format={form}"
    ).split()


def logs(out: Path, stage: str) -> str:
    """Return all that the elements of a stage said."""
    return "".join(path.read_text() for path in sorted((out / "cluster" / "logs").glob(f"{stage}-*.log")))
