"""Clusters of copies from which documents go: who leaves with them, and what is said of those that stay."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.receipts import Receipt
from atom_data.takedown.folder import Folder, Job, data_file

OWN = ("row", "id")


@dataclass(frozen=True, slots=True)
class Marks:
    """The columns by which a pass says what is a copy of what."""

    rank: str
    count: str
    of: str
    cluster: str
    all: tuple[str, ...]

    @classmethod
    def of_names(cls, names: Sequence[str]) -> "Marks | None":
        """Find them among the columns of a pass; None where it finds no copies."""
        added = tuple(name for name in names if name not in OWN)
        ends = ("_rank", "_count", "_of", "_cluster")
        rank, count, of, cluster = (next((name for name in added if name.endswith(end)), "") for end in ends)
        known = rank and count and of and cluster and set(OWN) <= set(names)
        return cls(rank, count, of, cluster, added) if known else None


@dataclass(slots=True)
class Patches:
    """What is said anew of documents that stay, since a copy of theirs went: values by column, by id."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    alone: set[str] = field(default_factory=set)
    """Of these, `PASS ID` of each that has no copy any more, and so no row in its pass."""
    shards: dict[str, list[str]] = field(default_factory=dict)
    """The shards of each pass where they are."""
    undecided: list[str] = field(default_factory=list)
    """Copies of kept documents that go and do not take them along: a run decides about them anew."""
    passes: list[str] = field(default_factory=list)
    """The passes that found these."""
    quoting: list[str] = field(default_factory=list)
    """Kept documents of which what goes was a copy: they have nearly the same text."""


def passes(folder: Folder) -> Iterator[tuple[Job, Marks]]:
    """Yield the passes of a folder that find copies."""
    for job in folder.jobs:
        if job.kind != "pass":
            continue
        tables = (data_file(receipt) for receipt in folder.receipts(job, frozenset(job.shards)))
        table = next((item for item in tables if item), None)
        if table is None:
            continue
        marks = Marks.of_names(open_parquet(folder.workspace.path(table.path)).schema_arrow.names)
        if marks:
            yield job, marks


def _members(
    folder: Folder, job: Job, marks: Marks, clusters: pa.Array, ids: pa.Array, workers: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield shard and row of every document that is in one of some clusters, or is one of some."""

    def look(receipt: Receipt) -> list[tuple[str, dict[str, Any]]]:
        item = data_file(receipt)
        rows: list[tuple[str, dict[str, Any]]] = []
        names = ("id", marks.rank, marks.count, marks.cluster)
        for batch in read_parquet(folder.workspace.path(item.path), names) if item else ():
            hit = pc.or_(pc.is_in(batch.column(marks.cluster), clusters), pc.is_in(batch.column("id"), ids))
            rows += [(receipt.shard, row) for row in batch.filter(hit).to_pylist()]
        return rows

    with ThreadPoolExecutor(workers) as pool:
        for found in pool.map(look, folder.receipts(job, frozenset(job.shards))):
            yield from found


def copies_of(folder: Folder, kept: Sequence[str], workers: int) -> set[str]:
    """Return the ids of all documents that were dropped as copies of some that were kept. Reads what passes found."""
    clusters, none = pa.array(sorted(kept), pa.string()), pa.array([], pa.string())
    return {
        row["id"]
        for job, marks in passes(folder)
        for _, row in _members(folder, job, marks, clusters, none, workers)
        if row[marks.rank] > 0
    }


def patches_of(folder: Folder, gone: Collection[str], workers: int) -> Patches:
    """Return what is said anew of documents that stay. Memory: the members of clusters from which something goes."""
    found, ids = Patches(), pa.array(sorted(gone), pa.string())
    for job, marks in passes(folder):
        none = pa.array([], pa.string())
        mine = {row[marks.cluster] for _, row in _members(folder, job, marks, none, ids, workers)}
        lost = mine & set(gone)
        clusters = pa.array(sorted(mine), pa.string())
        groups: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for shard, row in _members(folder, job, marks, clusters, none, workers):
            if row["id"] not in gone:
                groups.setdefault(row[marks.cluster], []).append((shard, row))
        for cluster, members in sorted(groups.items()):
            if cluster in lost:
                found.undecided += sorted(row["id"] for _, row in members)
                found.passes += [] if job.name in found.passes else [job.name]
            else:
                found.quoting.append(cluster)
                _ranked(found, job.name, marks, members)
    found.undecided, found.quoting = sorted({*found.undecided}), sorted({*found.quoting})
    return found


def _ranked(found: Patches, name: str, marks: Marks, members: list[tuple[str, dict[str, Any]]]) -> None:
    """Note the ranks of those that stay in a cluster, without gaps, and how many they are."""
    members.sort(key=lambda member: int(member[1][marks.rank]))
    for rank, (shard, row) in enumerate(members):
        values = found.values.setdefault(row["id"], {})
        if len(members) == 1:
            found.alone.add(f"{name} {row['id']}")
            values |= dict.fromkeys(marks.all)
        values |= {marks.rank: rank, marks.count: len(members)}
        shards = found.shards.setdefault(name, [])
        if shard not in shards:
            shards.append(shard)
