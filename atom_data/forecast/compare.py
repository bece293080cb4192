"""The forecast of a run, stored with its output, and how wrong it was.

It is stored with the scripts and logs of a cluster, not as part of the corpus, so `verify` and `fingerprint` do not see it.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from atom_data.cluster.chain import FOLDER
from atom_data.errors import DataError
from atom_data.forecast.estimate import Estimate
from atom_data.forecast.forecast import Forecast, StageForecast
from atom_data.runner.recipe import Recipe
from atom_data.status.status import JobStatus, job_status
from atom_data.storage.paths import write_errors
from atom_data.storage.receipts import read_json, write_json
from atom_data.workspace import Workspace

_ESTIMATES = ("cpu_seconds", "wall_seconds", "memory_bytes", "output_bytes", "documents", "tokens")


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure as it was forecast, and as it was measured."""

    stage: str
    figure: str
    forecast: Estimate
    actual: float

    @property
    def error(self) -> float | None:
        """How much higher the forecast was, as a share of what was measured; None where nothing was measured."""
        return self.forecast.value / self.actual - 1 if self.actual else None

    @property
    def held(self) -> bool:
        """Whether the measured value is in the interval."""
        return self.forecast.holds(self.actual)


def forecast_path(workspace: Workspace) -> str:
    """Return the path of the forecast of a run."""
    return workspace.path(FOLDER, "forecast.json")


def keep_forecast(made: Forecast, workspace: Workspace) -> None:
    """Store a forecast with the output, in place of an earlier one."""
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
    """Return each figure of each stage with the value from the receipts, and the sums as stage `all`.

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
    compared = [one for stage in made.stages for one in _figures(stage, statuses[stage.name])]
    for figure, whole in (("cpu_seconds", made.cpu_seconds), ("output_bytes", made.output_bytes)):
        measured = sum(one.actual for one in compared if one.figure == figure)
        compared.append(Compared("all", figure, whole, measured))
    return compared


def _figures(stage: StageForecast, measured: JobStatus) -> Iterator[Compared]:
    """Yield the figures of a stage with the sums of its receipts."""
    sums = measured.sums
    yield Compared(stage.name, "cpu_seconds", stage.cpu_seconds, sums["cpu_seconds"])
    yield Compared(stage.name, "output_bytes", stage.output_bytes, sums["output_bytes"])
    yield Compared(stage.name, "documents", stage.documents, sums["rows_out"])
    yield Compared(stage.name, "tokens", stage.tokens, sums["tokens"])
    yield Compared(stage.name, "memory_bytes", stage.memory_bytes, measured.peak_memory_bytes)
