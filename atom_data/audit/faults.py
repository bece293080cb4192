"""Faults of an output folder: what is wrong with which file, and how to repair it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from atom_data.terminal.table import plural

Cure = Literal["run", "repair", "yours", "restore"]
"""`run`: the next run sees it, and rebuilds it. `repair`: no run sees it, because receipt and size are right, or it is in
a run's way; `verify --repair` removes it, so that the next run rebuilds it. `yours`: only the owner of the file can tell.
`restore`: a removal list or the receipt of a takedown, which cannot be rebuilt."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one file."""

    path: str
    """Relative to the output folder."""
    what: str
    cure: Cure
    stage: str = ""
    shard: str = ""
    """The shard that must be rebuilt; empty where a file speaks of a whole stage, or of none."""

    def __str__(self) -> str:
        """Return it as a line."""
        return f"{self.path}: {self.what}"


def advice(faults: Sequence[Fault], out: str, recipe: str) -> str:
    """Return what to do about faults: by kind, because not all are fixed by the same command."""
    counts = Counter(fault.cure for fault in faults)
    again, said = f"atom-data run {recipe or 'RECIPE'} -o {out}", []
    if counts["repair"]:
        theirs = "A run does not see" if len(counts) == 1 else f"A run does not see {counts['repair']:,} of them"
        them = " them" if len(counts) == 1 else ""
        said.append(f"{theirs}{them}: atom-data verify {out} --repair removes them, and then {again} rebuilds them.")
    elif counts["run"]:
        which = "" if len(counts) == 1 else f" {counts['run']:,} of them:"
        said.append(f"Run the recipe again:{which} it rebuilds what is missing or damaged ({again}).")
    if counts["yours"]:
        them = "it" if counts["yours"] == 1 else "them"
        said.append(
            f"No receipt speaks of {plural(counts['yours'], 'file')}: look at {them}, and delete {them} yourself."
        )
    if counts["restore"]:
        said.append("Bring back what lies in removals/ from a copy: without it, what was taken down would come back.")
    return " ".join(said)
