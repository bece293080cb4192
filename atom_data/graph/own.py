"""Sources and passes of a user, asked for their shards before anything is read."""

from itertools import zip_longest

from atom_data.errors import ConfigError
from atom_data.graph.nodes import Job, Pass, Source, is_stage
from atom_data.origins import is_ours
from atom_data.storage.shards import Shard
from atom_data.workspace import Workspace


def check_own_shards(job: Job, workspace: Workspace) -> None:
    """Refuse a source that names other shards when it is asked again, and a pass with other shards than what it reads.

    ConfigError says which. Those of this package are not asked.
    """
    for source in job.sources():
        _check_shards(source, workspace)


def _check_shards(source: Source, workspace: Workspace) -> None:
    if is_stage(source):
        return
    for inner in source.sources():
        _check_shards(inner, workspace)
    if is_ours(type(source)):
        return
    shards, again = source.shards(workspace), source.shards(workspace)
    if shards != again:
        raise ConfigError(
            f"source '{source.name}': {_difference(shards, again)} Let shards() return the same list each time."
        )
    if isinstance(source, Pass) and shards != (below := source.of.shards(workspace)):
        raise ConfigError(
            f"pass '{source.name}': {_difference(below, shards)} A pass has the shards of what it reads: return of.shards()."
        )


def _difference(one: tuple[Shard, ...], other: tuple[Shard, ...]) -> str:
    first = next(pair for pair in zip_longest(one, other) if pair[0] != pair[1])
    return f"the first difference between {len(one):,} shards and {len(other):,} is {first[0]} and {first[1]}."
