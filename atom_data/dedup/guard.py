"""The loss guard: a pass that would remove nearly all of a source, a language or a domain stops.

An audit of unverified deduplication found whole sources gone (859,092 documents -> 2; marin issue 6854).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.dedup.corpus import bytes_so_far, finished
from atom_data.dedup.marks import LOSS, Marks
from atom_data.errors import ConfigError, Refusal
from atom_data.graph import Job, PassJob, inner
from atom_data.job import Progress, Table, Task, Work
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import join
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Input
from atom_data.workspace import Workspace

SMALL = 1000
"""Groups with fewer documents are not checked."""
LISTED = 5
"""How many groups an error names; the rest are in the guard's table."""

IN_MEMORY = 100_000_000
"""Losses of more bytes than this are summed by DuckDB, which spills to disk."""

LEAST_MEMORY = 100_000_000
"""Below this DuckDB does not begin."""


@dataclass(frozen=True, kw_only=True)
class Guard(PassJob):
    """The job that checks the loss: one task, which sums what the shards of a pass would lose.

    NAME/guard/loss.parquet has LOSS for every group of SMALL documents or more, the greatest share first; the receipt
    notes those above the limit. Memory: the pass's, or 300 MB where that is less; the rest goes to disk.
    """

    marks: Marks
    allow_loss: float
    allow_domain_loss: float

    def __post_init__(self) -> None:
        """Validate limits."""
        for name in ("allow_loss", "allow_domain_loss"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{self.name}: {name} is {getattr(self, name)}. Give a share from 0 to 1.")

    @property
    def name(self) -> str:
        """Its folder."""
        return inner(self.marks.name, "guard")

    def upstream(self) -> tuple[Job, ...]:
        """The copies of each shard."""
        return (self.marks,)

    def check(self) -> pa.Schema:
        """Return what it writes."""
        return LOSS

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """One task."""
        return (Task("loss", bytes_so_far(self.marks, workspace, ".parquet"), ()),)

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """All copies and losses."""
        return (finished(self.marks, workspace).input,)

    def identity(self) -> dict[str, object]:
        """The limits."""
        return {"guards": self.marks.name, "limits": [self.allow_loss, self.allow_domain_loss, SMALL]}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Add up the losses."""
        work = Work(inputs=list(self.inputs(task, workspace)))
        with ExitStack() as stack:
            table = Table(join(self.name, "loss.parquet"), LOSS, workspace, stack, work)
            table.open()
            for batch in self._sums(workspace, stack.enter_context(workspace.scratch(self.name))):
                table.write(batch)
        paths = [workspace.path(item.path) for item in work.outputs]
        lines = [row for path in paths for batch in read_parquet(path, LOSS.names) for row in batch.to_pylist()]
        work.notes["above"] = [row for row in lines if row["removed"] > self._allowed(row["column"]) * row["documents"]]
        return work

    def _allowed(self, column: str) -> float:
        return self.allow_domain_loss if column == "domain" else self.allow_loss

    def _sums(self, workspace: Workspace, folder: str) -> Iterator[pa.RecordBatch]:
        losses, first, size = self._losses(workspace), [], 0
        while size < IN_MEMORY and (batch := next(losses, None)) is not None:
            first.append(batch)
            size += batch.nbytes
        if size < IN_MEMORY:
            yield from summed(pa.Table.from_batches(first, LOSS)).to_batches()
        else:
            memory = max(self.marks.corpus.memory_bytes, LEAST_MEMORY)
            yield from summed_on_disk(chain(first, losses), memory, folder)

    def _losses(self, workspace: Workspace) -> Iterator[pa.RecordBatch]:
        for _, path in finished(self.marks, workspace).outputs(".parquet"):
            if path.startswith(f"{self.marks.name}/loss/"):
                yield from read_parquet(workspace.path(path), LOSS.names)

    def accept(self, receipts: Sequence[Receipt]) -> None:
        """Refuse a pass that would remove nearly all of a source, a language or a domain."""
        above = [row for receipt in receipts for row in receipt.notes["above"]]
        if above:
            listed = "; ".join(
                f"{row['column']} '{row['value']}' would lose {row['removed']:,} of {row['documents']:,} "
                f"(such as {row['sample']}), allowed are {self._allowed(row['column']):.0%}"
                for row in above[:LISTED]
            )
            more = f"; and {len(above) - LISTED:,} more" if len(above) > LISTED else ""
            raise Refusal(
                f"{self.marks.name}: {listed}{more}. Look at the copies in {self.marks.name}/ and at "
                f"{self.name}/loss.parquet; then run again with --accept, or set the limit in the recipe, if this is right."
            )


def summed(losses: pa.Table) -> pa.Table:
    """Return LOSS with a row for each group of SMALL documents or more, the greatest share removed first."""
    found = losses.group_by(["column", "value"]).aggregate(
        [("documents", "sum"), ("removed", "sum"), ("sample", "min")]
    )
    found = found.select(["column", "value", "documents_sum", "removed_sum", "sample_min"]).rename_columns(LOSS.names)
    found = found.filter(pc.greater_equal(found.column("documents"), SMALL))
    share = pc.divide(found.column("removed").cast(pa.float64()), found.column("documents").cast(pa.float64()))
    keys = [("share", "descending"), ("column", "ascending"), ("value", "ascending")]
    return found.append_column("share", share).sort_by(keys).select(LOSS.names).cast(LOSS)


def summed_on_disk(losses: Iterable[pa.RecordBatch], memory: int, folder: str) -> Iterator[pa.RecordBatch]:
    """Yield the same within `memory` bytes, with the rest in `folder`."""
    import duckdb  # noqa: PLC0415 - a tenth of a second, which a small corpus is spared

    limits: dict[str, Any] = {"memory_limit": f"{memory}B", "threads": 1, "temp_directory": folder}
    with duckdb.connect(config=limits) as database:
        database.register("losses", pa.RecordBatchReader.from_batches(LOSS, losses))
        found = database.sql(
            f"""select "column", value, sum(documents)::bigint as documents, sum(removed)::bigint as removed,
                   min(sample) as sample
            from losses group by "column", value having sum(documents) >= {SMALL}
            order by sum(removed) / sum(documents) desc, "column", value"""
        )
        yield from found.to_arrow_reader(65_536)
