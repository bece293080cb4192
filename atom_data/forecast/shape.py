"""What a forecast has to know of a job: its place among the others, and how its tasks are cut."""

from collections.abc import Sequence
from dataclasses import dataclass

from atom_data.graph import Job, Pass, Source, own_jobs, passes_behind


@dataclass(frozen=True, kw_only=True, slots=True)
class JobShape:
    """A job as a forecast sees it."""

    name: str
    upstream: tuple[str, ...]
    """The jobs that must be complete before it starts."""
    task_tokens: int
    """Tokens of about one task where tasks are cut by size; 0 where they are not."""
    a_task_a_shard: bool
    drops_copies: bool
    """Whether it reads a pass that finds copies, which it then drops."""
    read_by: str
    """Of a job of a pass: the stage that reads the pass; of other jobs nothing."""
    is_read: bool
    """Whether another job starts from what it writes."""


def job_shapes(jobs: Sequence[Job]) -> tuple[JobShape, ...]:
    """Describe jobs that are in the order in which they run."""
    readers: dict[str, str] = {}
    for job in jobs:
        for one in _passes(job):
            for inner in own_jobs(one):
                readers.setdefault(inner.name, job.name)
    read = {before.name for job in jobs for before in job.upstream()}
    return tuple(
        JobShape(
            name=job.name,
            upstream=tuple(before.name for before in job.upstream()),
            task_tokens=job.task_tokens,
            a_task_a_shard=job.a_task_a_shard,
            drops_copies=any(isinstance(one, Pass) and one.finds_copies for one in _passes(job)),
            read_by=readers.get(job.name, ""),
            is_read=job.name in read,
        )
        for job in jobs
    )


def _passes(job: Job) -> list[Source]:
    """Return the passes that a job reads directly: those behind other stages are these stages' own."""
    return [one for source in job.sources() for one in passes_behind(source)]
