"""`check` and `run`: try a recipe on zero rows, and run it."""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import typer
from rich.markup import escape

from atom_data.cluster.slurm import requeue as back_to_the_queue, submitting
from atom_data.commands import options
from atom_data.commands.cluster import (
    array_log,
    cluster_only,
    judge_time,
    pairs,
    ray_workers,
    refuse_queued,
    slurm_needs_none,
    submit_arrays,
)
from atom_data.commands.options import Log, Where
from atom_data.commands.screen import DEFAULT_OUT, AsJson, Jobs, Output, RecipePath, Set, console, load, printable
from atom_data.errors import AtomDataError, ConfigError, DataError, Incomplete, TimeUp
from atom_data.graph import passes_of, raw_sources, stage_of
from atom_data.readers.source import ids_said, unread
from atom_data.runner.check import added, address_said, as_values, first_files, require_no_faults
from atom_data.runner.claims.hold import claimed
from atom_data.runner.claims.life import me
from atom_data.runner.local import GRACE_SECONDS, Options, check_out, close as close_stage, run as run_jobs
from atom_data.runner.places import check_places
from atom_data.runner.pool import Workers
from atom_data.runner.progress import Failure
from atom_data.runner.recipe import Recipe
from atom_data.runner.server import server
from atom_data.runner.settings.files import files_said
from atom_data.runner.settings.parameters import as_values as plain
from atom_data.runner.settings.remembered import remembered_said
from atom_data.status.after import say_what_is_there
from atom_data.status.dry import dry_run as dry_run_lines
from atom_data.storage.manifest import Manifest
from atom_data.terminal.display import Display, JsonLog
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace


def check(
    recipe: RecipePath, output: Output = DEFAULT_OUT, given: Set = None, jobs: Jobs = False, as_text: AsJson = False
) -> None:
    """Try a recipe on zero rows: finds wrong order, missing columns, unknown cards and misspelled names in a second.

    Prints a line per stage with the columns that it writes; for a pass, those that it adds. An output folder that the recipe would
    read from, or that is not for a run, is refused as well. Exit code 2, after all that, when a source has nothing to read.
    """
    check_out(output)
    loaded = load(recipe, Workspace(output), given)
    check_places(loaded, Workspace(output))
    require_no_faults(loaded)
    made = {job.name: job.check() for job in loaded.jobs}
    passes = passes_of(loaded.nodes)
    stages = dict.fromkeys(stage_of(name) for name in made)
    seen, nothing = first_files(loaded)
    said = [
        *_parameters_said(loaded, output),
        *files_said(loaded, Workspace(output)),
        *filter(None, map(ids_said, raw_sources(loaded.nodes))),
        *filter(None, (address_said(job, made[job.name]) for job in loaded.jobs)),
        *_unread(loaded),
        *map(printable, seen),
    ]
    if as_text:
        found = {
            "recipe": recipe,
            "parameters": plain(loaded.values),
            "stages": as_values(made, passes),
            "notes": [*said, *nothing],
        }
        typer.echo(json.dumps(found, indent=1))
        _refuse_nothing(nothing)
        return
    screen = console()
    room = max(map(len, made if jobs else stages)) if screen.is_terminal else 0
    for name in made if jobs else stages:
        adds = name in passes and not jobs
        columns = added(passes[name]) if adds else list(made[name])
        listed = f"{'adds ' if adds else ''}{escape(_named(columns))}"
        screen.prose(f"[bold]{name}[/bold]{' ' * (room - len(name))}  {listed}", set_in=room + 2)
    for line in said:
        screen.prose(escape(line))
    screen.prose(f"{recipe}: {plural(len(stages), 'stage')}{_IN_ORDER if len(stages) > 1 else ''}")
    _refuse_nothing(nothing)


_IN_ORDER = ", each reads what the one before it writes"


def _refuse_nothing(nothing: Sequence[str]) -> None:
    """Refuse a recipe whose steps fit and whose sources have nothing to read: a run would."""
    if nothing:
        raise ConfigError("\n".join(printable(line) for line in nothing))


def _parameters_said(loaded: Recipe, output: str) -> list[str]:
    """Return a line a parameter: what it is, and what was set."""
    lines = []
    for parameter in loaded.parameters:
        value = loaded.given.get(parameter.name)
        source = f" (as in the last run into {output})" if parameter.name in loaded.remembered else ""
        said = "the default" if value is None else f"set to {value or 'None'}{source}"
        lines.append(f"parameter {parameter}: {said}")
    return lines


def _named(columns: Sequence[pa.Field]) -> str:
    return ", ".join(f"{column.name}: {column.type}" for column in columns)


def run(
    recipe: RecipePath, output: Output = DEFAULT_OUT, given: Set = None, workers: options.Workers = 0,
    retries: options.Retries = 2, stage: options.StageName = None, part: options.Part = None,
    accept_code: options.AcceptCode = False, accept: options.Accept = False, allow_failed: options.AllowFailed = 0,
    check_hashes: options.CheckHashes = False, take_over: options.TakeOver = False, replace: options.Replace = False,
    removals: options.Removals = None, dry_run: options.DryRun = False, log: options.LogForm = Log.text,
    on: options.On = Where.here, tasks: options.Tasks = None, workers_per_task: options.WorkersPerTask = None,
    partition: options.Partition = None, time: options.TimeLimit = None, sbatch: options.Sbatch = None,
    profile: options.ProfilePath = None, resume: options.Resume = False, planned: options.Planned = False,
    recipe_sha256: options.RecipeSha256 = "", grace: options.Grace = GRACE_SECONDS,
    requeue: options.Requeue = False, close: options.Close = False,
    jobs: Jobs = False, progress: options.Progress = True,
) -> None:  # fmt: skip
    """Run a recipe: what is finished is kept, what has changed is rebuilt, what fails is listed.

    The same recipe over the same inputs gives the same bytes for any number of workers, in any order, after any crash,
    here or on a cluster. Finished work is not removed or rebuilt in bulk, nor that of another recipe, without --replace.
    """
    check_out(output)
    settings = {"tasks": tasks, "workers_per_task": workers_per_task, "partition": partition, "time": time}
    cluster_only(on, {**settings, "sbatch": sbatch, "profile": profile, "resume": resume or None})
    slurm_needs_none(
        on, {"stage": stage, "part": part, "workers": workers or None, "check_hashes": check_hashes or None}
    )
    workspace = Workspace(output)
    if removals is not None and not dry_run:
        _take_removals(removals, Workspace(output, me().token), workers, take_over)
    if on is Where.slurm:
        flags = _flags(accept_code, accept, allow_failed)
        asked, loaded = {**settings, "sbatch": pairs(sbatch or [])}, load(recipe, workspace, given)
        submit_arrays(loaded, submitting(output), profile, resume, dry_run, replace, flags, asked, take_over)
        return
    how = Options(
        out=output, workers=workers or len(os.sched_getaffinity(0)), retries=retries, stage=stage,
        part=_part(part, stage), accept_code=accept_code, accept=accept, replace=replace, planned=planned,
        grace=grace, log=array_log(workspace, stage), allow_failed=allow_failed, take_over=take_over,
        check_hashes=check_hashes,
    )  # fmt: skip
    if dry_run:
        _say_what_would_be_done(load(recipe, workspace, given), how, jobs)
        return
    if not (planned or close or how.part):
        refuse_queued(workspace)
    if not (close or on is Where.ray):
        server()
    loaded = load(recipe, workspace, given)
    _same_recipe(loaded, recipe_sha256)
    cluster = ray_workers(loaded, how, workers) if on is Where.ray else None
    _run_and_say(loaded, workspace, how, log, requeue, close, (jobs, progress), cluster)


def _flags(accept_code: bool, accept: bool, allow_failed: int) -> list[str]:
    """Return the options that are passed on to array tasks."""
    flags = [name for name, given in (("--accept-code", accept_code), ("--accept", accept)) if given]
    return flags + ([f"--allow-failed={allow_failed}"] if allow_failed else [])


def _run_and_say(
    loaded: Recipe, workspace: Workspace, how: Options, log: Log, requeue: bool, close: bool, shown: tuple[bool, bool],
    cluster: Workers | None,
) -> None:  # fmt: skip
    """Run, then print the status; also when shards were left out, which has its own exit code."""
    tells = log is Log.text and how.part is None  # a thousand array tasks must not each read what all of them made
    manifests: dict[str, Manifest | None] = {}
    try:
        _do(how, log, requeue, shown, lambda display: _work(loaded, how, close, display, cluster, manifests))
    except Incomplete:
        if tells:
            say_what_is_there(loaded, workspace, console(), shown[0], manifests)
        raise
    if tells:
        say_what_is_there(loaded, workspace, console(), shown[0], manifests)


def _take_removals(path: str, workspace: Workspace, workers: int, take_over: bool) -> None:
    """Make a removal list part of the output folder, and remove what is on it and was made already."""
    from atom_data.takedown.listed import take_list  # noqa: PLC0415 - seldom asked for

    screen, count = console(stderr=True), workers or len(os.sched_getaffinity(0))
    with claimed(workspace, f"atom-data run --removals {path}", take_over=take_over, note=screen.print):
        take_list(workspace, path, count, lambda said: screen.print(escape(said), soft_wrap=True))


def make(recipe: str, output: str, workers: int, given: list[str] | None = None) -> None:
    """Run a recipe here, as `run` does without any option."""
    loaded, how = (
        load(recipe, Workspace(output), given),
        Options(out=output, workers=workers or len(os.sched_getaffinity(0))),
    )
    _do(how, Log.text, False, (False, True), lambda display: _work(loaded, how, False, display, None, {}))


def _work(
    loaded: Recipe, how: Options, close: bool, display: Display, cluster: Workers | None,
    manifests: dict[str, Manifest | None],
) -> list[Failure]:  # fmt: skip
    """Close a stage, or run the jobs; report what was left out; array tasks do not. Manifests that are read are put there."""
    if close:
        return close_stage(loaded, how)
    failures = _run_all(loaded, how, display, cluster)
    if not failures and how.part is None:
        workspace = Workspace(how.out)
        manifests |= {job.name: workspace.manifest(job.name) for job in loaded.jobs}
        _refuse_left_out(workspace, manifests)
    return failures


def _say_what_would_be_done(loaded: Recipe, how: Options, inside: bool) -> None:
    jobs = loaded.stage(how.stage) if how.stage else loaded.jobs
    for line in dry_run_lines(loaded, Workspace(how.out), jobs, how.accept_code, how.replace, inside):
        console().prose(escape(line))


def _run_all(loaded: Recipe, how: Options, display: Display, cluster: Workers | None) -> list[Failure]:
    """Run the jobs; first report files in the folders of the sources that are not read, but not once per array task."""
    known = remembered_said(loaded, Workspace(how.out))
    for said in [] if how.part else [*filter(None, [known]), *_unread(loaded)]:
        display.note(said)
    return run_jobs(loaded, how, display, cluster)


def _unread(loaded: Recipe) -> list[str]:
    return [said for source in raw_sources(loaded.nodes) if (said := unread(source))]


def _do(
    how: Options, log: Log, requeue: bool, shown: tuple[bool, bool], work: Callable[[Display], list[Failure]]
) -> None:
    """Do the work and report how it ended. DataError names the shards that failed."""
    screen = console(stderr=True)
    display = JsonLog(screen, jobs=True) if log is Log.json else Display(screen, *shown)
    try:
        failures = work(display)
    except AtomDataError as error:
        final = judge_time(error) if requeue and isinstance(error, TimeUp) else error
        display.ended(final.exit_code, str(final))  # before Slurm, asked to requeue the array task, ends this process
        if final is not error:
            raise final from error
        if requeue and isinstance(error, TimeUp):
            back_to_the_queue()
        raise
    display.ended(1 if failures else 0)
    if failures:
        names = ", ".join(f"{failure.stage}/{failure.shard}" for failure in failures[:10])
        raise DataError(
            f"{how.out}: {plural(len(failures), 'shard')} failed ({names}); the reasons stand above. "
            "Fix the cause and run again: finished shards are kept."
        )


def _same_recipe(loaded: Recipe, expected: str) -> None:
    if expected and loaded.sha256 != expected:
        raise ConfigError(
            f"{loaded.path}: the recipe is not the one that was submitted (SHA-256 {loaded.sha256[:12]}, submitted "
            f"{expected[:12]}). Cancel the jobs and submit again."
        )


def _refuse_left_out(workspace: Workspace, manifests: Mapping[str, Manifest | None]) -> None:
    """End with exit code 3 when a run is done except for shards that were allowed to fail."""
    names = [f"{job}/{shard}" for job, found in manifests.items() for shard in (found.failed if found else ())]
    if names:
        raise Incomplete(
            f"{workspace.root}: finished without {plural(len(names), 'shard')} that failed "
            f"({', '.join(names[:10])}), as --allow-failed allows. Why: atom-data logs {workspace.root} --failed. "
            "The next run tries them again."
        )


def _part(text: str | None, stage: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or int(match[1]) >= int(match[2]):
        raise ConfigError(f"--part: '{text}' is not I/N with I from 0 to N - 1. For the first of ten tasks give 0/10.")
    if stage is None:
        raise ConfigError(
            "--part: it needs --stage, because a later stage may only start when the whole one before is done."
        )
    return int(match[1]), int(match[2])
