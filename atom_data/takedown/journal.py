"""A takedown that was begun: all that it decided, written before anything changes, so that one that is killed goes on.

OUT/removals/begun/journal.json    what goes, what is said anew of others, which shards hold it
OUT/removals/begun/done/JOB/SHARD.json    a shard whose new files lie ready: what they are, and what they replace
OUT/removals/begun/passages/...    hashes of the texts that go (passages.py)
OUT/removals/begun/files/...       the new files, under the paths that they will have
OUT/removals/begun/ready.json      all of them lie ready: from here on they are put in their places

Until the last nothing of the corpus was touched. The folder is gone when all is done: it is the one place where ids and
URLs stand while a takedown is under way.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from atom_data.errors import DataError
from atom_data.runner.claims.takedowns import JOURNAL
from atom_data.storage.receipts import OutputFile, read_json, write_json
from atom_data.storage.removals import BEGUN
from atom_data.takedown.clusters import Patches
from atom_data.workspace import Workspace

FORMAT = 1
READY = f"{BEGUN}/ready.json"
FILES, DONE, PASSAGES = f"{BEGUN}/files", f"{BEGUN}/done", f"{BEGUN}/passages"


@dataclass(slots=True)
class Journal:
    """What a takedown decided."""

    number: int
    when: str
    asked: dict[str, int]
    reason: str
    by: str
    copies: str
    tokens: str
    documents: list[list[Any]]
    """Of each document that goes: id, url, why, and the stage and shard where it was found."""
    nowhere: list[str] = field(default_factory=list)
    """What was asked for and is in no file."""
    patches: Patches = field(default_factory=Patches)

    @property
    def ids(self) -> set[str]:
        """The ids of all that goes."""
        return {line[0] for line in self.documents}

    @property
    def urls(self) -> set[str]:
        """The URLs of all that goes."""
        return {line[1] for line in self.documents if line[1]}

    def write(self, workspace: Workspace) -> None:
        """Write it, whole or not at all."""
        workspace.write_json(JOURNAL, {"format": FORMAT, **asdict(self), "patches": _plain(self.patches)})

    @classmethod
    def read(cls, workspace: Workspace) -> Self | None:
        """Return the takedown that was begun in a folder, or None. DataError for one of another version."""
        value = workspace.read_json(JOURNAL)
        if value is None:
            return None
        if value.pop("format", None) != FORMAT:
            raise DataError(
                f"{workspace.path(JOURNAL)}: is of another version. Finish it with the atom-data that began it."
            )
        patches = value.pop("patches")
        return cls(**value, patches=Patches(**{**patches, "alone": set(patches["alone"])}))


def _plain(patches: Patches) -> dict[str, Any]:
    return {**asdict(patches), "alone": sorted(patches.alone)}


@dataclass(slots=True)
class Done:
    """A shard whose new files lie ready."""

    job: str
    shard: str
    files: dict[str, list[Any]] = field(default_factory=dict)
    """Of each path: SHA-256 before ("" where it is new), SHA-256 and bytes after ("" and 0 where it goes)."""
    positions: list[int] = field(default_factory=list)
    """The rows that the shard loses, by their numbers before."""
    documents: int = 0
    """Rows or ledger lines that went."""
    tokens: int = 0
    """Tokens that went, or were masked."""
    text_bytes: int = 0
    """Bytes of text that went."""
    receipt: bool = False
    """Whether a new receipt lies ready."""

    def replaces(self, before: OutputFile | None, after: OutputFile | None) -> None:
        """Note that one file takes the place of another."""
        either = before or after
        if either is not None:
            self.files[either.path] = [
                before.sha256 if before else "",
                after.sha256 if after else "",
                after.bytes if after else 0,
            ]

    def write(self, workspace: Workspace) -> None:
        """Write it: from here on the shard need not be rebuilt."""
        write_json(workspace.path(DONE, self.job, f"{self.shard}.json"), asdict(self), workspace.token)

    @classmethod
    def read(cls, workspace: Workspace, job: str, shard: str) -> Self | None:
        """Return what lies ready of a shard, or None."""
        value = read_json(workspace.path(DONE, job, f"{shard}.json"))
        return None if value is None else cls(**value)


Changed = Mapping[str, list[Any]]
"""Files that are replaced, by path, as `Done.files` has them."""
