"""Runs of a recipe over samples, by the workers of a real run, in a temporary folder that is removed.

Four samples, each of which holds the one before: see `measured.SampleRuns` for what each of them tells.
"""

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from atom_data.errors import DataError
from atom_data.forecast.measured import DocumentCounts, SampleRun, SampleRuns, SourceSample, totals
from atom_data.forecast.sampled import COUNTS, SampleOrder
from atom_data.graph import Job, raw_sources
from atom_data.runner.needs import needs
from atom_data.runner.plan import plan_job, write_plan
from atom_data.runner.pool import Pool
from atom_data.runner.progress import Progress
from atom_data.runner.recipe import Recipe, job_identity, load_recipe
from atom_data.runner.server import server
from atom_data.runner.signals import handled, interrupt
from atom_data.runner.worker import Orders
from atom_data.storage.paths import write_errors
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Shard
from atom_data.terminal.display import Display
from atom_data.text.hashes import hash_64
from atom_data.workspace import Workspace

HEAD_DOCUMENTS = 4
"""Documents of each shard in the smallest sample: enough that every step has run once."""
LEAST_SHARDS = 8
"""Number of shards of a source to sample from, if it has them: shards differ more than documents do."""
LEAST_DOCUMENTS = 300
"""Minimum number of documents of each source in a sample, about: a mean over 300 is good to some 10 %, with costs that
vary as widely as those of pages (standard deviation of about twice the mean)."""
LEAST_BYTES = 16 << 20
"""And minimum bytes of documents, to have enough time to measure."""
SHORT_SECONDS = 15.0
"""Until its runs have taken so long the sample is run again, and the middle of their times counts: the same work takes
up to half as long again while another machine's work is on the same processor, and that comes and goes within seconds."""
MOST_REPEATS = 5
QUARTER = 0.25
NEARLY_ALL = 0.8
"""When a sample is more than this share of the input, all of it is run: leaving out the rest saves nothing."""

_RECIPE = """
from atom_data.forecast.sampled import sampled_stages

def stages():
    return sampled_stages({path!r})
"""


def choose_shards(shards: tuple[Shard, ...], share: float) -> tuple[Shard, ...]:
    """Return shards by a hash of their names until they hold a share of all bytes, and some at least; sorted by name."""
    by_hash = sorted(shards, key=lambda shard: hash_64(shard.name.encode()))
    known = all(shard.bytes for shard in shards)
    total = sum(shard.bytes for shard in shards) if known else len(shards)
    chosen: list[Shard] = []
    chosen_size = 0
    for shard in by_hash:
        if chosen_size >= share * total and len(chosen) >= LEAST_SHARDS:
            break
        chosen.append(shard)
        chosen_size += shard.bytes if known else 1
    return tuple(sorted(chosen, key=lambda shard: shard.name))


def choose_samples(recipe: Recipe, workspace: Workspace, share: float) -> tuple[SourceSample, ...]:
    """List the sources of a recipe and choose shards. DataError for a source without a shard. Memory: 300 bytes per shard."""
    samples = []
    for source in raw_sources(recipe.nodes):
        shards = source.shards(workspace)
        if not shards:
            raise DataError(f"source '{source.name}': there is no shard to read. Check the paths in the recipe.")
        sizes = tuple(shard.bytes for shard in shards)
        samples.append(SourceSample(source.name, sizes, choose_shards(shards, share)))
    return tuple(samples)


def run_samples(
    recipe: Recipe,
    sources: tuple[SourceSample, ...],
    share: float,
    workers: int,
    say: Callable[[str], None],
    display: Display,
) -> SampleRuns:
    """Run the samples. `say` gets the current activity; `display` shows the progress of kernels that must be compiled.

    DataError when a shard fails, or when there is not one document. Disk: what the recipe writes for the sample.
    """
    server()
    # Half of the shards are read by a worker that has begun before: that tells beginning from reading.
    workers = max(1, min(workers, min(len(source.shards) for source in sources) // 2))
    with handled({signal.SIGTERM: interrupt}), tempfile.TemporaryDirectory(prefix="atom-data-plan-") as folder:
        place = Path(folder)
        say("reading the first documents of each shard chosen")
        warm_up = _run(recipe, sources, 0.0, place / "warm-up", workers, display, stops=True)
        say("reading the shards chosen")
        head = _run(recipe, sources, 0.0, place / "head", workers, display)
        sources = with_document_shares(sources, head, share)
        quarter, whole = _run_pairs(recipe, sources, place, workers, say, display)
    return SampleRuns(sources, workers, warm_up, head, quarter, whole)


def with_document_shares(sources: tuple[SourceSample, ...], head: SampleRun, share: float) -> tuple[SourceSample, ...]:
    """Choose the documents of each source, the same share of all of each. DataError when a source has none at all."""
    wanted = share
    for number, source in enumerate(sources):
        counts = head.of_source(number)
        documents, size = sum(one.documents for one in counts), sum(one.bytes for one in counts)
        if not documents:
            raise DataError(
                f"source '{source.name}': there is no document in {len(source.shards):,} shards. Check the input."
            )
        wanted = max(wanted, max(LEAST_DOCUMENTS / documents, LEAST_BYTES / max(1, size)) / source.scale)
    shares = (wanted * source.scale for source in sources)
    return tuple(
        replace(source, document_share=1.0 if part > NEARLY_ALL else part)
        for source, part in zip(sources, shares, strict=True)
    )


def _run_pairs(
    recipe: Recipe, sources: tuple[SourceSample, ...], place: Path, workers: int, say: Callable[[str], None],
    display: Display,
) -> tuple[SampleRun, SampleRun]:  # fmt: skip
    """Run a quarter of the sample and all of it, in turns if that takes little time; where all is run, none of it and all."""
    everything = all(source.is_everything for source in sources)
    part = 0.0 if everything else QUARTER
    what = (
        "all of the input, which is too small for a sample" if everything else "a quarter of the sample, and the sample"
    )
    pairs: list[tuple[SampleRun, SampleRun]] = []
    while not pairs or (
        len(pairs) < MOST_REPEATS and sum(run.wall_seconds for pair in pairs for run in pair) < SHORT_SECONDS
    ):
        say(f"running {what}" if not pairs else f"running it again to see how times differ ({len(pairs) + 1})")
        quarter = _run(recipe, sources, part, place / "quarter", workers, display)
        pairs.append((quarter, _run(recipe, sources, 1.0, place / "whole", workers, display)))
    return with_median_times(pairs)


def with_median_times(pairs: list[tuple[SampleRun, SampleRun]]) -> tuple[SampleRun, SampleRun]:
    """Return the first pair, with the receipts of each job from the pair in which its CPU time is the median.

    A pair stays together: a quarter from a slow minute beside a whole from a fast one would tell nothing.
    """
    quarter: dict[str, tuple[Receipt, ...]] = {}
    whole: dict[str, tuple[Receipt, ...]] = {}
    for job in pairs[0][0].receipts:
        by_time = sorted(pairs, key=lambda pair: sum(run.totals(job).cpu_seconds for run in pair))
        median = by_time[(len(by_time) - 1) // 2]
        quarter[job], whole[job] = (run.receipts[job] for run in median)
    first_quarter, first_whole = pairs[0]
    return replace(first_quarter, receipts=quarter), replace(first_whole, receipts=whole)


def _run(
    recipe: Recipe, sources: tuple[SourceSample, ...], part: float, folder: Path, workers: int, display: Display,
    stops: bool = False,
) -> SampleRun:  # fmt: skip
    """Run a part of the samples; what a job as a whole would refuse does not stop it."""
    path, out = _write_recipe(recipe, sources, part, folder, stops), str(folder / "out")
    loaded, began = load_recipe(path), time.monotonic()
    pool, workspace = Pool(Orders(path, out), workers, needs(loaded.jobs)), Workspace(out, f"plan-{os.getpid()}")
    receipts: dict[str, tuple[Receipt, ...]] = {}
    counts: dict[tuple[int, str], DocumentCounts] = {}
    lead_seconds = 0.0
    try:
        compiled_before = pool.server.compile_seconds
        pool.prepare(display)
        began += pool.server.compile_seconds - compiled_before  # once a machine, and in no other run
        for job in loaded.jobs:
            done = _run_job(job, workspace, pool)
            receipts[job.name] = _without(_note_counts(Path(out) / COUNTS, counts), done)
            if not lead_seconds:
                busy = totals(receipts[job.name]).wall_seconds / workers
                lead_seconds = max(0.01, time.monotonic() - began - busy)
    finally:
        pool.close()
    wall_seconds = time.monotonic() - began
    shutil.rmtree(folder)
    return SampleRun(receipts, tuple(counts.values()), wall_seconds, lead_seconds)


def _write_recipe(recipe: Recipe, sources: tuple[SourceSample, ...], part: float, folder: Path, stops: bool) -> str:
    """Write a recipe that runs another one over a part of the samples, and return its path."""
    shares = tuple((source.document_share * part, source.shards) for source in sources)
    order = SampleOrder(
        recipe=str(Path(recipe.path).resolve()),
        given=dict(recipe.given),
        first=HEAD_DOCUMENTS,
        stops=stops,
        sources=shares,
    )
    with write_errors(str(folder)):
        folder.mkdir(parents=True)
        order.write(folder / "sample.json")
        path = folder / "sample.py"
        path.write_text(_RECIPE.format(path=str(folder / "sample.json")))
    return str(path)


def _run_job(job: Job, workspace: Workspace, pool: Pool) -> tuple[Receipt, ...]:
    """Do the tasks of a job; return their receipts in the order in which they were started."""
    plan = plan_job(job, workspace)
    write_plan(plan, workspace)
    progress = Progress(plan, workspace, Display(Console(quiet=True)), 0, "", list(plan.todo))
    names = [task.name for task in reversed(progress.waiting)]
    pool.run_job(job.name, job_identity(job), progress)
    if progress.failures:
        failure = progress.failures[0]
        raise DataError(f"the sample failed in {failure.stage}/{failure.shard}: {failure.message}")
    return tuple(plan.done[name] for name in names)


def _note_counts(folder: Path, counts: dict[tuple[int, str], DocumentCounts]) -> float:
    """Move what the readings of one job left into `counts`; return the seconds they took to choose documents.

    Of several readings of a shard, with different columns, the largest one stays.
    """
    seconds = 0.0
    for path in sorted(folder.glob("*.json")):
        read = DocumentCounts(**json.loads(path.read_text("utf-8")))
        path.unlink()
        seconds += read.choosing_seconds
        key = read.source, read.shard
        counts[key] = max(counts.get(key, read), read, key=lambda one: one.bytes)
    return seconds


def _without(choosing_seconds: float, receipts: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    """Take what choosing documents took, which no real run spends, from the times of a job's tasks."""
    left = max(0.0, 1 - choosing_seconds / max(1e-9, totals(receipts).cpu_seconds))
    return tuple(
        replace(
            receipt,
            measured=replace(
                receipt.measured,
                cpu_seconds=receipt.measured.cpu_seconds * left,
                wall_seconds=receipt.measured.wall_seconds * left,
            ),
        )
        for receipt in receipts
    )
