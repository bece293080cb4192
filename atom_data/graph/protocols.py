"""What the runner, the planner, Slurm and Ray know of a recipe: nodes, the sources they read, the jobs that make them."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Protocol, Self, runtime_checkable

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.job import Progress, Task, Work
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace

SOURCE = frozenset(
    ("current", "identity", "jobs", "name", "read", "schema", "shards", "sources", "text_bytes", "with_sources")
)
"""What a source has."""


@runtime_checkable
class Node(Protocol):
    """What a recipe may return: something that jobs make."""

    def jobs(self) -> "tuple[Job, ...]":
        """The last jobs that make it; those before them are found by `upstream`. Empty for files, which are there."""

    def sources(self) -> "tuple[Source, ...]":
        """The sources that it is made of; empty for files."""

    def with_sources(self, sources: "tuple[Source, ...]") -> Self:
        """The same over other sources, as many as `sources` gives: a forecast puts samples in their place."""


@runtime_checkable
class Source(Node, Protocol):
    """What a stage or a pass reads: files, another stage, a pass, a part of one of these."""

    @property
    def name(self) -> str:
        """A short label: the source's name, or the stage's."""

    def schema(self) -> pa.Schema:
        """Columns and types that `read` can give."""

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """All shards, sorted by name, no name twice: the same list for every caller."""

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of bounded size with at least `columns`, in the same order each time; report the rest to `intake`."""

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The inputs as they are now; `sha256` may be empty where only reading all of it would tell."""

    def text_bytes(self, shard: Shard, workspace: Workspace) -> float:
        """About how many bytes of text a shard holds, as known before it is read; 0 when unknown.

        DataError when the stage that makes it is not finished."""

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the inputs, as plain JSON values."""


class Job(Protocol):
    """What the runner runs. Tasks do not depend on each other, and never on how many there are."""

    @property
    def name(self) -> str:
        """The folder below the output folder."""

    @property
    def task_tokens(self) -> int:
        """Tokens of about one task where tasks are cut by size; 0 where they are not."""

    @property
    def a_task_a_shard(self) -> bool:
        """Whether it has a task for each shard of what it reads."""

    def sources(self) -> "tuple[Source, ...]":
        """What it reads itself, besides files of the jobs before it."""

    def upstream(self) -> "tuple[Job, ...]":
        """The jobs that must be complete before this one starts."""

    def check(self) -> pa.Schema:
        """Try the job on zero rows; return the columns it will write. ConfigError when it cannot work."""

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """All tasks, sorted by name, no name twice."""

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """The inputs of a task as they are now."""

    def identity(self) -> dict[str, object]:
        """What decides the output besides the inputs, as plain JSON values."""

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Do one task: write its outputs whole or not at all, and return what was done."""

    def accept(self, receipts: Sequence[Receipt]) -> None:
        """Look at all receipts of the finished job. DataError when the whole is not acceptable."""

    def summary(self, workspace: Workspace) -> dict[str, Any] | None:
        """What stands for the whole once every shard is finished, written beside the plan; None where nothing does."""


@runtime_checkable
class RowJob(Job, Protocol):
    """A job that makes a shard of rows from each shard of one source: a stage."""

    @property
    def reads(self) -> Source:
        """The source."""

    def faults(self) -> list[ConfigError]:
        """Try the job on zero rows; return everything that is wrong with it, where `check` raises the first error."""


def check_source(where: str, source: object) -> None:
    """Refuse a value that is not a source where one is read. ConfigError says what it lacks."""
    if isinstance(source, type):
        raise ConfigError(f"{where}: reads the class {source.__name__}. Give an object of it: {source.__name__}(...).")
    if not isinstance(source, Source):
        if not (SOURCE - {"name"}) & set(dir(source)):  # a Path has a name, too
            raise ConfigError(
                f"{where}: reads {source!r}, which is not a source. Name files by Jsonl(...), Parquet(...), Text(...), Warc(...) "
                "or Wet(...), or give a stage or a pass."
            )
        lacks = ", ".join(sorted(SOURCE - set(dir(source))))
        raise ConfigError(
            f"{where}: reads {source!r}, which is not a source: it has no {lacks}. Give a source, a stage or a pass; one of your "
            "own is a frozen dataclass that subclasses atom_data.extend.RawSource or Pass."
        )
