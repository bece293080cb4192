"""What a run will take and make, per stage, from runs over samples.

Each figure of a stage is taken to be a part that comes with every task, shard or worker, and a part that grows with the
documents: a sample of four documents per shard tells the one from the other. Copies are the exception: a sample hides most
of them, so what they leave over, and what is written of them, is estimated from how their number grows (`copies`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from atom_data.forecast.copies import SAME, Ratio, copies_written, copy_loss, kept_after
from atom_data.forecast.coverage import Coverage, coverage
from atom_data.forecast.estimate import ZERO, Estimate, line, spread, together, total
from atom_data.forecast.measured import SampleRuns, Totals
from atom_data.forecast.seconds import cpu_seconds, wall_seconds, worker_memory
from atom_data.forecast.shape import JobShape, job_shapes
from atom_data.runner.recipe import Recipe

TIMING_ERROR = 0.1
"""The error of CPU time, as a share of it, when nothing is left out: the same run twice differs so."""
TASK_ERROR_SECONDS = 0.02
"""Extra seconds per task, of a few milliseconds each: memory that is mapped, threads that spin."""
PAIRS_ERROR = 0.5
"""The error of what a pass looks for in a sample that leaves nearly all out: pairs grow faster than documents, and how
much faster depends on where the copies are."""


@dataclass(frozen=True, slots=True)
class StageForecast:
    """What one stage will take and make."""

    name: str
    tasks: int
    cpu_seconds: Estimate
    wall_seconds: Estimate
    """With the workers of the forecast."""
    memory_bytes: Estimate
    """Of one worker, at its peak."""
    output_bytes: Estimate
    documents: Estimate
    tokens: Estimate
    scratch: bool
    """Nothing of it is requested: it is in the output folder for later stages."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take and make."""

    recipe: str
    sha256: str
    share: float
    """Of all documents, how many were in the sample."""
    sample_documents: int
    workers: int
    cluster: bool
    stages: tuple[StageForecast, ...]

    @property
    def cpu_seconds(self) -> Estimate:
        """CPU time of all stages."""
        return total([stage.cpu_seconds for stage in self.stages])

    @property
    def wall_seconds(self) -> Estimate:
        """Time of all stages, one after the other."""
        return total([stage.wall_seconds for stage in self.stages])

    @property
    def output_bytes(self) -> Estimate:
        """What all stages write."""
        return total([stage.output_bytes for stage in self.stages])

    @property
    def memory_bytes(self) -> Estimate:
        """Memory of a worker in the stage that needs most."""
        return max((stage.memory_bytes for stage in self.stages), default=ZERO)

    @property
    def scratch_bytes(self) -> Estimate:
        """Bytes that can be removed when the run is done."""
        return total([stage.output_bytes for stage in self.stages if stage.scratch])


def forecast(recipe: Recipe, runs: SampleRuns, workers: int, cluster: bool = False) -> Forecast:
    """Return what the whole recipe will take and make with this many workers.

    On a cluster each stage is an array whose workers start anew; here they go on from one stage to the next.
    """
    covered, jobs = coverage(runs), job_shapes(recipe.jobs)
    by_name = {job.name: job for job in jobs}
    kept: dict[str, Ratio] = {}
    stages = []
    for job in jobs:
        before = min((kept[name] for name in job.upstream), key=lambda one: (one.value, one.error), default=SAME)
        kept[job.name] = _kept(job, before, runs, covered)
        copies = copies_written(job, by_name, runs, covered)
        stages.append(_stage(job, before, kept[job.name], copies, runs, covered, workers, cluster))
    return Forecast(
        recipe.path, recipe.sha256, covered.share, covered.documents_sampled, workers, cluster, tuple(stages)
    )


def _kept(job: JobShape, before: Ratio, runs: SampleRuns, covered: Coverage) -> Ratio:
    """Return the ratio of a job's documents to the linear extrapolation."""
    after = kept_after(before, copy_loss(job.name, runs, covered)) if job.drops_copies else before
    return Ratio(after.value, together(after.error, _dropped_error(runs.whole.totals(job.name), covered)))


def _dropped_error(sampled: Totals, covered: Coverage) -> float:
    """Return the error of the documents kept, as a share of them, from how many were dropped (Poisson, one added)."""
    dropped = sampled.documents_in - sampled.documents_out
    if not sampled.documents_out or not dropped:
        return 0.0
    return math.sqrt(covered.share_left_out * (dropped + 1)) / sampled.documents_out


def _stage(
    job: JobShape, before: Ratio, kept: Ratio, copies: Ratio, runs: SampleRuns, covered: Coverage, workers: int,
    cluster: bool,
) -> StageForecast:  # fmt: skip
    """Return the forecast of one job."""
    sampling_error = covered.sampling_error
    if job.read_by:
        sampling_error = together(sampling_error, PAIRS_ERROR * covered.share_left_out)
    ratio = kept.value * copies.value

    def made(figure: Callable[[Totals], float], error: float) -> Estimate:
        value = _extrapolated(figure, job, ratio, runs, covered)
        return spread(value, together(error, kept.error, copies.error))

    tokens = made(lambda sampled: sampled.tokens, sampling_error)
    tasks = _tasks(job, tokens.value, runs, covered)
    seconds = cpu_seconds(job, runs, covered, tasks=tasks, workers=workers, documents_ratio=before.value)
    task_error = TASK_ERROR_SECONDS * math.sqrt(tasks) / max(TASK_ERROR_SECONDS, seconds)
    cpu = spread(seconds, together(sampling_error, TIMING_ERROR, task_error, before.error))
    return StageForecast(
        name=job.name,
        tasks=tasks,
        cpu_seconds=cpu,
        wall_seconds=wall_seconds(job, runs, covered, cpu, tasks=tasks, workers=workers, cluster=cluster),
        memory_bytes=worker_memory(job, runs, covered, tasks=tasks),
        output_bytes=made(lambda sampled: sampled.output_bytes, sampling_error),
        documents=made(lambda sampled: sampled.documents_out, covered.shard_error),
        tokens=tokens,
        scratch=job.is_read,
    )


def _extrapolated(
    figure: Callable[[Totals], float], job: JobShape, ratio: float, runs: SampleRuns, covered: Coverage
) -> float:
    """Return a figure of the whole: a part that comes with each task, and a part that grows with documents."""
    two = (runs.head, runs.whole)
    slope, start = line([run.documents_sampled for run in two], [figure(run.totals(job.name)) for run in two])
    a_task_a_shard_read = runs.whole.totals(job.name).tasks == covered.shards_read
    tasks_ratio = covered.shards / covered.shards_read if a_task_a_shard_read else 1.0
    return start * tasks_ratio + slope * covered.documents * ratio


def _tasks(job: JobShape, tokens: float, runs: SampleRuns, covered: Coverage) -> int:
    """Return how many tasks a job will have: one per shard, as many as its tokens fill, or as many as in the sample."""
    if job.task_tokens:  # a task has whole shards: one at least, or as many as come closest to the target
        shards_a_task = math.ceil(job.task_tokens * covered.shards / max(1.0, tokens) - 0.5)
        return math.ceil(covered.shards / max(1, shards_a_task))
    return max(runs.whole.totals(job.name).tasks, covered.shards if job.a_task_a_shard else 1)
