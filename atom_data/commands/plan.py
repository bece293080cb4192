"""`plan`: forecast the cost of a run, and compare it with the run afterwards."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from atom_data.cluster.profile import Profile, load_profile
from atom_data.commands import options
from atom_data.commands.screen import DEFAULT_OUT, AsJson, Jobs, Output, RecipePath, Set, console, load
from atom_data.errors import ConfigError
from atom_data.forecast.compare import Compared, as_json, compare, keep_forecast, read_forecast
from atom_data.forecast.forecast import Forecast, forecast
from atom_data.forecast.limits import (
    array_task_memory,
    array_tasks,
    gigabytes,
    machine_memory,
    refuse_disk,
    refuse_memory,
    time_limit,
)
from atom_data.forecast.sample_runs import choose_samples, run_samples
from atom_data.forecast.tables import HOUR, cell, error_said, print_compared, print_forecast
from atom_data.runner.places import check_places
from atom_data.runner.recipe import Recipe
from atom_data.storage.sizes import GRAMMAR, parse_bytes
from atom_data.terminal.called import command_line
from atom_data.terminal.display import Display, clock
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace

Share = Annotated[float, typer.Option(help="Fraction of documents to sample; at least a few hundred documents.")]
Price = Annotated[float, typer.Option(min=0, help="Price of one CPU hour, in any currency.")]
MemoryLimit = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help=f"Memory per worker: 2GB. Default: that of the profile. {GRAMMAR}."),
]
ScratchLimit = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="Bytes the run may write: 500GB. Default: what is free at --output."),
]
Compare = Annotated[
    bool, typer.Option("--compare", help="After the run: compare the forecast with what the receipts say.")
]


def plan(
    recipe: RecipePath,
    output: Output = DEFAULT_OUT,
    given: Set = None,
    share: Share = 0.05,
    workers: options.Workers = 0,
    tasks: options.Tasks = None,
    workers_per_task: options.WorkersPerTask = None,
    profile: options.ProfilePath = None,
    price: Price = 0.04,
    memory_limit: MemoryLimit = None,
    scratch_limit: ScratchLimit = None,
    compared: Compare = False,
    as_text: AsJson = False,
    jobs: Jobs = False,
) -> None:
    """Forecast what a run will take: CPU, time, memory, disk, tokens and price, each with an interval, from a sample.

    The sample is run by the recipe's own stages, in a temporary folder that is removed. The forecast is stored with the
    output; `--compare` shows after the run how wrong it was. With --tasks, --workers-per-task or --profile it is for a
    Slurm array; without, for this machine. Exit code 2 when memory or disk will not be enough.

    Intervals are 90 % intervals: `12 (10-15)`.
    """
    loaded = load(recipe, workspace := Workspace(output), given)
    if compared:
        _compare(loaded, workspace, as_text, jobs)
        return
    if not 0 < share <= 1:
        raise ConfigError(f"--share: {share:g}. Give a share of all documents above 0, at most 1: 0.05.")
    limits = _limits({"--memory-limit": memory_limit, "--scratch-limit": scratch_limit})
    settings = load_profile(profile, tasks=tasks, workers_per_task=workers_per_task)
    cluster = not (tasks is None and workers_per_task is None and profile is None)
    cores, screen = len(os.sched_getaffinity(0)), console(stderr=True)
    here = workers or cores
    _check(loaded, workspace)
    with screen.status("choosing shards") as status:
        samples = choose_samples(loaded, workspace, share)
        runs = run_samples(loaded, samples, share, min(cores, here), status.update, Display(screen))
    made = forecast(loaded, runs, here)
    if cluster:
        settings = replace(settings, tasks=tasks or array_tasks(made, settings.workers_per_task, settings.tasks))
        made = forecast(loaded, runs, settings.tasks * settings.workers_per_task, cluster=True)
    _refuse(made, settings if cluster else None, here, workspace, *limits)
    keep_forecast(made, workspace)
    if as_text:
        typer.echo(json.dumps({**as_json(made), "cost": made.cpu_seconds.times(price / HOUR)}, indent=1))
        return
    _show(made, price, jobs)
    _suggest(made, settings if cluster else None, output, profile, loaded.settings)


def _check(recipe: Recipe, workspace: Workspace) -> None:
    check_places(recipe, workspace)
    for job in recipe.jobs:
        job.check()


def _limits(texts: dict[str, str | None]) -> list[int | None]:
    return [parse_bytes(text, name) if text else None for name, text in texts.items()]


def _refuse(
    made: Forecast, settings: Profile | None, here: int, workspace: Workspace, memory: int | None, scratch: int | None
) -> None:
    if memory is not None:
        refuse_memory(made, memory, "--memory-limit")
    elif settings is not None and settings.memory_per_worker:
        refuse_memory(made, settings.worker_bytes, "memory_per_worker")
    elif settings is None:
        refuse_memory(made, machine_memory() // here, f"this machine, shared by {here} workers,")
    refuse_disk(made, workspace, scratch)


def _show(made: Forecast, price: float, jobs: bool) -> None:
    screen = console()
    where = "array" if made.cluster else "machine"
    screen.prose(
        f"{made.recipe}: from {plural(made.sample_documents, 'document')}, {made.share:.1%} of about "
        f"{made.sample_documents / made.share:,.0f}; {made.workers} workers of this {where}",
    )
    print_forecast(made, screen, jobs)
    cpu, wall, written = made.cpu_seconds, made.wall_seconds, made.output_bytes
    cost = cpu.times(price / HOUR)
    screen.prose(f"cost at {price:g} per CPU hour: {cell(cost)}")
    screen.prose(
        f"disk: {gigabytes(written.value)}, of which {gigabytes(made.scratch_bytes.value)} can be removed after the run; "
        f"wall {clock(wall.low)} to {clock(wall.high)}; memory of a worker up to {gigabytes(made.memory_bytes.high)}",
    )


def _suggest(made: Forecast, settings: Profile | None, output: str, profile: str | None, given: Sequence[str]) -> None:
    run = command_line("run", made.recipe, "-o", output, *given)
    if settings is None:
        command = f"{run} --workers {made.workers}"
    else:
        each = settings.workers_per_task
        named = f" --profile {profile}" if profile else ""
        command = (
            f"{run} --on slurm{named} --tasks {settings.tasks} --workers-per-task {each} "
            f"--time {time_limit(made)} --sbatch mem={array_task_memory(made, each)}"
        )
    screen = console()
    screen.print(
        f"\nNext:\n  {command}\n  {command_line('plan', made.recipe, '-o', output, '--compare', *given)}",
        soft_wrap=True,
    )


def _compare(recipe: Recipe, workspace: Workspace, as_text: bool, jobs: bool) -> None:
    found = compare(recipe, read_forecast(workspace), workspace)
    if as_text:
        typer.echo(json.dumps([{**_plain(item), "held": item.held} for item in found], indent=1))
        return
    screen = console()
    print_compared(found, screen, jobs)
    tokens = next((item for item in reversed(found) if item.figure == "tokens" and item.actual), None)
    if tokens is not None:
        screen.print(f"tokens: {tokens.forecast.value:,.0f}, were {tokens.actual:,.0f} ({error_said(tokens)})")
    judged = [item for item in found if item.actual and item.stage != "all" and item.figure != "memory_bytes"]
    held = sum(item.held for item in judged)
    screen.prose(f"{held} of {len(judged)} figures are within their intervals; the others are marked with a *")


def _plain(item: Compared) -> dict[str, object]:
    forecast_ = list(item.forecast)
    return {
        "stage": item.stage, "figure": item.figure, "forecast": forecast_, "actual": item.actual, "error": item.error,
    }  # fmt: skip
