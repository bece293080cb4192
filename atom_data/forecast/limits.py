"""The array that fits a forecast, and a refusal when memory or disk is not enough."""

import math
import os
import shutil

from atom_data.errors import ConfigError
from atom_data.forecast.forecast import Forecast
from atom_data.workspace import Workspace

MEMORY_STEP = 256 << 20
HOUR_SECONDS = 3600
LEAST_MINUTES = 10


def array_tasks(made: Forecast, workers_per_task: int, max_tasks: int) -> int:
    """Return how many array tasks let the longest stage end in about an hour, no more than it has shards for."""
    longest = max(made.stages, key=lambda stage: stage.cpu_seconds.high)
    for_an_hour = math.ceil(longest.cpu_seconds.high / (HOUR_SECONDS * workers_per_task))
    return max(1, min(max_tasks, for_an_hour, math.ceil(longest.tasks / workers_per_task)))


def time_limit(made: Forecast) -> str:
    """Return a time limit for an array task: twice the high end of the longest stage, at least ten minutes."""
    longest_seconds = max(stage.wall_seconds.high for stage in made.stages)
    minutes = max(LEAST_MINUTES, math.ceil(2 * longest_seconds / 60))
    return f"{minutes // 60}:{minutes % 60:02}:00"


def array_task_memory(made: Forecast, workers_per_task: int) -> str:
    """Return the memory of an array task as sbatch has it: the high end for each worker, in steps of 256 MB."""
    worker_bytes = math.ceil(made.memory_bytes.high / MEMORY_STEP) * MEMORY_STEP
    return f"{worker_bytes * workers_per_task >> 20}M"


def machine_memory() -> int:
    """Return the memory of this machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def refuse_memory(made: Forecast, limit: int, whose: str) -> None:
    """Raise ConfigError when a worker needs more than `limit` bytes by the forecast itself, not by its high end."""
    stage = max(made.stages, key=lambda item: item.memory_bytes)
    if stage.memory_bytes.value > limit:
        raise ConfigError(
            f"stage '{stage.name}': a worker needs about {gigabytes(stage.memory_bytes.value)} of memory; {whose} gives "
            f"it {gigabytes(limit)}. Give a worker more, or run fewer at a time."
        )


def refuse_disk(made: Forecast, workspace: Workspace, limit: int | None) -> None:
    """Raise ConfigError when the output of all stages is more than `limit` bytes, or than what is free below the folder."""
    needed = made.output_bytes.value
    available, source = limit, "--scratch-limit allows"
    if available is None and not workspace.is_remote:
        available, source = free_bytes(workspace), "are free there"
    if available is not None and needed > available:
        raise ConfigError(
            f"{workspace.root}: all stages write about {gigabytes(needed)}, {gigabytes(made.scratch_bytes.value)} of it for "
            f"the stages after; {gigabytes(available)} {source}. Choose another --output, or run over fewer shards at a time."
        )


def free_bytes(workspace: Workspace) -> int:
    """Return the free bytes of the file system of a folder."""
    existing = workspace.local().absolute()
    while not existing.exists():
        existing = existing.parent
    return shutil.disk_usage(existing).free


def gigabytes(size: float) -> str:
    """Return a size in GB of 10^9 bytes, small ones in MB."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
