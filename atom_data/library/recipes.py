"""A recipe run from Python: the same as `atom-data run`, with the outcome as values."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from atom_data.errors import DataError
from atom_data.runner.local import Options, run as run_jobs
from atom_data.runner.settings.parameters import as_text
from atom_data.runner.settings.remembered import recipe_for
from atom_data.terminal.display import Display, OnlyCompiling
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage of a run made."""

    name: str
    shards: int
    rows_in: int
    rows_out: int
    dropped: dict[str, int]
    """Documents by the reason for which they were dropped."""
    unreadable: dict[str, int]
    """Records by the reason for which they could not be read."""
    files: tuple[Path, ...]
    """The Parquet files of the stage, in the order of its shards; of other jobs whatever they made first."""


def run(
    recipe: str | Path,
    output: str | Path = "out",
    *,
    settings: Mapping[str, object] | None = None,
    workers: int = 0,
    quiet: bool = True,
    replace: bool = False,
) -> list[StageResult]:
    """Run a recipe by its path and return what each of its jobs made, in order.

    What is finished is kept, as by `atom-data run`. `workers` are processes, 0 for one per core; `quiet=False` shows progress on
    stderr, otherwise only that kernels are compiled. Call it below `if __name__ == "__main__":` in a script, because workers are
    separate processes. `settings` are parameters of the recipe by name, as `--set` gives them; one that is left out is as in the
    folder's last run. `replace` removes finished work and rebuilds it, however much, which is refused otherwise.
    Errors: ConfigError for a wrong recipe and for such a refusal, DataError where shards failed or a job as a whole is refused.
    """
    given = {name: as_text(value) for name, value in (settings or {}).items()}
    loaded, root = recipe_for(str(recipe), Workspace(str(output)), given), str(output)
    options = Options(out=root, workers=workers or len(os.sched_getaffinity(0)), replace=replace)
    display = (OnlyCompiling if quiet else Display)(Console(stderr=True))
    failures = run_jobs(loaded, options, display)
    if failures:
        names = ", ".join(f"{failure.stage}/{failure.shard}" for failure in failures[:10])
        raise DataError(f"{root}: {plural(len(failures), 'shard')} failed ({names}): {failures[0].message}")
    workspace = Workspace(root)
    return [_result(job.name, workspace) for job in loaded.jobs]


def _result(name: str, workspace: Workspace) -> StageResult:
    listed = workspace.shard_list(name)
    receipts = workspace.finished_receipts(name, listed.shards if listed else ())
    dropped: dict[str, int] = {}
    unreadable: dict[str, int] = {}
    for receipt in receipts:
        for counts, sums in ((receipt.dropped, dropped), (receipt.unreadable, unreadable)):
            for reason, count in counts.items():
                sums[reason] = sums.get(reason, 0) + count
    return StageResult(
        name=name,
        shards=len(receipts),
        rows_in=sum(receipt.rows_in for receipt in receipts),
        rows_out=sum(receipt.rows_out for receipt in receipts),
        dropped=dict(sorted(dropped.items())),
        unreadable=dict(sorted(unreadable.items())),
        files=tuple(workspace.local(receipt.outputs[0].path) for receipt in receipts if receipt.outputs),
    )
