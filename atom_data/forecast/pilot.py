"""Runs of a recipe over samples, by the workers of a real run: what a forecast is made from.

`cold`    the first documents of each shard chosen, read no further: what a first run on a machine pays; also a warm-up
`few`     the same documents, with the shards read to their ends: what reading and a task as such cost; and it counts
`quarter` a quarter of the sample
`whole`   the sample: each of these holds the one before
"""

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from atom_data.draws import hash_64
from atom_data.errors import DataError
from atom_data.forecast.sampled import COUNTS
from atom_data.graph import Job, raw_sources
from atom_data.run.needs import needs
from atom_data.run.plan import plan_job, write_plan
from atom_data.run.pool import Pool
from atom_data.run.progress import Progress
from atom_data.run.recipe import Recipe, job_identity, load_recipe
from atom_data.run.server import server
from atom_data.run.signals import handled, interrupt
from atom_data.run.worker import Orders
from atom_data.storage.manifest import manifest_row
from atom_data.storage.paths import write_errors
from atom_data.storage.shards import Shard
from atom_data.terminal.display import Display
from atom_data.workspace import Workspace

FIRST = 4
"""Documents of each shard in the smallest sample: enough that every step has run once."""
LEAST_SHARDS = 8
"""A sample comes from so many shards of a source, if it has them: shards differ more than documents do."""
LEAST_DOCUMENTS = 300
"""A sample has about so many documents of each source at least: a mean over 300 is good to some 10 %, with costs that
vary as widely as those of pages (standard deviation of about twice the mean)."""
LEAST_BYTES = 16 << 20
"""And so many bytes of documents, so that there is time enough to measure."""
SHORT_SECONDS = 15.0
"""Until its runs have taken so long the sample is run again, and the middle of their times counts: the same work takes
up to half as long again while another machine's work is on the same processor, and that comes and goes within seconds."""
TIMES = 5
QUARTER = 0.25
ALL = 0.8
"""Where that comes to more than so much of the input, all of it is run: leaving out the rest saves nothing."""

_RECIPE = """
from atom_data.forecast.sampled import sampled_stages

def stages():
    return sampled_stages({path!r})
"""


@dataclass(slots=True)
class Sample:
    """What was chosen of one source."""

    name: str
    sizes: tuple[int, ...]
    """Of the files of all its shards, in the order of their names; 0 where a store was not asked."""
    chosen: tuple[Shard, ...]
    documents: float = 0.0
    """The share of the documents of the shards chosen."""

    @property
    def weight(self) -> float:
        """How much more there is than what was chosen: by bytes of files, by shards where these are not known."""
        chosen = sum(shard.bytes for shard in self.chosen)
        return sum(self.sizes) / chosen if all(self.sizes) else len(self.sizes) / len(self.chosen)

    @property
    def is_everything(self) -> bool:
        """Tell whether nothing was left out."""
        return self.documents >= 1 and len(self.chosen) == len(self.sizes)


@dataclass(slots=True)
class Pilot:
    """One run over a sample."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By job: the receipts of its tasks as rows of a manifest, in the order in which they were handed out."""
    counts: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    """By source and shard: documents and their bytes, all and passed on."""
    wall_seconds: float = 0.0
    lead_seconds: float = 0.0
    """From starting workers to the first task's begin."""


@dataclass(slots=True)
class Pilots:
    """All runs over samples, and what was chosen."""

    samples: list[Sample]
    workers: int
    cold: Pilot
    few: Pilot
    quarter: Pilot
    whole: Pilot


def choose(shards: tuple[Shard, ...], share: float) -> tuple[Shard, ...]:
    """Return shards by a hash of their names until they hold a share of all bytes, and some at least; sorted by name."""
    by_hash = sorted(shards, key=lambda shard: hash_64(shard.name.encode()))
    known = all(shard.bytes for shard in shards)
    total = sum(shard.bytes for shard in shards) if known else len(shards)
    chosen: list[Shard] = []
    held = 0
    for shard in by_hash:
        if held >= share * total and len(chosen) >= LEAST_SHARDS:
            break
        chosen.append(shard)
        held += shard.bytes if known else 1
    return tuple(sorted(chosen, key=lambda shard: shard.name))


def choose_samples(recipe: Recipe, workspace: Workspace, share: float) -> list[Sample]:
    """List the sources of a recipe and choose shards. DataError for a source without a shard. Memory: 300 bytes a shard."""
    samples = []
    for source in raw_sources(recipe.nodes):
        shards = source.shards(workspace)
        if not shards:
            raise DataError(f"source '{source.name}': there is no shard to read. Check the paths in the recipe.")
        samples.append(Sample(source.name, tuple(shard.bytes for shard in shards), choose(shards, share)))
    return samples


def fly(recipe: Recipe, samples: list[Sample], share: float, workers: int, say: Callable[[str], None]) -> Pilots:
    """Run the samples in a temporary folder that goes away, also on Ctrl-C; fill in `documents` of each sample.

    DataError when a shard fails, or when there is not one document. Disk: what the recipe writes for the sample.
    """
    server()
    # Half of the shards are read by a worker that has begun before: that tells beginning from reading.
    workers = max(1, min(workers, min(len(sample.chosen) for sample in samples) // 2))
    with handled({signal.SIGTERM: interrupt}), tempfile.TemporaryDirectory(prefix="atom-data-plan-") as folder:
        place = Path(folder)
        say("reading the first documents of each shard chosen")
        cold = _run(recipe, samples, 0.0, place / "cold", workers, stops=True)
        say("reading the shards chosen")
        few = _run(recipe, samples, 0.0, place / "few", workers)
        _set_documents(samples, few, share)
        quarter, whole = _run_pairs(recipe, samples, place, workers, say)
    return Pilots(samples, workers, cold, few, quarter, whole)


def _run_pairs(
    recipe: Recipe, samples: list[Sample], place: Path, workers: int, say: Callable[[str], None]
) -> tuple[Pilot, Pilot]:
    """Run a quarter of the sample and all of it, in turns if that takes little time; where all is run, none of it and all."""
    everything = all(sample.is_everything for sample in samples)
    part = 0.0 if everything else QUARTER
    what = (
        "all of the input, which is too small for a sample" if everything else "a quarter of the sample, and the sample"
    )
    pairs: list[tuple[Pilot, Pilot]] = []
    while not pairs or (len(pairs) < TIMES and sum(run.wall_seconds for pair in pairs for run in pair) < SHORT_SECONDS):
        say(f"running {what}" if not pairs else f"running it again to see how times differ ({len(pairs) + 1})")
        pairs.append(
            (_run(recipe, samples, part, place / "few", workers), _run(recipe, samples, 1.0, place / "all", workers))
        )
    take_middle(pairs)
    return pairs[0]


def _set_documents(samples: list[Sample], few: Pilot, share: float) -> None:
    """Choose the documents of each source, the same share of all of each. DataError when a source has none at all."""
    wanted = share
    for number, sample in enumerate(samples):
        counts = [item for (source, _), item in few.counts.items() if source == number]
        documents, size = (sum(item[name] for item in counts) for name in ("rows", "bytes"))
        if not documents:
            raise DataError(
                f"source '{sample.name}': there is no document in {len(sample.chosen):,} shards. Check the input."
            )
        wanted = max(wanted, max(LEAST_DOCUMENTS / documents, LEAST_BYTES / max(1, size)) / sample.weight)
    for sample in samples:
        part = wanted * sample.weight
        sample.documents = 1.0 if part > ALL else part


def _run(recipe: Recipe, samples: list[Sample], part: float, folder: Path, workers: int, stops: bool = False) -> Pilot:
    """Run a part of the samples; what a job as a whole would refuse does not stop it."""
    with write_errors(str(folder)):
        folder.mkdir(parents=True)
        told, path, out = folder / "sample.json", folder / "sample.py", str(folder / "out")
        sources = [{"documents": sample.documents * part, "shards": _plain(sample.chosen)} for sample in samples]
        about = {"recipe": str(Path(recipe.path).resolve()), "first": FIRST, "stops": stops, "sources": sources}
        told.write_text(json.dumps(about))
        path.write_text(_RECIPE.format(path=str(told)))
    loaded, pilot, began = load_recipe(str(path)), Pilot(), time.monotonic()
    pool, workspace = Pool(Orders(str(path), out), workers, needs(loaded.jobs)), Workspace(out, f"pilot-{os.getpid()}")
    try:
        for job in loaded.jobs:
            rows = _run_job(job, workspace, pool)
            pilot.rows[job.name] = _without(_note_counts(Path(out) / COUNTS, pilot.counts), rows)
            if not pilot.lead_seconds:
                busy = sum(row["wall_seconds"] for row in pilot.rows[job.name]) / workers
                pilot.lead_seconds = max(0.01, time.monotonic() - began - busy)
    finally:
        pool.close()
    pilot.wall_seconds = time.monotonic() - began
    shutil.rmtree(folder)
    return pilot


def take_middle(pairs: list[tuple[Pilot, Pilot]]) -> None:
    """Set the times of each job in the first pair to those of the pair in which its CPU time is the middle one.

    A pair stays together: a quarter from a slow minute beside a whole from a fast one would tell nothing.
    """
    for name in pairs[0][0].rows:
        runs = sorted(
            (tuple(run.rows[name] for run in pair) for pair in pairs), key=lambda rows: sum(map(_cpu_seconds, rows))
        )
        for run, rows in zip(pairs[0], runs[(len(runs) - 1) // 2], strict=True):
            run.rows[name] = rows


def _cpu_seconds(rows: list[dict[str, Any]]) -> float:
    return float(sum(row["cpu_seconds"] for row in rows))


def _plain(shards: tuple[Shard, ...]) -> list[tuple[Any, ...]]:
    return [(shard.name, shard.path, shard.bytes, shard.start, shard.stop) for shard in shards]


def _run_job(job: Job, workspace: Workspace, pool: Pool) -> list[dict[str, Any]]:
    plan = plan_job(job, workspace)
    write_plan(plan, workspace)
    progress = Progress(plan, workspace, Display(Console(quiet=True)), 0, "", list(plan.todo))
    order = [task.name for task in reversed(progress.waiting)]
    pool.run_job(job.name, job_identity(job), progress)
    if progress.failures:
        failure = progress.failures[0]
        raise DataError(f"the sample failed in {failure.stage}/{failure.shard}: {failure.message}")
    return [manifest_row(plan.done[name]) for name in order]


def _note_counts(folder: Path, counts: dict[tuple[int, str], dict[str, Any]]) -> float:
    """Move what the readings of one job left into `counts`; return the seconds they took to choose documents.

    Of several readings of a shard, with different columns, that with the most bytes stays.
    """
    seconds = 0.0
    for path in sorted(folder.glob("*.json")):
        item = json.loads(path.read_text("utf-8"))
        path.unlink()
        seconds += item["choosing"]
        key = item["source"], item["shard"]
        counts[key] = max(counts.get(key, item), item, key=lambda item: int(item["bytes"]))
    return seconds


def _without(seconds: float, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take seconds that no run has from the times of a job's tasks."""
    left = max(0.0, 1 - seconds / max(1e-9, _cpu_seconds(rows)))
    return [row | {name: row[name] * left for name in ("cpu_seconds", "wall_seconds")} for row in rows]
