"""What ledgers say of rules where a stage has no sketches: folders of earlier releases."""

from collections import Counter

import pyarrow.compute as pc

from atom_data.audit.answers.folders import DROPS
from atom_data.report.facts import Shards
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import exists
from atom_data.workspace import Workspace

SHARDS = 64
"""Ledgers that are read: of a run with more shards nothing is said, as a part of them would be another number."""


def rules_of(workspace: Workspace, folder: str, shards: Shards) -> dict[str, Counter[str]]:
    """Return by rule how many documents missed it, and how many missed it alone; empty where there are too many shards."""
    found: dict[str, Counter[str]] = {}
    if len(shards.names) > SHARDS:
        return found
    for shard, dropped in zip(shards.names, shards.dropped, strict=True):
        path = workspace.path(folder, DROPS, f"{shard}.parquet")
        for batch in read_parquet(path, ("rules",)) if dropped != "{}" and exists(path) else ():
            rules = batch.column("rules")
            alone = pc.list_flatten(rules.filter(pc.equal(pc.list_value_length(rules), 1)))
            for name, values in (("missed", pc.list_flatten(rules)), ("alone", alone)):
                for one in pc.value_counts(values).to_pylist():
                    found.setdefault(one["values"], Counter())[name] += one["counts"]
    return found
