"""One worker: takes tasks from a connection, does them, writes their receipts.

Only the recipe's path and plain task records cross the process border: each worker loads the recipe itself.
"""

import contextlib
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from atom_data.errors import AtomDataError, ConfigError, DataError
from atom_data.graph import Job
from atom_data.identity import code_identity
from atom_data.job import Progress, Task, Work
from atom_data.run.recipe import Recipe, job_identity, load_recipe
from atom_data.run.server import end_with_server
from atom_data.storage.listing import ANEW, READ, use_listings
from atom_data.storage.paths import FORBIDDEN, is_remote, join, local, without_secrets, write_errors
from atom_data.storage.receipts import FORMAT, read_receipt, write_receipt

REPORT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told once: plain values, so that it loads the recipe itself."""

    recipe: str
    out: str
    planned: bool = False
    """Read the listings of sources that whoever started the array wrote down."""
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """As it is now: the server that workers are forked from keeps the one in which it was started."""


def do_task(job: Job, task: Task, out: str, token: str, progress: Progress) -> dict[str, Any]:
    """Do one task, check its accounting, remove what an earlier attempt left, write the receipt and return it."""
    wall, cpu = time.monotonic(), time.process_time()
    with write_errors(without_secrets(out)):
        work = job.work(task, out, token, progress)
        check_accounting(job.name, task.name, work)
        before = _earlier_outputs(out, job.name, task.name)
        receipt = {
            "format": FORMAT,
            "stage": job.name,
            "shard": task.name,
            "identity": {"job": job_identity(job), "code": code_identity()},
            "inputs": [
                {
                    "path": without_secrets(item.path),
                    "bytes": item.bytes,
                    "sha256": item.sha256,
                    "modified": item.modified,
                    **({"etag": item.etag} if item.etag else {}),
                }
                for item in work.inputs
            ],
            "outputs": [
                {"path": item.path, "bytes": item.bytes, "sha256": item.sha256, "rows": item.rows}
                for item in work.outputs
            ],
            "rows_in": work.rows_in,
            "rows_out": work.rows_out,
            "dropped": dict(sorted(work.dropped.items())),
            "unreadable": dict(sorted(work.unreadable.items())),
            "skipped": dict(sorted(work.skipped.items())),
            "text_bytes": work.text_bytes,
            "tokens": work.tokens,
            "spans": [list(span) for span in work.spans],
            "notes": work.notes,
            "measured": {
                "wall_seconds": round(time.monotonic() - wall, 4),
                "cpu_seconds": round(time.process_time() - cpu, 4),
                "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "input_bytes": task.bytes,
            },
        }
        write_receipt(out, receipt, token)
        for path in sorted(before - {item.path for item in work.outputs}):
            local(join(out, path)).unlink(missing_ok=True)
    return receipt


def check_accounting(stage: str, shard: str, work: Work) -> None:
    """Assert rows in = rows out + dropped, and that the ledger has a line for each drop."""
    dropped = work.dropped.total()
    if work.rows_in != work.rows_out + dropped or dropped != work.dropped_rows:
        raise DataError(
            f"{stage}/{shard}: the accounting does not close: {work.rows_in:,} documents in, {work.rows_out:,} out, "
            f"{dropped:,} dropped by reason, {work.dropped_rows:,} lines in the ledger. A step or pass loses or invents documents."
        )


def _earlier_outputs(out: str, stage: str, shard: str) -> set[str]:
    if is_remote(out):
        return set()
    try:
        receipt = read_receipt(out, stage, shard)
    except DataError:
        return set()
    return {item["path"] for item in receipt["outputs"]} if receipt else set()


def worker_main(connection: Connection, orders: Orders, token: str) -> None:
    """Serve tasks until the connection closes. Ctrl-C is the supervisor's business; SIGTERM removes what was begun."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminated)
    end_with_server()
    os.environ.clear()
    os.environ.update(orders.environment)
    use_listings(READ if orders.planned else ANEW)
    recipe: Recipe | None = None
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            name, task, identity = connection.recv()
            try:
                recipe = recipe or load_recipe(orders.recipe)
                job = unchanged_job(recipe, name, identity)
                receipt = do_task(job, task, orders.out, token, _reporter(connection))
                connection.send(("done", receipt))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                raise
            except Exception as error:
                connection.send(("failed", *judged(error, task, orders.out)))


def _terminated(number: int, frame: object) -> None:
    raise SystemExit(128 + number)  # files that are open for writing are removed on the way out


def unchanged_job(recipe: Recipe, name: str, identity: str) -> Job:
    """Return a job of the recipe; ConfigError when it is no longer the one that was planned."""
    job = recipe.job(name)
    if job_identity(job) != identity:
        raise ConfigError(f"{recipe.path}: the recipe, a card or a file of '{name}' changed during the run. Run again.")
    return job


def judged(error: Exception, task: Task, out: str) -> tuple[bool, str]:
    """Return whether a failed task is worth another try, and what to say: a sentence, or for a bug its traceback.

    What the content of a local file brought about would come again; what a store, a disk or memory did may not.
    """
    if isinstance(error, ConfigError):
        return False, str(error)
    if isinstance(error, AtomDataError):
        remote = is_remote(out) or any(is_remote(shard.path) for shard in task.shards)
        return remote or _may_pass(error), str(error)
    return isinstance(error, (MemoryError, OSError)), "".join(traceback.format_exception(error))


def _may_pass(error: BaseException | None) -> bool:
    while error is not None:
        # The system's own errors have a number; gzip's and pyarrow's for broken content are OSErrors without one.
        if isinstance(error, (MemoryError, EOFError)) or (isinstance(error, OSError) and error.errno is not None):
            return getattr(error, "errno", None) not in FORBIDDEN
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
