"""A stage of ours as a step of datatrove's, so that its executors (local, Slurm, Ray) launch our workers.

Receipts, not its completion markers, say what is done: a rank that runs again skips finished shards, and a stage refuses
to start when what it reads is not complete.
"""

from collections.abc import Mapping
from typing import Any

from datatrove.pipeline.base import PipelineStep
from rich.console import Console

from atom_data.errors import DataError
from atom_data.runner.local import Options, run
from atom_data.runner.settings.parameters import as_text
from atom_data.runner.settings.remembered import recipe_for
from atom_data.terminal.display import Display
from atom_data.workspace import Workspace


class RunStage(PipelineStep):
    """Runs rank `r` of `world_size`: shards r, r + world_size, ... of one stage of a recipe."""

    name = "atom-data stage"
    type = "atom-data"

    def __init__(
        self, recipe: str, output: str, stage: str, workers: int = 1, retries: int = 2, replace: bool = False,
        settings: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """Name the recipe by path, the output folder and the stage; nothing is loaded before a worker runs it.

        With `replace` finished shards are removed and rebuilt, however many; without it that is refused.
        `settings` are the recipe's parameters by name.
        """
        super().__init__()
        self.recipe = recipe
        self.output = output
        self.stage = stage
        self.workers = workers
        self.retries = retries
        self.replace = replace
        self.settings = {name: as_text(value) for name, value in (settings or {}).items()}

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Any:  # noqa: ANN401 - datatrove's signature
        """Run this rank's shards. DataError, so that the task fails, when one of them fails."""
        options = Options(
            out=self.output, workers=self.workers, retries=self.retries, stage=self.stage, part=(rank, world_size),
            replace=self.replace,
        )  # fmt: skip
        failures = run(
            recipe_for(self.recipe, Workspace(self.output), self.settings), options, Display(Console(stderr=True))
        )
        if failures:
            first = failures[0]
            raise DataError(
                f"{first.stage}/{first.shard}: {first.message} ({len(failures)} shards failed in rank {rank})"
            )
        self.stat_update("shards_failed", value=0)
        return data
