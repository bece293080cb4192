"""What a run would rebuild, as far as receipts and manifests alone tell: without reading inputs, so that it stays quick."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from atom_data.errors import AtomDataError
from atom_data.graph import Job
from atom_data.reach import code_identity
from atom_data.runner.changed import code_change
from atom_data.runner.plan import RECIPE
from atom_data.runner.recipe import known_identities
from atom_data.terminal.table import is_are, plural
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Now:
    """What a receipt of a job would say of its identity, were it made now."""

    jobs: Collection[str]
    code: Mapping[str, str]

    def why_stale(self, job: str, code: Mapping[str, str]) -> str:
        """Return why a shard of that identity is rebuilt; nothing where it is not."""
        if not self.jobs:
            return ""
        return code_change(code, self.code) if job in self.jobs else RECIPE


def now(job: Job) -> Now:
    """Return a job's identity; one that fits all when it cannot be computed, because a file is missing for a moment."""
    try:
        return Now(known_identities(job), code_identity(job))
    except (AtomDataError, OSError):
        return Now((), {})


def stale_lines(
    stale: Mapping[str, Mapping[str, int]], shards: Mapping[str, int], reads: Mapping[str, Sequence[str]]
) -> list[str]:
    """Say which shards a run rebuilds and what follows: by job stale shards by reason, all shards, and jobs before."""
    lines, follow = list[str](), list[str]()
    for name, counts in stale.items():
        count, why = sum(counts.values()), "; ".join(sorted(counts))
        if count:
            lines.append(
                f"{name}: {count:,} of {plural(shards[name], 'shard')} {is_are(count)} stale ({why}); a run rebuilds them"
            )
        elif shards[name] and any(sum(stale.get(before, {}).values()) or before in follow for before in reads[name]):
            follow.append(name)
    if follow:
        lines.append(f"{', '.join(follow)}: what is read there is stale; a run rebuilds what differs then")
    return [*lines, "run --dry-run says what that takes"] if lines else []


def said_left_over(workspace: Workspace, folders: Sequence[str]) -> str:
    """Say which folders are of stages that the recipe no longer has, and what removes them."""
    tops = [name for name in folders if name.rpartition("/")[0] not in folders]  # of a pass its own folder says it
    return (
        f"{workspace.root}: left over from stages that the recipe no longer has: {', '.join(tops)}. "
        f"They are ignored; atom-data clean {workspace.root} --stale removes them."
    )
