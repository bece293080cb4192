"""What sources and passes have in common, and ways through a recipe's graph."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Self, TypeVar

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.graph.contract import added_to, as_declared, same_rows
from atom_data.graph.names import stage_of
from atom_data.graph.protocols import Job as Job, Node as Node, Source as Source
from atom_data.identity import describe_fields
from atom_data.ledger import removals_in, without_removed
from atom_data.origins import is_ours, origin
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace


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

    def identity(self) -> dict[str, object]:
        """Its fields but `paths`: what is read there counts by its content, shard by shard."""
        return describe_fields(self, without=("paths",))


class Pass:
    """A source that adds columns to what it reads, found by jobs that look at the whole corpus.

    Same shards, same rows, same order: it drops nothing; a card in the stage that reads it does. A pass is a frozen
    dataclass with the fields `of` and `name`, with `jobs`, whose last one comes after all others and has the pass's name,
    with `added`, and with `step`. One that reads in a way of its own has `read` instead of a step.

    The job of its name writes the columns. Those that it needs are named `inner(name, ...)`: they lie in the pass's folder,
    and a person sees one stage.
    """

    __slots__ = ()
    of: Source
    name: str
    finds_copies = False
    """Whether what it finds are copies that the next stage drops: a sample holds fewer of them than the whole."""
    needs: Collection[str] = ()
    """Columns of what it reads that `step` looks at."""

    @property
    def added(self) -> pa.Schema:
        """The columns that it adds."""
        return pa.schema([])

    def jobs(self) -> tuple[Job, ...]:
        """The last job that finds them; those before it are its `upstream`."""
        return ()

    def step(self, shard: Shard, workspace: Workspace) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        """Return what adds the columns to the batches of a shard, from what the jobs wrote. It gets them in order."""
        raise ConfigError(f"{type(self).__name__}: a pass has a method step(shard, workspace). Add it.")

    def sources(self) -> tuple[Source, ...]:
        """What it adds columns to."""
        return (self.of,)

    def with_sources(self, sources: tuple[Source, ...]) -> Self:
        """The same pass over another source."""
        return replace(self, of=sources[0])  # type: ignore[type-var]

    def schema(self) -> pa.Schema:
        """What it reads, and the columns added."""
        return pa.schema([*(field for field in self.of.schema() if field.name not in self.added.names), *self.added])

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """The shards of what it reads."""
        return self.of.shards(workspace)

    def text_bytes(self, shard: Shard, workspace: Workspace) -> float:
        """As much as in what it reads."""
        return self.of.text_bytes(shard, workspace)

    def found(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """What the last job wrote for a shard, or all of it where its tasks are not the shards."""
        job = self.jobs()[-1]
        if job.a_task_a_shard:
            return (workspace.input(job.name, shard.name),)
        return workspace.inputs(job.name, workspace.shard_names(job.name))

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The shard, and what was found."""
        return (*self.found(shard, workspace), *self.of.current(shard, workspace))

    def identity(self) -> dict[str, object]:
        """What it reads, and its fields."""
        return {"of": reference(self.of), **describe_fields(self, without=("of",))}

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield what it reads with the columns added. DataError when `step` does anything else to it. Memory: a batch."""
        intake.inputs += self.found(shard, workspace)
        added, step = self.added, self.step(shard, workspace)
        wanted = (set(columns) - set(added.names)) | {"id", *self.needs}
        for batch in rows_of(self.of, shard, workspace, wanted, intake):
            yield added_to(batch, step(batch), added, f"{type(self).__name__}, shard '{shard.name}'")


def rows_of(
    source: Source, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
) -> Iterator[pa.RecordBatch]:
    """Read a shard of a source. What is read from files comes without the documents of the removal list.

    A source that is not of this package is held to the contract: DataError where it breaks it.

    A batch has the columns and types of `schema`. A pass with a `read` of its own has the rows of
    what it reads, in order: their ids are read once more and compared.
    """
    removals = removals_in(workspace)
    if not removals or source.sources() or source.jobs():
        return _rows_of(source, shard, workspace, columns, intake)
    wanted = {*columns, *({"id", "url"} & set(source.schema().names))}
    return without_removed(_rows_of(source, shard, workspace, wanted, intake), removals, columns, intake)


def _rows_of(
    source: Source, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
) -> Iterator[pa.RecordBatch]:
    if is_ours(type(source)):
        return source.read(shard, workspace, columns, intake)
    where, wanted = f"{type(source).__name__}, shard '{shard.name}'", {*columns, "id"}
    batches = as_declared(source.read(shard, workspace, wanted, intake), source.schema(), wanted, where)
    if not isinstance(source, Pass):
        return batches
    its: object = type(source).read
    if its is Pass.read:
        return batches
    aside = Intake(reject=lambda *_: None)
    return same_rows(batches, rows_of(source.of, shard, workspace, {"id"}, aside), where)


def whole_identity(thing: Source | Job) -> object:
    """Return what decides the result of a source or a job: its identity, and the code of a class that is not ours."""
    identity = thing.identity()
    return identity if is_ours(type(thing)) else {"code": origin(type(thing)), "identity": identity}


def reference(source: Source) -> object:
    """Return how the identity of a job names what it reads: a stage by its name, because its receipts say the rest."""
    return source.name if is_stage(source) else whole_identity(source)


def is_stage(source: Source) -> bool:
    """Tell whether a source is a job itself, whose shards and receipts are what it is read from."""
    itself: object = source
    return any(job is itself for job in source.jobs())


def own_jobs(source: Source) -> tuple[Job, ...]:
    """Return the jobs of a pass, each after what it needs, without those that make what it reads; of a stage, itself."""
    others = {job.name for inner in source.sources() for job in in_order(inner.jobs())}
    return tuple(job for job in in_order(source.jobs()) if job.name not in others)


def passes_behind(source: Source) -> "tuple[Source, ...]":
    """Return the passes between a source and the stages or files below it, the last one first."""
    if is_stage(source):
        return ()
    below = tuple(found for inner in source.sources() for found in passes_behind(inner))
    return (source, *below) if isinstance(source, Pass) else below


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
