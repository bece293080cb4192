"""What receipts say of each stage: counts, reasons, time and memory. A finished stage is one table, see `storage.manifest`."""

import heapq
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from atom_data.audit.answers.folders import Folders, open_folders
from atom_data.graph import stage_of
from atom_data.storage.manifest import SCHEMA, manifest_row
from atom_data.workspace import Workspace

SLOWEST = 8
CHUNK = 1024


@dataclass(slots=True)
class StageFacts:
    """One stage, pass or token folder of a run."""

    name: str
    kind: str
    """`stage`, `tokens` or `pass`."""
    reads: tuple[str, ...] = ()
    """Stages before it; none where its documents come from files."""
    shards: int = 0
    finished: int = 0
    left_out: int = 0
    """Shards that it was finished without, because they failed."""
    rows_in: int = 0
    rows_out: int = 0
    text_bytes: int = 0
    tokens: int = 0
    input_bytes: int = 0
    output_bytes: int = 0
    wall_seconds: float = 0.0
    """Of all its workers together."""
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, str, int]] = field(default_factory=list)
    """Seconds, name and documents of the shards that took longest, the slowest first."""
    times: list[float] = field(default_factory=list)
    """Seconds of each shard, sorted, at most as many as there are hundredths."""

    def add(self, table: pa.Table) -> None:
        """Add rows of a manifest."""
        for name in ("rows_in", "rows_out", "text_bytes", "tokens", "input_bytes", "output_bytes"):
            setattr(self, name, getattr(self, name) + (pa.compute.sum(table.column(name)).as_py() or 0))
        self.wall_seconds += pa.compute.sum(table.column("wall_seconds")).as_py() or 0.0
        self.cpu_seconds += pa.compute.sum(table.column("cpu_seconds")).as_py() or 0.0
        peak = pa.compute.max(table.column("peak_memory_bytes")).as_py() or 0
        self.peak_memory_bytes = max(self.peak_memory_bytes, peak)
        self.finished += table.num_rows
        for name, counts in (("dropped", self.dropped), ("unreadable", self.unreadable), ("skipped", self.skipped)):
            for text, times in Counter(table.column(name).to_pylist()).items():
                for reason, count in json.loads(text).items():
                    counts[reason] += count * times
        names = ("wall_seconds", "shard", "rows_in")
        rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
        self.slowest = heapq.nlargest(SLOWEST, [*self.slowest, *rows])
        self.times += table.column("wall_seconds").to_pylist()


@dataclass(slots=True)
class Shards:
    """The finished shards of a folder. Memory: about 350 bytes each."""

    names: list[str] = field(default_factory=list)
    sha256: list[str | None] = field(default_factory=list)
    """Of the first file of each."""
    paths: list[str | None] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    """As JSON, a count per reason."""
    unreadable: list[str] = field(default_factory=list)
    rows_in: list[int] = field(default_factory=list)
    rows_out: list[int] = field(default_factory=list)
    input_bytes: list[int] = field(default_factory=list)
    wall_seconds: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Facts:
    """A run by its receipts."""

    workspace: Workspace
    folders: Folders
    stages: dict[str, StageFacts] = field(default_factory=dict)
    """Each after those that it reads, passes among them."""
    shards: dict[str, Shards] = field(default_factory=dict)
    """By folder: those of the jobs of a pass are there, too."""

    @property
    def documents(self) -> list[StageFacts]:
        """Those that documents go through: stages and token folders, without passes."""
        return [stage for stage in self.stages.values() if stage.kind != "pass"]

    @property
    def ends(self) -> list[StageFacts]:
        """Stages with documents that no other stage reads; tokens of a stage stand for it."""
        read = {name for stage in self.documents for name in stage.reads if stage.kind == "stage"}
        return [stage for stage in self.documents if stage.kind == "stage" and stage.name not in read]

    @property
    def bytes_per_token(self) -> float:
        """As a token folder of this run has it; 0 where there is none."""
        made = [stage for stage in self.stages.values() if stage.tokens and stage.text_bytes]
        return sum(stage.text_bytes for stage in made) / sum(stage.tokens for stage in made) if made else 0.0


def gather(workspace: Workspace) -> Facts:
    """Read the receipts of a run. DataError where there is no run in the folder."""
    folders = open_folders(workspace)
    facts = Facts(workspace, folders)
    record = workspace.record()
    known = workspace.job_folders()
    order = [name for name in (record.jobs if record else ()) if name in known]
    for folder in [*order, *(name for name in known if name not in order)]:
        there = folders.found.get(folder)
        name = folder if there else stage_of(folder)
        if name not in facts.stages:
            kind = there.kind if there else "pass"
            facts.stages[name] = StageFacts(name, kind, there.reads if there else ())
        _read(facts, folder, facts.stages[name])
    for stage in facts.stages.values():
        stage.times = _hundredths(sorted(stage.times))
    return facts


def _read(facts: Facts, folder: str, stage: StageFacts) -> None:
    listed = facts.workspace.shard_list(folder)
    stage.shards += len(listed.shards) if listed else 0
    shards = facts.shards.setdefault(folder, Shards())
    manifest = facts.workspace.manifest(folder)
    if manifest is not None:
        stage.left_out += len(manifest.failed)
        _take(stage, shards, manifest.table)
        return
    for table in _tables(facts.workspace, folder, listed.shards if listed else ()):
        _take(stage, shards, table)


def _take(stage: StageFacts, shards: Shards, table: pa.Table) -> None:
    before = stage.rows_in, stage.rows_out
    stage.add(table)
    if stage.kind == "pass":  # each of its jobs looks at all documents again
        stage.rows_in, stage.rows_out = max(before[0], stage.rows_in - before[0]), 0
    shards.names += table.column("shard").to_pylist()
    shards.sha256 += table.column("sha256").to_pylist()
    shards.paths += table.column("path").to_pylist()
    shards.dropped += table.column("dropped").to_pylist()
    shards.unreadable += table.column("unreadable").to_pylist()
    shards.rows_in += table.column("rows_in").to_pylist()
    shards.rows_out += table.column("rows_out").to_pylist()
    shards.wall_seconds += table.column("wall_seconds").to_pylist()
    shards.input_bytes += table.column("input_bytes").to_pylist()


def _tables(workspace: Workspace, folder: str, names: Sequence[str]) -> Iterator[pa.Table]:
    """Yield what is finished of a stage that is not."""
    rows: list[Mapping[str, Any]] = []
    for found in workspace.receipts(folder, names):
        if found.receipt is not None and not found.receipt.failed:
            rows.append(manifest_row(found.receipt))
        if len(rows) == CHUNK:
            yield pa.Table.from_pylist(rows, SCHEMA)
            rows = []
    if rows:
        yield pa.Table.from_pylist(rows, SCHEMA)


def _hundredths(times: list[float]) -> list[float]:
    """Return at most 101 of many sorted numbers, evenly apart, with both ends."""
    if len(times) <= 101:
        return times
    return [times[round(number * (len(times) - 1) / 100)] for number in range(101)]
