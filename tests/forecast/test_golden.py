"""Forecasts from recorded sample runs, figure by figure: no change of the code may change one of them.

`golden/NAME.json.gz` holds what runs over samples of three recipes measured (the sample's pages; exact copies; repeated
lines, near copies and tokens), the jobs of each, and what was forecast from it.
"""

import gzip
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from atom_data.forecast.forecast import forecast
from atom_data.forecast.pilot import Pilot, Pilots, Sample, _set_documents
from atom_data.graph import Pass, PassJob
from atom_data.run.recipe import Recipe
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


def pilots_of(page: dict[str, Any]) -> Pilots:
    """Return the recorded runs as the forecast takes them."""
    samples = [
        Sample(
            item["name"], tuple(item["sizes"]), tuple(Shard(*shard, size) for *shard, size in _shards(item)),
            item["documents"],
        )
        for item in page["samples"]
    ]  # fmt: skip
    return Pilots(samples, page["workers"], **{name: _pilot(run) for name, run in page["runs"].items()})


def _shards(item: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(name, "", size) for name, size in item["chosen"]]


def _pilot(run: dict[str, Any]) -> Pilot:
    counts = {(source, shard): item for source, shard, item in run["counts"]}
    return Pilot(run["rows"], counts, run["wall_seconds"], run["lead_seconds"])


@pytest.mark.parametrize("name", ["sample", "copies", "repeats"])
def test_recorded_runs_give_the_same_forecast(name: str) -> None:
    page = recorded(name)
    recipe = Recipe("", "", (), jobs_of(page))
    for setting, expected in page["forecasts"].items():
        workers, _, array = setting.partition(" ")
        made = forecast(recipe, pilots_of(page), int(workers), bool(array))
        assert json.loads(json.dumps(asdict(made))) == expected, setting


@pytest.mark.parametrize("name", ["sample", "copies", "repeats"])
def test_recorded_counts_choose_the_same_share_of_documents(name: str) -> None:
    page = recorded(name)
    pilots = pilots_of(page)
    wanted = [sample.documents for sample in pilots.samples]
    for sample in pilots.samples:
        sample.documents = 0.0
    _set_documents(pilots.samples, pilots.few, page["share"])
    assert [sample.documents for sample in pilots.samples] == wanted
