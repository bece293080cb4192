"""The folders of a run as a graph, by plans and receipts alone: the recipe may be gone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from atom_data.errors import DataError
from atom_data.storage.receipts import Receipt
from atom_data.workspace import Workspace

DOCS = ".docs.parquet"
DROPS, DEAD = "drops", "dead"

Kind = Literal["stage", "tokens"]


@dataclass(frozen=True)
class Folder:
    """A stage, or a folder of tokens."""

    name: str
    kind: Kind
    shards: tuple[str, ...]
    identity: dict[str, Any]
    reads: tuple[str, ...]
    """Stages that it reads; none where its documents come from files."""

    @property
    def is_cut_off(self) -> bool:
        """Whether the stage that it was made of is not here."""
        return isinstance(self.identity.get("reads"), str) and not self.reads


@dataclass(frozen=True)
class Folders:
    """All stages and tokens of an output folder, each after those that it reads. Jobs of passes are none."""

    workspace: Workspace
    found: dict[str, Folder] = field(default_factory=dict)

    def entries(self) -> Iterator[Folder]:
        """Yield the folders by which documents come in."""
        yield from (folder for folder in self.found.values() if not folder.reads)

    def after(self, name: str) -> list[Folder]:
        """Return the folders that read a stage."""
        return [folder for folder in self.found.values() if name in folder.reads]

    @cached_property
    def texts(self) -> list[Folder]:
        """The stages, in order, those that come first in the way of a document first."""
        return [folder for folder in self.found.values() if folder.kind == "stage"]


def open_folders(workspace: Workspace) -> Folders:
    """Look at what an output folder holds. DataError where there is no run in it."""
    kinds: dict[str, tuple[Kind, tuple[str, ...], dict[str, Any], Receipt | None]] = {}
    for name in workspace.job_folders():
        plan = workspace.shard_list(name)
        if plan is None:
            continue
        receipt = next((found.receipt for found in workspace.receipts(name, plan.shards) if found.receipt), None)
        kind = _kind(dict(plan.identity), receipt)
        if kind:
            kinds[name] = kind, plan.shards, dict(plan.identity), receipt
    if not kinds:
        raise DataError(
            f"{workspace.root}: there is no run in it (no stage with a plan.json). Give the --output of a run."
        )
    reads = {name: _reads(receipt, kinds) for name, (*_, receipt) in kinds.items()}
    made = {
        name: Folder(name, kind, shards, identity, reads[name]) for name, (kind, shards, identity, _) in kinds.items()
    }
    return Folders(workspace, {name: made[name] for name in _in_order(reads)})


def _kind(identity: dict[str, Any], receipt: Receipt | None) -> Kind | None:
    if "steps" in identity and "writes" in identity:
        return "stage"
    if receipt and any(item.path.endswith(DOCS) for item in receipt.outputs):
        return "tokens"
    return None


def _reads(receipt: Receipt | None, kinds: dict[str, Any]) -> tuple[str, ...]:
    inputs = receipt.inputs if receipt else ()
    return tuple(sorted({item.path.rpartition("/")[0] for item in inputs} & {*kinds}))


def _in_order(reads: dict[str, tuple[str, ...]]) -> list[str]:
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        for before in reads[name]:
            if before not in found and before != name:
                visit(before)
        found[name] = None

    for name in sorted(reads):
        visit(name)
    return list(found)
