"""Parts of a stage that together are the whole: a validation set held out, and documents by how often they were copied.

A part is read like a stage and copies nothing: rows of the other parts are passed over, and counted in the receipt.

    train, validation = hold_out(unique, share=0.001)
    once, twice = group_by_size(train, at=(2,))
    return Tokenize(name="once", reads=once, ...), Tokenize(name="twice", reads=twice, ...), ...

Held out here, by a hash of each id, a document is in the validation set whatever the loader does, and stays there when
the corpus grows.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import ConfigError
from atom_data.graph import Job, Source, reference, rows_of
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.text.hashes import keyed_hashes
from atom_data.workspace import Workspace

WHOLE = 1 << 53


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rows of `of` whose number is in [least, below): a hash in [0, 1) where there is a seed, else a column itself.

    Reads the columns `by`; the first of them that is not null counts. A row where all are null has the hash of nothing,
    or the smallest number, so that every row is in exactly one of the parts that cover all numbers.
    """

    of: Source
    by: tuple[str, ...]
    least: float = -math.inf
    below: float = math.inf
    seed: int | None = None
    one_of: tuple[str, ...] = ()
    """In place of numbers: rows whose first column has one of these values, as text."""
    none_of: tuple[str, ...] = ()
    """Rows whose first column has none of these, or is null."""

    @property
    def name(self) -> str:
        """That of what it is a part of."""
        return self.of.name

    @property
    def share(self) -> float:
        """Of the rows that are about in it, where that is known; else 1."""
        return min(self.below, 1.0) - max(self.least, 0.0) if self.seed is not None else 1.0

    def jobs(self) -> tuple[Job, ...]:
        """The jobs that make what it is a part of."""
        return self.of.jobs()

    def sources(self) -> tuple[Source, ...]:
        """What it is a part of."""
        return (self.of,)

    def with_sources(self, sources: tuple[Source, ...]) -> "Part":
        """The same part of another source."""
        return replace(self, of=sources[0])

    def text_bytes(self, shard: Shard, workspace: Workspace) -> float:
        """Its share of the whole's."""
        return self.of.text_bytes(shard, workspace) * self.share

    def schema(self) -> pa.Schema:
        """The same columns. ConfigError when those it looks at are not there, or are not numbers where it needs some."""
        schema = self.of.schema()
        for name in self.by:
            if name not in schema.names:
                raise ConfigError(
                    f"part of '{self.name}': no column '{name}'; columns there: {', '.join(schema.names)}. "
                    "Let the stage write it, or go by another."
                )
            kind = schema.field(name).type
            if self.seed is None and not self.values and not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
                raise ConfigError(f"part of '{self.name}': column '{name}' is {kind}. Group by a number.")
        return schema

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """The same shards."""
        return self.of.shards(workspace)

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The same inputs."""
        return self.of.current(shard, workspace)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of this part; the others are counted in `intake.skipped` as `other_part`."""
        for batch in rows_of(self.of, shard, workspace, {*columns, *self.by}, intake):
            mine = batch.filter(self._mine(batch))
            if mine.num_rows < batch.num_rows:
                intake.skipped["other_part"] += batch.num_rows - mine.num_rows
            yield mine

    @property
    def values(self) -> tuple[str, ...]:
        """The values that it goes by, none where it goes by numbers."""
        return self.one_of or self.none_of

    def _mine(self, batch: pa.RecordBatch) -> pa.Array:
        if self.values:
            among = pc.is_in(batch.column(self.by[0]).cast(pa.string()), pa.array(self.values, pa.string()))
            return among if self.one_of else pc.invert(among)
        if self.seed is None:
            values = pc.coalesce(*(batch.column(name).cast(pa.float64()) for name in self.by))
            numbers = pc.if_else(pc.is_nan(values), None, values).fill_null(-math.inf)
            return pc.and_(pc.greater_equal(numbers, self.least), pc.less(numbers, self.below))
        texts = pc.coalesce(*(batch.column(name).cast(pa.large_string()) for name in self.by))
        hashes = keyed_hashes(f"part {self.seed}", texts.cast(pa.large_binary()).to_pylist()) >> 11
        return pa.array((hashes >= round(self.least * WHOLE)) & (hashes < round(self.below * WHOLE)))

    def identity(self) -> dict[str, object]:
        """What it is a part of, the columns and the bounds."""
        return {
            "part_of": reference(self.of),
            "by": list(self.by),
            "least": str(self.least),
            "below": str(self.below),
            "seed": self.seed,
            **({"one_of": list(self.one_of), "none_of": list(self.none_of)} if self.values else {}),
        }


def hold_out(of: Source, share: float, by: str | tuple[str, ...] = "id", seed: int = 0) -> tuple[Part, Part]:
    """Return the rest and the held-out part: about `share` of the documents, by a hash of a column.

    By the id, or by what all copies of a document have in common, so that none is on both sides:
    `by=("near_copy_of", "id")`. A larger share holds out the same documents and more. ConfigError for a share that is
    none.
    """
    if not 0 < share < 1:
        raise ConfigError(f"hold_out: the share is {share}. Give one between 0 and 1, such as 0.001.")
    columns = (by,) if isinstance(by, str) else by
    return (
        Part(of=of, by=columns, least=share, below=1.0, seed=seed),
        Part(of=of, by=columns, least=0.0, below=share, seed=seed),
    )


def group_by_size(of: Source, at: tuple[float, ...], column: str = "near_copy_count") -> tuple[Part, ...]:
    """Return parts by a number, each from one bound of `at` to below the next: (2, 6) gives below 2, 2 to 5, 6 and more.

    Tokenized as sources of their own, they can be repeated by how often a document was found: as `repeats` in a mix.
    ConfigError when the bounds do not grow.
    """
    if not at or list(at) != sorted(set(at)) or not all(map(math.isfinite, at)):
        raise ConfigError(f"group_by_size: the bounds are {at}. Give one or more numbers that grow, such as (2, 6).")
    bounds = (-math.inf, *at, math.inf)
    return tuple(Part(of=of, by=(column,), least=least, below=below) for least, below in pairwise(bounds))


def group_by_value(of: Source, column: str, values: tuple[str, ...]) -> tuple[Part, ...]:
    """Return a part for each of some values of a column, a topic or a language, and last a part of all other rows.

    ConfigError for no values, and for one that is there twice.
    """
    if not values or len(set(values)) < len(values):
        raise ConfigError(f"group_by_value: the values are {values}. Give one or more, each once.")
    return (
        *(Part(of=of, by=(column,), one_of=(value,)) for value in values),
        Part(of=of, by=(column,), none_of=values),
    )
