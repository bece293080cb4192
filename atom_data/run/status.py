"""How far a run has come: per stage documents in, kept, dropped by reason, speed, and what still runs or has failed."""

import heapq
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from atom_data.graph import Job
from atom_data.run.display import clock
from atom_data.run.stale import Now, now, said_left_over, stale_lines
from atom_data.storage.manifest import COUNTS, manifest_row
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
    """Finished shards that a run makes again, by reason, as far as receipts tell: changed input is not looked for."""
    now: Now = field(default_factory=lambda: Now((), {}))
    """What a receipt would say of its identity now."""
    elements: Counter[str] = field(default_factory=Counter)
    """Elements of its array in the queue, by Slurm's state."""
    workers: int = 1
    """Worker processes of an element."""

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
        """Input that its running elements read in a second, by what finished shards took."""
        running = self.elements["RUNNING"] * self.workers
        return running * self.sums["input_bytes"] / self.sums["wall_seconds"] if self.sums["wall_seconds"] else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes with what runs now, if shards are alike; None when nothing tells."""
        running = min(self.elements["RUNNING"] * self.workers, self.shards - self.finished)
        if not running or not self.finished:
            return None
        return (self.shards - self.finished) * self.sums["wall_seconds"] / self.finished / running


def job_status(
    job: Job,
    workspace: Workspace,
    record: Mapping[str, Any] | None = None,
    queue: Mapping[str, str] | None = None,
    before: JobStatus | None = None,
) -> JobStatus:
    """Add up a job's manifest, or its receipts as far as it has come; a receipt that was edited counts as not there.

    `record` and `queue` are what was submitted to Slurm and what Slurm says of it. With `before`, an earlier status of
    the same submission, only receipts that are new since then are read. Memory: a manifest, or 100 bytes a shard.
    """
    plan = workspace.shard_list(job.name)
    names = plan.shards if plan else ()
    found = workspace.manifest(job.name)
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
    return JobStatus(job.name, shards, reads=reads, now=before.now if before else now(job))


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


def status_table(statuses: list[JobStatus]) -> Table:
    """Return one line a stage, and below it what it dropped and why; columns of the array while one is in the queue."""
    queued = any(status.elements for status in statuses)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("stage")
    titles = ["shards", "documents in", "kept", "dropped", "text MB", "tokens", "CPU s", "MB/s a core", "peak MB"]
    for title in titles[:1] + (["running", "waiting", "MB/s", "ETA"] if queued else []) + titles[1:]:
        table.add_column(title, justify="right")
    for status in statuses:
        cells = _cells(status)
        table.add_row(*cells[:2], *(_queue_cells(status) if queued else ()), *cells[2:])
        blank = [""] * (6 if queued else 2)
        for name, count in _reasons(status):
            table.add_row(f"  [dim]{escape(name)}[/dim]", *blank, "", f"[dim]{count:,}[/dim]")
    return table


def print_status(statuses: list[JobStatus], workspace: Workspace, console: Console) -> None:
    """Print the table, the slowest shards of stages that still run, and what to do about failures."""
    console.print(status_table(statuses))
    for line in remarks(statuses, workspace):
        console.print(line, soft_wrap=True)


def remarks(statuses: list[JobStatus], workspace: Workspace) -> list[str]:
    """Return what is worth a look: the slowest shards while a stage runs, shards that failed or are stale, folders left over."""
    lines = []
    for status in statuses:
        if status.elements and status.slowest:
            slow = ", ".join(
                f"{escape(name)} {seconds:,.1f} s" for seconds, name in sorted(status.slowest, reverse=True)
            )
            lines.append(f"{status.name}: slowest shards: {slow}")
        if status.left_out:
            names = ", ".join(status.left_out[:SLOWEST]) + (", ..." if len(status.left_out) > SLOWEST else "")
            see = f"atom-data logs {escape(workspace.root)} --failed"
            lines.append(
                f"[red]{status.name}: finished without {len(status.left_out):,} shards that failed[/red] ({escape(names)}); "
                f"see {see}. Run again to try them again."
            )
        elif status.failed:
            see = f"atom-data logs {escape(workspace.root)} --failed"
            lines.append(f"[red]{status.name}: {status.failed:,} shards failed[/red]; see {see}")
    by_name = {status.name: status for status in statuses}
    stale = {name: status.stale for name, status in by_name.items()}
    shards = {name: status.shards for name, status in by_name.items()}
    lines += map(escape, stale_lines(stale, shards, {name: status.reads for name, status in by_name.items()}))
    left = workspace.left_over(by_name)
    return [*lines, escape(said_left_over(workspace, left))] if left else lines


def _cells(status: JobStatus) -> tuple[str, ...]:
    sums = status.sums
    speed = f"{sums['input_bytes'] / 1e6 / sums['cpu_seconds']:,.1f}" if sums["cpu_seconds"] else "-"
    return (
        status.name,
        f"{status.finished:,}/{status.shards:,}" if status.shards else "not begun",
        f"{sums['rows_in']:,}",
        f"{sums['rows_out']:,}",
        f"{status.dropped.total():,}",
        f"{sums['text_bytes'] / 1e6:,.1f}" if sums["text_bytes"] else "",
        f"{sums['tokens']:,}" if sums["tokens"] else "",
        f"{sums['cpu_seconds']:,.1f}",
        speed,
        f"{status.peak_memory_bytes / 1e6:,.0f}",
    )


def _queue_cells(status: JobStatus) -> tuple[str, ...]:
    running, left = status.elements["RUNNING"], status.seconds_left
    waiting = status.elements.total() - running
    return (
        f"{running:,}" if running else "",
        f"{waiting:,}" if waiting else "",
        f"{status.bytes_a_second / 1e6:,.1f}" if running else "",
        clock(left) if left is not None else "",
    )


def _reasons(status: JobStatus) -> list[tuple[str, int]]:
    lines = sorted(status.dropped.items(), key=lambda item: (-item[1], item[0]))
    lines += [(f"unreadable: {name}", count) for name, count in sorted(status.unreadable.items())]
    lines += [(f"no document: {name}", count) for name, count in sorted(status.skipped.items())]
    return lines
