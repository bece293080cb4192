"""Slurm: one array a stage, written as a script that a person can read, chained so that no stage starts on half an input.

A stage is an array of at most `MaxArraySize` elements; element i of n takes shards i, i + n, i + 2n, ... The array is
followed by one small job that looks at every receipt and closes the stage; the next array waits for that job alone, and
each of its elements looks again before it reads. Nothing of this decides what is done: receipts do.

OUT/cluster/STAGE.sh, STAGE-close.sh   the scripts; of a job in a pass PASS.JOB.sh
OUT/cluster/submission.json            what was submitted: the recipe by path and hash, settings, job numbers
OUT/cluster/logs/                      a file an element: JSON lines
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atom_data.cluster.profile import Profile
from atom_data.errors import ConfigError, DataError
from atom_data.graph import file_stem, in_order, stage_of
from atom_data.run.cleaned import bring_back, cleaned_of
from atom_data.run.outlook import Outlook, look_ahead
from atom_data.run.places import check_places
from atom_data.run.plan import is_closed, remove_stale, write_shards
from atom_data.run.recipe import Recipe
from atom_data.run.replace import own, refuse, refuse_other_recipe
from atom_data.storage.paths import join
from atom_data.workspace import Workspace

FOLDER = "cluster"
RECORD = "cluster/submission.json"
MAX_ARRAY_SIZE = 1001
"""Slurm's default, where there is no Slurm to ask."""


@dataclass(frozen=True, slots=True)
class Array:
    """A stage as it goes to Slurm."""

    stage: str
    after: tuple[str, ...]
    """The stages that must be closed first."""
    parts: int
    """Into how many parts the shards are dealt."""
    elements: tuple[int, ...]
    """The parts in which something is to do."""
    script: str
    close: str


def submit(
    recipe: Recipe,
    out: str,
    profile: Profile,
    flags: Sequence[str] = (),
    dry_run: bool = False,
    replace: bool = False,
) -> list[Array]:
    """Write the scripts of all that is not finished, and hand them to sbatch unless this is a dry run.

    `flags` are options of `run` that go along: --accept-code, --accept. ConfigError where finished work would be removed
    or made again in bulk, unless `replace`: it is asked here once, for the elements of the arrays ask nothing.
    DataError when an earlier submission is still in the queue, or when sbatch refuses; ConfigError without Slurm.
    """
    workspace = Workspace(out, f"submit-{os.getpid()}", "write")
    if workspace.is_remote:
        raise ConfigError(
            f"{workspace.root}: the scripts and logs of an array need a shared folder. Give a path as --output."
        )
    if not dry_run:
        busy = in_queue(workspace)
        if busy:
            raise DataError(
                f"{workspace.root}: {len(busy):,} jobs of it are still in the queue ({', '.join(sorted(busy)[:3])}). "
                "Wait for them (atom-data status --watch), or end them with atom-data cancel."
            )
    check_places(recipe, workspace)
    most = _max_array_size(required=not dry_run)
    looks = _looks(recipe, workspace, "--accept-code" in flags, replace)
    workspace.local(FOLDER, "logs").mkdir(parents=True, exist_ok=True)
    if not dry_run and _bring_back(recipe, workspace, looks):
        looks = list(look_ahead(recipe.jobs, workspace, "--accept-code" in flags))
    if not dry_run:
        _settle(recipe, workspace, looks)
    arrays = [array for array in _arrays(recipe, workspace, profile, most, flags, looks) if array.elements]
    for array in arrays:
        workspace.local(FOLDER, f"{file_stem(array.stage)}.sh").write_text(array.script)
        workspace.local(FOLDER, f"{file_stem(array.stage)}-close.sh").write_text(array.close)
    if not dry_run and arrays:
        _hand_over(recipe, workspace, profile, arrays)
    return arrays


def _looks(recipe: Recipe, workspace: Workspace, accept_code: bool, replace: bool) -> list[Outlook]:
    """Return what is to do in each job; refuse what finished work would be lost by. Nothing but listings is written."""
    for job in recipe.jobs:
        job.check()
    if not replace:
        refuse_other_recipe(recipe, workspace)
    looks = list(look_ahead(recipe.jobs, workspace, accept_code))
    if not replace:
        refuse(recipe, workspace, looks)
    return looks


def _bring_back(recipe: Recipe, workspace: Workspace, looks: Sequence[Outlook]) -> bool:
    """Where a pass, or what it reads, has something to make, what was cleaned of it is needed; tell whether any is."""
    busy, found = {look.job.name for look in looks if not look.idle}, False
    for job in recipe.jobs:
        needed = next((one.name for one in in_order((job,)) if one.name in busy), "")
        if needed and job.name == stage_of(job.name) and cleaned_of(job, workspace):
            bring_back(job, needed, workspace)
            found = True
    return found


def _settle(recipe: Recipe, workspace: Workspace, looks: Sequence[Outlook]) -> None:
    """Note whose folder it is and what each job makes, and remove what it no longer makes."""
    own(recipe, workspace)
    for look in looks:
        if look.names is not None:
            remove_stale(look.job, look.names, workspace)
            write_shards(look.job, look.names, workspace)


def _arrays(
    recipe: Recipe, workspace: Workspace, profile: Profile, most: int, flags: Sequence[str], looks: Sequence[Outlook]
) -> list[Array]:
    arrays: dict[str, Array] = {}
    for job, look in zip(recipe.jobs, looks, strict=True):
        after = tuple(before.name for before in job.upstream() if before.name in arrays)
        # Where it waits for other arrays, only what these make will tell what is to do.
        tasks, todo = len(look.names or ()), None if after else look.todo
        parts = max(1, min(profile.tasks, most, tasks or most))
        elements = tuple(range(parts)) if todo is None else tuple(sorted({number % parts for number in todo}))
        if not elements and is_closed(job, workspace):
            continue
        elements = elements or (0,)  # all is made, but nobody has closed it
        command = _command(recipe, workspace, job.name, profile, flags)
        name = file_stem(job.name)
        script = _script(
            name, profile, workspace, _ranges(elements), [*command, "--part", f'"$SLURM_ARRAY_TASK_ID/{parts}"']
        )
        close = _script(f"{name}-close", profile.alone(), workspace, "", [*command, "--close"])
        arrays[job.name] = Array(job.name, after, parts, elements, script, close)
    return list(arrays.values())


def _command(recipe: Recipe, workspace: Workspace, stage: str, profile: Profile, flags: Sequence[str]) -> list[str]:
    words = [
        *shlex.split(profile.command or f"{shlex.quote(sys.executable)} -m atom_data.cli"),
        "run", str(Path(recipe.path).absolute()), "--output", str(workspace.local().absolute()), "--stage", stage,
        "--workers", str(profile.workers_per_task), "--log", "json", "--planned", "--recipe-sha256", recipe.sha256,
        "--grace", str(profile.warning // 2), "--requeue",
    ]  # fmt: skip
    return [shlex.quote(word) for word in [*words, *flags]]


def _script(name: str, profile: Profile, workspace: Workspace, elements: str, command: Sequence[str]) -> str:
    log = join(str(workspace.local().absolute()), FOLDER, "logs", f"{name}-%A_%a.log" if elements else f"{name}-%j.log")
    settings = {
        "job-name": name,
        **({"array": elements} if elements else {}),
        "cpus-per-task": str(profile.workers_per_task),
        "output": log,
        "open-mode": "append",
        "requeue": "",
        "signal": f"B:USR1@{profile.warning}",
        "chdir": str(Path.cwd()),
        **profile.settings(),
    }
    lines = [f"#SBATCH --{key}={value}" if value else f"#SBATCH --{key}" for key, value in settings.items()]
    # The shell becomes our process, so that Slurm's signals reach it; until it listens, the warning is ignored.
    return "\n".join(
        ["#!/bin/bash", *lines, "set -eu", "trap '' USR1", *profile.setup, f"exec {' '.join(command)}", ""]
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers as Slurm writes them: 0-3,7,9-12."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _hand_over(recipe: Recipe, workspace: Workspace, profile: Profile, arrays: Sequence[Array]) -> None:
    closers: dict[str, str] = {}
    jobs: list[dict[str, Any]] = []
    record = {
        "recipe": str(Path(recipe.path).absolute()),
        "sha256": recipe.sha256,
        "profile": asdict(profile),
        "jobs": jobs,
    }
    for array in arrays:
        number = _sbatch(workspace, file_stem(array.stage), [closers[stage] for stage in array.after])
        jobs.append({"stage": array.stage, "array": number, "close": "", "elements": len(array.elements)})
        workspace.write_json(RECORD, record)
        jobs[-1]["close"] = closers[array.stage] = _sbatch(workspace, f"{file_stem(array.stage)}-close", [number])
        workspace.write_json(RECORD, record)


def _sbatch(workspace: Workspace, name: str, after: Sequence[str]) -> str:
    waits = [f"--dependency=afterok:{':'.join(after)}", "--kill-on-invalid-dep=yes"] if after else []
    return ask("sbatch", "--parsable", *waits, str(workspace.local(FOLDER, f"{name}.sh"))).strip().partition(";")[0]


def ask(*words: str) -> str:
    """Run one of Slurm's commands and return what it prints. ConfigError without Slurm, DataError when it refuses."""
    # Inside a job, variables of that job would become settings of the new one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_JOB", "SBATCH_"))}
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{words[0]}: there is no such command here. Run this on a login node of the cluster, or with --dry-run."
        ) from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise DataError(f"{words[0]}: {said}. Check the profile and the options against the cluster.")
    return done.stdout


def _max_array_size(required: bool) -> int:
    try:
        lines = ask("scontrol", "show", "config").splitlines()
    except (ConfigError, DataError):
        if required:
            raise
        return MAX_ARRAY_SIZE
    found = [line.partition("=")[2].strip() for line in lines if line.startswith("MaxArraySize")]
    return int(found[0]) if found else MAX_ARRAY_SIZE


def submission(workspace: Workspace) -> dict[str, Any] | None:
    """Return what was submitted for an output folder, or None."""
    return None if workspace.is_remote else workspace.read_json(RECORD)


def in_queue(workspace: Workspace) -> dict[str, str]:
    """Return the state of every job of the last submission that waits or runs, by number (array elements apart)."""
    record = submission(workspace)
    numbers = [job[part] for job in (record or {}).get("jobs", ()) for part in ("array", "close") if job[part]]
    if not numbers:
        return {}
    try:
        lines = ask("squeue", "--noheader", "--array", f"--jobs={','.join(numbers)}", "--format=%i %T").splitlines()
    except DataError as error:
        if "Invalid job id" in str(error):  # the only job asked for is long gone
            return {}
        raise
    return dict(line.split() for line in lines if line.strip())


def cancel(workspace: Workspace) -> list[str]:
    """End all jobs of the last submission; return their numbers. Finished shards stay."""
    numbers = sorted({name.partition("_")[0] for name in in_queue(workspace)}, key=int)
    if numbers:
        ask("scancel", *numbers)
    return numbers


def requeue() -> None:
    """Put the job that this process is back into the queue."""
    ask("scontrol", "requeue", os.environ["SLURM_JOB_ID"])
