"""The root of a corpus: one hash over the content of all shards of all stages, as a Merkle tree whose parts can be checked alone.

`docs/root.md` has the construction, byte for byte, and a checker that needs nothing of this package.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from atom_data.audit import merkle
from atom_data.errors import ConfigError, DataError, meant
from atom_data.graph import INNER
from atom_data.storage.receipts import OutputFile
from atom_data.workspace import Workspace

FORMAT = 1


@dataclass(slots=True)
class StageTree:
    """The shards of a stage, in the order of its plan."""

    name: str
    shards: list[str] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    files: int = 0
    size: int = 0
    """Bytes of these files."""

    @property
    def root(self) -> bytes:
        """One hash over the shards."""
        return merkle.root(self.leaves)

    @property
    def entry(self) -> bytes:
        """The stage as an entry of the tree over all stages."""
        return f"{self.name} {len(self.shards)} {self.root.hex()}\n".encode()


@dataclass(slots=True)
class Tree:
    """The stages of a corpus. Memory: about 150 bytes per shard of each stage."""

    stages: dict[str, StageTree] = field(default_factory=dict)

    def begin(self, folder: str) -> None:
        """Count a stage from now on, also where it has no shard. What jobs of a pass found on their way is not a result."""
        if INNER not in folder:
            self.stages[folder] = StageTree(folder)

    def add(self, folder: str, shard: str, files: Iterable[OutputFile]) -> None:
        """Add the next shard of a stage."""
        stage = self.stages.get(folder)
        if stage is not None:
            there = list(files)
            stage.shards.append(shard)
            stage.leaves.append(merkle.leaf(shard_entry(there)))
            stage.files, stage.size = stage.files + len(there), stage.size + sum(item.bytes for item in there)

    @property
    def ordered(self) -> list[StageTree]:
        """The stages by name, in the order of their bytes."""
        return [self.stages[name] for name in sorted(self.stages, key=str.encode)]

    @property
    def root(self) -> str:
        """The root, as 64 hexadecimal digits."""
        return merkle.root([merkle.leaf(stage.entry) for stage in self.ordered]).hex()

    def value(self) -> dict[str, Any]:
        """Return root and stages as plain JSON values."""
        stages = [
            {
                "stage": one.name,
                "shards": len(one.shards),
                "files": one.files,
                "bytes": one.size,
                "root": one.root.hex(),
            }
            for one in self.ordered
        ]
        return {"format": FORMAT, "root": self.root, "stages": stages}


def shard_entry(files: Iterable[OutputFile]) -> bytes:
    """Return a shard as an entry of the tree of its stage: a line `PATH SHA256` for each file, in the order of paths."""
    return b"".join(sorted(f"{item.path} {item.sha256}\n".encode() for item in files))


def tree_of(workspace: Workspace) -> Tree:
    """Return the tree by receipts alone: no shard is read. DataError where one is missing or was edited."""
    tree = Tree()
    for folder in workspace.job_folders():
        tree.begin(folder)
        if folder in tree.stages:
            for shard in workspace.shard_names(folder):
                tree.add(folder, shard, workspace.finished_receipt(folder, shard).outputs)
    if not tree.stages:
        raise DataError(
            f"{workspace.root}: there is no run in it (no plan.json in any folder). Give the --output of a run."
        )
    return tree


def proof(tree: Tree, workspace: Workspace, name: str) -> dict[str, Any]:
    """Return what proves that a shard, STAGE/SHARD, is part of the root: its files, and the hashes beside its way up."""
    folder, _, shard = name.partition("/")
    stage = tree.stages.get(folder)
    if stage is None:
        there = ", ".join(tree.stages)
        raise ConfigError(
            f"--shard: no stage '{folder}' in the root; stages there: {there}.{meant(folder, tree.stages)}"
        )
    if shard not in stage.shards:
        some = ", ".join(stage.shards[:5])
        more = f", and {len(stage.shards) - 5:,} more" if len(stage.shards) > 5 else ""
        raise ConfigError(f"--shard: no shard '{shard}' in {folder}; there are {some}{more}. Give it as STAGE/SHARD.")
    number, places = stage.shards.index(shard), [one.name for one in tree.ordered]
    files = sorted(workspace.finished_receipt(folder, shard).outputs, key=lambda item: item.path.encode())
    leaves = [merkle.leaf(one.entry) for one in tree.ordered]
    return {
        "format": FORMAT,
        "root": tree.root,
        "stage": folder,
        "stage_number": places.index(folder),
        "stages": len(places),
        "stage_path": [one.hex() for one in merkle.path(leaves, places.index(folder))],
        "stage_root": stage.root.hex(),
        "shard": shard,
        "shard_number": number,
        "shards": len(stage.shards),
        "shard_path": [one.hex() for one in merkle.path(stage.leaves, number)],
        "files": [{"path": item.path, "sha256": item.sha256} for item in files],
    }
