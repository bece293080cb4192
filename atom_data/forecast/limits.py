"""What a forecast asks of a machine or a cluster: the array that suits it, and why it would not do."""

import math
import os
import shutil

from atom_data.errors import ConfigError
from atom_data.forecast.forecast import Forecast
from atom_data.workspace import Workspace

STEP = 256 << 20
HOUR = 3600


def elements(made: Forecast, workers_per_task: int, most: int) -> int:
    """Return how many array elements let the longest stage end in about an hour, no more than it has tasks for."""
    longest = max(made.stages, key=lambda stage: stage.cpu_seconds.high)
    wanted = math.ceil(longest.cpu_seconds.high / (HOUR * workers_per_task))
    return max(1, min(most, wanted, math.ceil(longest.tasks / workers_per_task)))


def time_limit(made: Forecast) -> str:
    """Return a time limit for an element: twice the high end of the longest stage, at least ten minutes."""
    minutes = max(10, math.ceil(2 * max(stage.wall_seconds.high for stage in made.stages) / 60))
    return f"{minutes // 60}:{minutes % 60:02}:00"


def element_memory(made: Forecast, workers_per_task: int) -> str:
    """Return the memory of an element as sbatch has it: the high end for each worker, in steps of 256 MB."""
    return f"{math.ceil(made.memory_bytes.high / STEP) * STEP * workers_per_task >> 20}M"


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
    """Raise ConfigError when the output of all stages does not fit `limit` bytes, or what is free below `out`."""
    need = made.sum("output_bytes").value
    there, what = limit, "--scratch-limit allows"
    if there is None and not workspace.is_remote:
        there, what = free_bytes(workspace), "are free there"
    if there is not None and need > there:
        raise ConfigError(
            f"{workspace.root}: all stages write about {gigabytes(need)}, {gigabytes(made.scratch_bytes.value)} of it for the "
            f"stages after; {gigabytes(there)} {what}. Choose another --output, or run over fewer shards at a time."
        )


def free_bytes(workspace: Workspace) -> int:
    """Return the free bytes of the file system that a folder will lie in."""
    place = workspace.local().absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def gigabytes(size: float) -> str:
    """Return a size in GB of 10^9 bytes, small ones in MB."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
