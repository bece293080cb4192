"""One worker: takes tasks from a connection, does them, writes their receipts.

Only the recipe's path and plain task records cross the process border: each worker loads the recipe itself.
"""

import contextlib
import os
import resource
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from atom_data.errors import AtomDataError, ConfigError, DataError
from atom_data.graph import Job
from atom_data.job import Progress, Task, Work
from atom_data.reach import code_identity
from atom_data.runner.recipe import Recipe, job_identity, load_recipe
from atom_data.runner.server import end_with_server
from atom_data.runner.settings.parameters import as_values
from atom_data.runner.start.allocator import keep_freed_memory
from atom_data.sketches.watch import keep_sketch, watched
from atom_data.storage.parquet import Output
from atom_data.storage.paths import FORBIDDEN, is_remote, without_secrets, write_errors
from atom_data.storage.receipts import Measured, OutputFile, Receipt
from atom_data.workspace import Workspace

REPORT_SECONDS = 0.2
AGAIN_SECONDS = 3
"""How long a worker that was told to end is given, before it is told again."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker gets once: plain values; it loads the recipe itself."""

    recipe: str
    out: str
    planned: bool = False
    """Read the listings of sources that were written when the array was submitted."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the recipe, as `--set` says them."""
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """As it is now: the server that workers are forked from keeps the one in which it was started."""


def do_task(
    job: Job,
    task: Task,
    workspace: Workspace,
    progress: Progress,
    settings: Mapping[str, Any] | None = None,
    identity: str = "",
) -> Receipt:
    """Do one task, check its accounting, write its sketch, remove what an earlier attempt left, write the receipt and return it.

    `settings` are the values of the recipe's parameters, for the receipt; `identity` is that of the job where it is known.
    """
    wall, cpu = time.monotonic(), time.process_time()
    with write_errors(without_secrets(workspace.root)):
        # Once a job: zero rows are pushed through the steps of each new stage, which takes longer than a small shard.
        _, seen, waiting = workspace.keep(f"watched {id(job)}", lambda: (job, *watched(job)))
        if waiting is not None:
            waiting.begin()
        work = seen.work(task, workspace, progress)
        check_accounting(job.name, task.name, work)
        keep_sketch(workspace, job, task, waiting, work.outputs)
        measured = Measured(
            wall_seconds=round(time.monotonic() - wall, 4),
            cpu_seconds=round(time.process_time() - cpu, 4),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            input_bytes=task.bytes,
            network=dict(sorted(work.network.items())),
        )
        receipt = _receipt(job, task, work, measured, workspace, identity or job_identity(job), settings or {})
        return commit(receipt, workspace)


def commit(receipt: Receipt, workspace: Workspace) -> Receipt:
    """Write a receipt, and remove what an earlier attempt made that this one does not; return it."""
    before = _earlier_outputs(workspace, receipt.stage, receipt.shard)
    workspace.write_receipt(receipt)
    for path in sorted(before - {item.path for item in receipt.outputs}):
        workspace.local(path).unlink(missing_ok=True)
    return receipt


def without(job: Job, task: Task, outputs: Sequence[Output], workspace: Workspace, why: str) -> Receipt:
    """Commit the empty outputs of a task that failed: its receipt says why, and of its inputs what can be known."""
    work = Work(outputs=list(outputs))
    with contextlib.suppress(AtomDataError, OSError):  # a file that is gone
        work.inputs += job.inputs(task, workspace)
    measured = Measured(input_bytes=task.bytes)
    return commit(replace(_receipt(job, task, work, measured, workspace, job_identity(job), {}), failed=why), workspace)


def _receipt(
    job: Job,
    task: Task,
    work: Work,
    measured: Measured,
    workspace: Workspace,
    identity: str,
    settings: Mapping[str, Any],
) -> Receipt:
    code: dict[str, str] = workspace.keep(f"code of {job.name}", partial(code_identity, job))
    return Receipt(
        stage=job.name,
        shard=task.name,
        job=identity,
        code=code,
        inputs=tuple(replace(item, path=without_secrets(item.path)) for item in work.inputs),
        outputs=tuple(OutputFile(item.path, item.bytes, item.sha256, item.rows) for item in work.outputs),
        rows_in=work.rows_in,
        rows_out=work.rows_out,
        dropped=work.dropped,
        unreadable=work.unreadable,
        skipped=work.skipped,
        text_bytes=work.text_bytes,
        tokens=work.tokens,
        spans=tuple(work.spans),
        notes=work.notes,
        measured=measured,
        settings=settings,
        output_bytes=sum(item.bytes for item in work.outputs),
    )


def check_accounting(stage: str, shard: str, work: Work) -> None:
    """Assert rows in = rows out + dropped, and that the ledger has a line for each drop."""
    dropped = work.dropped.total()
    if work.rows_in != work.rows_out + dropped or dropped != work.dropped_rows:
        raise DataError(
            f"{stage}/{shard}: the accounting does not close: {work.rows_in:,} documents in, {work.rows_out:,} out, "
            f"{dropped:,} dropped by reason, {work.dropped_rows:,} lines in the ledger. A step or pass loses or invents documents."
        )


def _earlier_outputs(workspace: Workspace, stage: str, shard: str) -> set[str]:
    if workspace.is_remote:
        return set()
    try:
        receipt = workspace.receipt(stage, shard)
    except DataError:
        return set()
    return {item.path for item in receipt.outputs} if receipt else set()


def worker_main(connection: Connection, orders: Orders, token: str) -> None:
    """Serve tasks until the connection closes. Ctrl-C is the supervisor's business; SIGTERM removes what was begun."""
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_when_told()
    end_with_server()
    _end_with(connection)
    os.environ.clear()
    os.environ.update(orders.environment)
    workspace = Workspace(orders.out, token, "read" if orders.planned else "anew")
    recipe: Recipe | None = None
    progress = _reporter(connection)  # one for all tasks: a small one has ended before there is anything to say of it
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            name, task, identity = connection.recv()
            try:
                recipe = recipe or load_recipe(orders.recipe, orders.given)
                job = unchanged_job(recipe, name, identity)
                receipt = do_task(job, task, workspace, progress, as_values(recipe.values), identity)
                connection.send(("done", receipt.slim()))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                raise
            except Exception as error:
                connection.send(("failed", *judged(error, task, workspace)))


def _end_with(connection: Connection) -> None:
    """End when the supervisor is gone, also in the midst of a task: the next run in the folder must not meet this worker."""
    ends = select.poll()
    ends.register(connection.fileno(), 0)  # no event but the end of the other side

    def wait() -> None:
        ends.poll()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def end_when_told() -> None:
    """Have SIGTERM end this process, wherever it comes."""
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _terminated)
    sys.unraisablehook = _unraisable


def _terminated(number: int, frame: object) -> None:
    """End; files that are open for writing are removed on the way out.

    Where Python calls back from a library, as when a kernel is loaded, the exception is thrown away there: so once more later.
    """
    signal.alarm(AGAIN_SECONDS)
    raise SystemExit(128 + signal.SIGTERM)


def _unraisable(what: "sys.UnraisableHookArgs") -> None:
    if not isinstance(what.exc_value, SystemExit):
        sys.__unraisablehook__(what)


def unchanged_job(recipe: Recipe, name: str, identity: str) -> Job:
    """Return a job of the recipe; ConfigError when it is no longer the one that was planned."""
    job = recipe.job(name)
    if job_identity(job) != identity:
        raise ConfigError(f"{recipe.path}: the recipe, a card or a file of '{name}' changed during the run. Run again.")
    return job


def judged(error: Exception, task: Task, workspace: Workspace) -> tuple[bool, str]:
    """Return whether a failed task is worth another try, and what to say: a sentence, or for a bug its traceback.

    What the content of a local file brought about would come again; what a store, a disk or memory did may not.
    """
    if isinstance(error, ConfigError):
        return False, str(error)
    if isinstance(error, AtomDataError):
        remote = workspace.is_remote or any(is_remote(shard.path) for shard in task.shards)
        return remote or _may_pass(error), str(error)
    return isinstance(error, (MemoryError, OSError)), "".join(traceback.format_exception(error))


def _may_pass(error: BaseException | None) -> bool:
    while error is not None:
        # The system's own errors have a number; gzip's and pyarrow's for broken content are OSErrors without one.
        if isinstance(error, (MemoryError, EOFError)):
            return True
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno not in FORBIDDEN
        error = error.__cause__ or error.__context__
    return False


def _reporter(connection: Connection) -> Callable[[int, int, int], None]:
    last = [0.0]

    def report(documents: int, read: int, kept: int) -> None:
        now = time.monotonic()
        if now - last[0] >= REPORT_SECONDS:
            last[0] = now
            connection.send(("progress", documents, read, kept))

    return report
