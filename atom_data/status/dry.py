"""A dry run: what a run would make, rebuild, remove and keep, why, and what that costs. Nothing is written."""

from collections.abc import Sequence

from atom_data.errors import ConfigError
from atom_data.graph import INNER, Job
from atom_data.runner.cost import NAMED, Cost
from atom_data.runner.outlook import Outlook, look_ahead
from atom_data.runner.places import check_places
from atom_data.runner.plan import FOLLOWS
from atom_data.runner.recipe import Recipe
from atom_data.runner.replace import refuse
from atom_data.status.stale import said_left_over
from atom_data.terminal.table import is_are, plural
from atom_data.workspace import Workspace


def dry_run(
    recipe: Recipe,
    workspace: Workspace,
    jobs: Sequence[Job],
    accept_code: bool = False,
    replace: bool = False,
    inside: bool = False,
) -> list[str]:
    """Return, line by line, what a run of these jobs would do. Errors as that run would have before its first shard.

    A pass is a line; `inside` shows each of its jobs. What rebuilding takes is always that of all of them.
    """
    check_places(recipe, workspace)
    for job in recipe.jobs:
        job.check()
    ahead = list(look_ahead(jobs, workspace, accept_code))
    shown = [found for found in ahead if inside or INNER not in found.job.name]
    lines = [line for found in shown for line in _said(found)]
    lines += _sums(ahead, shown, recipe.path)
    left = workspace.left_over([job.name for job in recipe.jobs])
    lines += [said_left_over(workspace, left)] if left else []
    if not replace:
        try:
            refuse(recipe, workspace, ahead)
        except ConfigError as refusal:
            lines += ["", "Without --replace this is refused:", str(refusal)]
    return [*lines, "", "This was a dry run: nothing was made, removed or written."]


def _said(found: Outlook) -> list[str]:
    name, costs = found.job.name, sorted(found.again.items())
    if found.names is None:
        head = f"{name}: its shards are known when the stages before it are finished"
    elif found.idle:
        head = f"{name}: {'all ' if found.kept != 1 else ''}{plural(found.kept, 'shard')} {is_are(found.kept)} kept"
    else:
        again = sum(len(cost.shards) for _, cost in costs)
        counts = ((again, "to rebuild"), (len(found.new), "to make anew"), (len(found.gone.shards), "to remove"))
        head = ", ".join(
            [f"{name}: {plural(found.kept, 'shard')} to keep", *(f"{n:,} {what}" for n, what in counts if n)]
        )
    lines = [head, *(_line("again", why, cost) for why, cost in costs)]
    if found.new:
        more = ", ..." if len(found.new) > NAMED else ""
        lines.append(f"  anew: {len(found.new):,}: {', '.join(found.new[:NAMED])}{more}")
    why = "not in the input" if found.job.a_task_a_shard else "no part of the work any more"
    return [*lines, *([_line("remove", why, found.gone)] if found.gone.shards else [])]


def _line(what: str, why: str, cost: Cost) -> str:
    return f"  {what}, {why}: {len(cost.shards):,}: {cost.names} (took {cost.said})"


def _sums(ahead: Sequence[Outlook], shown: Sequence[Outlook], recipe: str) -> list[str]:
    again = Cost.total(cost for found in ahead for cost in found.again.values())
    gone = Cost.total(found.gone for found in ahead)
    new = sum(len(found.new) for found in shown)
    unknown = [found.job.name for found in shown if found.names is None]
    lines = []
    if again.shards:
        most = " at most: shards whose input turns out the same are kept" if _follow(ahead) else ""
        lines.append(f"Again: {plural(len(again.shards), 'shard')}{most}; they took {again.said} by their receipts.")
    if gone.shards:
        lines.append(f"Removed: {plural(len(gone.shards), 'shard')}; they took {gone.said} by their receipts.")
    if new or unknown:
        what = [plural(new, "shard")] if new else []
        what += [f"those of {', '.join(unknown)}"] if unknown else []
        lines.append(f"Anew: {' and '.join(what)}; no receipt tells what they take: atom-data plan {recipe} does.")
    return ["", *lines] if lines else ["", "Nothing to do."]


def _follow(ahead: Sequence[Outlook]) -> bool:
    return any(FOLLOWS in found.again for found in ahead)
