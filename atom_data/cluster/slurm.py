"""Slurm: one array per stage, written as a script that a person can read, chained so that no stage starts on half an input.

A stage is an array of at most `MaxArraySize` tasks; array task i of n takes shards i, i + n, i + 2n, ... The array is
followed by one small job that looks at every receipt and closes the stage; the next array waits for that job alone, and
each of its tasks checks again before it reads. None of this decides what is done: receipts do.

OUT/cluster/STAGE.sh, STAGE-close.sh   the scripts; of a job in a pass PASS.JOB.sh
OUT/cluster/submission.json            what was submitted: the recipe by path and hash, settings, job names and numbers
OUT/cluster/logs/                      a file per array task: JSON lines
"""

import json
import os
import shlex
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atom_data.cluster.asking import ask, states
from atom_data.cluster.chain import CLOSE, FOLDER, hand_over, is_broken, names, numbers, run_name
from atom_data.cluster.elements import most_tasks, ranges
from atom_data.cluster.profile import Profile
from atom_data.errors import ConfigError, DataError
from atom_data.graph import file_stem, in_order, stage_of
from atom_data.runner.claims.claim import Part
from atom_data.runner.claims.hold import claimed
from atom_data.runner.claims.life import me
from atom_data.runner.cleaned import bring_back, cleaned_of
from atom_data.runner.outlook import Outlook, look_ahead
from atom_data.runner.places import check_places
from atom_data.runner.plan import is_closed, remove_stale, write_shards
from atom_data.runner.recipe import Recipe
from atom_data.runner.replace import own, refuse, refuse_other_recipe
from atom_data.storage.paths import join
from atom_data.storage.record import SUBMISSION
from atom_data.workspace import Workspace

MAX_ARRAY_SIZE = 1001
"""Slurm's default, where there is no Slurm to ask."""
NO_STAGE = "/submission"
"""What a submission claims: no stage's part, as elements may start before the last sbatch has answered."""


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


def submitting(out: str) -> Workspace:
    """Return an output folder for `submit`, which lists the sources once, for all tasks of the arrays."""
    return Workspace(out, me().token, "write")


def submit(
    recipe: Recipe,
    workspace: Workspace,
    profile: Profile,
    flags: Sequence[str] = (),
    dry_run: bool = False,
    replace: bool = False,
    resume: bool = False,
    take_over: bool = False,
) -> list[Array]:
    """Write the scripts of all that is not finished, and hand them to sbatch unless this is a dry run.

    `flags` are options of `run` that go along: --accept-code, --accept. ConfigError where finished work would be removed
    or rebuilt in bulk, unless `replace`: it is asked here once, because array tasks do not ask. With `resume`
    a submission that ended in the middle of its chain is continued while its jobs are still in the queue.
    DataError when an earlier submission is still in the queue, or when sbatch refuses; ConfigError without Slurm.
    """
    if workspace.is_remote:
        raise ConfigError(
            f"{workspace.root}: the scripts and logs of an array need a shared folder. Give a path as --output."
        )
    before = submission(workspace) or {"jobs": []}
    if not dry_run and (busy := in_queue(workspace)):
        if not (resume and is_broken(before)):
            raise still_queued(workspace, busy)
        return _go_on(recipe, workspace, profile, before)
    ended = set(numbers(before))
    check_places(recipe, workspace)
    with claimed(
        workspace,
        f"atom-data run {recipe.path} --on slurm",
        part=Part(NO_STAGE, "close", "close", recipe.sha256),
        take_over=take_over,
        gone=lambda who: not dry_run and who.slurm.partition("_")[0] in ended,
    ):
        return _submit(recipe, workspace, profile, flags, dry_run, replace)


def _submit(
    recipe: Recipe, workspace: Workspace, profile: Profile, flags: Sequence[str], dry_run: bool, replace: bool
) -> list[Array]:
    most = _max_array_size(required=not dry_run)
    looks = _looks(recipe, workspace, "--accept-code" in flags, replace)
    workspace.local(FOLDER, "logs").mkdir(parents=True, exist_ok=True)
    if not dry_run and _bring_back(recipe, workspace, looks):
        looks = list(look_ahead(recipe.jobs, workspace, "--accept-code" in flags))
    name = run_name(recipe.path)
    if not dry_run:
        _settle(recipe, workspace, looks)
    arrays = [array for array in _arrays(recipe, workspace, profile, most, flags, looks, name) if array.elements]
    for array in arrays:
        workspace.local(FOLDER, f"{file_stem(array.stage)}.sh").write_text(array.script)
        workspace.local(FOLDER, f"{file_stem(array.stage)}{CLOSE}.sh").write_text(array.close)
    if not dry_run and arrays:
        hand_over(workspace, _record(recipe, profile, arrays, name))
    return arrays


def _record(recipe: Recipe, profile: Profile, arrays: Sequence[Array], name: str) -> dict[str, Any]:
    jobs = [
        {
            "stage": array.stage,
            "name": f"{name}-{file_stem(array.stage)}",
            "after": list(array.after),
            "parts": array.parts,
            "elements": len(array.elements),
            "array": "",
            "close": "",
        }
        for array in arrays
    ]
    path = str(Path(recipe.path).absolute())
    return {"recipe": path, "sha256": recipe.sha256, "profile": asdict(profile), "run": name, "jobs": jobs}


def still_queued(workspace: Workspace, busy: Collection[str]) -> DataError:
    """Return what is said to who would run what is in the queue already."""
    return DataError(
        f"{workspace.root}: {len(busy):,} jobs of it are still in the queue ({', '.join(sorted(busy)[:3])}). "
        "Wait for them (atom-data status --watch), or end them with atom-data cancel."
    )


def _go_on(recipe: Recipe, workspace: Workspace, profile: Profile, record: dict[str, Any]) -> list[Array]:
    """Submit the rest of a chain behind what is in the queue, with the scripts as they were written for it."""
    if record["sha256"] != recipe.sha256 or record["profile"] != _plain(asdict(profile)):
        raise ConfigError(
            f"{workspace.root}: a part of its chain is in the queue, submitted with another recipe or other settings. End it "
            "with atom-data cancel, or go on with --resume alone."
        )
    left = [job for job in record["jobs"] if not job["close"]]
    hand_over(workspace, record, again=True)
    return [
        Array(
            job["stage"], tuple(job["after"]), job["parts"], tuple(range(job["elements"])),
            *(workspace.local(FOLDER, f"{job['stage']}{end}.sh").read_text() for end in ("", CLOSE)),
        )
        for job in left
    ]  # fmt: skip


def _plain(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as JSON gives it back
    return json.loads(json.dumps(value))


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
    recipe: Recipe,
    workspace: Workspace,
    profile: Profile,
    most: int,
    flags: Sequence[str],
    looks: Sequence[Outlook],
    name: str,
) -> list[Array]:
    arrays: dict[str, Array] = {}
    for job, look in zip(recipe.jobs, looks, strict=True):
        after = tuple(before.name for before in job.upstream() if before.name in arrays)
        # Where it waits for other arrays, only what these make will tell what is to do.
        tasks, todo = len(look.names or ()), None if after else look.todo
        parts = max(1, min(profile.tasks, most, tasks or most_tasks(job, workspace)))
        elements = tuple(range(parts)) if todo is None else tuple(sorted({number % parts for number in todo}))
        if not elements and is_closed(job, workspace):
            continue
        elements = elements or (0,)  # all shards are there, but the stage is not closed
        command = _command(recipe, workspace, job.name, profile, flags)
        stem = file_stem(job.name)
        part = ["--part", f'"$SLURM_ARRAY_TASK_ID/{parts}"']
        script = _script(name, stem, profile, workspace, ranges(elements), [*command, *part])
        close = _script(name, f"{stem}{CLOSE}", profile.alone(), workspace, "", [*command, "--close"])
        arrays[job.name] = Array(job.name, after, parts, elements, script, close)
    return list(arrays.values())


def _command(recipe: Recipe, workspace: Workspace, stage: str, profile: Profile, flags: Sequence[str]) -> list[str]:
    words = [
        *shlex.split(profile.command or f"{shlex.quote(sys.executable)} -m atom_data.cli"),
        "run", str(Path(recipe.path).absolute()), "--output", str(workspace.local().absolute()), "--stage", stage,
        "--workers", str(profile.workers_per_task), "--log", "json", "--planned", "--recipe-sha256", recipe.sha256,
        "--grace", str(profile.warning // 2), "--requeue", *recipe.settings,
    ]  # fmt: skip
    return [shlex.quote(word) for word in [*words, *flags]]


def _script(run: str, name: str, profile: Profile, workspace: Workspace, elements: str, command: Sequence[str]) -> str:
    log = join(str(workspace.local().absolute()), FOLDER, "logs", f"{name}-%A_%a.log" if elements else f"{name}-%j.log")
    settings = {
        "job-name": f"{run}-{name}",
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
    return None if workspace.is_remote else workspace.read_json(SUBMISSION)


def in_queue(workspace: Workspace) -> dict[str, str]:
    """Return the state of every job of the last submission that waits or runs, by number (array tasks apart).

    Asked for by name, so that a job is found whose number never reached us; one of an earlier release by number.
    """
    record = submission(workspace)
    if record is None:
        return {}
    known = names(record)
    return states(known, () if known else numbers(record))


def cancel(workspace: Workspace) -> list[str]:
    """End all jobs of the last submission; return their numbers. Finished shards stay."""
    numbers = sorted({name.partition("_")[0] for name in in_queue(workspace)}, key=int)
    if numbers:
        ask("scancel", *numbers)
    return numbers


def requeue() -> None:
    """Put the job that this process is back into the queue."""
    ask("scontrol", "requeue", os.environ["SLURM_JOB_ID"])
