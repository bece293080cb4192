"""What `plan` prints: a line per stage, and of a pass one for all its jobs, as wide as the terminal is."""

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from atom_data.forecast.compare import Compared
from atom_data.forecast.estimate import Estimate, total
from atom_data.forecast.forecast import Forecast, StageForecast
from atom_data.graph import stage_of
from atom_data.graph.names import gathered
from atom_data.terminal.display import clock
from atom_data.terminal.table import Column, print_table

HOUR = 3600
STAGES = (
    Column("stage", left=True), Column("tasks", 4), Column("CPU h"), Column("CPU s"), Column("wall", 2), Column("MB per worker", 3),
    Column("MB written", 1), Column("documents", 5), Column("tokens", 6),
)  # fmt: skip
SHORT_SECONDS = 360.0
"""Of CPU of the whole run: below, it is shown in seconds."""
COMPARED = (
    Column("stage", left=True), Column("CPU s: plan", 1), Column("was"), Column("error"), Column("MB: plan", 1),
    Column("was", 1), Column("error", 1), Column("documents", 2), Column("was", 2), Column("error", 2),
)  # fmt: skip


def by_stage(stages: Sequence[StageForecast]) -> list[StageForecast]:
    """Return the forecasts of stages and passes, as a recipe names them: the jobs of a pass added up."""
    return gathered(stages, _together)


def _together(name: str, parts: Sequence[StageForecast]) -> StageForecast:
    columns = next((part for part in parts if part.name == name), parts[-1])
    return replace(
        columns,
        name=name,
        tasks=sum(part.tasks for part in parts),
        cpu_seconds=total([part.cpu_seconds for part in parts]),
        wall_seconds=total([part.wall_seconds for part in parts]),
        output_bytes=total([part.output_bytes for part in parts]),
        memory_bytes=max(part.memory_bytes for part in parts),
    )


def print_forecast(made: Forecast, screen: Console, jobs: bool) -> None:
    """Print the table of a forecast, with its sums."""
    short = made.cpu_seconds.value < SHORT_SECONDS
    rows = [
        [
            stage.name,
            f"{stage.tasks:,}",
            *_cpu(stage.cpu_seconds, short),
            clock(stage.wall_seconds.value),
            f"{stage.memory_bytes.value / 1e6:,.0f}",
            cell(stage.output_bytes.times(1e-6)),
            cell(stage.documents),
            cell(stage.tokens),
        ]
        for stage in (made.stages if jobs else by_stage(made.stages))
    ]
    cpu, wall, written = made.cpu_seconds, made.wall_seconds, made.output_bytes
    last = ["all", "", *_cpu(cpu, short), clock(wall.value), f"{made.memory_bytes.value / 1e6:,.0f}"]
    last += [cell(written.times(1e-6)), "", ""]
    print_table(screen, STAGES, [*rows, [f"[bold]{text}[/bold]" if text else "" for text in last]])


def _cpu(seconds: Estimate, short: bool) -> tuple[str, str]:
    """Return the cells of hours and of seconds: one of them is empty in all rows, and such a column is not shown."""
    return ("", cell(seconds)) if short else (cell(seconds.times(1 / HOUR)), "")


def print_compared(found: Sequence[Compared], screen: Console, jobs: bool) -> None:
    """Print each forecast next to the measured value."""
    by_name: dict[str, dict[str, list[Compared]]] = {}
    for item in found:
        by_name.setdefault(item.stage if jobs else stage_of(item.stage), {}).setdefault(item.figure, []).append(item)
    rows = []
    for stage, items in by_name.items():
        cells = [stage]
        for figure, unit, places in (("cpu_seconds", 1.0, 2), ("output_bytes", 1e-6, 2), ("documents", 1.0, 0)):
            cells += _three(_one(stage, items.get(figure, [])), unit, places)
        rows.append([f"[bold]{text}[/bold]" if text and stage == "all" else text for text in cells])
    print_table(screen, COMPARED, rows)


def _one(stage: str, items: Sequence[Compared]) -> Compared | None:
    """Return a figure of all jobs of a pass: their sum, and of documents what the job says that writes its columns."""
    if not items:
        return None
    if items[0].figure == "documents":
        return next((item for item in items if item.stage == stage), items[-1])
    return replace(
        items[0],
        stage=stage,
        forecast=total([item.forecast for item in items]),
        actual=sum(item.actual for item in items),
    )


def _three(item: Compared | None, unit: float, places: int) -> list[str]:
    if item is None or not (item.actual or item.forecast.value):
        return ["", "", ""]
    return [f"{value * unit:,.{places}f}" for value in (item.forecast.value, item.actual)] + [error_said(item)]


def error_said(item: Compared) -> str:
    """Return how far a forecast was off, with a * when the measured value is not in its interval."""
    said = "" if item.error is None else f"{item.error:+.0%}"
    return said + ("" if item.held else " *")


def cell(item: Estimate) -> str:
    """Return an estimate with its interval: `12 (10-15)`; nothing for 0."""
    if not item.value:
        return ""
    texts = [_number(number) for number in item]
    return texts[0] if texts[1] == texts[2] else f"{texts[0]} ({texts[1]}-{texts[2]})"


def _number(value: float) -> str:
    """Return a number with three significant figures, or whole when it is large."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.001 else f"{value:.1g}"
