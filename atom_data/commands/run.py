"""`check` and `run`: a recipe tried on nothing, and done."""

import json
import os
import re
from collections.abc import Callable, Sequence

import pyarrow as pa
import typer
from rich.markup import escape

from atom_data.cluster.slurm import requeue as back_to_the_queue
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
from atom_data.commands.screen import DEFAULT_OUT, AsJson, Jobs, Output, RecipePath, console, printable
from atom_data.errors import AtomDataError, ConfigError, DataError, Incomplete, TimeUp
from atom_data.graph import passes_of, raw_sources, stage_of
from atom_data.readers.source import ids_said, unread
from atom_data.runner.check import added, address_said, as_values, first_files, require_no_faults
from atom_data.runner.claims.hold import claimed
from atom_data.runner.claims.life import me
from atom_data.runner.failing.left_out import left_out
from atom_data.runner.local import GRACE_SECONDS, Options, check_out
from atom_data.runner.local import close as close_stage
from atom_data.runner.local import run as run_jobs
from atom_data.runner.places import check_places
from atom_data.runner.pool import Workers
from atom_data.runner.progress import Failure
from atom_data.runner.recipe import Recipe, load_recipe
from atom_data.runner.server import server
from atom_data.status.after import say_what_is_there
from atom_data.status.dry import dry_run as dry_run_lines
from atom_data.terminal.display import Display, JsonLog
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace


def check(recipe: RecipePath, output: Output = DEFAULT_OUT, jobs: Jobs = False, as_text: AsJson = False) -> None:
    """Try a recipe on zero rows: wrong order, missing columns, unknown cards and misspelt names show in a second.

    A line a stage, with the columns that it writes, and of a pass those that it adds. An output folder that the recipe would
    read from, or that is not for a run, is refused as well.
    """
    check_out(output)
    loaded = load_recipe(recipe)
    check_places(loaded, Workspace(output))
    require_no_faults(loaded)
    made = {job.name: job.check() for job in loaded.jobs}
    passes = passes_of(loaded.nodes)
    stages = dict.fromkeys(stage_of(name) for name in made)
    said = [
        *filter(None, map(ids_said, raw_sources(loaded.nodes))),
        *filter(None, (address_said(job, made[job.name]) for job in loaded.jobs)),
        *_unread(loaded),
        *map(printable, first_files(loaded)),
    ]
    if as_text:
        typer.echo(json.dumps({"recipe": recipe, "stages": as_values(made, passes), "notes": said}, indent=1))
        return
    screen = console()
    for name in made if jobs else stages:
        adds = name in passes and not jobs
        columns = added(passes[name]) if adds else list(made[name])
        text = f"[bold]{name}[/bold]  {'adds ' if adds else ''}{escape(_named(columns))}"
        screen.print(text, soft_wrap=True)
    for line in said:
        screen.print(escape(line), soft_wrap=True)
    screen.print(f"{recipe}: {plural(len(stages), 'stage')}, each reads what the one before it writes")


def _named(columns: Sequence[pa.Field]) -> str:
    return ", ".join(f"{column.name}: {column.type}" for column in columns)


def run(
    recipe: RecipePath,
    output: Output = DEFAULT_OUT,
    workers: options.Workers = 0,
    retries: options.Retries = 2,
    stage: options.StageName = None,
    part: options.Part = None,
    accept_code: options.AcceptCode = False,
    accept: options.Accept = False,
    allow_failed: options.AllowFailed = 0,
    check_hashes: options.CheckHashes = False,
    take_over: options.TakeOver = False,
    removals: options.Removals = None,
    replace: options.Replace = False,
    dry_run: options.DryRun = False,
    log: options.LogForm = Log.text,
    on: options.On = Where.here,
    tasks: options.Tasks = None,
    workers_per_task: options.WorkersPerTask = None,
    partition: options.Partition = None,
    time: options.TimeLimit = None,
    sbatch: options.Sbatch = None,
    profile: options.ProfilePath = None,
    resume: options.Resume = False,
    planned: options.Planned = False,
    recipe_sha256: options.RecipeSha256 = "",
    grace: options.Grace = GRACE_SECONDS,
    requeue: options.Requeue = False,
    close: options.Close = False,
    jobs: Jobs = False,
    progress: options.Progress = True,
) -> None:
    """Run a recipe: what is finished is kept, what has changed is made again, what fails is listed.

    The same recipe over the same inputs gives the same bytes for any number of workers, in any order, after any crash,
    here or on a cluster. Finished work is not removed or made again in bulk, nor that of another recipe, without --replace.
    """
    check_out(output)
    settings = {"tasks": tasks, "workers_per_task": workers_per_task, "partition": partition, "time": time}
    cluster_only(on, {**settings, "sbatch": sbatch, "profile": profile, "resume": resume or None})
    slurm_needs_none(
        on, {"stage": stage, "part": part, "workers": workers or None, "check_hashes": check_hashes or None}
    )
    how = Options(
        out=output, workers=workers or len(os.sched_getaffinity(0)), retries=retries, stage=stage,
        part=_part(part, stage), accept_code=accept_code, accept=accept, replace=replace, planned=planned,
        grace=grace, log=array_log(output, stage), allow_failed=allow_failed, take_over=take_over,
        check_hashes=check_hashes,
    )  # fmt: skip
    if on is Where.slurm:
        flags = [name for name, given in (("--accept-code", accept_code), ("--accept", accept)) if given]
        flags += [f"--allow-failed={allow_failed}"] if allow_failed else []
        given = {**settings, "sbatch": pairs(sbatch or [])}
        submit_arrays(recipe, output, profile, resume, dry_run, replace, flags, given, take_over)
        return
    if dry_run:
        _say_what_would_be_done(load_recipe(recipe), how)
        return
    if not (planned or close or how.part):
        refuse_queued(output)
    if not (close or on is Where.ray):
        server()
    loaded = load_recipe(recipe)
    _same_recipe(loaded, recipe_sha256)
    if removals is not None:
        _take_removals(removals, output, how)
    cluster = ray_workers(loaded, how, workers) if on is Where.ray else None
    tells = log is Log.text and part is None  # a thousand elements must not each read what all of them made
    try:
        _do(how, log, requeue, (jobs, progress), lambda display: _work(loaded, how, close, display, cluster))
    except Incomplete:
        if tells:
            say_what_is_there(loaded, output, console(), jobs)
        raise
    if tells:
        say_what_is_there(loaded, output, console(), jobs)


def _take_removals(path: str, output: str, how: Options) -> None:
    """Make a removal list part of the output folder, and take down what is on it and was made already."""
    from atom_data.takedown.listed import take_list  # noqa: PLC0415 - seldom asked for

    workspace, screen = Workspace(output, me().token), console(stderr=True)
    with claimed(workspace, f"atom-data run --removals {path}", take_over=how.take_over, note=screen.print):
        take_list(workspace, path, how.workers, lambda said: screen.print(escape(said), soft_wrap=True))


def make(recipe: str, output: str, workers: int) -> None:
    """Run a recipe here, as `run` does without any option."""
    loaded, how = load_recipe(recipe), Options(out=output, workers=workers or len(os.sched_getaffinity(0)))
    _do(how, Log.text, False, (False, True), lambda display: _work(loaded, how, False, display, None))


def _work(loaded: Recipe, how: Options, close: bool, display: Display, cluster: Workers | None) -> list[Failure]:
    """Close a stage, or run the jobs; say at the end what was left out, but the elements of an array end well without it."""
    if close:
        return close_stage(loaded, how)
    failures = _run_all(loaded, how, display, cluster)
    if not failures and how.part is None:
        _refuse_left_out(loaded, how.out)
    return failures


def _say_what_would_be_done(loaded: Recipe, how: Options) -> None:
    jobs = loaded.stage(how.stage) if how.stage else loaded.jobs
    for line in dry_run_lines(loaded, Workspace(how.out), jobs, how.accept_code, how.replace):
        console().print(escape(line), soft_wrap=True)


def _run_all(loaded: Recipe, how: Options, display: Display, cluster: Workers | None) -> list[Failure]:
    """Run the jobs; say before what lies in the folders of the sources and is not read, but not a thousand times over."""
    for said in [] if how.part else _unread(loaded):
        display.note(said)
    return run_jobs(loaded, how, display, cluster)


def _unread(loaded: Recipe) -> list[str]:
    return [said for source in raw_sources(loaded.nodes) if (said := unread(source))]


def _do(
    how: Options, log: Log, requeue: bool, shown: tuple[bool, bool], work: Callable[[Display], list[Failure]]
) -> None:
    """Do the work and say how it ended. DataError names the shards that failed."""
    screen = console(stderr=True)
    display = JsonLog(screen, jobs=True) if log is Log.json else Display(screen, *shown)
    try:
        failures = work(display)
    except AtomDataError as error:
        final = judge_time(error) if requeue and isinstance(error, TimeUp) else error
        display.ended(final.exit_code, str(final))  # before Slurm, asked to take the element back, ends this process
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
            "Mend the cause and run again: finished shards are kept."
        )


def _same_recipe(loaded: Recipe, expected: str) -> None:
    if expected and loaded.sha256 != expected:
        raise ConfigError(
            f"{loaded.path}: the recipe is not the one that was submitted (SHA-256 {loaded.sha256[:12]}, submitted "
            f"{expected[:12]}). Cancel the jobs and submit again."
        )


def _refuse_left_out(loaded: Recipe, output: str) -> None:
    """End with exit code 3 where a run is done but for shards that were allowed to fail."""
    workspace = Workspace(output)
    names = [f"{job.name}/{shard}" for job in loaded.jobs for shard in left_out(job.name, workspace)]
    if names:
        raise Incomplete(
            f"{output}: finished without {plural(len(names), 'shard')} that failed ({', '.join(names[:10])}), as --allow-failed "
            f"allows. Why: atom-data logs {output} --failed. The next run tries them again."
        )


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
