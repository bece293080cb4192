"""The contract of a pass: its jobs run in a temporary folder, and what it adds compared with what it reads."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

import pyarrow as pa

from atom_data.graph import Job, Pass, RawSource, in_order
from atom_data.runner.plan import close_job, plan_job, write_plan, write_summary
from atom_data.runner.worker import do_task
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.testing.said import broken, differs, read_all, require
from atom_data.testing.sources import check_source, try_shard
from atom_data.workspace import Workspace

ROWS = 7


def check_pass(made: Pass, shards: int = 3) -> None:
    """Try the contract of a pass over what it reads. AssertionError with a sentence for what does not hold.

    What it reads is made, where jobs make it, and its own jobs run: twice, the second time with their tasks in the other
    order, and once more over shards without rows and of nulls. So give it little to read. Memory: a shard, three times.
    """
    where = type(made).__name__
    require(isinstance(made, Pass), f"{where} is not a pass. Subclass atom_data.extend.Pass.")
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        workspace, again = Workspace(one, "testing"), Workspace(other, "testing")
        first = run_jobs(made.jobs(), workspace, where)
        check_source(made, workspace, shards)
        _try_over(made, workspace, where, shards)
        second = run_jobs(made.jobs(), again, where, backwards=True)
        different = sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))
        require(
            not different,
            f"{where}: run again, with tasks in another order, {', '.join(different[:3])} has other bytes. A task must hang on "
            "its inputs alone.",
        )
    with TemporaryDirectory() as folder:
        workspace, odd = Workspace(folder, "testing"), made.with_sources((Held.odd(made.of.schema()),))
        run_jobs(odd.jobs(), workspace, f"{where} over empty shards and nulls")
        _try_over(odd, workspace, f"{where} over empty shards and nulls", len(odd.shards(workspace)))


def _try_over(made: Pass, workspace: Workspace, where: str, shards: int) -> None:
    below = made.of.shards(workspace)
    names, schema = [shard.name for shard in below], made.of.schema()
    require(
        [shard.name for shard in made.shards(workspace)] == names,
        f"{where}: it has other shards than what it reads. Return of.shards(workspace).",
    )
    kept = [name for name in schema.names if name not in made.added.names]
    for shard in below[:shards]:
        place = f"{where}, shard '{shard.name}'"
        before = read_all(made.of, shard, workspace, schema.names, place).table
        after = try_shard(made, shard, workspace, place).table
        ids = differs(before.select(["id"]), after.select(["id"]))
        require(
            not ids,
            f"{place}: it has not the rows of what it reads, in order: {ids}. A pass adds columns and drops nothing.",
        )
        found = differs(before.select(kept), after.select(kept))
        require(not found, f"{place}: it changes what it reads: {found}. A pass adds columns.")


def run_jobs(jobs: Sequence[Job], workspace: Workspace, where: str, backwards: bool = False) -> dict[str, str]:
    """Run jobs and all before them in this process; return the SHA-256 of every file that they made."""
    made: dict[str, str] = {}
    for job in in_order(tuple(jobs)):
        with broken(f"{where}, job '{job.name}'"):
            schema = job.check()
            require(
                isinstance(schema, pa.Schema),
                f"{where}, job '{job.name}': check() gave {schema!r}. Give a pyarrow.Schema.",
            )
            plan = plan_job(job, workspace)
            write_plan(plan, workspace)
            for task in reversed(plan.todo) if backwards else plan.todo:
                receipt = do_task(job, task, workspace, lambda *_: None)
                made.update({item.path: item.sha256 for item in receipt.outputs})
            # Planned again there must be nothing left to do: what tasks report to have read is what `inputs` says.
            close_job(plan_job(job, workspace), workspace)
            write_summary(job, workspace)
    return made


@dataclass(frozen=True, kw_only=True)
class Held(RawSource):
    """Rows in memory, a table per shard."""

    name: str
    tables: tuple[tuple[str, pa.Table], ...] = field(repr=False)

    @classmethod
    def odd(cls, schema: pa.Schema) -> "Held":
        """Return a shard without rows, and one whose rows are null in all columns but the id, and in every other one."""
        ids = pa.array([f"odd-{row}" for row in range(ROWS)], schema.field("id").type)
        columns = [ids if item.name == "id" else pa.nulls(ROWS, item.type) for item in schema]
        plain = pa.schema([item.with_nullable(True) for item in schema])
        return cls(name="odd", tables=(("empty", plain.empty_table()), ("nulls", pa.table(columns, schema=plain))))

    def schema(self) -> pa.Schema:
        """That of the tables."""
        schema: pa.Schema = self.tables[0][1].schema
        return schema

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """A shard a table."""
        return tuple(Shard(name, "", table.nbytes) for name, table in self.tables)

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The table by its content."""
        table = dict(self.tables)[shard.name]
        return (Input(shard.name, table.nbytes, hashlib.sha256(repr(table.to_pylist()).encode()).hexdigest()),)

    def identity(self) -> dict[str, object]:
        """Nothing but its name: the tables count by their content."""
        return {"held": self.name}

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in two batches."""
        intake.inputs += self.current(shard, workspace)
        table = dict(self.tables)[shard.name].select([name for name in self.schema().names if name in columns])
        yield from table.to_batches(max_chunksize=-(-ROWS // 2))
