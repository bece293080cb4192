"""Repeats: a pass over the whole corpus that adds columns saying which parts of each text came before.

`Repeats(of=clean, by=Lines())` reads like a stage: the rows of `clean`, with the columns that `Lines` adds. It changes no
text; the step `RemoveSpans` does, and a card drops what is left empty.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa

from atom_data.batch import with_columns
from atom_data.dedup.repeats.buckets import Cursor
from atom_data.dedup.repeats.marks import MarkRepeats, Repeatable
from atom_data.dedup.repeats.remove import SPANS
from atom_data.dedup.repeats.rounds import ComparePieces, CutPieces
from atom_data.errors import ConfigError, DataError
from atom_data.graph import Job, Pass, Source, check_name, inner, rows_of
from atom_data.storage.parquet import read_parquet
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.storage.sizes import parse_bytes
from atom_data.workspace import Workspace

MOST_PARTITIONS = 256
"""A task by shard holds a file open for each, in each round."""
MOST_SOURCES = 250


@dataclass(frozen=True, kw_only=True)
class Repeats(Pass):
    """What it reads, with columns that say what of each text came before. Changes no text, removes no document.

    With `by=Lines()` it adds `repeated_lines` (list of start and end: bytes of the UTF-8 text, in order, never
    touching), `repeated_line_count` (int32), `repeated_line_bytes` (int64) and `repeated_line_share` (float32, of the
    text's bytes). Nothing repeated, no text or a null: an empty list and zeros. Which occurrence is the first is decided
    by document order: source in `prefer`, then shard name, then row, then place in the text.

    A round is two jobs with tasks that do not depend on each other: one per shard, then one per partition. Nothing in the
    columns depends on the number of partitions, the memory, or the order in which tasks run. The first comparison also
    looks at the ids. DataError when two documents have one.
    """

    checks_ids: ClassVar[bool] = True

    of: Source
    by: Repeatable
    name: str = ""
    """Its folder; the name of `by` when empty."""
    prefer: tuple[str, ...] = ()
    """Names of sources, best first; sources not named come after."""
    partitions: int = 16
    """Tasks of the comparison, a power of two: enough that the share of one of all hashes is about `memory`."""
    memory: str = "1GB"
    """What a comparison may use for its table; with less than its keys need, it reads its pieces more often."""
    allow_loss: float = 0.9
    """The share of a source's or language's bytes that may be repeats before the pass stops."""

    def __post_init__(self) -> None:
        """Take the name of what it compares by; validate parameters."""
        object.__setattr__(self, "name", self.name or self.by.name)
        check_name("pass", self.name)
        if not 1 <= self.partitions <= MOST_PARTITIONS or self.partitions & (self.partitions - 1):
            raise ConfigError(
                f"Repeats '{self.name}': partitions is {self.partitions}. Give a power of two from 1 to {MOST_PARTITIONS}."
            )
        if len(self.prefer) > MOST_SOURCES:
            raise ConfigError(f"Repeats '{self.name}': prefer names {len(self.prefer)} sources; {MOST_SOURCES} can be.")
        self.memory_bytes  # noqa: B018 - refuses what is not a size

    @property
    def memory_bytes(self) -> int:
        """`memory` as a number. ConfigError when it is not a size."""
        return parse_bytes(self.memory, f"Repeats '{self.name}': memory")

    @cached_property
    def compared(self) -> tuple[ComparePieces, ...]:
        """The comparison of each round; the pieces of a round come before it."""
        found: list[ComparePieces] = []
        for number, each in enumerate(self.by.rounds()):
            pieces = CutPieces(
                name=inner(self.name, each.name),
                of=self.of,
                by=self.by,
                number=number,
                prefer=self.prefer,
                partitions=self.partitions,
                after=found[-1] if found else None,
            )
            found.append(ComparePieces(name=f"{pieces.name}-compared", pieces=pieces, memory=self.memory_bytes))
        return tuple(found)

    @property
    def added(self) -> pa.Schema:
        """The columns added."""
        name = self.by.column
        return pa.schema(
            [
                (f"{name}s", SPANS),
                (f"{name}_count", pa.int32()),
                (f"{name}_bytes", pa.int64()),
                (f"{name}_share", pa.float32()),
            ]
        )

    @cached_property
    def marked(self) -> MarkRepeats:
        """The last job: it writes what was found beside each shard."""
        return MarkRepeats(
            name=self.name,
            of=self.of,
            by=self.by,
            prefer=self.prefer,
            compared=self.compared,
            added=self.added,
            allow_loss=self.allow_loss,
        )

    def jobs(self) -> tuple[Job, ...]:
        """The last job; the rounds come before it."""
        return (self.marked,)

    def schema(self) -> pa.Schema:
        """What it reads, and the columns added."""
        schema = self.of.schema()
        return pa.schema([*(field for field in schema if field.name not in self.added.names), *self.added])

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The shard, and the repeats in it."""
        return (workspace.input(self.name, shard.name), *self.of.current(shard, workspace))

    def identity(self) -> dict[str, object]:
        """What it compares by, and the order of sources."""
        return self.marked.identity()

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield what it reads with the columns added.

        The ids of both sides are compared, so the pass can never be applied to other rows than those it saw.
        Memory: a batch.
        """
        found, schema = workspace.input(self.name, shard.name), self.marked.check()
        intake.inputs.append(found)
        cursor, start = Cursor(read_parquet(workspace.path(found.path), schema.names)), 0
        for batch in rows_of(self.of, shard, workspace, {*columns, "id"} - set(self.added.names), intake):
            here = pa.Table.from_batches(cursor.until(start + batch.num_rows), schema).combine_chunks()
            where = here.column("row").to_numpy() - start
            if here.column("id").to_pylist() != batch.column("id").take(pa.array(where, pa.int64())).to_pylist():
                raise DataError(
                    f"{self.name}/{shard.name}: the repeats belong to other documents than the shard. Run '{self.name}' again."
                )
            start += batch.num_rows
            positions = np.full(batch.num_rows, -1, np.int64)
            positions[where] = np.arange(len(where))
            places = pa.array(positions, mask=positions < 0)
            yield with_columns(batch, **{field.name: _spread(here, field, places) for field in self.added})


def _spread(here: pa.Table, field: pa.Field, places: pa.Array) -> pa.Array:
    """Return a whole column from the values of few rows: an empty list or zero for all others."""
    values = here.column(field.name).combine_chunks()
    nothing = pa.array([[]], SPANS) if field.type == SPANS else pa.array([0], field.type)
    return pa.concat_arrays([values, nothing]).take(places.fill_null(len(values)))
