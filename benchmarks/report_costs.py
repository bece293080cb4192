"""What sketches and `atom-data report` cost beside runs: the third part of `report.py`."""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marked
import pyarrow as pa
from measure import QUICK, ROOT, run

from atom_data import Stage
from atom_data.job import Work
from atom_data.report import report
from atom_data.runner.recipe import load_recipe
from atom_data.sketches.watch import Waiting, keep_sketch, watched
from atom_data.storage import paths
from atom_data.workspace import Workspace

COPIES = 2 if QUICK else 12
ROUNDS = 1 if QUICK else 3
MANY = 2 if QUICK else 50
"""Copies for the run over many files, two of each."""
SOME = 2 if QUICK else 12
"""Shards of it that sketches are timed over."""
WCXB = ROOT.parent / "shared" / "data" / "wcxb-dev-500.warc.gz"
LOADED = "import numba, pyarrow.compute, pyarrow.parquet, typer; pyarrow.array([''])"
"""What a report loads of others: the command line, Parquet, and the kernels that rebuild texts. With the first list Arrow imports
pandas where it is installed."""


def floor() -> dict[str, float]:
    """Return the processor time of Python that loads these and ends."""
    taken = [run([sys.executable, "-c", LOADED], Path(tempfile.gettempdir())).cpu_s for _ in range(ROUNDS)]
    return {"cpu_s": round(statistics.median(taken), 2)}


def command_of(recipe: str, given: dict[str, str], out: Path) -> list[str]:
    """Return the command that runs a recipe of ours on one worker."""
    words = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]
    path = str(ROOT / "pipelines" / recipe)
    return [sys.executable, "-m", "atom_data", "run", path, "--output", str(out), "--workers", "1", *words]


def cost() -> Iterator[dict[str, Any]]:
    """Yield what sketches and the report cost beside each run."""
    yield costs("sample.py", "the sample", {}, ROUNDS)
    if WCXB.is_file():
        given = {"warcs": str(WCXB), "url_lists": "none"}
        yield costs("fineweb_fast.py", "WCXB, 498 pages", given, ROUNDS)
        with tempfile.TemporaryDirectory() as folder:
            (one,) = marked.write(WCXB, Path(folder) / "many", COPIES, one=True)
            what = f"{COPIES} marked copies of WCXB in one file"
            yield costs("fineweb_fast.py", what, {**given, "warcs": str(one)}, 1)
        yield cost_of_many_shards(given)


def cost_of_many_shards(given: dict[str, str]) -> dict[str, Any]:
    """Return what both cost beside a run over many files; sketches by some of them."""
    with tempfile.TemporaryDirectory() as folder:
        files = marked.write_parts(WCXB, Path(folder), MANY, 2)
        what = f"{MANY} marked copies of WCXB in {len(files)} files"
        return costs("fineweb_fast.py", what, {**given, "warcs": f"{folder}/*.warc.gz"}, 1, SOME)


def costs(recipe: str, what: str, given: dict[str, str], rounds: int, some: int | None = None) -> dict[str, Any]:
    """Return the processor time of a run, of its sketches by stage, and of its report; sketches of `some` shards stand for all."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = str(ROOT / "pipelines" / recipe), Path(folder) / "out"
        if rounds > 1:
            run(command_of(recipe, given, Path(folder) / "first"), Path(folder))  # may compile kernels
        whole = run(command_of(recipe, given, out), Path(folder))
        reports = [
            run([sys.executable, "-m", "atom_data", "report", str(out), "--to", str(Path(folder) / "page.html")], out)
            for _ in range(3)
        ]
        workspace = Workspace(str(out))
        stages = [job for job in load_recipe(path, given).jobs if isinstance(job, Stage)]
        rows = [of_stage(stage, workspace, Path(folder) / "again", rounds, some) for stage in stages]
        built = report.build(workspace, samples=0)
        sketches = sum(row["sketches_cpu_s"] for row in rows)
        shown = statistics.median(one.cpu_s for one in reports)
        return {
            "recipe": recipe,
            "what": what,
            "documents": built.read,
            "shards": built.facts.documents[0].shards,
            "run_cpu_s": round(whole.cpu_s, 2),
            "sketches_cpu_s": round(sketches, 3),
            "sketches_share": round(sketches / whole.cpu_s, 4),
            "report_cpu_s": round(shown, 2),
            "report_share": round(shown / whole.cpu_s, 4),
            "run_peak_mb": round(whole.peak_mb),
            "report_peak_mb": round(max(one.peak_mb for one in reports)),
            "stages": rows,
        }


@dataclass(slots=True)
class Clocked(Waiting):
    """What a stage's steps saw, with the processor time that taking it took."""

    spent: float = 0.0

    def add(self, name: str, batch: pa.RecordBatch) -> None:
        """Take a batch, on the clock."""
        began = time.thread_time()
        Waiting.add(self, name, batch)
        self.spent += time.thread_time() - began


def of_stage(stage: Stage, workspace: Workspace, scratch: Path, rounds: int, some: int | None) -> dict[str, Any]:
    """Return the least processor time of a stage over its shards, or `some` of them, and what its sketches took of that.

    Stages with and without sketches, in turns, differ by less than two runs of the same on a busy machine.
    """
    took: list[tuple[float, float]] = []
    tasks = [*stage.tasks(workspace)]
    for _ in range(rounds + 1):
        shutil.rmtree(scratch, ignore_errors=True)
        began, waiting = time.process_time(), Clocked()
        seen, _ = watched(stage, waiting)  # once a job, as a worker does
        for task in tasks[:some]:
            other = Elsewhere(workspace, stage.name, str(scratch))
            waiting.begin()
            work: Work = seen.work(task, other, lambda *_: None)
            at_end = time.thread_time()
            keep_sketch(other, stage, task, waiting, work.outputs)
            waiting.spent += time.thread_time() - at_end
        took.append((time.process_time() - began, waiting.spent))
    whole, spent = min(took[1:])  # the first one loads models and kernels
    scale = len(tasks) / len(tasks[:some])
    return {
        "stage": stage.name,
        "sketched_cpu_s": round(whole * scale, 3),
        "sketches_cpu_s": round(spent * scale, 3),
        "share": round(spent / (whole - spent), 4),
    }


class Elsewhere(Workspace):
    """An output folder that is read as it is and written elsewhere."""

    def __init__(self, there: Workspace, stage: str, scratch: str) -> None:
        """Write what this stage makes below `scratch`."""
        super().__init__(there.root, there.token)
        self._stage, self._scratch = stage, scratch

    def path(self, *names: str) -> str:
        """Return the place of a file."""
        own = names[0].partition("/")[0] == self._stage
        return paths.join(self._scratch, *names) if own else super().path(*names)
