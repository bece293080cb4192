"""One of two corpora that are compared: its last stages, ledgers and tokens, by plans and receipts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atom_data.audit.answers.folders import DOCS, DROPS, Folder, Folders, open_folders
from atom_data.errors import ConfigError, meant
from atom_data.storage.parquet import open_parquet
from atom_data.storage.receipts import Receipt
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class File:
    """A Parquet file of documents."""

    place: str
    """STAGE/SHARD."""
    path: str
    sha256: str
    rows: int


@dataclass(slots=True)
class Counts:
    """What the receipts of a stage count."""

    rows_in: int = 0
    rows_out: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    tokens: int = 0


@dataclass(slots=True)
class Side:
    """A corpus. Memory: about 300 bytes per shard of each stage."""

    root: str
    workspace: Workspace
    folders: Folders
    stages: tuple[str, ...]
    """Whose documents are compared: those that no other stage reads, or those that were asked for."""
    jobs: tuple[str, ...]
    """The folders of all jobs, those of passes too."""
    files: list[File] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    """Of these files."""
    ledgers: list[File] = field(default_factory=list)
    tokens: list[File] = field(default_factory=list)
    """Of docs.parquet."""
    counts: dict[str, Counts] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each input file, or part of one, that a run read from outside."""
    code: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By stage, of its first receipt: what of the code it reached."""

    @property
    def documents(self) -> int:
        """How many are compared."""
        return sum(file.rows for file in self.files)

    @property
    def token_count(self) -> int:
        """Of all its folders of tokens."""
        return sum(found.tokens for found in self.counts.values())


def open_side(workspace: Workspace, stages: tuple[str, ...] = ()) -> Side:
    """Look at an output folder. ConfigError for a stage that it does not have, DataError where no run is in it."""
    folders = open_folders(workspace)
    side = Side(workspace.root, workspace, folders, _stages(folders, stages), tuple(workspace.job_folders()))
    for folder in folders.found.values():
        _read(side, folder)
    side.files.sort(key=lambda file: file.place)
    if side.files:
        file = open_parquet(side.files[0].path)
        side.columns = tuple(file.schema_arrow.names)
        file.close()
    return side


def _stages(folders: Folders, asked: tuple[str, ...]) -> tuple[str, ...]:
    for name in asked:
        if name not in folders.found:
            there = ", ".join(folders.found)
            raise ConfigError(
                f"{folders.workspace.root}: no stage '{name}'; stages there: {there}.{meant(name, folders.found)}"
            )
    if asked:
        return asked
    names = [folder.name for folder in folders.texts]
    last = [name for name in names if not any(after.kind == "stage" for after in folders.after(name))]
    return tuple(last or [name for name in folders.found if folders.found[name].kind == "tokens"])


def _read(side: Side, folder: Folder) -> None:
    counts = side.counts[folder.name] = Counts()
    for found in side.workspace.receipts(folder.name, folder.shards):
        if found.receipt is not None:
            _count(side, folder, counts, found.receipt)


def _count(side: Side, folder: Folder, counts: Counts, receipt: Receipt) -> None:
    counts.rows_in, counts.rows_out = counts.rows_in + receipt.rows_in, counts.rows_out + receipt.rows_out
    counts.dropped.update(receipt.dropped)
    counts.unreadable.update(receipt.unreadable)
    counts.tokens += receipt.tokens
    side.code.setdefault(folder.name, receipt.code)
    if not folder.reads:
        part = f" {receipt.spans[0][1]}" if len(receipt.inputs) == 1 and receipt.spans else ""
        made = {*side.jobs}  # what a pass over files found is not an input
        outside = (item for item in receipt.inputs if item.path.rpartition("/")[0] not in made)
        side.inputs |= {f"{item.path}{part}": item.sha256 for item in outside}
    for place, item in enumerate(receipt.outputs):
        file = File(f"{folder.name}/{receipt.shard}", side.workspace.path(item.path), item.sha256, item.rows)
        inside = item.path.removeprefix(f"{folder.name}/")
        is_tokens = folder.kind == "tokens" and inside.endswith(DOCS)
        if inside.startswith(f"{DROPS}/"):
            side.ledgers.append(file)
        elif is_tokens:
            side.tokens.append(file)
        if folder.name in side.stages and (is_tokens or (folder.kind == "stage" and place == 0)):
            side.files.append(file)


def identities(side: Side) -> dict[str, dict[str, Any]]:
    """Return the recipe's part of the identity of each job that was planned, those of passes too."""
    found = {}
    for name in side.workspace.job_folders():
        plan = side.workspace.shard_list(name)
        if plan is not None:
            found[name] = dict(plan.identity)
    return found
