"""What a run will take and make, per stage, from runs over samples.

Each figure of a stage is taken to be a part that comes with every task, shard or worker, and a part that grows with the
documents: a sample of four documents a shard tells the one from the other. Copies are the exception: a sample hides most
of them, so what they leave over, and what is written of them, is estimated from how their number grows (`loss_of_copies`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atom_data.forecast.estimate import ZERO, Estimate, Z, line, loss_of_copies, scatter, spread, together, total
from atom_data.forecast.pilot import Pilot, Pilots, Sample
from atom_data.graph import Job, Pass, own_jobs, passes_behind
from atom_data.run.recipe import Recipe

TIMING = 0.1
"""The error of CPU time, as a share of it, when nothing is left out: the same run twice differs so."""
SECONDS = 0.02
"""And so many seconds a task, of a few milliseconds each: memory that is mapped, threads that spin."""
PAIRS = 0.5
"""The error of what a pass looks for in a sample that leaves nearly all out: pairs grow faster than documents, and how
much faster depends on where the copies are."""
FIGURES = ("documents", "output_bytes", "tokens")


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
    """Nothing of it is asked for: it lies in the output folder for the stages after."""


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

    def sum(self, figure: str) -> Estimate:
        """Return the sum of a figure over all stages."""
        return total([getattr(stage, figure) for stage in self.stages])

    @property
    def memory_bytes(self) -> Estimate:
        """Return the memory of a worker in the stage that needs most."""
        return max((stage.memory_bytes for stage in self.stages), default=ZERO)

    @property
    def scratch_bytes(self) -> Estimate:
        """Return the bytes that may go when the run is done."""
        return total([stage.output_bytes for stage in self.stages if stage.scratch])


def forecast(recipe: Recipe, pilots: Pilots, workers: int, cluster: bool = False) -> Forecast:
    """Return what all of the recipe will take and make with so many workers at a time.

    On a cluster each stage is an array whose workers begin anew; here they go on from one stage to the next.
    """
    scale = _Scale(recipe, pilots, workers, cluster)
    stages = tuple(scale.stage(job) for job in recipe.jobs)
    return Forecast(
        recipe.path, recipe.sha256, min(1.0, scale.seen / scale.documents), scale.seen, workers, cluster, stages
    )


class _Scale:
    """How a figure of the samples becomes one of the whole, stage by stage."""

    def __init__(self, recipe: Recipe, pilots: Pilots, workers: int, cluster: bool) -> None:
        self.pilots, self.workers, self.cluster = pilots, workers, cluster
        self.documents: float = sum(
            sample.weight * item["rows"]
            for number, sample in enumerate(pilots.samples)
            for (source, _), item in pilots.whole.counts.items()
            if source == number
        )
        self.seen = _passed(pilots.whole)
        self.shards = sum(len(sample.sizes) for sample in pilots.samples)
        self.chosen = sum(len(sample.chosen) for sample in pilots.samples)
        self.uneven = _unevenness(pilots.whole)
        self.left_out = 1 - min(1.0, self.seen / max(1.0, self.documents))
        self.shard_error = max(_shard_error(number, item, pilots) for number, item in enumerate(pilots.samples))
        self.kept: dict[str, tuple[float, float]] = {}
        """By job: how many documents it has for one that a line foretells, and the error of that."""
        before = {job.name for after in recipe.jobs for job in after.upstream()}
        self.read_by_others = before
        self.of_passes: dict[str, Job] = {}
        """By job of a pass: the stage that drops the copies it finds."""
        for after in recipe.jobs:
            for found in (found for source in after.sources() for found in passes_behind(source)):
                for job in own_jobs(found):
                    self.of_passes.setdefault(job.name, after)
        self.bytes = [size for sample in pilots.samples for size in sample.sizes]

    def stage(self, job: Job) -> StageForecast:
        """Return the forecast of one job; those before it were asked for before."""
        rows = self.pilots.whole.rows[job.name]
        came = min((self.kept[before.name] for before in job.upstream()), default=(1.0, 0.0))
        factor, error = self._after_copies(job, *came)
        goes = self.kept[job.name] = (factor, together(error, self._choice(rows)))
        copies, of_copies = self._copies(job)
        sampling = together(self.shard_error, self.uneven * math.sqrt(self.left_out / max(1, self.seen)))
        if job.name in self.of_passes:
            sampling = together(sampling, PAIRS * self.left_out)
        figures = {}
        for figure, name in zip(FIGURES, ("rows_out", "output_bytes", "tokens"), strict=True):
            error = together(self.shard_error if figure == "documents" else sampling, goes[1], of_copies)
            figures[figure] = spread(self._line(job, name, goes[0] * copies, self._tasks_ratio(job)), error)
        tasks = self._tasks(job, figures["tokens"].value)
        seconds = self._cpu(job, tasks, came[0])
        chance = SECONDS * math.sqrt(tasks) / max(SECONDS, seconds)
        cpu = spread(seconds, together(sampling, TIMING, chance, came[1]))
        return StageForecast(
            name=job.name,
            tasks=tasks,
            cpu_seconds=cpu,
            wall_seconds=self._wall(job, tasks, cpu),
            memory_bytes=self._memory(job, len(rows), tasks),
            scratch=job.name in self.read_by_others,
            **figures,
        )

    def _after_copies(self, job: Job, came: float, error: float) -> tuple[float, float]:
        loss, seen = self._loss(job) if _drops_copies(job) else (ZERO, 0.0)
        if seen >= 1:
            return came, error
        left = (1 - loss.value) / (1 - seen)
        return came * left, together(error, (loss.high - loss.low) / (2 * Z * max(0.01, 1 - loss.value)))

    def _copies(self, job: Job) -> tuple[float, float]:
        """Return how many times as many copies there are for one that a line foretells, and the error of that: for what
        a pass writes of copies alone; (1, 0) else."""
        after = self.of_passes.get(job.name)
        if after is None or not _drops_copies(after) or _sum(self.pilots.whole, job, "rows_out"):
            return 1.0, 0.0
        loss, seen = self._loss(after)
        return (loss.value / seen, math.log(loss.high / loss.low) / (2 * Z)) if seen and loss.low else (1.0, 0.0)

    def _loss(self, job: Job) -> tuple[Estimate, float]:
        """Return the share of its documents that a stage drops as copies, of the whole and in the sample."""
        samples = []
        for pilot in (self.pilots.quarter, self.pilots.whole):
            rows_in, rows_out = (int(_sum(pilot, job, name)) for name in ("rows_in", "rows_out"))
            samples.append((_passed(pilot) / self.documents, rows_in, rows_in - rows_out))
        _, documents, lost = samples[-1]
        return (loss_of_copies(samples), lost / documents) if documents else (ZERO, 0.0)

    def _choice(self, rows: list[dict[str, Any]]) -> float:
        """Return the error of the documents kept, as a share of them, from how many were dropped (Poisson, one added)."""
        rows_in, rows_out = (sum(int(row[name]) for row in rows) for name in ("rows_in", "rows_out"))
        if not rows_out or rows_in == rows_out:
            return 0.0
        return math.sqrt(self.left_out * (rows_in - rows_out + 1)) / rows_out

    def _line(self, job: Job, name: str, kept: float, more: float) -> float:
        """Return a figure of the whole: what comes with a task so many times `more`, and what grows with documents."""
        runs = (self.pilots.few, self.pilots.whole)
        slope, start = line([_passed(run) for run in runs], [_sum(run, job, name) for run in runs])
        return start * more + slope * self.documents * kept

    def _tasks_ratio(self, job: Job) -> float:
        return self.shards / self.chosen if len(self.pilots.whole.rows[job.name]) == self.chosen else 1.0

    def _tasks(self, job: Job, tokens: float) -> int:
        """Return how many tasks a job will have: one a shard, as many as its tokens fill, or as many as in the sample."""
        target = job.task_tokens
        if target:  # a task has whole shards: one at least, or as many as come closest to the target
            return math.ceil(self.shards / max(1, math.ceil(target * self.shards / max(1.0, tokens) - 0.5)))
        there = len(self.pilots.whole.rows[job.name])
        return max(there, self.shards if job.a_task_a_shard else 1)

    def _cpu(self, job: Job, tasks: int, kept: float) -> float:
        """Return CPU seconds: what each worker takes to begin, and each task, what memory takes that is used for the
        first time, and what grows with documents."""
        there, workers = len(self.pilots.whole.rows[job.name]), min(tasks, self.workers)
        seen = min(there, self.pilots.workers)
        beginning = _beginning(self.pilots.cold.rows[job.name], self.pilots.workers)
        few, quarter, whole = (
            (_passed(run), max(0.0, _sum(run, job, "cpu_seconds") - beginning * seen))
            for run in (self.pilots.few, self.pilots.quarter, self.pilots.whole)
        )
        # Not from the few to the whole: until a worker has as much memory as it needs, documents cost up to twice as much.
        slope, _ = line(*zip(quarter, whole, strict=True))
        start = max(0.0, few[1] - slope * few[0])
        memory = whole[1] - slope * whole[0] - start
        if there == self.chosen and there > 1:
            # The job that reads files reads them to their ends, so what is left at no documents goes with their bytes.
            more = self._weight() if not job.upstream() else tasks / there
        else:
            more = workers / there if there == 1 else 1.0
        grown = slope * self.documents * kept + memory * workers / seen
        return beginning * workers + start * max(more, 1.0) + max(0.0, grown)

    def _weight(self) -> float:
        return sum(len(s.chosen) * s.weight for s in self.pilots.samples) / self.chosen

    def _wall(self, job: Job, tasks: int, cpu: Estimate) -> Estimate:
        rows = self.pilots.whole.rows[job.name]
        spent, used = (sum(row[name] for row in rows) for name in ("wall_seconds", "cpu_seconds"))
        busy = cpu.times(max(1.0, spent / used) if used else 1.0)
        longest = 1 / tasks
        if tasks == self.shards and all(self.bytes):
            longest = max(self.bytes) / sum(self.bytes)
        first = not job.upstream() or self.cluster
        lead = self.pilots.cold.lead_seconds if first else 0.0
        return busy.times(max(1 / min(tasks, self.workers), longest)).plus(Estimate(lead, lead, lead))

    def _memory(self, job: Job, there: int, tasks: int) -> Estimate:
        """Return the peak of a worker: the largest seen; where one task holds all documents, by a line."""
        peaks = [
            (_passed(pilot), max(row["peak_memory_bytes"] for row in pilot.rows[job.name]))
            for pilot in (self.pilots.few, self.pilots.whole)
        ]
        most = float(max(peak for _, peak in peaks))
        if there == tasks == 1 and job.upstream():
            slope, start = line(*zip(*peaks, strict=True))
            most = max(most, start + slope * self.documents)
        return Estimate(most, most * 0.8, most * 1.5)


def _drops_copies(job: Job) -> bool:
    """Tell whether a job reads a pass whose copies it drops."""
    found = [found for source in job.sources() for found in passes_behind(source)]
    return any(isinstance(one, Pass) and one.finds_copies for one in found)


def _unevenness(pilot: Pilot) -> float:
    """Return the standard deviation of documents' sizes over their mean, by those passed on; at least 1, as of pages."""
    items = pilot.counts.values()
    rows, size, squares = (
        sum(float(item[f"passed_{name}"]) for item in items) for name in ("rows", "bytes", "squares")
    )
    if not rows or not size:
        return 1.0
    return max(1.0, math.sqrt(max(0.0, squares * rows / size**2 - 1)))


def _sum(pilot: Pilot, job: Job, name: str) -> float:
    return float(sum(row[name] for row in pilot.rows[job.name]))


def _passed(pilot: Pilot) -> int:
    return sum(int(item["passed_rows"]) for item in pilot.counts.values())


def _shard_error(number: int, sample: Sample, pilots: Pilots) -> float:
    """Return how far documents in the shards left out may be from those seen, by how these differ."""
    items: Mapping[str, Any] = {shard: item for (at, shard), item in pilots.whole.counts.items() if at == number}
    chosen = [shard for shard in sample.chosen if shard.name in items]
    return scatter(
        [items[shard.name]["bytes"] for shard in chosen], [max(1, shard.bytes) for shard in chosen], len(sample.sizes)
    )


def _beginning(rows: list[dict[str, Any]], workers: int) -> float:
    """Return the CPU seconds a worker takes to begin a job, from tasks of a few documents each: the first of each worker
    against the others; 0 where there is no other."""
    first, others = rows[:workers], sorted(row["cpu_seconds"] for row in rows[workers:])
    if not others:
        return 0.0
    usual = float(others[len(others) // 2])
    return max(0.0, sum(float(row["cpu_seconds"]) for row in first) / len(first) - usual)
