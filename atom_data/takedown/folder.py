"""An output folder as a takedown sees it: its jobs in order, what kind each is, and which files its receipts name."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from atom_data.errors import DataError
from atom_data.graph import INNER
from atom_data.storage.receipts import OutputFile, Receipt
from atom_data.workspace import Workspace

Kind = Literal["stage", "pass", "tokens", "inner", "empty"]
"""A stage; the columns of a pass; token shards; what a pass found on its way; a job that finished nothing yet."""
MANY = 0.5
"""Of the shards of a job, from which on all of its receipts are read at once."""


@dataclass(frozen=True)
class Job:
    """One folder of a run."""

    name: str
    kind: Kind
    is_first: bool
    """Whether it reads files, and no other job."""
    shards: tuple[str, ...]


class Folder:
    """The jobs of an output folder. Memory: the names of all shards."""

    def __init__(self, workspace: Workspace) -> None:
        """Look at the lists of shards, and at a receipt of each job."""
        self.workspace = workspace
        record = workspace.record()
        there = workspace.job_folders()
        self.names = [name for name in record.jobs if name in there] if record else there
        if not self.names:
            raise DataError(f"{workspace.root}: there is no run in it. Give the --output of a run.")

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, each after what it reads."""
        return tuple(self._job(name) for name in self.names)

    def _job(self, name: str) -> Job:
        shards = self.workspace.shard_names(name)
        receipt = next((found.receipt for found in self.workspace.receipts(name, shards[:8]) if found.receipt), None)
        if receipt is None:
            return Job(name, "empty", False, shards)
        reads = [item.path for item in receipt.inputs if self.owner(item.path) is None]
        own = any(item.path.startswith(f"{name}/") or item.path.endswith("/receipts") for item in receipt.inputs)
        if INNER in name:
            return Job(name, "inner", bool(reads), shards)
        if any(item.path.endswith(".bin") for item in receipt.outputs):
            return Job(name, "tokens", bool(reads), shards)
        return Job(name, "pass" if own else "stage", bool(reads), shards)

    def owner(self, path: str) -> str | None:
        """Return the job that made a file; None for a file of the input."""
        folder = path.rpartition("/")[0]
        while folder:
            if folder in self.names:
                return folder
            folder = folder.rpartition("/")[0]
        return None

    @property
    def first(self) -> list[Job]:
        """The stages and token passes that read files: all documents are in their rows or ledgers."""
        return [job for job in self.jobs if job.is_first and job.kind in ("stage", "tokens")]

    def receipts(self, job: Job, shards: Collection[str]) -> Iterator[Receipt]:
        """Yield the receipts of finished shards. DataError for one that was edited."""
        names = [name for name in job.shards if name in shards]
        for found in self.workspace.receipts(job.name, names):
            if found.edited:
                self.workspace.receipt(job.name, found.shard)  # says what is wrong
            if found.receipt:
                yield found.receipt

    def candidates(self, job: Job, touched: Collection[str]) -> Sequence[str]:
        """Return the shards of a job that may hold documents of shards with these names; stages keep the names."""
        same = [name for name in job.shards if name in touched]
        return same if job.kind in ("stage", "pass") and (same or not touched) else job.shards


def data_file(receipt: Receipt) -> OutputFile | None:
    """Return the file with the rows of a shard: of tokens the table of documents."""
    tables = [item for item in receipt.outputs if is_table(item.path) and part_of(item.path, receipt.stage) == ""]
    return tables[0] if tables else None


def ledger_file(receipt: Receipt) -> OutputFile | None:
    """Return the ledger of a shard, where it has one."""
    return next((item for item in receipt.outputs if part_of(item.path, receipt.stage) == "drops"), None)


def is_table(path: str) -> bool:
    """Tell whether a file is Parquet."""
    return path.endswith(".parquet")


def part_of(path: str, stage: str) -> str:
    """Return the folder below a stage that a file lies in: `drops`, `dead`, `loss`; nothing for the shard itself."""
    return path.removeprefix(f"{stage}/").rpartition("/")[0]
