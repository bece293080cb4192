"""A recipe over a sample of its input: the same jobs and steps, each source replaced by a part of its documents.

Some shards of each source are read whole, and of these a share of the documents is passed on, chosen by a hash of the
id: the same ones each time, and a smaller share is a part of a larger one.
"""

import hashlib
import json
import os
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.draws import hash_64
from atom_data.graph import Node, RawSource, Source, raw_sources, rebuilt
from atom_data.run.recipe import load_recipe
from atom_data.storage.receipts import write_json
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace

COUNTS = "sampled"
"""The folder in which each reading of a shard leaves how many documents there were and how many were passed on."""


@dataclass(frozen=True, kw_only=True)
class Sampled(RawSource):
    """The documents of some shards of a source whose id has a hash below a share, and the first few of each shard."""

    source: Source
    number: int
    """Which source of the recipe it is."""
    chosen: tuple[Shard, ...] = field(repr=False)
    documents: float
    """The share of documents passed on, from 0 to 1."""
    first: int
    """So many documents at the beginning of each shard are always passed on."""
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
        return {"of": self.source.identity(), "documents": self.documents, "first": self.first, "stops": self.stops}

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Read the whole shard, yield the sample of it in batches as large as the source's, and note the counts.

        What choosing takes is noted too, as a real run has none of it. Unreadable records are passed on by the same
        share, by their position. Memory: two batches of the source.
        """

        def reject(reason: str, position: int, detail: str, raw: bytes) -> None:
            if _below([f"{shard.name}:{position}"], self.documents)[0]:
                intake.reject(reason, position, detail, raw)

        inner = Intake(reject=reject, inputs=intake.inputs)
        seen, seen_bytes, passed, passed_bytes, squares, largest, choosing = 0, 0, 0, 0, 0.0, 0, 0.0
        waiting: list[pa.RecordBatch] = []
        for batch in self.source.read(shard, workspace, {*columns, "id"}, inner):
            began = time.thread_time()
            some = batch.filter(pa.array(self._chosen(batch.column("id").to_pylist(), seen)))
            seen, seen_bytes, largest = seen + batch.num_rows, seen_bytes + batch.nbytes, max(largest, batch.nbytes)
            passed, passed_bytes = passed + some.num_rows, passed_bytes + some.nbytes
            squares += float((_row_bytes(some) ** 2).sum())
            intake.bytes_read = inner.bytes_read
            waiting.append(some)
            if self.stops and seen >= self.first:
                break
            # A worker's memory is that of whole batches, so the sample has whole ones too.
            if is_full := sum(item.nbytes for item in waiting) >= largest:
                waiting = [pa.concat_batches(waiting)]
            choosing += time.thread_time() - began
            if is_full:
                yield waiting.pop()
        if sum(item.num_rows for item in waiting):
            yield pa.concat_batches(waiting)
        intake.skipped.update(inner.skipped)
        intake.span = inner.span
        which = hashlib.sha256(" ".join(sorted(columns)).encode()).hexdigest()[:8]
        counts = {"source": self.number, "shard": shard.name, "rows": seen, "bytes": seen_bytes}
        path = workspace.path(COUNTS, f"{self.number}-{shard.name}-{which}.json")
        more = {"passed_rows": passed, "passed_bytes": passed_bytes, "passed_squares": squares, "choosing": choosing}
        write_json(path, {**counts, **more}, f"sampled-{os.getpid()}")

    def _chosen(self, ids: list[str], start: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        mask = _below(ids, self.documents)
        mask[: max(0, self.first - start)] = True
        return mask


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


def sampled_stages(path: str) -> tuple[Node, ...]:
    """Return the stages of a recipe over a sample, as the JSON file `path` tells of it: what a sample's recipe calls."""
    told = json.loads(Path(path).read_text("utf-8"))
    nodes = load_recipe(told["recipe"]).nodes
    found = raw_sources(nodes)

    def wrap(source: Source) -> Source:
        number = found.index(source)
        item = told["sources"][number]
        chosen = tuple(Shard(*row) for row in item["shards"])
        first, stops = told["first"], told["stops"]
        return Sampled(
            source=source, number=number, chosen=chosen, documents=item["documents"], first=first, stops=stops
        )

    return rebuilt(nodes, wrap)
