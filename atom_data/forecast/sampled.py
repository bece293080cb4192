"""A recipe over a sample of its input: the same jobs and steps, each source replaced by a part of its documents.

Some shards of each source are read whole, and of these a share of the documents is passed on, chosen by a hash of the
id: the same ones each time, and a smaller share is a part of a larger one.
"""

import hashlib
import json
import os
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.forecast.measured import DocumentCounts
from atom_data.graph import Node, RawSource, Source, raw_sources, rebuilt
from atom_data.runner.recipe import load_recipe
from atom_data.storage.receipts import write_json
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.text.hashes import hash_64
from atom_data.workspace import Workspace

COUNTS = "sampled"
"""The folder in which each reading of a shard leaves its `DocumentCounts`."""


@dataclass(frozen=True, kw_only=True)
class Sampled(RawSource):
    """The documents of some shards of a source whose id has a hash below a share, and the first few of each shard."""

    source: Source
    number: int
    """The number of the source in the recipe."""
    chosen: tuple[Shard, ...] = field(repr=False)
    document_share: float
    """The share of the documents that is in the sample, from 0 to 1."""
    first: int
    """This many documents at the beginning of each shard are always in the sample."""
    stops: bool = False
    """Read no further than those: what it takes to begin, and nothing else."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source.name

    def schema(self) -> pa.Schema:
        """The columns of the source."""
        return self.source.schema()

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """The shards chosen; the source is not listed again."""
        return self.chosen

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The inputs of the source."""
        return self.source.current(shard, workspace)

    def identity(self) -> dict[str, object]:
        """The source and the share."""
        share = {"documents": self.document_share, "first": self.first, "stops": self.stops}
        return {"of": self.source.identity(), **share}

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Read the whole shard, yield the sample of it in batches as large as the source's, and note the counts.

        What choosing takes is noted too, as a real run has none of it. Unreadable records are passed on by the same
        share, by their position. Memory: two batches of the source.
        """

        def reject(reason: str, position: int, detail: str, raw: bytes) -> None:
            if _below([f"{shard.name}:{position}"], self.document_share)[0]:
                intake.reject(reason, position, detail, raw)

        inner, counting = Intake(reject=reject, inputs=intake.inputs), _Counting()
        waiting: list[pa.RecordBatch] = []
        for batch in self.source.read(shard, workspace, {*columns, "id"}, inner):
            began = time.thread_time()
            sampled = batch.filter(pa.array(self._in_sample(batch.column("id").to_pylist(), counting.documents)))
            counting.add(batch, sampled)
            intake.bytes_read = inner.bytes_read
            waiting.append(sampled)
            if self.stops and counting.documents >= self.first:
                break
            # A worker's memory is that of whole batches, so the sample has whole ones too.
            if is_full := sum(item.nbytes for item in waiting) >= counting.largest_batch:
                waiting = [pa.concat_batches(waiting)]
            counting.choosing_seconds += time.thread_time() - began
            if is_full:
                yield waiting.pop()
        if sum(item.num_rows for item in waiting):
            yield pa.concat_batches(waiting)
        intake.skipped.update(inner.skipped)
        intake.span = inner.span
        reading = hashlib.sha256(" ".join(sorted(columns)).encode()).hexdigest()[:8]
        path = workspace.path(COUNTS, f"{self.number}-{shard.name}-{reading}.json")
        write_json(path, asdict(counting.counts(self.number, shard.name)), f"sampled-{os.getpid()}")

    def _in_sample(self, ids: list[str], before: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Tell which documents of a batch are in the sample, given how many documents of the shard came before it."""
        mask = _below(ids, self.document_share)
        mask[: max(0, self.first - before)] = True
        return mask


@dataclass(slots=True)
class _Counting:
    """What was read of a shard so far."""

    documents: int = 0
    bytes: int = 0
    documents_sampled: int = 0
    bytes_sampled: int = 0
    squares_sampled: float = 0.0
    largest_batch: int = 0
    choosing_seconds: float = 0.0

    def add(self, batch: pa.RecordBatch, sampled: pa.RecordBatch) -> None:
        """Count a batch, and what of it is in the sample."""
        self.documents += batch.num_rows
        self.bytes += batch.nbytes
        self.largest_batch = max(self.largest_batch, batch.nbytes)
        self.documents_sampled += sampled.num_rows
        self.bytes_sampled += sampled.nbytes
        self.squares_sampled += float((_row_bytes(sampled) ** 2).sum())

    def counts(self, source: int, shard: str) -> DocumentCounts:
        """Return what is noted of the shard."""
        return DocumentCounts(
            source=source,
            shard=shard,
            documents=self.documents,
            bytes=self.bytes,
            documents_sampled=self.documents_sampled,
            bytes_sampled=self.bytes_sampled,
            squares_sampled=self.squares_sampled,
            choosing_seconds=self.choosing_seconds,
        )


def _row_bytes(batch: pa.RecordBatch) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the bytes of texts in each row: what documents differ in."""
    sizes = np.zeros(batch.num_rows)
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            sizes += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return sizes


def _below(names: list[str], share: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell for each name whether its hash, as a number from 0 to 1, is below a share."""
    if share <= 0 or share >= 1:
        return np.full(len(names), share >= 1)
    hashes = (hash_64((name or "").encode("utf-8", "replace")) for name in names)
    return np.fromiter((drawn < share * 2**64 for drawn in hashes), bool, len(names))


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleOrder:
    """Which documents a sample run reads: a JSON file, as workers load the sample's recipe by themselves."""

    recipe: str
    """The recipe's path."""
    given: dict[str, str]
    """Its parameters, as `--set` says them."""
    first: int
    stops: bool
    sources: tuple[tuple[float, tuple[Shard, ...]], ...]
    """For each source of the recipe the share of documents and the shards."""

    def write(self, path: Path) -> None:
        """Write it."""
        path.write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        value = json.loads(path.read_text("utf-8"))
        sources = ((share, tuple(Shard(**shard) for shard in shards)) for share, shards in value["sources"])
        return cls(**{**value, "sources": tuple(sources)})


def sampled_stages(path: str) -> tuple[Node, ...]:
    """Return the stages of a recipe over a sample, as the order in a file says: what a sample's recipe calls."""
    order = SampleOrder.read(Path(path))
    nodes = load_recipe(order.recipe, order.given).nodes
    sources = raw_sources(nodes)

    def sample(source: Source) -> Source:
        number = sources.index(source)
        share, chosen = order.sources[number]
        return Sampled(
            source=source, number=number, chosen=chosen, document_share=share, first=order.first, stops=order.stops
        )

    return rebuilt(nodes, sample)
