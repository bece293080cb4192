"""The progress of a job: tasks waiting, finished and failed, and what is printed or logged about them."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from atom_data.errors import AtomDataError
from atom_data.graph import stage_of
from atom_data.job import Task
from atom_data.runner.failing.alike import MOST_ALIKE, Alike
from atom_data.runner.plan import NEW, Plan
from atom_data.storage.receipts import Receipt, failure_path
from atom_data.terminal.display import Display
from atom_data.terminal.table import is_are, plural
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Failure:
    """A shard that could not be finished, and why."""

    stage: str
    shard: str
    message: str
    like: str = ""
    """The shard that failed in the same way before it."""


@dataclass(slots=True)
class Progress:
    """The tasks of a job that are to do now, and what became of them."""

    plan: Plan
    workspace: Workspace
    display: Display
    retries: int
    log: str
    """The log file of this run, to be named with a failure; empty when it prints to a terminal."""
    waiting: list[Task]
    allowed: int = 0
    """Maximum number of failed shards the job may finish without."""
    attempts: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    alike: Alike = field(default_factory=Alike)
    not_tried: int = 0
    """Tasks that were given up, because those before them failed in the same way."""
    finished: int = 0
    total: int = 0
    documents: int = 0
    read: int = 0
    kept: int = 0
    noted: bool = False
    """Whether failures may be written down, of earlier runs or of this one."""

    def __post_init__(self) -> None:
        """Begin with what earlier runs have done."""
        # Largest first, so that the last worker does not sit with the largest alone; popped from the end.
        self.waiting.sort(key=lambda task: (task.bytes, task.name))
        self.total = len(self.waiting)
        self.noted = not self.workspace.is_remote and self.workspace.local(self.plan.job.name, "failed").is_dir()
        self.documents = sum(receipt.rows_in for receipt in self.plan.done.values())
        self.kept = sum(receipt.rows_out for receipt in self.plan.done.values())

    def done(self, task: Task, receipt: Receipt) -> None:
        """Note a finished task, and what is kept of its receipt: `Receipt.slim`."""
        self.plan.done[task.name] = receipt
        self.finished += 1
        self.documents += receipt.rows_in
        self.read += task.bytes
        self.kept += receipt.rows_out
        if self.noted:
            self.workspace.local(failure_path(self.plan.job.name, task.name)).unlink(missing_ok=True)
        self.display.finished(receipt)

    def failed(self, task: Task, message: str, again: bool) -> None:
        """Note a failed attempt; the task waits for another one, or its failure is written beside the receipts."""
        stage, tried = self.plan.job.name, self.attempts.get(task.name, 0) + 1
        self.attempts[task.name] = tried
        if again and tried <= self.retries and not self.not_tried:
            self.waiting.insert(0, task)
            self.display.note(f"{stage}/{task.name}: {last_line(message)} Trying again.", stage=stage, shard=task.name)
            return
        like = self.alike.note(task.name, message, passing=again)
        failure = Failure(stage, task.name, message + (f" (tried {tried} times)" if tried > 1 else ""), like)
        self.failures.append(failure)
        self._give_up()
        value = {"stage": stage, "shard": task.name, "message": failure.message, "log": self.log}
        with contextlib.suppress(AtomDataError, OSError):  # a full disk takes no notes; the failure is said either way
            self.workspace.write_json(failure_path(stage, task.name), value)

    def _give_up(self) -> None:
        """Stop when so many tasks have failed in the same way that the job cannot succeed."""
        if self.alike.most >= MOST_ALIKE and len(self.failures) > self.allowed:
            self.not_tried += len(self.waiting)
            self.waiting.clear()

    def say_failures(self) -> None:
        """Say why shards failed: of those that are alike, the first in full, and how many were not tried for that."""
        for failure in self.failures:
            message = failure.message
            if failure.like:
                message = f"{last_line(message)} (the same as {failure.like})"
            self.display.failed(failure.stage, failure.shard, message)
        if self.not_tried:
            self.display.note(
                f"{self.plan.job.name}: {self.alike.most:,} shards failed in the same way; {self.not_tried:,} of {self.total:,} "
                "were not tried.",
                stage=self.plan.job.name,
            )

    def show(self, standings: Sequence[tuple[int, int, int]]) -> None:
        """Show where the job stands, with what running tasks report: documents, bytes read, documents kept."""
        now = [sum(figures) for figures in zip((0, 0, 0), *standings, strict=True)]
        self.display.update(
            self.finished, self.total, self.documents + now[0], self.read + now[1], self.kept + now[2], len(standings)
        )


def last_line(message: str) -> str:
    """Return an error in one line: of a traceback, what was raised, and the note of where that was."""
    lines = message.strip().splitlines() or ["no message."]
    if not lines[0].startswith("Traceback"):
        return lines[-1]
    code = [number for number, line in enumerate(lines) if line.startswith("  ")]
    said = lines[code[-1] + 1 :] if code else lines
    return ", ".join(dict.fromkeys((said[0], said[-1]))) if said else lines[-1]


def say_plan(plan: Plan, display: Display) -> None:
    """Say how much of a job is done already, and why the rest is rebuilt."""
    changed = {why: count for why, count in sorted(plan.reasons.items()) if why != NEW}
    many = plural(len(plan.done), "shard")
    done, todo, name = f"{many} {is_are(len(plan.done))} done already", f"{len(plan.todo):,} to make", plan.job.name
    if plan.done and not plan.todo:
        if display.jobs or stage_of(name) == name:  # of a pass its own job speaks
            display.note(f"{name}: {'' if len(plan.done) == 1 else 'all '}{done}", stage=name)
    elif changed:
        said = ", ".join(f"{why}: {count:,}" for why, count in changed.items())
        display.note(f"{name}: {done}, {todo} ({said})", stage=name)
    elif plan.done:
        display.note(f"{name}: {done}, {todo}", stage=name)
