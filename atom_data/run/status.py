"""The table at the end of a run and of `atom-data status`: per stage documents in, kept, dropped by reason, and speed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from atom_data.errors import DataError
from atom_data.job import Job
from atom_data.storage.paths import join
from atom_data.storage.receipts import plan_path, read_json, read_receipt


@dataclass(slots=True)
class JobStatus:
    """The sums of a job's receipts."""

    name: str
    shards: int = 0
    finished: int = 0
    rows_in: int = 0
    rows_out: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    input_bytes: int = 0
    text_bytes: int = 0
    tokens: int = 0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0

    def add(self, receipt: dict[str, Any]) -> None:
        """Add one receipt."""
        self.finished += 1
        for name in ("rows_in", "rows_out", "text_bytes", "tokens"):
            setattr(self, name, getattr(self, name) + receipt[name])
        for name in ("dropped", "unreadable", "skipped"):
            getattr(self, name).update(receipt[name])
        measured = receipt["measured"]
        self.input_bytes += measured["input_bytes"]
        self.cpu_seconds += measured["cpu_seconds"]
        self.peak_memory_bytes = max(self.peak_memory_bytes, measured["peak_memory_bytes"])


def job_status(job: Job, out: str) -> JobStatus:
    """Add up a job's receipts, as far as it has come. A receipt that was edited counts as not there."""
    status = JobStatus(job.name)
    plan = read_json(join(out, plan_path(job.name)))
    names = plan["shards"] if plan else ()
    status.shards = len(names)
    for name in names:
        try:
            receipt = read_receipt(out, job.name, name)
        except DataError:
            receipt = None
        if receipt is not None:
            status.add(receipt)
    return status


def print_status(statuses: list[JobStatus], console: Console) -> None:
    """Print one line a stage, and below it what it dropped and why."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("stage")
    for title in ("shards", "documents in", "kept", "dropped", "text MB", "tokens", "CPU s", "MB/s a core", "peak MB"):
        table.add_column(title, justify="right")
    for status in statuses:
        table.add_row(*_cells(status))
        for name, count in _reasons(status):
            table.add_row(f"  [dim]{name}[/dim]", "", "", "", f"[dim]{count:,}[/dim]")
    console.print(table)


def _cells(status: JobStatus) -> tuple[str, ...]:
    speed = f"{status.input_bytes / 1e6 / status.cpu_seconds:,.1f}" if status.cpu_seconds else "-"
    return (
        status.name,
        f"{status.finished:,}/{status.shards:,}" if status.shards else "not begun",
        f"{status.rows_in:,}",
        f"{status.rows_out:,}",
        f"{status.dropped.total():,}",
        f"{status.text_bytes / 1e6:,.1f}" if status.text_bytes else "",
        f"{status.tokens:,}" if status.tokens else "",
        f"{status.cpu_seconds:,.1f}",
        speed,
        f"{status.peak_memory_bytes / 1e6:,.0f}",
    )


def _reasons(status: JobStatus) -> list[tuple[str, int]]:
    lines = sorted(status.dropped.items(), key=lambda item: (-item[1], item[0]))
    lines += [(f"unreadable: {name}", count) for name, count in sorted(status.unreadable.items())]
    lines += [(f"no document: {name}", count) for name, count in sorted(status.skipped.items())]
    return lines
