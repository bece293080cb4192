"""The local runner: a supervisor and its worker processes. It trusts receipts only, and survives any worker's death."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from atom_data.errors import DataError
from atom_data.job import Task
from atom_data.run.display import Display
from atom_data.run.plan import (
    NEW,
    Plan,
    plan_job,
    remove_stale,
    require_complete,
    withdraw_manifest,
    write_manifest,
    write_plan,
)
from atom_data.run.recipe import Recipe, job_identity
from atom_data.run.worker import worker_main
from atom_data.storage.paths import PARTIAL, is_remote, local, write_errors


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how to run; nothing here can change a byte of output."""

    out: str
    workers: int = 1
    retries: int = 2
    """How often a shard is tried again after its worker died or its input could not be read."""
    stage: str | None = None
    """Run this job only; what it reads must be complete."""
    part: tuple[int, int] | None = None
    """(i, n): only tasks i, i + n, i + 2n, ... of the job, as one element of an array of n."""
    accept_code: bool = False
    """Keep finished shards that another version of the code made."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A shard that could not be finished, and why."""

    stage: str
    shard: str
    message: str


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    token: str
    task: Task | None = None
    standing: tuple[int, int, int] = (0, 0, 0)


@dataclass(slots=True)
class _Tally:
    documents: int = 0
    read: int = 0
    kept: int = 0


@dataclass(slots=True)
class _State:
    waiting: list[Task]
    attempts: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    finished: int = 0
    tally: _Tally = field(default_factory=_Tally)


def run(recipe: Recipe, options: Options, display: Display) -> list[Failure]:
    """Run the jobs of a recipe in order; return the shards that failed. Later jobs do not start after a failure.

    DataError when a finished job as a whole is not acceptable; KeyboardInterrupt passes through after the workers are
    stopped and their half-written files removed.
    """
    chosen = (recipe.job(options.stage),) if options.stage else recipe.jobs
    with display, _pool(recipe, options) as pool:
        for job in recipe.jobs:
            job.check()
        for job in chosen:
            if options.stage:
                for before in job.upstream():
                    require_complete(before, options.out, options.accept_code)
            plan = plan_job(job, options.out, options.accept_code)
            with write_errors(options.out):
                stale = remove_stale(plan, options.out)
                write_plan(plan, options.out, pool.token())
                withdraw_manifest(plan, options.out, pool.token())
            if stale:
                display.note(
                    f"{job.name}: {len(stale)} shards of an earlier run are no longer in the input; removed: {stale[0]}, ..."
                )
            state = _State(_order(_part(plan, options)), tally=_done_tally(plan))
            _say_plan(plan, state, display)
            failures = pool.run_job(plan, state, display)
            if failures:
                return failures
            if not options.part:
                require_complete(job, options.out, options.accept_code)
            with write_errors(options.out):
                write_manifest(job, options.out, pool.token(), options.accept_code)
    return []


def _part(plan: Plan, options: Options) -> list[Task]:
    if options.part is None:
        return list(plan.todo)
    index, count = options.part
    mine = {task.name for task in plan.tasks[index::count]}
    return [task for task in plan.todo if task.name in mine]


def _order(tasks: list[Task]) -> list[Task]:
    """Largest first, so that the last worker does not sit with the largest alone; popped from the end."""
    return sorted(tasks, key=lambda task: (task.bytes, task.name))


def _done_tally(plan: Plan) -> _Tally:
    done = plan.done.values()
    return _Tally(documents=sum(r["rows_in"] for r in done), kept=sum(r["rows_out"] for r in done))


def _say_plan(plan: Plan, state: _State, display: Display) -> None:
    changed = {why: count for why, count in sorted(plan.reasons.items()) if why != NEW}
    if plan.done and not plan.todo:
        display.note(f"{plan.job.name}: all {len(plan.tasks)} shards are done already")
    elif changed:
        said = ", ".join(f"{why}: {count}" for why, count in changed.items())
        display.note(f"{plan.job.name}: {len(plan.done)} shards are done already, {len(plan.todo)} to make ({said})")
    elif plan.done:
        display.note(f"{plan.job.name}: {len(plan.done)} shards are done already, {len(plan.todo)} to make")


def warm_up() -> ForkServerContext:
    """Start the server that workers are forked from; it imports and compiles while the caller goes on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["atom_data.run.warm"])
    forkserver.ensure_running()
    return context


@contextlib.contextmanager
def _pool(recipe: Recipe, options: Options) -> Iterator["_Pool"]:
    pool = _Pool(recipe, options)
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        yield pool
    finally:
        pool.close()
        signal.signal(signal.SIGTERM, before)


def _terminated(number: int, frame: object) -> None:
    raise KeyboardInterrupt


class _Pool:
    """Worker processes that are replaced when they die."""

    def __init__(self, recipe: Recipe, options: Options) -> None:
        self.recipe = recipe
        self.options = options
        self.workers: list[_Worker] = []
        self.count = 0
        self.context = warm_up()

    def token(self) -> str:
        """A name for temporary files that no other process uses at this time."""
        self.count += 1
        return f"{socket.gethostname()}-{os.getpid()}-{self.count}"

    def run_job(self, plan: Plan, state: _State, display: Display) -> list[Failure]:
        if not state.waiting:
            return []
        identity = job_identity(plan.job)
        total = len(state.waiting)
        display.start(plan.job.name, total, sum(task.bytes for task in state.waiting))
        try:
            while state.waiting or any(worker.task for worker in self.workers):
                self._hand_out(plan, state, identity)
                self._listen(plan, state)
                busy = [worker for worker in self.workers if worker.task]
                now = [sum(figures) for figures in zip((0, 0, 0), *(worker.standing for worker in busy), strict=True)]
                tally = state.tally
                display.update(
                    state.finished, total, tally.documents + now[0], tally.read + now[1], tally.kept + now[2], len(busy)
                )
        finally:
            display.stop()
        for failure in state.failures:
            display.note(f"{failure.stage}/{failure.shard}: {failure.message}")
        return sorted(state.failures, key=lambda failure: failure.shard)

    def _hand_out(self, plan: Plan, state: _State, identity: str) -> None:
        while len(self.workers) < min(
            self.options.workers, len(state.waiting) + sum(1 for w in self.workers if w.task)
        ):
            self.workers.append(self._start())
        for worker in self.workers:
            if worker.task is None and state.waiting:
                task = state.waiting.pop()
                worker.task, worker.standing = task, (0, 0, 0)
                with contextlib.suppress(OSError):  # a worker that just died is met in _listen
                    worker.connection.send((plan.job.name, task, identity))

    def _start(self) -> _Worker:
        ours, theirs = self.context.Pipe()
        token = self.token()
        arguments = (theirs, self.recipe.path, self.options.out, token)
        process = self.context.Process(target=worker_main, args=arguments, daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours, token)

    def _listen(self, plan: Plan, state: _State) -> None:
        handles: list[Any] = [worker.connection for worker in self.workers]
        handles += [worker.process.sentinel for worker in self.workers]
        ready = wait(handles, timeout=0.5)
        for worker in list(self.workers):
            if worker.connection in ready:
                self._receive(worker, plan, state)
            elif worker.process.sentinel in ready:
                self._bury(worker, plan, state)

    def _receive(self, worker: _Worker, plan: Plan, state: _State) -> None:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker, plan, state)
            return
        task = worker.task
        if task is None:
            return
        if message[0] == "progress":
            worker.standing = message[1:]
            return
        worker.task = None
        if message[0] == "done":
            receipt = message[1]
            plan.done[task.name] = receipt
            state.finished += 1
            state.tally.documents += receipt["rows_in"]
            state.tally.read += task.bytes
            state.tally.kept += receipt["rows_out"]
        else:
            _, again, text = message
            self._failed(task, plan, state, text.strip(), again)

    def _bury(self, worker: _Worker, plan: Plan, state: _State) -> None:
        worker.process.join()
        self.workers.remove(worker)
        worker.connection.close()
        self._sweep(worker)
        if worker.task is not None:
            self._failed(worker.task, plan, state, _death(worker.process.exitcode), again=True)

    def _failed(self, task: Task, plan: Plan, state: _State, text: str, again: bool) -> None:
        tried = state.attempts[task.name] = state.attempts.get(task.name, 0) + 1
        if again and tried <= self.options.retries:
            state.waiting.insert(0, task)
        else:
            times = f" (tried {tried} times)" if tried > 1 else ""
            state.failures.append(Failure(plan.job.name, task.name, text + times))

    def _sweep(self, worker: _Worker) -> None:
        """Remove what a dead worker left half-written."""
        if not is_remote(self.options.out):
            for partial in local(self.options.out).rglob(f"*.{worker.token}{PARTIAL}"):
                if partial.is_dir():
                    shutil.rmtree(partial, ignore_errors=True)
                else:
                    partial.unlink(missing_ok=True)

    def close(self) -> None:
        """End all workers at once; only unfinished shards are lost."""
        for worker in self.workers:
            worker.process.terminate()
        for worker in self.workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.connection.close()
            self._sweep(worker)
        self.workers = []


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in signal.Signals._value2member_map_ else f"signal {-code}"
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"the worker was ended by {name}{hint}. Give it more memory or fewer workers, then run again."
    return f"the worker ended with exit code {code}. Look at the lines above, then run again."


def check_out(out: str) -> None:
    """Refuse an output path that cannot be a folder."""
    if not is_remote(out) and Path(out).exists() and not Path(out).is_dir():
        raise DataError(f"{out}: is a file, not a folder. Give another --output.")
