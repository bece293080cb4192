"""What the jobs of passes have in common."""

from collections.abc import Sequence
from typing import Any

from atom_data.graph.protocols import Job, Source
from atom_data.job import Task
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Input, parts_meet
from atom_data.workspace import Workspace


class PassJob:
    """A job of a pass: gives the answers that are the same for most of them."""

    __slots__ = ()
    task_tokens = 0
    a_task_a_shard = False

    def sources(self) -> tuple[Source, ...]:
        """It reads what the jobs before it wrote."""
        return ()

    def upstream(self) -> tuple[Job, ...]:
        """The jobs behind what it reads."""
        return tuple(job for source in self.sources() for job in source.jobs())

    def accept(self, receipts: Sequence[Receipt]) -> None:
        """Refuse parts of a split file that do not meet."""
        parts_meet(span for receipt in receipts for span in receipt.spans)

    def summary(self, workspace: Workspace) -> dict[str, Any] | None:
        """Nothing."""
        return None


class ShardJob(PassJob):
    """A job of a pass with a task for each shard of a source."""

    __slots__ = ()
    of: Source
    a_task_a_shard = True

    def sources(self) -> tuple[Source, ...]:
        """What it reads."""
        return (self.of,)

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """One task per shard."""
        return tuple(Task(shard.name, shard.bytes, (shard,)) for shard in self.of.shards(workspace))

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """The shard as it is now."""
        return self.of.current(task.shards[0], workspace)
