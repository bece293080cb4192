"""`verify --repair`: removes what is damaged, so that the next run rebuilds it, and reports exactly what it did."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from atom_data.audit.faults import Fault
from atom_data.runner.hashes import forget
from atom_data.storage.manifest import manifest_path
from atom_data.storage.receipts import summary_path
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace

HANDS = ("yours", "restore")
"""Cures that no command can apply."""


@dataclass(slots=True)
class Repair:
    """What was done about faults."""

    again: dict[str, list[str]] = field(default_factory=dict)
    """Shards by stage that the next run rebuilds; their receipts were removed."""
    removed: list[str] = field(default_factory=list)
    """Other files that were removed: the next run writes them, or they are not needed."""
    left: list[Fault] = field(default_factory=list)
    """What cannot be repaired."""

    def lines(self) -> list[str]:
        """Say what was done."""
        said = [
            f"{stage}: {plural(len(shards), 'shard')} to rebuild, the receipts removed: {', '.join(shards)}"
            for stage, shards in self.again.items()
        ]
        said += [f"{name}: removed" for name in self.removed]
        return said + [f"{fault}. It cannot be repaired: look at it, and delete it yourself" for fault in self.left]


def repair(workspace: Workspace, faults: Sequence[Fault]) -> Repair:
    """Take away what is damaged. Data stays in place until a run replaces it; only our files are touched."""
    done = Repair(left=[fault for fault in faults if fault.cure in HANDS])
    for fault in faults:
        if fault.cure in HANDS:
            continue
        if fault.shard:
            shards = done.again.setdefault(fault.stage, [])
            shards += [fault.shard] if fault.shard not in shards else []
        else:
            _remove(workspace, fault)
            done.removed.append(fault.path)
    for stage, shards in done.again.items():
        forget(workspace, stage, shards)
    return done


def _remove(workspace: Workspace, fault: Fault) -> None:
    if not workspace.is_remote:
        workspace.local(fault.path).unlink(missing_ok=True)
    elif fault.path == manifest_path(fault.stage):
        workspace.remove_manifest(fault.stage)
    else:  # objects are not deleted: an empty summary says nothing, and a run rewrites an empty plan
        empty = {} if fault.path == summary_path(fault.stage) else {"stage": fault.stage, "shards": [], "identity": {}}
        workspace.write_json(fault.path, empty)
