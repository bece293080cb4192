"""What is done, what is to do, and why: receipts compared with the current recipe, inputs and code."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from atom_data.errors import DataError, Refusal
from atom_data.graph import Job
from atom_data.graph.contract import check_shard_names
from atom_data.graph.own import check_own_shards
from atom_data.job import Task
from atom_data.reach import code_identity
from atom_data.runner.changed import code_change
from atom_data.runner.cost import Cost
from atom_data.runner.recipe import job_identity, known_identities
from atom_data.storage.manifest import manifest_path, manifest_row, write_manifest
from atom_data.storage.paths import exists, sha256, without_secrets
from atom_data.storage.receipts import Receipt, ShardList, plan_path, receipt_path, summary_path
from atom_data.storage.shards import PUBLISHED, Input
from atom_data.workspace import Workspace

NEW = "new"
MISSING = -1
RECIPE = "recipe or card changed"
INPUT = "input changed"
FOLLOWS = "what it reads changes"
EDITED = "receipt edited"
DAMAGED = "output missing or damaged"
FAILED = "failed before"


@dataclass(slots=True)
class Plan:
    """The tasks of a job: those done, with their receipts, and those to do, each with a reason."""

    job: Job
    tasks: tuple[Task, ...]
    done: dict[str, Receipt] = field(default_factory=dict)
    todo: list[Task] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    failed: dict[str, Receipt] = field(default_factory=dict)
    """Of those to do, the ones that a run with --allow-failed finished without: their receipts say so."""
    costs: dict[str, Cost] = field(default_factory=dict)
    """Of the tasks to do those that were finished before, by reason, and what they took."""
    mine: int = 0
    """How many tasks were looked at."""
    code: Mapping[str, str] = field(default_factory=dict)
    """What of the code decides the job's output: see `reach.code_identity`."""

    @property
    def complete(self) -> bool:
        """Tell whether every task has a good receipt."""
        return not self.todo

    def leave_out(self, most: int) -> None:
        """Count failed shards as done, if at most this many are missing."""
        if len(self.todo) == len(self.failed) <= most:
            self.done |= self.failed
            self.todo, self.reasons = [], Counter()


def plan_job(
    job: Job,
    workspace: Workspace,
    accept_code: bool = False,
    part: tuple[int, int] | None = None,
    planned: bool = False,
    remade: Collection[str] = (),
) -> Plan:
    """Compare the tasks of a job with their receipts. DataError when there is nothing to read.

    With `part`, (i, n), only tasks i, i + n, i + 2n, ... are looked at; the others are neither done nor to do, and of
    the jobs before no more is read than these need, unless they are `planned` and so have manifests. `remade` are paths
    of files that jobs before are about to rebuild: what has read one of them is to do as well.
    Memory: about 2 kB a task.
    """
    with workspace.remembering(part is None or planned):
        tasks = job.tasks(workspace)
        if not tasks:
            raise DataError(f"stage '{job.name}': there is no shard to read. Check the paths in the recipe.")
        check_shard_names(job.name, [task.name for task in tasks])
        check_own_shards(job, workspace)
        mine = tasks[part[0] :: part[1]] if part else tasks
        identities, code = known_identities(job), code_identity(job)
        plan = Plan(job, tasks, mine=len(mine), code=code)
        look = partial(_is_whole, workspace, workspace.is_cleaned(job.name))
        readings = workspace.receipts(job.name, [task.name for task in mine], look)
        for task, reading in zip(mine, readings, strict=True):
            receipt, why = reading.receipt, EDITED if reading.edited else NEW
            if receipt is not None:
                why = _changed(job, task, workspace, identities, receipt, receipt.code if accept_code else code)
                why = why or ("" if reading.whole else DAMAGED)
                if not why and remade and any(item.path in remade for item in receipt.inputs):
                    why = FOLLOWS
                if receipt.failed and not why:
                    why, plan.failed[task.name] = FAILED, receipt.slim()
            if why or receipt is None:
                plan.todo.append(task)
                plan.reasons[why] += 1
                if why != NEW:
                    plan.costs.setdefault(why, Cost()).add(task.name, receipt)
            else:
                plan.done[task.name] = receipt.slim()
    return plan


def _changed(
    job: Job, task: Task, workspace: Workspace, identities: set[str], receipt: Receipt, code: Mapping[str, str]
) -> str:
    """Return why a finished task must be rebuilt, or an empty string; `code` is what is accepted as that of the job."""
    if receipt.job not in identities:
        return RECIPE
    changed = code_change(receipt.code, code)
    if changed:
        return changed
    recorded = {item.path: item for item in receipt.inputs}
    current = job.inputs(task, workspace)
    if len(current) != len(recorded) or any(
        not _same(item, recorded.get(without_secrets(item.path)), task) for item in current
    ):
        return INPUT
    return ""


def _is_whole(workspace: Workspace, cleaned: bool, receipt: Receipt) -> bool:
    """Tell whether the files of a receipt are there, with their sizes; an object store is not asked.

    Of a job that was cleaned they may be missing: who needs them asks for them by `run.cleaned.bring_back`.
    """
    if workspace.is_remote:
        return True
    sizes = ((_size(workspace.path(item.path)), item.bytes) for item in receipt.outputs)
    return all(there == size or (cleaned and there == MISSING) for there, size in sizes)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - a Path takes longer to make than the call
    except OSError:
        return MISSING


def _same(now: Input, then: Input | None, task: Task) -> bool:
    if then is None:
        return False
    if now.sha256:
        return now.sha256 == then.sha256
    if now.bytes == PUBLISHED:
        return True
    if now.bytes != then.bytes:
        return False
    if now.modified == then.modified and (not then.etag or now.etag == then.etag):
        return True
    shard = task.shards[0]
    return len(task.shards) == 1 and bool(shard.path) and sha256(shard.path, shard.start, shard.stop) == then.sha256


def write_plan(plan: Plan, workspace: Workspace) -> None:
    """Note the names of all shards of a job, so that `verify` knows what must be there."""
    write_shards(plan.job, [task.name for task in plan.tasks], workspace)


def write_shards(job: Job, names: Sequence[str], workspace: Workspace) -> None:
    """Note the names of all shards of a job."""
    _write_changed(workspace, plan_path(job.name), ShardList(job.name, tuple(names), job.identity()).value())


def write_summary(job: Job, workspace: Workspace) -> None:
    """Write the summary of a finished job that has one."""
    value = job.summary(workspace)
    if value is not None:
        _write_changed(workspace, summary_path(job.name), value)


def _write_changed(workspace: Workspace, name: str, value: dict[str, Any]) -> None:
    if workspace.read_json(name) != value:
        workspace.write_json(name, value)


def withdraw_job(job: Job, workspace: Workspace) -> None:
    """Take back a job's manifest and summary while there are shards to make: the receipts alone tell what is there."""
    withdraw(job.name, workspace)


def withdraw(folder: str, workspace: Workspace) -> None:
    """Take back the manifest and the summary of a folder."""
    workspace.remove_manifest(folder)
    name = summary_path(folder)
    if not workspace.is_remote:
        workspace.local(name).unlink(missing_ok=True)
    elif exists(workspace.path(name)):
        workspace.write_json(name, {})  # object stores that smart_open writes to are not asked to delete


def gone(job: Job, names: Iterable[str], workspace: Workspace) -> list[str]:
    """Return the shards of an earlier run that are not among `names`, those that the job has now."""
    earlier = workspace.shard_list(job.name)
    return sorted(set(earlier.shards).difference(names)) if earlier else []


def remove_stale(job: Job, names: Iterable[str], workspace: Workspace) -> list[str]:
    """Remove shards of an earlier run that the job no longer makes; return their names. Local output only."""
    stale = [] if workspace.is_remote else gone(job, names, workspace)
    for name, receipt, *_ in workspace.receipts(job.name, stale) if stale else ():
        workspace.local(receipt_path(job.name, name)).unlink(missing_ok=True)
        for item in receipt.outputs if receipt else ():
            workspace.local(item.path).unlink(missing_ok=True)
    return stale


def close_job(plan: Plan, workspace: Workspace, accept: bool = False) -> None:
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
        _accept(job, plan.tasks[0].name, str(refusal), workspace, accept)
    rows = (manifest_row(plan.done[task.name]) for task in plan.tasks)
    failed = [task.name for task in plan.tasks if plan.done[task.name].failed]
    identity = {"job": job_identity(job), "code": plan.code}
    write_manifest(workspace.path(manifest_path(job.name)), identity, rows, workspace.token, failed)


def _accept(job: Job, first: str, said: str, workspace: Workspace, accept: bool) -> None:
    """Note in the first receipt of a job that a person accepts what it refuses; Refusal where nobody does."""
    receipt = workspace.finished_receipt(job.name, first)
    # Only the very words that a person saw are accepted: other figures must be accepted anew.
    if receipt.accepted == said:
        return
    if not accept:
        raise Refusal(said)
    workspace.write_receipt(replace(receipt, accepted=said))


def is_closed(job: Job, workspace: Workspace) -> bool:
    """Tell whether the job has a manifest that this recipe and this code would write: one file read, no listing."""
    found = workspace.manifest(job.name)
    if found is None or found.identity["code"] != code_identity(job):
        return False
    return found.identity["job"] in known_identities(job)


def require_complete(
    job: Job, workspace: Workspace, accept_code: bool = False, accept: bool = False, allow_failed: int = 0
) -> None:
    """Raise DataError unless every shard of a job, except this many failed ones, is finished, current and accepted."""
    plan = plan_job(job, workspace, accept_code)
    plan.leave_out(allow_failed)
    close_job(plan, workspace, accept)
