"""The table of a run, a line per stage and below it what it dropped and why; the same as JSON; what is worth a look."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.markup import escape

from atom_data.graph import stage_of
from atom_data.status.stale import said_left_over, stale_lines
from atom_data.status.status import SLOWEST, JobStatus, by_stage
from atom_data.status.yields import yields
from atom_data.terminal.called import command_line
from atom_data.terminal.display import clock
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import Column, percent, plural, table_lines, width_of
from atom_data.workspace import Workspace

COLUMNS = (
    Column("stage", left=True), Column("shards", 2), Column("running", 1), Column("waiting", 1), Column("ETA", 1),
    Column("docs in"), Column("kept"), Column("dropped"), Column("%", 1), Column("% kept", 4), Column("text MB", 5),
    Column("tokens", 3), Column("CPU s", 6), Column("MB/s", 5), Column("MB/s per core", 7), Column("peak MB", 8),
)  # fmt: skip
"""`%` is the share that was dropped; `running` to `ETA`, and `MB/s`, are of arrays in the queue."""


def status_lines(statuses: Sequence[JobStatus], width: int = 0, jobs: bool = False) -> list[str]:
    """Return the table as lines of markup: a line per stage, with `jobs` a line per job."""
    rows = [row for status in (statuses if jobs else by_stage(statuses)) for row in _rows(status)]
    return table_lines(COLUMNS, rows, width)


def print_status(statuses: Sequence[JobStatus], workspace: Workspace, console: Screen, jobs: bool = False) -> None:
    """Print the table, the slowest shards of stages that still run, and what to do about failures."""
    for line in status_lines(statuses, width_of(console), jobs):
        console.print(line, soft_wrap=True)
    for line in remarks(statuses, workspace):
        console.prose(line)


def remarks(statuses: Sequence[JobStatus], workspace: Workspace) -> list[str]:
    """Return what is worth a look: the slowest shards while a stage runs, shards that failed or are stale, folders left over."""
    lines, stages = [], by_stage(statuses)
    for status in statuses:
        if status.elements and status.slowest:
            slow = ", ".join(
                f"{escape(name)} {seconds:,.1f} s" for seconds, name in sorted(status.slowest, reverse=True)
            )
            lines.append(f"{status.name}: slowest shards: {slow}")
        see = escape(command_line("logs", workspace.root, "--failed"))
        if status.left_out:
            names = ", ".join(status.left_out[:SLOWEST]) + (", ..." if len(status.left_out) > SLOWEST else "")
            lines.append(
                f"[red]{status.name}: finished without {plural(len(status.left_out), 'shard')} that failed[/red] "
                f"({escape(names)}); see {see}. Run again to try them again."
            )
        elif status.failed:
            lines.append(f"[red]{status.name}: {plural(status.failed, 'shard')} failed[/red]; see {see}")
        lines += map(escape, yields(status))
    stale = {stage.name: stage.stale for stage in stages}
    shards = {stage.name: stage.shards for stage in stages}
    lines += map(
        escape, stale_lines(stale, shards, {stage.name: [stage_of(name) for name in stage.reads] for stage in stages})
    )
    left = workspace.left_over([status.name for status in statuses])
    return [*lines, escape(said_left_over(workspace, left))] if left else lines


def as_json(statuses: Sequence[JobStatus]) -> list[dict[str, Any]]:
    """Return the status of each stage as plain values; that of a pass has those of its jobs."""
    return [_value(status) for status in by_stage(statuses)]


def _value(status: JobStatus) -> dict[str, Any]:
    running = status.elements["RUNNING"]
    return {
        "stage": status.name,
        "shards": status.shards,
        "finished": status.finished,
        "failed": status.failed,
        "complete": status.complete,
        "cleaned": status.cleaned,
        "left_out": list(status.left_out),
        "stale": dict(sorted(status.stale.items())),
        **{name: status.sums[key] for name, key in _FIGURES.items()},
        "peak_memory_bytes": status.peak_memory_bytes,
        "dropped": dict(sorted(status.dropped.items())),
        "unreadable": dict(sorted(status.unreadable.items())),
        "skipped": dict(sorted(status.skipped.items())),
        "running": running,
        "waiting": status.elements.total() - running,
        "seconds_left": status.seconds_left,
        **({"expects": list(status.expects), "outside": yields(status)} if status.expects else {}),
        **({"jobs": [_value(part) for part in status.parts]} if status.parts else {}),
    }


_FIGURES = {
    "documents_in": "rows_in", "documents_kept": "rows_out", "text_bytes": "text_bytes", "tokens": "tokens",
    "input_bytes": "input_bytes", "output_bytes": "output_bytes", "cpu_seconds": "cpu_seconds",
    "wall_seconds": "wall_seconds",
}  # fmt: skip


def _rows(status: JobStatus) -> Iterator[list[str]]:
    sums, came = status.sums, status.sums["rows_in"]
    running, left = status.elements["RUNNING"], status.seconds_left
    waiting, dropped = status.elements.total() - running, status.dropped.total()
    now = f" [dim]({status.job.rpartition('/')[2]})[/dim]" if status.job else ""
    yield [
        f"{status.name}{now}",
        _shards(status),
        f"{running:,}" if running else "",
        f"{waiting:,}" if waiting else "",
        clock(left) if left is not None else "",
        f"{came:,}",
        f"{sums['rows_out']:,}",
        f"{dropped:,}",
        percent(dropped, came) if dropped else "",
        percent(sums["rows_out"], came),
        f"{sums['text_bytes'] / 1e6:,.1f}" if sums["text_bytes"] else "",
        f"{sums['tokens']:,}" if sums["tokens"] else "",
        f"{sums['cpu_seconds']:,.1f}",
        f"{status.bytes_a_second / 1e6:,.1f}" if running else "",
        f"{sums['input_bytes'] / 1e6 / sums['cpu_seconds']:,.1f}" if sums["cpu_seconds"] else "-",
        f"{status.peak_memory_bytes / 1e6:,.0f}",
    ]
    for name, count in reasons(status):
        row = [""] * len(COLUMNS)
        row[0], row[7] = f"  [dim]{escape(name)}[/dim]", f"[dim]{count:,}[/dim]"
        if name in status.dropped:
            row[8] = f"[dim]{percent(count, came)}[/dim]"
        yield row


def _shards(status: JobStatus) -> str:
    if not status.begun:
        return "not begun"
    more = "+" if status.waiting_jobs else ""
    return f"{status.finished:,}/{status.shards:,}{more}{' cleaned' if status.cleaned else ''}"


def reasons(status: JobStatus) -> list[tuple[str, int]]:
    """Return why documents were dropped, most first, then what could not be read, and what was not a document."""
    lines = sorted(status.dropped.items(), key=lambda item: (-item[1], item[0]))
    lines += [(f"unreadable: {name}", count) for name, count in sorted(status.unreadable.items())]
    lines += [(f"no document: {name}", count) for name, count in sorted(status.skipped.items())]
    return lines
