"""The forecast of a run, kept beside its output, and how wrong it was.

It lies where the scripts and logs of a cluster lie: no part of the corpus, so `verify` and `fingerprint` do not see it.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from atom_data.cluster.slurm import FOLDER
from atom_data.errors import DataError
from atom_data.forecast.estimate import Estimate
from atom_data.forecast.forecast import Forecast, StageForecast
from atom_data.run.recipe import Recipe
from atom_data.status.status import job_status
from atom_data.storage.paths import write_errors
from atom_data.storage.receipts import read_json, write_json
from atom_data.workspace import Workspace

COMPARED = ("cpu_seconds", "output_bytes", "documents", "tokens", "memory_bytes")
_ESTIMATES = ("cpu_seconds", "wall_seconds", "memory_bytes", "output_bytes", "documents", "tokens")


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure, as it was foretold and as it came."""

    stage: str
    figure: str
    forecast: Estimate
    actual: float

    @property
    def error(self) -> float | None:
        """Return how much more was foretold than came, as a share of what came; None where nothing came."""
        return self.forecast.value / self.actual - 1 if self.actual else None

    @property
    def held(self) -> bool:
        """Tell whether what came lies in the interval."""
        return self.forecast.holds(self.actual)


def forecast_path(workspace: Workspace) -> str:
    """Return where the forecast of a run lies."""
    return workspace.path(FOLDER, "forecast.json")


def keep_forecast(made: Forecast, workspace: Workspace) -> None:
    """Write a forecast beside the output, in place of an earlier one."""
    with write_errors(workspace.root):
        write_json(forecast_path(workspace), as_json(made), f"forecast-{os.getpid()}")


def as_json(made: Forecast) -> dict[str, Any]:
    """Return a forecast as plain values; an estimate is [value, low, high]."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(made)))
    return plain


def read_forecast(workspace: Workspace) -> Forecast:
    """Return the forecast of a run. DataError when there is none."""
    page = read_json(forecast_path(workspace))
    if page is None:
        raise DataError(
            f"{workspace.root}: there is no forecast to compare with. Run atom-data plan with this --output before the run."
        )
    stages = tuple(
        StageForecast(**{**item, **{name: Estimate(*item[name]) for name in _ESTIMATES}}) for item in page["stages"]
    )
    return Forecast(**{**page, "stages": stages})


def compare(recipe: Recipe, made: Forecast, workspace: Workspace) -> list[Compared]:
    """Return each figure of each stage beside what the receipts say, and the sums as stage `all`.

    DataError unless every stage is finished, or when the recipe is another one than at the time of the forecast.
    """
    if recipe.sha256 != made.sha256:
        raise DataError(
            f"{recipe.path}: the recipe is not the one that was planned. Plan it again, or compare the old."
        )
    statuses = {job.name: job_status(job, workspace) for job in recipe.jobs}
    for name, status in statuses.items():
        if not status.shards or status.finished < status.shards:
            raise DataError(
                f"stage '{name}': {status.finished:,} of {status.shards:,} shards are finished. Compare after the run."
            )
    came: dict[str, dict[str, float]] = {
        name: {**status.sums, "peak": status.peak_memory_bytes} for name, status in statuses.items()
    }
    found = list(_pairs(made, came))
    for figure in ("cpu_seconds", "output_bytes"):
        same = [item for item in found if item.figure == figure]
        found.append(Compared("all", figure, made.sum(figure), sum(item.actual for item in same)))
    return found


def _pairs(made: Forecast, came: dict[str, dict[str, float]]) -> Iterator[Compared]:
    names = {"documents": "rows_out", "memory_bytes": "peak"}
    for stage in made.stages:
        for figure in COMPARED:
            yield Compared(
                stage.name, figure, getattr(stage, figure), came[stage.name].get(names.get(figure, figure), 0.0)
            )
