"""Running a recipe: its jobs in order, each planned from receipts, done by a pool of workers, and accepted as a whole."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from atom_data.errors import AtomDataError, DataError, TimeUp
from atom_data.graph import Job, stage_of
from atom_data.reach import code_identity
from atom_data.runner.claims.claim import Part
from atom_data.runner.claims.files import others_at_work
from atom_data.runner.claims.hold import claimed
from atom_data.runner.claims.life import me
from atom_data.runner.claims.takedowns import refuse_begun
from atom_data.runner.cleaned import bring_back, cleaned_of, first_with_work, left_by_earlier_layout
from atom_data.runner.failing.left_out import leave_out
from atom_data.runner.hashes import check_hashes
from atom_data.runner.needs import needs
from atom_data.runner.places import check_places, refuse_own_output
from atom_data.runner.plan import (
    NEW,
    Plan,
    close_job,
    is_closed,
    plan_job,
    remove_stale,
    require_complete,
    withdraw_job,
    write_plan,
    write_summary,
)
from atom_data.runner.pool import Pool, Workers
from atom_data.runner.progress import Failure, Progress, say_plan
from atom_data.runner.recipe import Recipe, job_identity
from atom_data.runner.replace import Guard, refuse_other_recipe
from atom_data.runner.signals import handled, interrupt
from atom_data.runner.worker import Orders
from atom_data.storage.partials import left_over, sweep
from atom_data.storage.paths import is_remote, write_errors
from atom_data.terminal.display import Display
from atom_data.terminal.table import is_are, plural
from atom_data.workspace import Workspace

GRACE_SECONDS = 60.0
LAG_SECONDS = 70.0
"""An NFS client caches a folder for up to 60 seconds (nfs(5), acdirmax)."""
PAUSE, LONG_PAUSE = 1.0, 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how to run; nothing here can change a byte of output."""

    out: str
    workers: int = 1
    retries: int = 2
    """Retries per shard after a worker crash or an I/O error."""
    stage: str | None = None
    """Run this stage only, of a pass all its jobs, or this job of one; what it reads must be complete."""
    part: tuple[int, int] | None = None
    """(i, n): only tasks i, i + n, i + 2n, ... of the job, as one of n array tasks."""
    accept_code: bool = False
    """Keep finished shards that another version of the code made."""
    accept: bool = False
    """Continue when a job as a whole is refused, and note in its receipt that this was accepted."""
    replace: bool = False
    """Remove and rebuild finished shards, however many, also those of another recipe."""
    planned: bool = False
    """The sources were listed when the array was submitted: read that listing and make none."""
    grace: float = GRACE_SECONDS
    """Seconds that running shards get to finish after SIGUSR1, which warns of the time limit."""
    log: str = ""
    """The file that this run's lines go to, noted with each failure."""
    check_hashes: bool = False
    """Check the content of finished shards, and rebuild damaged ones."""
    allow_failed: int = 0
    """Maximum number of failed shards a stage may finish without; they are recorded, and retried by the next run."""
    take_over: bool = False
    """Continue when a process of another machine has a claim on the folder, if it was silent for five minutes."""


def run(recipe: Recipe, options: Options, display: Display, workers: Workers | None = None) -> list[Failure]:
    """Run the jobs of a recipe in order; return the shards that failed. Later jobs do not start after a failure.

    DataError when a finished job as a whole is not acceptable; TimeUp when SIGUSR1 came before the end;
    KeyboardInterrupt passes through after the workers are stopped and their half-written files removed.
    """
    chosen = _chosen(recipe, options)
    workspace = _workspace(options)
    refuse_begun(workspace)
    pool = workers or Pool(_orders(recipe, options), options.workers, needs(recipe.jobs))
    with display, _signals(pool, options.grace), contextlib.ExitStack() as stack:
        pool.announce(display)
        check_places(recipe, workspace)
        for job in recipe.jobs:
            job.check()
        stack.enter_context(_claimed(recipe, workspace, options, display.note))
        guard = _guard(recipe, chosen, workspace, options)
        for job in recipe.jobs:
            code_identity(job)  # now, while the workers' server starts, and not when the first job is closed
        for said in [] if options.planned else left_by_earlier_layout(recipe, workspace):
            display.note(said)
        seen: set[str] = set()
        for job in chosen:
            _bring_back(recipe, stage_of(job.name), workspace, options, display, seen, guard)
            if options.stage:
                _require_upstream(job, workspace, options)
            failures = _run_job(job, workspace, options, pool, display, guard)
            if failures:
                return failures
        if not guard.asked:
            with contextlib.suppress(AtomDataError, OSError):  # nothing was to do, so that the folder may be read-only
                guard.own()
    return []


def _orders(recipe: Recipe, options: Options) -> Orders:
    return Orders(recipe.path, options.out, options.planned, recipe.given)


def _chosen(recipe: Recipe, options: Options) -> tuple[Job, ...]:
    """Return the jobs to run: of a pass that is named all of them, but one where shards are dealt out by number."""
    if not options.stage:
        return recipe.jobs
    return (recipe.job(options.stage),) if options.part or options.planned else recipe.stage(options.stage)


def _bring_back(
    recipe: Recipe, stage: str, workspace: Workspace, options: Options, display: Display, seen: set[str], guard: Guard
) -> None:
    """Before the first job of a pass: if it has work, bring back what was cleaned of it. Arrays do this at submission."""
    job = next((job for job in recipe.jobs if job.name == stage), None)
    if job is None or options.planned or stage in seen:
        return
    seen.add(stage)
    found = first_with_work(job, workspace, options.accept_code) if cleaned_of(job, workspace) else None
    if found is not None:
        first, plan = found
        if plan is not None and first in guard.jobs:
            guard.ask(plan)  # now: a run that is refused leaves all as it is
        display.note(bring_back(job, first.name, workspace), stage=stage)


def _guard(recipe: Recipe, chosen: Sequence[Job], workspace: Workspace, options: Options) -> Guard:
    """Return the guard that asks before finished work is removed; for our array tasks this was done at submission."""
    if not (options.replace or options.planned):
        refuse_other_recipe(recipe, workspace)
    part = options.part is not None
    return Guard(recipe, workspace, chosen, options.replace, options.accept_code, part, asked=options.planned)


def _workspace(options: Options) -> Workspace:
    """Return the output folder under a token that no other process uses at this time."""
    return Workspace(options.out, me().token, "read" if options.planned else "anew")


def _claimed(
    recipe: Recipe, workspace: Workspace, options: Options, note: Callable[[str], None]
) -> contextlib.AbstractContextManager[None]:
    """Be the only run in the folder, or the only one at this part of an array. DataError names who is there."""
    part = None
    if options.part and options.stage:
        part = Part(options.stage, str(options.part[0]), str(options.part[1]), recipe.sha256)
    what = f"atom-data run {recipe.path}"
    return claimed(workspace, what, part=part, take_over=options.take_over, note=note)


def _require_upstream(job: Job, workspace: Workspace, options: Options) -> None:
    """Trust the manifest of a job that another task of the array has just closed; otherwise look at every receipt."""
    for before in job.upstream():
        if not (options.planned and soon(partial(is_closed, before, workspace))):
            require_complete(before, workspace, options.accept_code, options.accept, options.allow_failed)


def _run_job(
    job: Job, workspace: Workspace, options: Options, pool: Workers, display: Display, guard: Guard
) -> list[Failure]:
    if options.check_hashes:
        check_hashes(job.name, workspace, display, options.workers, options.part)
    plan = plan_job(job, workspace, options.accept_code, options.part, options.planned)
    refuse_own_output(job, () if options.planned else plan.tasks, workspace)
    guard.ask(plan)
    _write_plan(plan, workspace, options, display)
    say_plan(plan, display)
    progress = Progress(plan, workspace, display, options.retries, options.log, list(plan.todo), options.allow_failed)
    if progress.waiting:
        pool.prepare(display)
        display.start(job.name, progress.total, sum(task.bytes for task in progress.waiting))
        try:
            pool.run_job(job.name, job_identity(job), progress)
        finally:
            display.stop()
        progress.say_failures()
    if progress.failures and not leave_out(progress):
        return sorted(progress.failures, key=lambda failure: failure.shard)
    if pool.leaving:
        left = progress.total - progress.finished
        raise TimeUp(
            f"{job.name}: the time is up: {plural(progress.finished, 'shard')} "
            f"{'was' if progress.finished == 1 else 'were'} finished, {left:,} {is_are(left)} left. "
            "Run again to go on: nothing but the shards begun is repeated."
        )
    if options.part is not None:
        whole = None if options.planned else _whole(plan, workspace, options)
        if whole is None:
            return []  # an array of ours has a job that closes the stage
        plan = whole
    close_job(plan, workspace, options.accept)
    if progress.total or left_over(workspace.path(job.name)):
        _sweep(job, workspace)
    write_summary(job, workspace)
    return []


def _write_plan(plan: Plan, workspace: Workspace, options: Options, display: Display) -> None:
    """Note what the job makes, and remove what it no longer makes; the first of our array tasks does it for all."""
    job, stale = plan.job, list[str]()
    with write_errors(workspace.root):
        if not (options.planned and options.part and options.part[0]):
            stale = remove_stale(job, (task.name for task in plan.tasks), workspace)
            write_plan(plan, workspace)
        if plan.todo or stale:
            withdraw_job(job, workspace)
    if stale:
        display.note(
            f"{job.name}: {plural(len(stale), 'shard')} of an earlier run {is_are(len(stale))} no longer in the input; "
            f"removed: {stale[0]}{', ...' if len(stale) > 1 else ''}",
            stage=job.name,
        )


def _whole(plan: Plan, workspace: Workspace, options: Options) -> Plan | None:
    """Return the plan of the whole job where this part was the last to be done, so that it closes the job; else None."""
    there = workspace.finished_names(plan.job.name)
    if there is None or not all(task.name in there for task in plan.tasks):
        return None
    whole = plan_job(plan.job, workspace, options.accept_code)
    whole.leave_out(options.allow_failed)
    return whole if whole.complete else None  # some receipts may be of an earlier run, and their part is yet to come


def close(recipe: Recipe, options: Options) -> list[Failure]:
    """Check every receipt of one stage, accept it as a whole and write its manifest. DataError when it is not complete."""
    job, workspace = recipe.job(options.stage or recipe.jobs[-1].name), _workspace(options)
    plans: list[Plan] = []

    def settled() -> bool:
        plans[:] = [plan_job(job, workspace, options.accept_code)]
        return set(plans[0].reasons) != {NEW}

    part = Part(job.name, "close", "close", recipe.sha256)
    with claimed(workspace, f"atom-data run {recipe.path}", part=part, take_over=options.take_over):
        soon(settled, LONG_PAUSE)
        plans[0].leave_out(options.allow_failed)
        with write_errors(workspace.root):
            remove_stale(job, (task.name for task in plans[0].tasks), workspace)
            write_plan(plans[0], workspace)
            close_job(plans[0], workspace, options.accept)
            _sweep(job, workspace)
        write_summary(job, workspace)
    return []


def _sweep(job: Job, workspace: Workspace) -> None:
    """Remove half-written files of killed attempts, and none of processes that are still running."""
    sweep(workspace.path(job.name), keep=[claim.who.token for claim in others_at_work(workspace)])


def soon(true: Callable[[], bool], pause: float = PAUSE) -> bool:
    """Wait for a change by another node, as long as a network file system may not show it yet."""
    end = time.monotonic() + LAG_SECONDS
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


@contextlib.contextmanager
def _signals(pool: Workers, grace: float) -> Iterator[None]:
    """End at once on SIGTERM, as on Ctrl-C; on SIGUSR1, which Slurm sends before the time is up, finish what runs."""
    with handled({signal.SIGTERM: interrupt, signal.SIGUSR1: lambda number, frame: pool.leave(grace)}):
        try:
            yield
        finally:
            pool.close()


def check_out(out: str) -> None:
    """Refuse an output path that cannot be a folder."""
    if not is_remote(out) and Path(out).exists() and not Path(out).is_dir():
        raise DataError(f"{out}: is a file, not a folder. Give another --output.")
