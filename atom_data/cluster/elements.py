"""The number of array tasks of a stage whose shards cannot be counted yet, because the stages before it are not finished."""

from collections.abc import Sequence

from atom_data.errors import DataError
from atom_data.graph import Job
from atom_data.workspace import Workspace

GROWTH = 4
"""Memory that a pass over all documents needs, at most, in bytes of input: compressed text, and 350 bytes per document."""


def most_tasks(job: Job, workspace: Workspace) -> int:
    """Return an upper estimate of the tasks of a job; an array task does several when there are more.

    As many as it has, where its source tells; as many as what it reads has shards, where shards are put together; and
    of a pass that parts its work by memory, as many as the whole input would need.
    """
    try:
        return max(1, len(job.tasks(workspace)))
    except DataError:
        pass
    try:
        shards = sum(len(source.shards(workspace)) for source in job.sources())
    except DataError:
        shards = 0
    from atom_data.dedup.corpus import SHARED_BYTES  # noqa: PLC0415 - with it come the kernels, 0.3 s

    return shards or 1 + GROWTH * _input_bytes(job, workspace) // SHARED_BYTES


def _input_bytes(job: Job, workspace: Workspace) -> int:
    """Return the bytes of the files at the bottom of a job."""
    seen: dict[str, int] = {}

    def visit(one: Job) -> None:
        if one.name in seen:
            return
        before = one.upstream()
        seen[one.name] = 0 if before else sum(task.bytes for task in one.tasks(workspace))
        for other in before:
            visit(other)

    visit(job)
    return sum(seen.values())


def ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers as Slurm writes them: 0-3,7,9-12."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
