"""What is done, what is to do, and why: receipts compared with the recipe, the inputs and the code as they are now."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from atom_data.errors import DataError
from atom_data.identity import code_identity
from atom_data.job import Job, Task
from atom_data.run.recipe import job_identity
from atom_data.storage.paths import exists, is_remote, join, local, sha256, without_secrets
from atom_data.storage.receipts import manifest_path, plan_path, read_json, read_receipt, receipt_path, write_json
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


def plan_job(job: Job, out: str, accept_code: bool = False) -> Plan:
    """Compare every task of a job with its receipt. DataError when there is nothing to read."""
    tasks = job.tasks(out)
    if not tasks:
        raise DataError(f"stage '{job.name}': there is no shard to read. Check the paths in the recipe.")
    plan, identity = Plan(job, tasks), job_identity(job)
    for task in tasks:
        receipt, why = _receipt(out, job.name, task.name)
        why = why or _changed(job, task, out, identity, receipt or {}, accept_code)
        if why or receipt is None:
            plan.todo.append(task)
            plan.reasons[why] += 1
        else:
            plan.done[task.name] = receipt
    return plan


def _receipt(out: str, stage: str, shard: str) -> tuple[dict[str, Any] | None, str]:
    try:
        receipt = read_receipt(out, stage, shard)
    except DataError:
        return None, "receipt edited"
    return (receipt, "") if receipt is not None else (None, NEW)


def _changed(job: Job, task: Task, out: str, identity: str, receipt: dict[str, Any], accept_code: bool) -> str:
    """Return why a finished task must be made again, or an empty string."""
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
    for item in receipt["outputs"]:
        path = join(out, item["path"])
        if not is_remote(out) and (not local(path).is_file() or local(path).stat().st_size != item["bytes"]):
            return "output missing or damaged"
    return ""


def _same(now: Input, then: dict[str, Any] | None, task: Task) -> bool:
    if then is None:
        return False
    if now.sha256:
        return bool(now.sha256 == then["sha256"])
    if now.bytes != then["bytes"]:
        return False
    if now.modified == then["modified"]:
        return True
    shard = task.shards[0]
    return len(task.shards) == 1 and sha256(shard.path, shard.start, shard.stop) == then["sha256"]


def write_plan(plan: Plan, out: str, token: str) -> None:
    """Note the names of all shards of a job, so that `verify` knows what must be there."""
    path = join(out, plan_path(plan.job.name))
    value = {"stage": plan.job.name, "shards": [task.name for task in plan.tasks], "identity": plan.job.identity()}
    if read_json(path) != value:
        write_json(path, value, token)


def write_manifest(job: Job, out: str, token: str, accept_code: bool = False) -> None:
    """Write the summary of a job that has one (`job.manifest(out)`), if all of its shards are finished."""
    summary = getattr(job, "manifest", None)
    if summary is None or not plan_job(job, out, accept_code).complete:
        return
    path, value = join(out, manifest_path(job.name)), summary(out)
    if read_json(path) != value:
        write_json(path, value, token)


def withdraw_manifest(plan: Plan, out: str, token: str) -> None:
    """Take back a job's summary while there are shards to make: from now on the receipts alone tell what is there."""
    path = join(out, manifest_path(plan.job.name))
    if plan.complete or not exists(path):
        return
    if is_remote(out):
        write_json(path, {}, token)  # object stores that smart_open writes to are not asked to delete
    else:
        local(path).unlink(missing_ok=True)


def remove_stale(plan: Plan, out: str) -> list[str]:
    """Remove shards of an earlier run that the input no longer has; return their names. Local output only."""
    earlier = read_json(join(out, plan_path(plan.job.name)))
    if earlier is None or is_remote(out):
        return []
    stale = sorted(set(earlier.get("shards", [])) - {task.name for task in plan.tasks})
    for name in stale:
        receipt, _ = _receipt(out, plan.job.name, name)
        local(join(out, receipt_path(plan.job.name, name))).unlink(missing_ok=True)
        for item in receipt["outputs"] if receipt else ():
            local(join(out, item["path"])).unlink(missing_ok=True)
    return stale


def require_complete(job: Job, out: str, accept_code: bool = False) -> None:
    """Raise DataError unless every shard of a job is finished, current and accepted as a whole."""
    plan = plan_job(job, out, accept_code)
    if not plan.complete:
        missing = ", ".join(task.name for task in plan.todo[:3])
        why = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(plan.reasons.items()))
        raise DataError(
            f"stage '{job.name}': {len(plan.todo):,} of {len(plan.tasks):,} shards are not finished ({missing}; {why}). "
            "Run that stage first."
        )
    job.accept(list(plan.done.values()))
