"""`check` and `run`: a recipe tried on nothing, and done."""

import os
import re
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.commands.screen import DEFAULT_OUT, Output, RecipePath, console
from atom_data.errors import ConfigError, DataError
from atom_data.run.display import Display
from atom_data.run.local import Options, check_out, warm_up
from atom_data.run.local import run as run_jobs
from atom_data.run.recipe import load_recipe
from atom_data.run.status import JobStatus, job_status, print_status


def check(recipe: RecipePath) -> None:
    """Try a recipe on zero rows: wrong order, missing columns, unknown cards and misspelt names show in a second."""
    loaded = load_recipe(recipe)
    lines = [(job, job.check()) for job in loaded.jobs]
    screen = console()
    for job, schema in lines:
        screen.print(
            f"[bold]{job.name}[/bold]  {escape(', '.join(f'{f.name}: {f.type}' for f in schema))}", soft_wrap=True
        )
    screen.print(f"{recipe}: {len(lines)} stages, each reads what the one before it writes")


def run(
    recipe: RecipePath,
    output: Output = DEFAULT_OUT,
    workers: Annotated[int, typer.Option("--workers", "-w", min=0, help="Worker processes; 0: one a core.")] = 0,
    retries: Annotated[int, typer.Option(min=0, help="Tries more for a shard whose worker died.")] = 2,
    stage: Annotated[str | None, typer.Option(help="Run this stage only; what it reads must be finished.")] = None,
    part: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Only shards I, I+N, I+2N, ... of --stage: one element of an array job."),
    ] = None,
    accept_code: Annotated[
        bool, typer.Option("--accept-code", help="Keep finished shards that another version of the code made.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Go on where a pass or a card removes more than is allowed.")
    ] = False,
) -> None:
    """Run a recipe: what is finished is kept, what has changed is made again, what fails is listed.

    The same recipe over the same inputs gives the same bytes for any number of workers, in any order, after any crash.
    """
    check_out(output)
    options = Options(
        out=output, workers=workers or len(os.sched_getaffinity(0)), retries=retries,
        stage=stage, part=_part(part, stage), accept_code=accept_code, accept=accept,
    )  # fmt: skip
    warm_up()
    loaded = load_recipe(recipe)
    display = Display(console(stderr=True))
    failures = run_jobs(loaded, options, display)
    screen = console()
    statuses = [job_status(job, output) for job in loaded.jobs]
    print_status(statuses, screen)
    if failures:
        names = ", ".join(f"{failure.stage}/{failure.shard}" for failure in failures[:10])
        raise DataError(
            f"{output}: {len(failures)} shards failed ({names}); their reasons stand above. "
            "Mend the cause and run again: finished shards are kept."
        )
    if part is None:
        for line in _next_commands(recipe, output, statuses):
            screen.print(line, soft_wrap=True)


def _part(text: str | None, stage: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or int(match[1]) >= int(match[2]):
        raise ConfigError(f"--part: '{text}' is no I/N with I from 0 to N - 1. For the first of ten tasks give 0/10.")
    if stage is None:
        raise ConfigError(
            "--part: it needs --stage, for a later stage may only start when the whole one before is done."
        )
    return int(match[1]), int(match[2])


def _next_commands(recipe: str, output: str, statuses: list[JobStatus]) -> list[str]:
    most = max(statuses, key=lambda status: status.dropped.total())
    lines = [("atom-data verify " + output, "every file against its receipt")]
    if most.dropped:
        reason = most.dropped.most_common(1)[0][0]
        look = f"atom-data peek {recipe} -o {output} --stage {most.name} --reason {reason}"
        lines.insert(0, (look, "what was dropped most, and why"))
    if statuses[-1].tokens:
        lines.append((f"atom-data batches {output}/{statuses[-1].name}", "what a training loop would see"))
    else:
        lines.append((f"atom-data peek {recipe} -o {output} --stage {statuses[-1].name}", "what was kept"))
    width = max(len(command) for command, _ in lines)
    return ["\nNext:", *(f"  {command:{width}}  {why}" for command, why in lines)]
