"""CPU seconds, wall time and memory of a job over the whole input, from what its sample runs took."""

from dataclasses import dataclass

from atom_data.forecast.coverage import Coverage
from atom_data.forecast.estimate import Estimate, line
from atom_data.forecast.measured import SampleRun, SampleRuns
from atom_data.forecast.shape import JobShape
from atom_data.storage.receipts import Receipt

MEMORY_LOW, MEMORY_HIGH = 0.8, 1.5
"""The interval of a worker's memory, as shares of its peak: allocators keep more or less of what they got."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CpuCost:
    """What a job's CPU seconds in the sample are made up of."""

    startup_seconds: float
    """Of each worker, once: its first task against the others."""
    task_seconds: float
    """What remains without documents: reading the shards to their ends, opening and closing files."""
    seconds_per_document: float
    memory_seconds: float
    """What memory costs that is used for the first time, up to what a worker needs at most."""


def cpu_cost(job: str, runs: SampleRuns) -> CpuCost:
    """Split the CPU seconds of a job into start-up, tasks and documents, by runs over growing samples.

    The slope is that from the quarter to the whole, not from the head: until a worker has as much memory as it needs,
    documents cost up to twice as much.
    """
    startup = startup_seconds(runs.warm_up.receipts[job], runs.workers)
    started = min(runs.whole.totals(job).tasks, runs.workers)

    def seconds(run: SampleRun) -> float:
        return max(0.0, run.totals(job).cpu_seconds - startup * started)

    head, quarter, whole = runs.head, runs.quarter, runs.whole
    slope, _ = line([quarter.documents_sampled, whole.documents_sampled], [seconds(quarter), seconds(whole)])
    task = max(0.0, seconds(head) - slope * head.documents_sampled)
    return CpuCost(
        startup_seconds=startup,
        task_seconds=task,
        seconds_per_document=slope,
        memory_seconds=seconds(whole) - slope * whole.documents_sampled - task,
    )


def startup_seconds(receipts: tuple[Receipt, ...], workers: int) -> float:
    """Return the CPU seconds a worker takes to begin a job, from tasks of a few documents each.

    The mean of the first task of each worker against the median of the others; 0 where there are no others.
    """
    seconds = [receipt.measured.cpu_seconds for receipt in receipts]
    first, others = seconds[:workers], sorted(seconds[workers:])
    if not others:
        return 0.0
    return max(0.0, sum(first) / len(first) - float(others[len(others) // 2]))


def cpu_seconds(
    job: JobShape, runs: SampleRuns, covered: Coverage, *, tasks: int, workers: int, documents_ratio: float
) -> float:
    """Return the CPU seconds of a job over the whole input, for this ratio of documents to the linear one."""
    cost, tasks_sampled = cpu_cost(job.name, runs), runs.whole.totals(job.name).tasks
    workers, workers_sampled = min(tasks, workers), min(tasks_sampled, runs.workers)
    if tasks_sampled == covered.shards_read and tasks_sampled > 1:
        # The job that reads files reads them to their ends, so what is left at no documents grows with their bytes.
        repeated = covered.scale if not job.upstream else tasks / tasks_sampled
    else:
        repeated = workers / tasks_sampled if tasks_sampled == 1 else 1.0
    grown = cost.seconds_per_document * covered.documents * documents_ratio
    grown += cost.memory_seconds * workers / workers_sampled
    return cost.startup_seconds * workers + cost.task_seconds * max(repeated, 1.0) + max(0.0, grown)


def wall_seconds(
    job: JobShape, runs: SampleRuns, covered: Coverage, cpu: Estimate, *, tasks: int, workers: int, cluster: bool
) -> Estimate:
    """Return the wall time of a job: no shorter than its longest task, and with the start of the workers where they start."""
    sampled = runs.whole.totals(job.name)
    busy = cpu.times(max(1.0, sampled.wall_seconds / sampled.cpu_seconds) if sampled.cpu_seconds else 1.0)
    longest_task = 1 / tasks
    if tasks == covered.shards and all(covered.shard_bytes):
        longest_task = max(covered.shard_bytes) / sum(covered.shard_bytes)
    starts = not job.upstream or cluster
    lead = runs.warm_up.lead_seconds if starts else 0.0
    return busy.times(max(1 / min(tasks, workers), longest_task)).plus(Estimate(lead, lead, lead))


def worker_memory(job: JobShape, runs: SampleRuns, covered: Coverage, *, tasks: int) -> Estimate:
    """Return the peak of a worker: the largest seen; where one task holds all documents, by a line."""
    head, whole = runs.head.totals(job.name), runs.whole.totals(job.name)
    peaks = [head.peak_memory_bytes, whole.peak_memory_bytes]
    peak = float(max(peaks))
    if whole.tasks == tasks == 1 and job.upstream:
        slope, start = line([runs.head.documents_sampled, runs.whole.documents_sampled], peaks)
        peak = max(peak, start + slope * covered.documents)
    return Estimate(peak, peak * MEMORY_LOW, peak * MEMORY_HIGH)
