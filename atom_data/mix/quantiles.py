"""Quantiles: how a document's score stands among those of its group, as a column that a mixture can weigh.

    scored = Stage(name="scored", ..., steps=(FastTextLabel(model=topics), FastTextClassifier(model=quality, label="hq")))
    ranked = Stage(name="ranked", reads=Quantiles(of=scored, within=("topic",)), steps=())
    best = group_by_size(ranked, at=(8, 16), column="quality_score_quantile")

Two jobs: the weights of all scores of a shard, and where the parts of each group begin. Scores are told apart to 1 part in 2,048.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import with_columns
from atom_data.errors import ConfigError
from atom_data.extend import AllShards, EachShard, Job, Pass, Shard, Source, Workspace, inner
from atom_data.stage import Step

WEIGHTS = pa.schema([("group", pa.string()), ("score", pa.int64()), ("weight", pa.int64())])
BOUNDS = pa.schema([("group", pa.string()), ("part", pa.int32()), ("least", pa.int64())])
_DROPPED_BITS = 12
"""Of the 32 of a score: 11 of its 23 bits of precision stay."""


@dataclass(frozen=True, kw_only=True)
class Quantiles(Pass):
    """Adds `COLUMN_quantile` (int32): the part of its group that a document's score is in, 0 the worst, null without a score.

    A document is in part k of `parts` when from k / parts on, and less than (k + 1) / parts, of its group lie below it, by
    documents or by bytes of text. Equal scores are in one part. A group is what has the same values in `within`; null is a value.

    Dolma 3 takes 20 parts within each topic (Olmo 3, 2025); Nemotron-CC 20 by bytes, over all (`within=()`, `by="text_bytes"`).
    Memory: 100 bytes per group and score that is told apart, of the shard or of all; scores from 0 to 1 have
    at most 0.25 million.
    """

    of: Source
    column: str = "quality_score"
    within: tuple[str, ...] = ("topic",)
    parts: int = 20
    by: Literal["documents", "text_bytes"] = "documents"
    name: str = "quantiles"

    def __post_init__(self) -> None:
        """Refuse fewer than two parts; name the columns that are read."""
        if self.parts < 2:
            raise ConfigError(f"Quantiles: parts is {self.parts}. Give 2 or more.")
        weight = ("text_bytes",) if self.by == "text_bytes" else ()
        object.__setattr__(self, "needs", (self.column, *self.within, *weight))

    @property
    def added(self) -> pa.Schema:
        """The column."""
        return pa.schema([(f"{self.column}_quantile", pa.int32())])

    def jobs(self) -> tuple[Job, ...]:
        """The job that knows the bounds; that before it weighs the scores of each shard."""
        weigh = partial(weights, column=self.column, within=self.within, by=self.by)
        weighed = EachShard(
            name=inner(self.name, "weights"), of=self.of, columns=tuple(self.needs), make=weigh, writes=WEIGHTS
        )
        return (AllShards(name=self.name, after=weighed, make=partial(bounds, parts=self.parts), writes=BOUNDS),)

    def step(self, shard: Shard, workspace: Workspace) -> Step:
        """Return the step that adds the column."""
        known = workspace.keep(f"{self.name} bounds", lambda: _by_group(self._bounds().table(workspace)))

        def add(batch: pa.RecordBatch) -> pa.RecordBatch:
            scores, groups = ordered(batch.column(self.column)), group_names(batch, self.within)
            found = np.zeros(batch.num_rows, np.int32)
            for group in pc.unique(groups).to_pylist():
                rows = pc.equal(groups, group).to_numpy(zero_copy_only=False)
                found[rows] = np.searchsorted(known.get(group, np.empty(0, np.int64)), scores[rows], "right")
            missing = pc.is_null(batch.column(self.column), nan_is_null=True).to_numpy(zero_copy_only=False)
            return with_columns(batch, **{f"{self.column}_quantile": pa.array(found, mask=missing)})

        return add

    def _bounds(self) -> AllShards:
        (job,) = self.jobs()
        assert isinstance(job, AllShards)
        return job


def weights(
    batches: Iterator[pa.RecordBatch], column: str, within: tuple[str, ...], by: str
) -> Iterator[pa.RecordBatch]:
    """Yield how much of each group has each score, sorted."""
    found = WEIGHTS.empty_table()
    for batch in batches:
        sizes = batch.column("text_bytes") if by == "text_bytes" else pa.array(np.ones(batch.num_rows, np.int64))
        columns = [group_names(batch, within), pa.array(ordered(batch.column(column))), sizes.cast(pa.int64())]
        rows = pa.Table.from_arrays(columns, schema=WEIGHTS)
        found = _summed([found, rows.filter(pc.invert(pc.is_null(batch.column(column), nan_is_null=True)))])
    yield from found.to_batches()


def bounds(batches: Iterator[pa.RecordBatch], parts: int) -> Iterator[pa.RecordBatch]:
    """Yield the least score of each part above 0 of each group."""
    found = WEIGHTS.empty_table()
    for batch in batches:
        found = _summed([found, pa.Table.from_batches([batch], WEIGHTS)])
    for group in pc.unique(found.column("group")).to_pylist():
        rows = found.filter(pc.equal(found.column("group"), group))
        scores, sizes = rows.column("score").to_numpy(), rows.column("weight").to_numpy()
        below = np.cumsum(sizes) - sizes
        part = below * parts // max(1, int(sizes.sum()))
        first = np.searchsorted(part, np.arange(1, parts))
        least = np.append(scores, np.iinfo(np.int64).max)[first]
        yield pa.record_batch([[group] * (parts - 1), list(range(1, parts)), least], schema=BOUNDS)


def ordered(scores: pa.Array) -> npt.NDArray[np.int64]:
    """Return scores as whole numbers in the same order; 0 for null and for what is not a number."""
    values = pc.fill_null(scores.cast(pa.float32()), 0).to_numpy(zero_copy_only=False) + np.float32(0)
    bits = np.nan_to_num(values, nan=0.0).view(np.int32).astype(np.int64)
    whole: npt.NDArray[np.int64] = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits) >> _DROPPED_BITS
    return whole


def group_names(batch: pa.RecordBatch, within: tuple[str, ...]) -> pa.Array:
    """Return the values of the columns as one text a row, null among them."""
    if not within:
        return pa.array([""] * batch.num_rows, pa.string())
    columns = [pc.fill_null(batch.column(name).cast(pa.string()), "\0") for name in within]
    return pc.binary_join_element_wise(*columns, "\t")


def _summed(tables: list[pa.Table]) -> pa.Table:
    sums = pa.concat_tables(tables).group_by(["group", "score"], use_threads=False).aggregate([("weight", "sum")])
    table = pa.Table.from_arrays([sums["group"], sums["score"], sums["weight_sum"]], schema=WEIGHTS)
    return table.sort_by([("group", "ascending"), ("score", "ascending")])


def _by_group(table: pa.Table) -> dict[str, npt.NDArray[np.int64]]:
    found: dict[str, list[int]] = {}
    for row in table.to_pylist():
        found.setdefault(row["group"], []).append(row["least"])
    return {group: np.array(sorted(least), np.int64) for group, least in found.items()}
