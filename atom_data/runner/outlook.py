"""What a run would do: per job what is kept, made, rebuilt and removed, and what that costs.

Jobs are looked at in order. What a job before is about to rebuild is not there yet, so that whatever has read it counts
as rebuilt, too; where the input turns out the same after all, the run keeps it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from atom_data.errors import DataError
from atom_data.graph import Job
from atom_data.runner.cost import Cost
from atom_data.runner.places import refuse_own_output
from atom_data.runner.plan import FOLLOWS, Plan, gone, plan_job
from atom_data.workspace import Workspace


@dataclass(slots=True)
class Outlook:
    """What a run would do with one job. Memory: the names of its shards."""

    job: Job
    names: tuple[str, ...] | None = None
    """All that it makes; None where only what the jobs before it make will tell."""
    todo: list[int] = field(default_factory=list)
    """The numbers of those to make."""
    kept: int = 0
    new: list[str] = field(default_factory=list)
    again: dict[str, Cost] = field(default_factory=dict)
    """Finished shards to rebuild, by reason."""
    gone: Cost = field(default_factory=Cost)
    """Finished shards that it makes no longer."""
    elsewhere: int = 0
    """Shards of other parts of the job, which were not looked at; they count as finished."""

    @property
    def finished(self) -> int:
        """How many shards are finished now."""
        return (
            self.elsewhere + self.kept + sum(len(cost.shards) for cost in self.again.values()) + len(self.gone.shards)
        )

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return self.names is not None and not (self.todo or self.gone.shards)

    @property
    def costs(self) -> list[Cost]:
        """What is lost of finished work."""
        return [*self.again.values(), self.gone]


def outlook(plan: Plan, workspace: Workspace) -> Outlook:
    """Return what a plan comes to."""
    numbers = {task.name: number for number, task in enumerate(plan.tasks)}
    again = {why: cost for why, cost in plan.costs.items() if cost.shards}
    had = {name for cost in again.values() for name in cost.shards}
    return Outlook(
        plan.job,
        tuple(numbers),
        [numbers[task.name] for task in plan.todo],
        len(plan.done),
        [task.name for task in plan.todo if task.name not in had],
        again,
        _finished(plan.job, gone(plan.job, numbers, workspace), workspace),
        len(plan.tasks) - plan.mine,
    )


def look_ahead(
    jobs: Sequence[Job],
    workspace: Workspace,
    accept_code: bool = False,
    begun: Outlook | None = None,
    finished_only: bool = False,
) -> Iterator[Outlook]:
    """Yield what a run would do with each of the jobs, which come in order; nothing is written.

    `begun` is the outlook of the job before them. With `finished_only` a job that was never planned is passed over: it
    has nothing to lose. DataError where a job cannot be planned though nothing before it is to do.
    """
    ahead = workspace.apart()  # what passes keep of jobs before them is about to change
    remade: set[str] = set()
    waits = begun is not None and _note(begun, remade)
    for job in jobs:
        if finished_only and ahead.shard_list(job.name) is None:
            remade.add(f"{job.name}/receipts")
            waits = True
            continue
        try:
            plan = plan_job(job, ahead, accept_code, remade=remade)
            refuse_own_output(job, plan.tasks, ahead)
            found = outlook(plan, ahead)
        except DataError:
            if not waits:
                raise
            found = _unplanned(job, ahead)
        waits = _note(found, remade) or waits
        yield found


def _note(found: Outlook, remade: set[str]) -> bool:
    """Add the files that are rebuilt to those of the jobs before; tell whether there is anything to do."""
    if found.idle:
        return False
    remade.add(f"{found.job.name}/receipts")  # what looks at all of a job
    for cost in found.costs:
        remade.update(cost.outputs)
        # A shard without copies has no file of them, and what reads it names the file it would be.
        remade.update(f"{found.job.name}/{shard}.parquet" for shard in cost.shards)
        cost.outputs = []
    return True


def _unplanned(job: Job, workspace: Workspace) -> Outlook:
    """Return the outlook of a job whose tasks the jobs before it decide: all it has follows."""
    earlier = workspace.shard_list(job.name)
    cost = _finished(job, list(earlier.shards) if earlier else [], workspace)
    return Outlook(job, again={FOLLOWS: cost} if cost.shards else {})


def _finished(job: Job, names: list[str], workspace: Workspace) -> Cost:
    """Return what those of some shards took that have a receipt."""
    cost = Cost()
    for name, receipt, edited, _ in workspace.receipts(job.name, names) if names else ():
        if receipt is not None or edited:
            cost.add(name, receipt)
    return cost
