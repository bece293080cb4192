"""Forecasts from recorded sample runs, figure by figure: no change of the code may change one of them.

`golden/NAME.json.gz` holds what runs over samples of three recipes measured (the sample's pages; exact copies; repeated
lines, near copies and tokens), the jobs of each, and what was forecast from it.
"""

import gzip
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from atom_data.forecast.forecast import forecast
from atom_data.forecast.measured import DocumentCounts, SampleRun, SampleRuns, SourceSample
from atom_data.forecast.sample_runs import with_document_shares
from atom_data.forecast.shape import job_shapes
from atom_data.graph import Pass, PassJob
from atom_data.runner.recipe import Recipe
from atom_data.storage.receipts import Measured, Receipt
from atom_data.storage.shards import Shard

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True, eq=False)
class _Job(PassJob):
    """A job as far as a forecast asks; as a source it is a stage."""

    name: str
    before: tuple[Any, ...]
    reads: tuple[Any, ...]
    task_tokens: int
    a_task_a_shard: bool

    def jobs(self) -> tuple[Any, ...]:
        return (self,)

    def upstream(self) -> tuple[Any, ...]:
        return self.before

    def sources(self) -> tuple[Any, ...]:
        return self.reads


@dataclass(frozen=True, eq=False)
class _Pass(Pass):
    of: Any
    made: tuple[Any, ...]
    finds_copies: bool

    def jobs(self) -> tuple[Any, ...]:
        return self.made


def recorded(name: str) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(gzip.decompress((GOLDEN / f"{name}.json.gz").read_bytes()))
    return page


def jobs_of(page: dict[str, Any]) -> tuple[Any, ...]:
    """Return the recorded jobs, with the passes between them."""
    jobs: dict[str, _Job] = {}
    for row in page["jobs"]:
        found = [jobs[other["name"]] for other in page["jobs"] if other["read_by"] == row["name"]]
        reads: tuple[Any, ...] = ()
        if found:
            inner = {job.name for job in found}
            below = next((job for one in found for job in one.before if job.name not in inner), None)
            of = below or _Job("files", (), (), 0, True)
            reads = (_Pass(of, (found[-1],), row["drops_copies"]),)
        before = tuple(jobs[name] for name in row["upstream"])
        jobs[row["name"]] = _Job(row["name"], before, reads, row["task_tokens"], row["a_task_a_shard"])
    return tuple(jobs.values())


RUNS = {"cold": "warm_up", "few": "head", "quarter": "quarter", "whole": "whole"}


def runs_of(page: dict[str, Any]) -> SampleRuns:
    """Return the recorded runs as the forecast takes them."""
    sources = tuple(
        SourceSample(
            item["name"], tuple(item["sizes"]), tuple(Shard(name, "", size) for name, size in item["chosen"]),
            item["documents"],
        )
        for item in page["samples"]
    )  # fmt: skip
    return SampleRuns(sources, page["workers"], **{RUNS[name]: _run(run) for name, run in page["runs"].items()})


def _run(run: dict[str, Any]) -> SampleRun:
    receipts = {
        job: tuple(_receipt(job, number, row) for number, row in enumerate(rows)) for job, rows in run["rows"].items()
    }
    counts = tuple(_counts(source, shard, item) for source, shard, item in run["counts"])
    return SampleRun(receipts, counts, run["wall_seconds"], run["lead_seconds"])


def _receipt(job: str, number: int, row: dict[str, Any]) -> Receipt:
    measured = Measured(row["wall_seconds"], row["cpu_seconds"], row["peak_memory_bytes"])
    return Receipt(
        stage=job, shard=str(number), rows_in=row["rows_in"], rows_out=row["rows_out"], tokens=row["tokens"],
        output_bytes=row["output_bytes"], measured=measured,
    )  # fmt: skip


def _counts(source: int, shard: str, item: dict[str, Any]) -> DocumentCounts:
    return DocumentCounts(
        source=source, shard=shard, documents=item["rows"], bytes=item["bytes"], documents_sampled=item["passed_rows"],
        bytes_sampled=item["passed_bytes"], squares_sampled=item["passed_squares"], choosing_seconds=item["choosing"],
    )  # fmt: skip


@pytest.mark.parametrize("name", ["sample", "copies", "repeats"])
def test_recorded_runs_give_the_same_forecast(name: str) -> None:
    page = recorded(name)
    recipe = Recipe("", "", (), jobs_of(page))
    for setting, expected in page["forecasts"].items():
        workers, _, array = setting.partition(" ")
        made = forecast(recipe, runs_of(page), int(workers), bool(array))
        assert json.loads(json.dumps(asdict(made))) == expected, setting


@pytest.mark.parametrize("name", ["sample", "copies", "repeats"])
def test_recorded_counts_choose_the_same_share_of_documents(name: str) -> None:
    page = recorded(name)
    runs = runs_of(page)
    none = tuple(replace(source, document_share=0.0) for source in runs.sources)
    assert with_document_shares(none, runs.head, page["share"]) == runs.sources


def test_shapes_are_those_of_the_recorded_jobs() -> None:
    for name in ("sample", "copies", "repeats"):
        page = recorded(name)
        for shape, row in zip(job_shapes(jobs_of(page)), page["jobs"], strict=True):
            assert (shape.name, shape.read_by, shape.drops_copies) == (
                row["name"],
                row["read_by"] or "",
                row["drops_copies"],
            )
            assert shape.is_read == any(shape.name in other["upstream"] for other in page["jobs"])
