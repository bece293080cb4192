"""Three runs of a recipe over samples, by the workers of a real run: what a forecast is made from.

`few`    the first documents of each shard chosen: what reading a shard, and a task as such, costs; and it counts
`half`   half of the sample
`whole`  the sample: each of these holds the one before
"""

import hashlib
import json
import os
import shutil
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from atom_data.errors import DataError
from atom_data.job import Job
from atom_data.run.display import Display
from atom_data.run.plan import plan_job, write_plan
from atom_data.run.pool import Pool
from atom_data.run.progress import Progress
from atom_data.run.recipe import Recipe, job_identity, load_recipe
from atom_data.run.sampled import COUNTS, sources_of
from atom_data.run.worker import Orders
from atom_data.storage.manifest import manifest_row
from atom_data.storage.paths import write_errors
from atom_data.storage.shards import Shard

FIRST = 4
"""Documents of each shard in the smallest sample: enough that every step has run once."""
LEAST_SHARDS = 8
"""A sample comes from so many shards of a source, if it has them: shards differ more than documents do."""
LEAST_DOCUMENTS = 300
"""A sample has about so many documents of each source at least: a mean over 300 is good to some 10 %, with costs that
vary as widely as those of pages (standard deviation of about twice the mean), scaled by bytes."""
LEAST_BYTES = 8 << 20
"""And so many bytes of documents, so that there is time enough to measure."""

_RECIPE = """
from atom_data.run.sampled import sampled_stages

def stages():
    return sampled_stages({path!r})
"""


@dataclass(slots=True)
class Sample:
    """What was chosen of one source."""

    shards: int
    bytes: int
    """Of the files of all its shards; 0 where that is not known."""
    chosen: tuple[Shard, ...]
    documents: float = 0.0
    """The share of the documents of the shards chosen."""

    @property
    def weight(self) -> float:
        """How much more there is than what was chosen: by bytes of files, by shards where these are not known."""
        chosen = sum(shard.bytes for shard in self.chosen)
        return self.bytes / chosen if self.bytes and chosen else self.shards / len(self.chosen)


@dataclass(slots=True)
class Pilot:
    """One run over a sample."""

    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By job and shard: the receipt, as a row of a manifest."""
    counts: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    """By source and shard: documents and their bytes, all and passed on."""
    wall_seconds: float = 0.0


def choose(shards: tuple[Shard, ...], share: float) -> tuple[Shard, ...]:
    """Return shards by a hash of their names until they hold a share of all bytes, and some at least; sorted by name."""
    by_hash = sorted(shards, key=lambda shard: hashlib.blake2b(shard.name.encode(), digest_size=8).digest())
    total = sum(shard.bytes for shard in shards)
    chosen: list[Shard] = []
    held = 0
    for shard in by_hash:
        enough = held >= share * total if total else len(chosen) >= share * len(shards)
        if enough and len(chosen) >= LEAST_SHARDS:
            break
        chosen.append(shard)
        held += shard.bytes
    return tuple(sorted(chosen, key=lambda shard: shard.name))


def sample_sources(recipe: Recipe, out: str, share: float) -> list[Sample]:
    """List the sources of a recipe and choose shards. DataError for a source without a shard. Memory: 300 bytes a shard."""
    samples = []
    for source in sources_of(recipe.jobs):
        shards = source.shards(out)
        if not shards:
            raise DataError(f"source '{source.name}': there is no shard to read. Check the paths in the recipe.")
        known = all(shard.bytes for shard in shards)
        samples.append(Sample(len(shards), sum(s.bytes for s in shards) if known else 0, choose(shards, share)))
    return samples


def fly(recipe: Recipe, samples: list[Sample], share: float, folder: str, workers: int) -> tuple[Pilot, Pilot, Pilot]:
    """Run the three samples in folders of their own, and remove these; fill in `documents` of each sample."""
    few = _run(recipe, samples, 0.0, Path(folder) / "few", workers)
    for number, sample in enumerate(samples):
        counts = [item for (source, _), item in few.counts.items() if source == number]
        documents, size = (max(1, sum(item[name] for item in counts)) for name in ("rows", "bytes"))
        sample.documents = min(1.0, max(share * sample.weight, LEAST_DOCUMENTS / documents, LEAST_BYTES / size))
    half = _run(recipe, samples, 0.5, Path(folder) / "half", workers)
    return few, half, _run(recipe, samples, 1.0, Path(folder) / "whole", workers)


def _run(recipe: Recipe, samples: list[Sample], part: float, folder: Path, workers: int) -> Pilot:
    """Run a part of the samples; what a job as a whole would refuse does not stop it."""
    shutil.rmtree(folder, ignore_errors=True)
    with write_errors(str(folder)):
        folder.mkdir(parents=True)
        told, path, out = folder / "sample.json", folder / "sample.py", str(folder / "out")
        sources = [{"documents": sample.documents * part, "shards": _plain(sample.chosen)} for sample in samples]
        told.write_text(json.dumps({"recipe": str(Path(recipe.path).resolve()), "first": FIRST, "sources": sources}))
        path.write_text(_RECIPE.format(path=str(told.resolve())))
    loaded, pilot, began = load_recipe(str(path)), Pilot(), time.monotonic()
    pool = Pool(Orders(str(path), out), workers)
    try:
        for job in loaded.jobs:
            pilot.rows[job.name] = _run_job(job, out, pool)
    finally:
        pool.close()
    pilot.wall_seconds, pilot.counts = time.monotonic() - began, _counts(Path(out) / COUNTS)
    shutil.rmtree(folder)
    return pilot


def _plain(shards: tuple[Shard, ...]) -> list[tuple[Any, ...]]:
    return [(shard.name, shard.path, shard.bytes, shard.start, shard.stop) for shard in shards]


def _run_job(job: Job, out: str, pool: Pool) -> dict[str, dict[str, Any]]:
    plan = plan_job(job, out)
    write_plan(plan, out, f"pilot-{os.getpid()}")
    progress = Progress(plan, out, Display(Console(quiet=True)), 0, "", list(plan.todo))
    pool.run_job(job.name, job_identity(job), progress)
    if progress.failures:
        failure = progress.failures[0]
        raise DataError(f"the sample failed in {failure.stage}/{failure.shard}: {failure.message}")
    return {name: manifest_row(receipt) for name, receipt in plan.done.items()}


def _counts(folder: Path) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the counts of each shard; of several readings with different columns that with the most bytes."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(folder.glob("*.json")):
        item = json.loads(path.read_text("utf-8"))
        found[item["source"], item["shard"]].append(item)
    return {key: max(items, key=lambda item: int(item["bytes"])) for key, items in found.items()}
