"""Progress of a run: a live bar on a terminal, plain lines or JSON lines elsewhere. Never part of any output."""

import datetime
import json
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console

from atom_data.graph import INNER
from atom_data.storage.receipts import Receipt
from atom_data.terminal.table import plural

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_SECONDS = 10.0
WIDE = 120
"""Terminals of at least this width have room for a bar."""
BESIDE = 16
"""Width of spinner and clock."""
COMPILING_SECONDS = 2.0


def clock(seconds: float) -> str:
    """Return a duration as a person reads it: 3:05 or 2:14:00."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _fitted(figures: Sequence[str], room: int) -> str:
    """Return the first figures, as many as there is room for."""
    shown = list(figures)
    while len(shown) > 1 and len("  ".join(shown)) > room:
        shown.pop()
    return "  ".join(shown)


def _bar(console: Console) -> "Progress":
    from rich.progress import (  # noqa: PLC0415 - only a terminal has a bar
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        SpinnerColumn(), TextColumn("[bold]{task.description}"),
        *([BarColumn(bar_width=24)] if console.width >= WIDE else []),
        TextColumn("{task.fields[figures]}"), TimeElapsedColumn(), console=console, transient=True,
    )  # fmt: skip


class Display:
    """Progress of one job at a time, with notes above it."""

    def __init__(self, console: Console, jobs: bool = False, progress: bool = True) -> None:
        """Write to `console`; its being a terminal decides between bar and lines. `jobs`: those of a pass by their names."""
        self.console = console
        self.jobs = jobs
        self._shows = progress
        self._bar: Progress | None = None
        self._row: TaskID | None = None
        self._job = ""
        self._started = self._said = 0.0
        self._total = 0

    def note(self, text: str, **about: Any) -> None:  # noqa: ANN401 - plain values
        """Say one line; `about` says which stage and shard it is about, for logs."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def finished(self, receipt: Receipt) -> None:
        """Take note of a finished shard; the bar shows it."""

    def failed(self, stage: str, shard: str, message: str) -> None:
        """Say that a shard failed, and why."""
        self.note(f"{stage}/{shard}: {message}")

    def compiling(self, compiled: int, kernels: int, why: str) -> None:
        """Show that kernels are compiled first, and the progress."""
        if not compiled:
            self._said = time.monotonic()
            self.note(why)
        elif compiled == kernels or time.monotonic() - self._said >= COMPILING_SECONDS:
            self._said = time.monotonic()
            self.note(f"compiled {compiled:,} of {plural(kernels, 'kernel')}")

    def start(self, job: str, tasks: int, total_bytes: int) -> None:
        """Begin a job of `tasks` tasks."""
        stage, _, inner = job.partition(INNER)
        self._job, self._total = job if self.jobs or not inner else f"{stage} ({inner})", max(total_bytes, 1)
        self._started = self._said = time.monotonic()
        if self.console.is_terminal and self._shows:
            self._bar = _bar(self.console)
            self._row = self._bar.add_task(self._job, total=tasks, figures="")
            self._bar.start()

    def update(self, finished: int, tasks: int, documents: int, read: int, kept: int, workers: int) -> None:
        """Show where the job stands: documents read, bytes of input read, documents kept."""
        now = time.monotonic()
        seconds = max(now - self._started, 1e-6)
        figures = [
            f"{finished:,}/{plural(tasks, 'shard')}",
            plural(documents, "document"),
            f"ETA {clock(seconds * max(self._total - read, 0) / read) if read else '-'}",
            f"{read / 1e6 / seconds:,.1f} MB/s",
            f"{kept / documents:.0%} kept" if documents else "-",
        ]
        if self._bar is not None and self._row is not None:
            wide = self.console.width >= WIDE
            room = self.console.width - len(self._job) - BESIDE - (25 if wide else 0)
            self._bar.update(
                self._row, completed=finished, figures=_fitted([*figures, plural(workers, "worker")], room)
            )
        elif self._shows and now - self._said >= PLAIN_SECONDS:
            self._said = now
            self.note(f"{self._job}: {'  '.join(figures)}")

    def stop(self) -> None:
        """End the job's bar."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._row = None

    def __enter__(self) -> "Display":
        """Use as a context manager, so that a bar never outlives an error."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the bar."""
        self.stop()

    def ended(self, code: int, message: str = "") -> None:
        """Take note of the end; a person sees it from the command."""


class OnlyCompiling(Display):
    """Nothing but that kernels are compiled, where a run is a part of another answer."""

    def note(self, text: str, **about: Any) -> None:  # noqa: ANN401 - plain values
        """Say nothing."""

    def compiling(self, compiled: int, kernels: int, why: str) -> None:
        """Say why it takes so long, once."""
        if not compiled:
            super().note(why)

    def start(self, job: str, tasks: int, total_bytes: int) -> None:
        """Show nothing."""

    def update(self, finished: int, tasks: int, documents: int, read: int, kept: int, workers: int) -> None:
        """Show nothing."""


class JsonLog(Display):
    """One JSON object per line, for logs that programs read: time, stage, shard, event, and the figures of the receipt."""

    def note(self, text: str, **about: Any) -> None:  # noqa: ANN401 - plain values
        """Write a line with a message."""
        self._write("note", message=text, **about)

    def compiling(self, compiled: int, kernels: int, why: str) -> None:
        """Write a line for each kernel."""
        self._write("compiling", compiled=compiled, kernels=kernels)

    def finished(self, receipt: Receipt) -> None:
        """Write a line with what a finished shard took."""
        value = receipt.value()
        figures = {name: value[name] for name in ("rows_in", "rows_out", "text_bytes", "tokens")}
        self._write("finished", stage=receipt.stage, shard=receipt.shard, **figures, **value["measured"])

    def failed(self, stage: str, shard: str, message: str) -> None:
        """Write a line with an error."""
        self._write("failed", stage=stage, shard=shard, message=message)

    def ended(self, code: int, message: str = "") -> None:
        """Write the last line: without it, the process was killed."""
        self._write("end", exit_code=code, message=message)

    def _write(self, event: str, **values: Any) -> None:  # noqa: ANN401 - plain values
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **values}, ensure_ascii=False)
        self.console.file.write(line + "\n")
        self.console.file.flush()
