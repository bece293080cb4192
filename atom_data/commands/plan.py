"""`plan`: what a run will take, before it is run, and how wrong that was."""

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


def plan(
    recipe: RecipePath,
    output: Output = DEFAULT_OUT,
    given: Set = None,
    share: Annotated[float, typer.Option(help="Of all documents, how many to try; a few hundred at least.")] = 0.05,
    workers: options.Workers = 0,
    tasks: options.Tasks = None,
    workers_per_task: options.WorkersPerTask = None,
    profile: options.ProfilePath = None,
    price: Annotated[float, typer.Option(min=0, help="Of a CPU hour, in any currency.")] = 0.04,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help=f"Memory a worker may have: 2GB; else the profile's. {GRAMMAR}.")
    ] = None,
    scratch_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Bytes the run may write: 500GB; else what is free at --output.")
    ] = None,
    compared: Annotated[
        bool, typer.Option("--compare", help="After the run: what was foretold beside what its receipts say.")
    ] = False,
    as_text: AsJson = False,
    jobs: Jobs = False,
) -> None:
    """Say what a run will take: CPU, time, memory, disk, tokens and price, each with an interval, from a sample.

    The sample is run by the recipe's own stages, in a temporary folder that goes away. The forecast is kept beside the
    output, and `--compare` shows after the run how wrong it was. With --tasks, --workers-per-task or --profile it is one
    for a Slurm array; without, for this machine. Exit code 2 where memory or disk will not do.

    An interval is meant to hold 9 times of 10: `12 (10-15)`.
    """
    loaded, workspace = load(recipe, output, given), Workspace(output)
    if compared:
        _compare(loaded, workspace, as_text, jobs)
        return
    if not 0 < share <= 1:
        raise ConfigError(f"--share: {share:g}. Give a share of all documents above 0, at most 1: 0.05.")
    limits = [parse_bytes(text, name) if text else None for text, name in _limits(memory_limit, scratch_limit)]
    settings = load_profile(profile, tasks=tasks, workers_per_task=workers_per_task)
    cluster = not (tasks is None and workers_per_task is None and profile is None)
    cores = len(os.sched_getaffinity(0))
    check_places(loaded, workspace)
    for job in loaded.jobs:
        job.check()
    here, screen = workers or cores, console(stderr=True)
    with screen.status("choosing shards") as status:
        samples = choose_samples(loaded, workspace, share)
        runs = run_samples(loaded, samples, share, min(cores, here), status.update, Display(screen))
    made = forecast(loaded, runs, here)
    if cluster:
        count = tasks or array_tasks(made, settings.workers_per_task, settings.tasks)
        settings = replace(settings, tasks=count)
        made = forecast(loaded, runs, count * settings.workers_per_task, cluster=True)
    _refuse(made, settings if cluster else None, here, workspace, *limits)
    keep_forecast(made, workspace)
    if as_text:
        typer.echo(json.dumps({**as_json(made), "cost": made.cpu_seconds.times(price / HOUR)}, indent=1))
        return
    _show(made, price, jobs)
    _suggest(made, settings if cluster else None, output, profile, loaded.settings)


def _limits(memory: str | None, scratch: str | None) -> list[tuple[str | None, str]]:
    return [(memory, "--memory-limit"), (scratch, "--scratch-limit")]


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
    screen.print(
        f"{made.recipe}: from {plural(made.sample_documents, 'document')}, {made.share:.1%} of about "
        f"{made.sample_documents / made.share:,.0f}; {made.workers} workers of this {where}",
        soft_wrap=True,
    )
    print_forecast(made, screen, jobs)
    cpu, wall, written = made.cpu_seconds, made.wall_seconds, made.output_bytes
    cost = cpu.times(price / HOUR)
    screen.print(f"cost at {price:g} a CPU hour: {cell(cost)}", soft_wrap=True)
    screen.print(
        f"disk: {gigabytes(written.value)}, of which {gigabytes(made.scratch_bytes.value)} may go after the run; "
        f"wall {clock(wall.low)} to {clock(wall.high)}; memory of a worker up to {gigabytes(made.memory_bytes.high)}",
        soft_wrap=True,
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
    screen.print(f"{held} of {len(judged)} figures lie in their intervals; those that do not have a *", soft_wrap=True)


def _plain(item: Compared) -> dict[str, object]:
    forecast_ = list(item.forecast)
    return {
        "stage": item.stage, "figure": item.figure, "forecast": forecast_, "actual": item.actual, "error": item.error,
    }  # fmt: skip
