"""How far a run has come: the sums of the receipts of each job, and those of a pass as one stage."""

import heapq
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atom_data.graph import Job, stage_of
from atom_data.graph.names import gathered
from atom_data.stage import Stage
from atom_data.status.stale import Now, now
from atom_data.storage.manifest import COUNTS, Manifest, manifest_row
from atom_data.workspace import Workspace

SUMS = ("rows_in", "rows_out", "text_bytes", "tokens", "input_bytes", "output_bytes", "wall_seconds", "cpu_seconds")
SLOWEST = 3


@dataclass(slots=True)
class JobStatus:
    """The sums of a job's receipts, and its array if it has one."""

    name: str
    shards: int = 0
    finished: int = 0
    failed: int = 0
    left_out: list[str] = field(default_factory=list)
    """Shards that it was finished without, because they failed."""
    sums: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    peak_memory_bytes: int = 0
    slowest: list[tuple[float, str]] = field(default_factory=list)
    """Seconds and name of the shards that took longest, as a heap."""
    counted: set[str] = field(default_factory=set)
    """Shards whose receipts are in the sums, while the stage has no manifest: who looks again reads only what is new."""
    reads: tuple[str, ...] = ()
    """The jobs before it."""
    stale: Counter[str] = field(default_factory=Counter)
    """Finished shards that a run rebuilds, by reason, as far as receipts tell: changed input is not looked for."""
    now: Now = field(default_factory=lambda: Now((), {}))
    """What a receipt would say of its identity now."""
    elements: Counter[str] = field(default_factory=Counter)
    """Elements of its array in the queue, by Slurm's state."""
    workers: int = 1
    """Worker processes of an array task."""
    expects: tuple[float, float] | None = None
    """The share of its documents that it should keep, as the recipe says."""
    cleaned: bool = False
    """Whether its files were no longer needed and were removed."""
    parts: "list[JobStatus]" = field(default_factory=list)
    """Of a pass as one stage: its jobs, each after what it needs."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row of the manifest."""
        self.finished += 1
        for name in SUMS:
            self.sums[name] += row[name]
        for name in COUNTS:
            getattr(self, name).update(json.loads(row[name]))
        self.peak_memory_bytes = max(self.peak_memory_bytes, row["peak_memory_bytes"])
        heapq.heappush(self.slowest, (row["wall_seconds"], row["shard"]))
        if len(self.slowest) > SLOWEST:
            heapq.heappop(self.slowest)

    def leave_out(self, shards: Sequence[str]) -> None:
        """Count shards that failed, whose receipts are in the sums with nothing in them, as not finished."""
        self.left_out += shards
        self.finished -= len(shards)

    @property
    def bytes_a_second(self) -> float:
        """Input that its running array tasks read per second, estimated from finished shards."""
        if self.parts:
            return sum(part.bytes_a_second for part in self.parts)
        running = self.elements["RUNNING"] * self.workers
        return running * self.sums["input_bytes"] / self.sums["wall_seconds"] if self.sums["wall_seconds"] else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time left with what runs now, if shards are alike; None when unknown."""
        if self.parts:
            told = [part.seconds_left for part in self.parts]
            return max((seconds for seconds in told if seconds is not None), default=None)
        running = min(self.elements["RUNNING"] * self.workers, self.shards - self.finished)
        if not running or not self.finished:
            return None
        return (self.shards - self.finished) * self.sums["wall_seconds"] / self.finished / running

    @property
    def begun(self) -> bool:
        """Whether it has a plan of its shards; of a pass, whether any of its jobs has one."""
        return self.shards > 0

    @property
    def complete(self) -> bool:
        """Whether every shard is finished, of a pass those of every job."""
        return self.begun and self.finished == self.shards and not self.waiting_jobs

    @property
    def waiting_jobs(self) -> list[str]:
        """Of a pass: the jobs whose shards are not known yet, because earlier jobs decide them."""
        return [part.name for part in self.parts if not part.begun]

    @property
    def job(self) -> str:
        """Of a pass in progress: the current job."""
        if not self.begun or self.complete:
            return ""
        return next((part.name for part in self.parts if part.finished < part.shards or not part.begun), "")


def by_stage(statuses: Sequence[JobStatus]) -> list[JobStatus]:
    """Return the statuses of stages and passes, as a recipe names them: the jobs of a pass added up."""
    return gathered(statuses, _together)


def _together(name: str, parts: list[JobStatus]) -> JobStatus:
    """Add up what the jobs of a pass took; its counts of documents are those of the job that writes its columns."""
    most = max(parts, key=lambda part: part.sums["rows_in"])
    documents = next((part for part in parts if part.name == name and part.finished), most)
    reads = tuple(
        dict.fromkeys(stage_of(before) for part in parts for before in part.reads if stage_of(before) != name)
    )
    status = JobStatus(name, parts=parts, workers=max(part.workers for part in parts), reads=reads)
    for part in parts:
        status.shards += part.shards
        status.finished += part.finished
        status.failed += part.failed
        status.stale.update(part.stale)
        status.elements.update(part.elements)
        for counts, own in zip(_counts(status), _counts(part), strict=True):
            counts |= own
    status.sums = Counter({key: sum(part.sums[key] for part in parts) for key in SUMS})
    status.sums.update({key: documents.sums[key] - status.sums[key] for key in ("rows_in", "rows_out", "text_bytes")})
    status.peak_memory_bytes = max(part.peak_memory_bytes for part in parts)
    status.slowest = sorted(item for part in parts for item in part.slowest)[-SLOWEST:]
    return status


def _counts(status: JobStatus) -> tuple[Counter[str], ...]:
    return status.dropped, status.unreadable, status.skipped


def job_status(
    job: Job,
    workspace: Workspace,
    record: Mapping[str, Any] | None = None,
    queue: Mapping[str, str] | None = None,
    before: JobStatus | None = None,
    *,
    manifest: Manifest | None = None,
) -> JobStatus:
    """Add up a job's manifest, or its receipts as far as it has come; a receipt that was edited counts as not there.

    `record` and `queue` are what was submitted to Slurm and what Slurm says of it. With `before`, an earlier status of
    the same submission, only receipts that are new since then are read. `manifest` is that of the job where it was read
    already. Memory: a manifest, or 100 bytes per shard.
    """
    plan = workspace.shard_list(job.name)
    names = plan.shards if plan else ()
    found = manifest or workspace.manifest(job.name)
    if found is not None and found.table.num_rows == len(names):
        status = _begun(job, len(names), before)
        status.stale.update(_stale_all(status, found.identity))
        for batch in found.table.to_batches(max_chunksize=1024):
            for row in batch.to_pylist():
                status.add(row)
        status.leave_out(found.failed)
    else:
        known = before is not None and before.shards == len(names) and bool(before.counted)
        status = before if before is not None and known else _begun(job, len(names), before)
        _add_receipts(status, workspace, names)
    status.cleaned = workspace.is_cleaned(job.name)
    if not workspace.is_remote:
        status.failed = sum(1 for _ in workspace.local(job.name, "failed").glob("*.json"))
    for item in (record or {}).get("jobs", ()):
        if item["stage"] == status.name:
            states = [state for name, state in (queue or {}).items() if name.partition("_")[0] == item["array"]]
            status.elements = Counter(states)
            status.workers = record["profile"]["workers_per_task"] if record else 1
    return status


def _begun(job: Job, shards: int, before: JobStatus | None) -> JobStatus:
    reads = tuple(upstream.name for upstream in job.upstream())
    expects = job.expects if isinstance(job, Stage) else None
    return JobStatus(job.name, shards, reads=reads, now=before.now if before else now(job), expects=expects)


def _stale_all(status: JobStatus, identity: Mapping[str, Any]) -> dict[str, int]:
    """Return all shards of a job by the reason for which its manifest is stale; nothing where it is not."""
    why = status.now.why_stale(identity["job"], identity["code"])
    return {why: status.shards} if why else {}


def _add_receipts(status: JobStatus, workspace: Workspace, names: Sequence[str]) -> None:
    new = [name for name in names if name not in status.counted]
    for name, receipt, *_ in workspace.receipts(status.name, new):
        if receipt:
            status.add(manifest_row(receipt))
            status.leave_out([name] if receipt.failed else [])
            why = status.now.why_stale(receipt.job, receipt.code)
            status.stale.update([why] if why else [])
            status.counted.add(name)
