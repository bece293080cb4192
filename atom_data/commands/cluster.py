"""`run --on slurm`, `cancel` and `logs`: what a cluster adds to a run."""

import contextlib
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from atom_data.cluster.chain import FOLDER
from atom_data.cluster.failures import silent_ends, stage_failures
from atom_data.cluster.profile import Profile, load_profile
from atom_data.cluster.slurm import Array, cancel as cancel_jobs, in_queue, still_queued, submission, submit
from atom_data.commands.options import Where
from atom_data.commands.screen import DEFAULT_OUT, Output, console, printable
from atom_data.errors import AtomDataError, ConfigError, DataError, TimeUp
from atom_data.graph import file_stem
from atom_data.runner.local import Options
from atom_data.runner.pool import Workers
from atom_data.runner.recipe import Recipe
from atom_data.runner.worker import Orders
from atom_data.workspace import Workspace

RESTARTS = 3
"""How often an array task may be requeued without a finished shard before it counts as failed."""


def submit_arrays(
    loaded: Recipe,
    workspace: Workspace,
    profile: str | None,
    resume: bool,
    dry_run: bool,
    replace: bool,
    flags: list[str],
    given: dict[str, Any],
    take_over: bool = False,
) -> None:
    """Submit what is not finished, and show the scripts."""
    before = submission(workspace)
    if resume and before is None:
        raise ConfigError(
            f"{workspace.root}: nothing was submitted for it, so there is nothing to resume. Submit without --resume."
        )
    settings = _again(before["profile"], given) if resume and before and not profile else load_profile(profile, **given)
    arrays = submit(loaded, workspace, settings, flags, dry_run, replace, resume=resume, take_over=take_over)
    screen = console()
    if not arrays:
        screen.prose(f"{workspace.root}: every stage is finished and closed; there is nothing to submit.")
        return
    _show(arrays, workspace)
    if dry_run:
        screen.prose(f"\nNothing was submitted. The scripts are in {workspace.path(FOLDER)}.")
        return
    numbers = {job["stage"]: job["array"] for job in (submission(workspace) or {}).get("jobs", ())}
    for array in arrays:
        screen.print(
            f"{array.stage}: array {numbers[array.stage]}, {len(array.elements):,} of {array.parts:,} array tasks"
        )
    screen.print(
        f"\nNext:\n  atom-data status {loaded.path} -o {workspace.root} --watch\n  atom-data logs {workspace.root} --failed",
        soft_wrap=True,
    )


def refuse_queued(workspace: Workspace) -> None:
    """Refuse to run here what is in Slurm's queue for the same folder; where Slurm cannot be asked, claims must do."""
    busy = {}
    with contextlib.suppress(AtomDataError):
        busy = in_queue(workspace)
    if busy:
        raise still_queued(workspace, busy)


def cluster_only(on: Where, given: dict[str, Any]) -> None:
    """Refuse options of Slurm where a run goes elsewhere: they would be passed over. ConfigError names the first."""
    name = next((name for name, value in given.items() if value is not None), None)
    if name is None or on is Where.slurm:
        return
    here = "this run is to happen here" if on is Where.here else "Ray has no such setting"
    raise ConfigError(
        f"{_option(name)}: it says how a Slurm array is submitted, and {here}. Add --on slurm, or leave it out."
    )


def slurm_needs_none(on: Where, given: dict[str, Any]) -> None:
    """Refuse options of a run here where arrays are submitted: they would be passed over. ConfigError names the first."""
    todo = {
        "stage": "An array is submitted for each stage that is not finished: leave it out.",
        "part": "Each array task gets its own: give --tasks N, the maximum number of array tasks.",
        "workers": "Give --workers-per-task N, for each array task.",
        "check_hashes": "Array tasks do not check finished shards: run atom-data verify OUT --repair before you submit.",
    }
    name = next((name for name, value in given.items() if value is not None), None)
    if name is not None and on is Where.slurm:
        raise ConfigError(f"{_option(name)}: it is for a run here, and this one goes to Slurm. {todo[name]}")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _again(settings: dict[str, Any], given: dict[str, Any]) -> Profile:
    merged = {**settings, **{key: value for key, value in given.items() if value is not None and key != "sbatch"}}
    return Profile(**{**merged, "setup": tuple(merged["setup"]), "sbatch": {**settings["sbatch"], **given["sbatch"]}})


def _show(arrays: list[Array], workspace: Workspace) -> None:
    """Print the first script, and of the others what they wait for."""
    screen = console()
    screen.print(escape(arrays[0].script), soft_wrap=True)
    for array in arrays:
        after = f" after {', '.join(f'{file_stem(stage)}-close' for stage in array.after)}" if array.after else ""
        name = file_stem(array.stage)
        screen.prose(f"{workspace.path(FOLDER, name)}.sh{after}, then {name}-close.sh")
    screen.print()


def pairs(texts: list[str]) -> dict[str, str]:
    """Return key=value texts as a dictionary."""
    found = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign:
            raise ConfigError(f"--sbatch: '{text}' is not KEY=VALUE. For example --sbatch account=open-lm.")
        found[key] = value
    return found


def array_log(workspace: Workspace, stage: str | None) -> str:
    """Return the file to which Slurm writes what this process says, or an empty string outside an array."""
    array, element = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    if not (array and element):
        return ""
    return workspace.path(FOLDER, "logs", f"{file_stem(stage or '')}-{array}_{element}.log")


def judge_time(up: TimeUp) -> AtomDataError:
    """Return what the end of an array task's time means: the same error, or a DataError when no shard fits into the limit."""
    if int(os.environ.get("SLURM_RESTART_COUNT", "0")) >= RESTARTS and ": 0 shards were finished" in str(up):
        return DataError(f"{up} This has happened {RESTARTS} times before: give the array a longer --time.")
    return up


def ray_workers(recipe: Recipe, options: Options, workers: int) -> Workers:
    """Return workers on the Ray cluster; 0 of them are as many as it has cores."""
    from atom_data.cluster.ray import RayWorkers  # noqa: PLC0415 - an extra

    return RayWorkers(Orders(str(Path(recipe.path).absolute()), options.out, given=recipe.given), workers)


def cancel(output: Output = DEFAULT_OUT) -> None:
    """End the jobs that were submitted for an output folder. Finished shards stay; run --on slurm --resume goes on."""
    numbers = cancel_jobs(Workspace(output))
    said = f"ended {', '.join(numbers)}" if numbers else "none of its jobs is in the queue"
    console().prose(f"{output}: {said}")


def logs(
    output: Annotated[str, typer.Argument(metavar="OUT", help="The --output of a run.")] = DEFAULT_OUT,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only failed shards, and array tasks that ended without a final log line.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Number of lines to show of each.")] = 5,
) -> None:
    """Show why shards failed, with the end of the log of the array task."""
    screen = console()
    workspace = Workspace(output)
    failures = stage_failures(workspace)
    for failure in failures:
        screen.prose(f"[bold]{failure['stage']}/{failure['shard']}[/bold]  {escape(failure['log'])}")
        screen.print(escape(printable(_tail(failure["message"], lines))), soft_wrap=True)
    folder = workspace.local(FOLDER, "logs")
    chosen = silent_ends(workspace, in_queue(workspace)) if failed else sorted(folder.glob("*.log"))
    for path in chosen:
        screen.prose(f"[bold]{escape(str(path))}[/bold]")
        screen.print(escape(printable(_tail(path.read_text("utf-8", "replace"), lines))), soft_wrap=True)
    if not failures and not chosen:
        screen.prose(f"{output}: no shard has failed" if failed else f"{output}: there is no log")


def _tail(text: str, lines: int) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-lines:])
