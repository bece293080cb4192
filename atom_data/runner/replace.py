"""Finished work is not removed or rebuilt in bulk without --replace: what is refused, and when.

Refused without `--replace`:
- another recipe than the folder's, where stages of that one would be left behind or its shards replaced;
- removing more than a tenth of a stage's finished shards because their input is not there: a pattern that became
  narrower, a mount that is gone. Their cost does not matter, because it is unknown what it takes to get them back;
- rebuilding more than a tenth of a stage's finished shards, where that and all that follows took more than a minute of
  CPU time: who edits a recipe over a small sample is not asked.
What was damaged or lost is rebuilt without --replace, and so is what follows from new input: nothing is lost by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from atom_data.errors import ConfigError
from atom_data.graph import Job
from atom_data.runner.bundle.bundle import write_bundle
from atom_data.runner.cost import Cost
from atom_data.runner.outlook import Outlook, look_ahead, outlook
from atom_data.runner.plan import DAMAGED, EDITED, FOLLOWS, INPUT, RECIPE, Plan
from atom_data.runner.recipe import Recipe
from atom_data.storage.paths import write_errors
from atom_data.storage.record import RunRecord
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace

SHARE = 0.1
"""Of a stage's finished shards that a run may remove or rebuild without a question."""
FREE_CPU_SECONDS = 60.0
"""Of CPU time that a run may spend again without a question."""
REPAIRS = (EDITED, DAMAGED)
NOT_CODE = (RECIPE, INPUT, FOLLOWS, *REPAIRS)
OTHERWISE = "Give another --output to keep it, or --replace to go on."
MISSING = " Where the input is only out of sight, bring it back and run again."


@dataclass(slots=True)
class Guard:
    """Asks once in a run, before the first thing that changes a finished shard."""

    recipe: Recipe
    workspace: Workspace
    jobs: Sequence[Job]
    """Those that this run does, in order."""
    replace: bool = False
    accept_code: bool = False
    part: bool = False
    """Whether this run is one of many parts of a job: each would say the same of its own few shards, so they are asked
    about what is removed only."""
    asked: bool = False

    def ask(self, plan: Plan) -> None:
        """Refuse what is to be asked, if there is anything to do for a job; note whose folder it is. ConfigError."""
        if self.asked:
            return
        begun = outlook(plan, self.workspace)
        if begun.idle:
            return
        self.asked = True
        if not self.replace:
            after = self.jobs[[job.name for job in self.jobs].index(plan.job.name) + 1 :]
            ahead = look_ahead(after, self.workspace, self.accept_code, begun, finished_only=True)
            refuse(self.recipe, self.workspace, [begun, *ahead], self.part)
        self.own()

    def own(self) -> None:
        """Note whose folder it is from now on."""
        own(self.recipe, self.workspace)


def own(recipe: Recipe, workspace: Workspace) -> None:
    """Note whose folder it is from now on, and keep what it is made with."""
    path = str(Path(recipe.path).absolute())
    with write_errors(workspace.root):
        jobs = tuple(job.name for job in recipe.jobs)
        workspace.write_record(RunRecord(path, recipe.sha256, jobs, settings=dict(recipe.given)))
        write_bundle(recipe, workspace)


def refuse(recipe: Recipe, workspace: Workspace, ahead: Sequence[Outlook], part: bool = False) -> None:
    """Refuse a run that would do this to finished work, unless it is little. ConfigError with the list and the cost."""
    refuse_other_recipe(recipe, workspace, ahead)
    removed = [line for found in ahead for line in _removed(found)]
    again = [] if part else _made_again(ahead)
    if not (removed or again):
        return
    total = Cost.total(cost for found in ahead for cost in found.costs)
    code = any(why not in NOT_CODE for found in ahead for why in found.again)
    keep = " --accept-code keeps what another version made." if code else ""
    raise ConfigError(
        "\n  ".join(
            [f"{workspace.root}: this run would replace finished work that took {total.said}:", *removed, *again]
        )
        + f"\nSee more with --dry-run.{MISSING if removed else ''} {OTHERWISE}{keep}"
    )


def refuse_other_recipe(recipe: Recipe, workspace: Workspace, ahead: Iterable[Outlook] = ()) -> None:
    """Refuse a recipe that is not the folder's, where it leaves stages of that one behind or replaces its shards."""
    record = workspace.record()
    if record is None or _is_same(recipe, record):
        return
    lost = [name for name in record.jobs if name not in {job.name for job in recipe.jobs}]
    left = [name for name in lost if workspace.shard_list(name) is not None]
    moved = Path(recipe.path).name == Path(record.recipe).name
    replaced = [] if moved else [found for found in ahead if _direct(found).shards or _left_out(found)]
    if not (left or replaced):
        return
    what = [f"leave its {', '.join(left)} behind"] if left else []
    if replaced:
        costs = [Cost.total([_direct(found), found.gone]) for found in replaced]
        shards = ", ".join(
            f"{plural(len(cost.shards), 'shard')} of {found.job.name}"
            for cost, found in zip(costs, replaced, strict=True)
        )
        what.append(f"replace {shards} ({Cost.total(costs).said})")
    raise ConfigError(
        f"{workspace.root}: is the folder of another recipe, {record.recipe} (stages: {', '.join(record.jobs)}); "
        f"{recipe.path} would {' and '.join(what)}. {OTHERWISE}"
    )


def _is_same(recipe: Recipe, record: RunRecord) -> bool:
    """Tell whether a record is of this recipe, edited or not; one of an earlier release says nothing."""
    return not record.recipe or record.sha256 == recipe.sha256 or record.recipe == str(Path(recipe.path).absolute())


def _direct(found: Outlook) -> Cost:
    """Return what is rebuilt for a reason of its own."""
    return Cost.total(cost for why, cost in found.again.items() if why not in (FOLLOWS, *REPAIRS))


def _left_out(found: Outlook) -> bool:
    """Tell whether it makes shards no longer because its input does not have them."""
    return bool(found.gone.shards) and found.job.a_task_a_shard


def _removed(found: Outlook) -> list[str]:
    count, finished = len(found.gone.shards), found.finished
    if not _left_out(found) or count <= SHARE * finished:
        return []
    return [
        f"{found.job.name}: {count:,} of {plural(finished, 'shard')} removed, their input is not there: {found.gone.names}"
    ]


def _made_again(ahead: Sequence[Outlook]) -> list[str]:
    """Return a line per reason, where more than the free share is rebuilt and all that comes of it costs enough."""
    many = [found for found in ahead if len(_direct(found).shards) > SHARE * found.finished]
    costs = [*map(_direct, many), *(found.again[FOLLOWS] for found in ahead if FOLLOWS in found.again)]
    if not many or Cost.total(costs).cpu_seconds <= FREE_CPU_SECONDS:
        return []
    return [
        f"{found.job.name}: {len(cost.shards):,} of {plural(found.finished, 'shard')} again, {why}: {cost.names} ({cost.said})"
        for found in ahead
        for why, cost in sorted(found.again.items())
        if why not in REPAIRS
    ]
