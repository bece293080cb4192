"""The summary at the end of a run: how much was kept, what was dropped most, and what to look at next."""

from collections.abc import Mapping, Sequence

from rich.markup import escape

from atom_data.graph import stage_of
from atom_data.runner.recipe import Recipe
from atom_data.status.status import JobStatus, by_stage, job_status
from atom_data.status.table import print_status
from atom_data.storage.manifest import Manifest
from atom_data.terminal.called import command_line
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import Column, next_lines, percent, plural, table_lines, width_of
from atom_data.workspace import Workspace

LARGEST = 3


def say_what_is_there(
    recipe: Recipe, workspace: Workspace, screen: Screen, jobs: bool, manifests: Mapping[str, Manifest | None]
) -> None:
    """Print the table of a run, its sums and what to do next; `manifests` are those that were read already, by job."""
    statuses = [job_status(job, workspace, manifest=manifests.get(job.name)) for job in recipe.jobs]
    print_status(statuses, workspace, screen, jobs)
    stages = by_stage(statuses)
    for line in [*sums(recipe, stages), *next_commands(workspace, stages, screen)]:
        screen.print(line, soft_wrap=True)


def sums(recipe: Recipe, stages: Sequence[JobStatus]) -> list[str]:
    """Return the share of documents kept, when there is one source and one end, and the most frequent reasons for drops."""
    needs = {stage_of(job.name): set[str]() for job in recipe.jobs}
    for job in recipe.jobs:
        needs[stage_of(job.name)] |= {stage_of(before.name) for before in job.upstream()} - {stage_of(job.name)}
    by_name = {stage.name: stage for stage in stages}
    first = [by_name[name] for name, before in needs.items() if not before]
    last = [by_name[name] for name in needs if not any(name in before for before in needs.values())]
    lines = []
    if len(first) == len(last) == 1 and all(stage.complete for stage in stages):
        came, kept = first[0].sums["rows_in"], last[0].sums["rows_out"]
        lines.append(f"\n[bold]{plural(came, 'document')} in, {kept:,} kept ({percent(kept, came) or 'none'})[/bold]")
    return [*lines, *_largest(stages, not lines)]


def _largest(stages: Sequence[JobStatus], first: bool) -> list[str]:
    """Return the reasons for which most was dropped, a line each."""
    rows = [
        [f"  {count:,}", percent(count, stage.sums["rows_in"]), escape(reason), f"in {stage.name}"]
        for count, stage, reason in by_count(stages)[:LARGEST]
    ]
    if not rows:
        return []
    _, *lines = table_lines((Column(""), Column(""), Column("", left=True), Column("", 1, left=True)), rows)
    return [f"{chr(10) if first else ''}dropped most, with the share of what the stage read:", *lines]


def by_count(stages: Sequence[JobStatus]) -> list[tuple[int, JobStatus, str]]:
    """Return how many documents were dropped, in which stage and for which reason, most first."""
    found = [(count, stage, reason) for stage in stages for reason, count in stage.dropped.items()]
    return sorted(found, key=lambda item: (-item[0], item[1].name, item[2]))


def next_commands(workspace: Workspace, stages: Sequence[JobStatus], screen: Screen) -> list[str]:
    """Return commands to paste into a shell, each with what it shows."""
    output = workspace.root
    lines = [(command_line("verify", output), "every file against its receipt")]
    for _, stage, reason in by_count(stages)[:1]:
        look = command_line("peek", output, "--stage", stage.name, "--reason", reason)
        lines.insert(0, (look, "what was dropped most, and why"))
    if not workspace.is_remote:
        lines.insert(len(lines) - 1, (command_line("report", output), "all of it as a page to look at"))
    if stages[-1].sums["tokens"]:
        lines.append(
            (command_line("batches", f"{output.rstrip('/')}/{stages[-1].name}"), "what a training loop would see")
        )
    elif not stages[-1].parts:
        lines.append((command_line("peek", output, "--stage", stages[-1].name), "what was kept"))
    return next_lines(lines, width_of(screen))
