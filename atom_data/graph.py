"""What a recipe is made of: sources that are read, jobs that are run, and passes, which are both.

A recipe's `stages()` returns nodes: stages, token passes, passes over the whole corpus. Each knows the sources it is made
of and the jobs that make it; runner, planner, Slurm, Ray and forecast know nothing else of them. `docs/own_sources.md`
shows a source and a pass of one's own, and `atom_data.testing` tries the contract on them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.job import Progress, Task, Work
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Input, Intake, Shard, parts_meet
from atom_data.workspace import Workspace

INNER = "/"
"""Between the name of a pass and that of a job in it."""


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
        """About how many bytes of text a shard holds, as known before it is read; 0 where nobody knows.

        DataError when the stage that makes it is not finished."""

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the inputs, as plain JSON values."""


class Job(Protocol):
    """What the runner runs. Tasks do not depend on each other, and never on how many there are."""

    @property
    def name(self) -> str:
        """The folder below the output folder: of a pass its own, `near`, or one in it for a job that it needs, `near/links`."""

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


class RawSource:
    """A source that no job makes: files, a database, a service. Gives the answers that are the same for all of these."""

    __slots__ = ()

    def jobs(self) -> tuple[Job, ...]:
        """No job makes it."""
        return ()

    def sources(self) -> tuple[Source, ...]:
        """It is made of no other source."""
        return ()

    def with_sources(self, sources: tuple[Source, ...]) -> Self:
        """The same."""
        return self

    def text_bytes(self, shard: Shard, workspace: Workspace) -> float:
        """The size of the file."""
        return shard.bytes


class Pass:
    """A source that adds columns to what it reads, found by jobs that look at the whole corpus.

    Same shards, same rows, same order: it drops nothing; a card in the stage that reads it does. A pass is a frozen
    dataclass with a field `of` that has the other methods of a `Source`, and `jobs`, whose last job comes after all others.
    The job that writes the columns has the pass's name; those that it needs are named `inner(name, ...)`, so that they lie
    in its folder and a person sees one stage.
    """

    __slots__ = ()
    of: Source
    finds_copies = False
    """Whether what it finds are copies that the next stage drops: a sample holds fewer of them than the whole."""

    def sources(self) -> tuple[Source, ...]:
        """What it adds columns to."""
        return (self.of,)

    def with_sources(self, sources: tuple[Source, ...]) -> Self:
        """The same pass over another source."""
        return replace(self, of=sources[0])  # type: ignore[type-var]

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """The shards of what it reads."""
        return self.of.shards(workspace)

    def text_bytes(self, shard: Shard, workspace: Workspace) -> float:
        """As much as in what it reads."""
        return self.of.text_bytes(shard, workspace)


class PassJob:
    """A job of a pass: gives the answers that are the same for most of them."""

    __slots__ = ()
    task_tokens = 0
    a_task_a_shard = False

    def sources(self) -> tuple[Source, ...]:
        """It reads what the jobs before it wrote."""
        return ()

    def accept(self, receipts: Sequence[Receipt]) -> None:
        """Refuse parts of a split file that do not meet."""
        parts_meet(span for receipt in receipts for span in receipt.spans)

    def summary(self, workspace: Workspace) -> dict[str, Any] | None:
        """Nothing."""
        return None


def reference(source: Source) -> object:
    """Return how the identity of a job names what it reads: a stage by its name, for its receipts say the rest."""
    return source.name if is_stage(source) else source.identity()


def is_stage(source: Source) -> bool:
    """Tell whether a source is a job itself, whose shards and receipts are what it is read from."""
    itself: object = source
    return any(job is itself for job in source.jobs())


def own_jobs(source: Source) -> tuple[Job, ...]:
    """Return the jobs of a pass, each after what it needs, without those that make what it reads; of a stage, itself."""
    others = [job for inner in source.sources() for job in in_order(inner.jobs())]
    return tuple(job for job in in_order(source.jobs()) if not any(job is other for other in others))


def passes_behind(source: Source) -> "tuple[Source, ...]":
    """Return the passes between a source and the stages or files below it, the last one first."""
    if is_stage(source):
        return ()
    below = tuple(found for inner in source.sources() for found in passes_behind(inner))
    return (source, *below) if isinstance(source, Pass) else below


def inner(name: str, job: str) -> str:
    """Return the name of a job that a pass needs: its folder lies in the pass's."""
    return f"{name}{INNER}{job}"


def stage_of(name: str) -> str:
    """Return the stage or pass that a job belongs to, as a person sees it: for `near/links` the pass `near`."""
    return name.partition(INNER)[0]


def file_stem(name: str) -> str:
    """Return a job's name as part of a file's name, `near.links`: no name of a stage has a dot."""
    return name.replace(INNER, ".")


def check_name(kind: str, name: str) -> None:
    """Refuse a name that a person gave to a stage or a pass and that cannot be a folder. ConfigError."""
    if not name or not all(c.isalnum() or c in "-_" for c in name):
        raise ConfigError(f"{kind} '{name}': the name is also a folder. Use letters, digits, dash and underscore.")


def _refuse_same_name(name: str, ordered: "Sequence[Job]") -> None:
    stage = stage_of(name)
    is_pass = any(stage_of(other.name) == stage != other.name for other in ordered)
    if not is_pass:
        raise ConfigError(f"two stages are named '{name}'. A stage's name is its folder: give each its own.")
    two = f"two passes are named '{stage}'" if name != stage else f"a stage and a pass are named '{stage}'"
    raise ConfigError(
        f'{two}. A name is a folder: give one of them its own, a pass by its parameter name, as in name="{stage}_2".'
    )


def passes_of(nodes: "Sequence[Node]") -> "dict[str, Source]":
    """Return all passes that nodes are made of, by name; those that come first in the way of a document first."""
    found: dict[str, Source] = {}

    def visit(node: Node) -> None:
        for below in node.sources():
            visit(below)
        if isinstance(node, Pass) and isinstance(node, Source):
            found.setdefault(node.name, node)

    for node in nodes:
        visit(node)
    return found


def in_order(jobs: "tuple[Job, ...]") -> tuple[Job, ...]:
    """Return the jobs and all behind them, each after what it needs. ConfigError when two share a name."""
    ordered: list[Job] = []

    def visit(job: Job) -> None:
        if any(job is other for other in ordered):
            return
        for before in job.upstream():
            visit(before)
        same = [other for other in ordered if other.name == job.name]
        if any(other != job for other in same):
            _refuse_same_name(job.name, ordered)
        if not same:
            ordered.append(job)

    for job in jobs:
        visit(job)
    return tuple(ordered)


Part = TypeVar("Part", bound=Node)


def rebuilt(nodes: Sequence[Node], wrap: Callable[[Source], Source]) -> tuple[Node, ...]:
    """Return nodes over other raw sources, those that `wrap` returns; what two nodes share they share afterwards, too."""
    known: dict[int, Node] = {}

    def rebuild(node: Part) -> Part:
        if id(node) not in known:
            below = node.sources()
            if below:
                above = tuple(rebuild(source) for source in below)
                same = all(new is old for new, old in zip(above, below, strict=True))
                known[id(node)] = node if same else node.with_sources(above)
            else:
                known[id(node)] = wrap(node) if isinstance(node, Source) else node
        return known[id(node)]  # type: ignore[return-value]

    return tuple(rebuild(node) for node in nodes)


def raw_sources(nodes: Sequence[Node]) -> list[Source]:
    """Return the sources that no job makes, equal ones once, in a fixed order."""
    found: list[Source] = []

    def note(source: Source) -> Source:
        if source not in found:
            found.append(source)
        return source

    rebuilt(nodes, note)
    return found


def check_tasks(job: Job, tasks: tuple[Task, ...]) -> None:
    """Refuse tasks that share a name, are out of order, or have a name that is no file's. ConfigError says which."""
    names = [task.name for task in tasks]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise ConfigError(
            f"stage '{job.name}': two shards are named '{twice}', and each is a file of that name. Let its source name each "
            "shard once."
        )
    if names != sorted(names):
        late = next(after for before, after in pairwise(names) if after < before)
        raise ConfigError(
            f"stage '{job.name}': the shard '{late}' is out of order. Sort the shards of its source by name."
        )
    wrong = next((name for name in names if not name or name[0] == "." or set(name) & set("/\\\0\n")), None)
    if wrong is not None:
        raise ConfigError(
            f"stage '{job.name}': a shard is named {wrong!r}, which cannot be a file. Use letters, digits, dot, dash and "
            "underscore."
        )
