"""What is done, what is to do, and why: receipts compared with the recipe, the inputs and the code as they are now."""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from atom_data.errors import DataError, Refusal
from atom_data.graph import Job, check_tasks
from atom_data.identity import code_identity
from atom_data.job import Task, remembering
from atom_data.run.recipe import job_identity
from atom_data.storage.manifest import manifest_row, read_manifest, slim, write_manifest
from atom_data.storage.paths import exists, is_remote, join, local, sha256, without_secrets
from atom_data.storage.receipts import (
    JOBS,
    plan_path,
    read_json,
    read_receipt,
    read_receipts,
    receipt_path,
    summary_path,
    write_json,
    write_receipt,
)
from atom_data.storage.shards import Input

NEW = "new"


@dataclass(slots=True)
class Plan:
    """The tasks of a job: those done, with their receipts, and those to do, each with a reason."""

    job: Job
    tasks: tuple[Task, ...]
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    todo: list[Task] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def complete(self) -> bool:
        """Tell whether every task has a good receipt."""
        return not self.todo


def plan_job(
    job: Job, out: str, accept_code: bool = False, part: tuple[int, int] | None = None, planned: bool = False
) -> Plan:
    """Compare the tasks of a job with their receipts. DataError when there is nothing to read.

    With `part`, (i, n), only tasks i, i + n, i + 2n, ... are looked at; the others are neither done nor to do, and of
    the jobs before no more is read than these need, unless they are `planned` and so have manifests.
    Memory: about 2 kB a task.
    """
    with remembering() if part is None or planned else nullcontext():
        tasks = job.tasks(out)
        if not tasks:
            raise DataError(f"stage '{job.name}': there is no shard to read. Check the paths in the recipe.")
        check_tasks(job, tasks)
        plan, identity = Plan(job, tasks), job_identity(job)
        place = out if is_remote(out) else str(local(out))
        mine = tasks[part[0] :: part[1]] if part else tasks
        receipts = read_receipts(out, job.name, [task.name for task in mine], partial(_look, place))
        for task, (_, receipt) in zip(mine, receipts, strict=True):
            why = NEW if receipt is None else _changed(job, task, place, identity, receipt, accept_code)
            if why or receipt is None:
                plan.todo.append(task)
                plan.reasons[why] += 1
            else:
                plan.done[task.name] = slim(receipt)
    return plan


def _changed(job: Job, task: Task, out: str, identity: str, receipt: dict[str, Any], accept_code: bool) -> str:
    """Return why a finished task must be made again, or an empty string."""
    if not receipt:
        return "receipt edited"
    if receipt["identity"]["job"] != identity:
        return "recipe or card changed"
    if receipt["identity"]["code"] != code_identity() and not accept_code:
        return "code or library changed"
    recorded = {item["path"]: item for item in receipt["inputs"]}
    current = job.inputs(task, out)
    if len(current) != len(recorded) or any(
        not _same(item, recorded.get(without_secrets(item.path)), task) for item in current
    ):
        return "input changed"
    return "" if receipt["whole"] else "output missing or damaged"


def _look(out: str, receipt: dict[str, Any]) -> dict[str, Any]:
    """Note in a receipt whether its files are there, with their sizes; an object store is not asked."""
    sizes = is_remote(out) or all(_size(join(out, item["path"])) == item["bytes"] for item in receipt["outputs"])
    return {**receipt, "whole": sizes}


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - a Path takes longer to make than the call
    except OSError:
        return -1


def _same(now: Input, then: dict[str, Any] | None, task: Task) -> bool:
    if then is None:
        return False
    if now.sha256:
        return bool(now.sha256 == then["sha256"])
    if now.bytes != then["bytes"]:
        return False
    if now.modified == then["modified"] and ("etag" not in then or now.etag == then["etag"]):
        return True
    shard = task.shards[0]
    return len(task.shards) == 1 and sha256(shard.path, shard.start, shard.stop) == then["sha256"]


def write_plan(plan: Plan, out: str, token: str) -> None:
    """Note the names of all shards of a job, so that `verify` knows what must be there."""
    path = join(out, plan_path(plan.job.name))
    value = {"stage": plan.job.name, "shards": [task.name for task in plan.tasks], "identity": plan.job.identity()}
    if read_json(path) != value:
        write_json(path, value, token)


def write_jobs(jobs: Sequence[Job], out: str, token: str) -> None:
    """Note the names of all jobs where nobody can list the folders, so that `verify` finds them."""
    value = {"jobs": [job.name for job in jobs]}
    if is_remote(out) and read_json(join(out, JOBS)) != value:
        write_json(join(out, JOBS), value, token)


def write_summary(job: Job, out: str, token: str) -> None:
    """Write the summary of a finished job that has one."""
    path, value = join(out, summary_path(job.name)), job.summary(out)
    if value is not None and read_json(path) != value:
        write_json(path, value, token)


def withdraw_summary(job: Job, out: str, token: str) -> None:
    """Take back a job's summary while there are shards to make: from now on the receipts alone tell what is there."""
    path = join(out, summary_path(job.name))
    if not is_remote(out):
        local(path).unlink(missing_ok=True)
    elif exists(path):
        write_json(path, {}, token)  # object stores that smart_open writes to are not asked to delete


def remove_stale(plan: Plan, out: str) -> list[str]:
    """Remove shards of an earlier run that the input no longer has; return their names. Local output only."""
    earlier = read_json(join(out, plan_path(plan.job.name)))
    if earlier is None or is_remote(out):
        return []
    stale = sorted(set(earlier.get("shards", [])) - {task.name for task in plan.tasks})
    for name, receipt in read_receipts(out, plan.job.name, stale) if stale else ():
        local(join(out, receipt_path(plan.job.name, name))).unlink(missing_ok=True)
        for item in receipt["outputs"] if receipt else ():
            local(join(out, item["path"])).unlink(missing_ok=True)
    return stale


def close_job(plan: Plan, out: str, token: str, accept: bool = False) -> None:
    """Accept a finished job as a whole, and write its manifest. DataError when it is not complete or not acceptable.

    With `accept` what the job refuses is accepted, and its first receipt says so.
    """
    job = plan.job
    if len(plan.done) < len(plan.tasks):
        missing = ", ".join(task.name for task in plan.todo[:3])
        why = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(plan.reasons.items()))
        raise DataError(
            f"stage '{job.name}': {len(plan.todo):,} of {len(plan.tasks):,} shards are not finished ({missing}; {why}). "
            "Run that stage first."
        )
    try:
        job.accept([plan.done[task.name] for task in plan.tasks])
    except Refusal as refusal:
        _accept(job, plan.tasks[0].name, str(refusal), out, token if accept else "")
    rows = (manifest_row(plan.done[task.name]) for task in plan.tasks)
    write_manifest(out, job.name, identity_now(job), rows, token)


def _accept(job: Job, first: str, said: str, out: str, token: str) -> None:
    """Note in the first receipt of a job that a person accepts what it refuses; Refusal without a token."""
    receipt = read_receipt(out, job.name, first) or {}
    # Only the very words that a person saw are accepted: other figures must be accepted anew.
    if receipt.get("accepted") == said:
        return
    if not token:
        raise Refusal(said)
    write_receipt(out, {**receipt, "accepted": said}, token)


def identity_now(job: Job) -> dict[str, Any]:
    """Return what a receipt of the job would say of its identity."""
    return {"job": job_identity(job), "code": code_identity()}


def is_closed(job: Job, out: str) -> bool:
    """Tell whether the job has a manifest that this recipe and this code would write: one file read, no listing."""
    found = read_manifest(out, job.name)
    return found is not None and found.identity == identity_now(job)


def require_complete(job: Job, out: str, accept_code: bool = False, token: str = "", accept: bool = False) -> None:
    """Raise DataError unless every shard of a job is finished, current and accepted as a whole."""
    close_job(plan_job(job, out, accept_code), out, token, accept)
