"""Confirmation: candidates compared on their shingles, each only with documents that are kept."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.dedup.candidates import Candidates, root_places
from atom_data.dedup.corpus import Corpus, finished, memory_bytes, part_of, scratch
from atom_data.dedup.survivors import COLUMNS, ranks_within
from atom_data.identity import describe
from atom_data.job import Job, Progress, Task, Work
from atom_data.storage.parquet import Output
from atom_data.storage.paths import join
from atom_data.storage.pieces import create_pieces, number_places, read_pieces
from atom_data.storage.shards import Input
from atom_data.text.copies import confirm
from atom_data.text.groups import links

_STEP = 1 << 20
_RANGES = 32
_RANGE_SHIFT = np.uint64(59)
Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """The job that decides: a task a range of clusters, and each sees all candidates of its clusters.

    A document is a copy only of a kept document that shares a band and enough shingles with it. With `confirm` off, all
    that hangs together is one cluster, as other tools do it. NAME-confirmed/PART.found has `number` and the columns
    added. Memory: about 20 bytes a band for each candidate of its range, about 160 for what is noted of it and its place in the
    order; shingles beyond the pass's memory go to a scratch file. What hangs together is never parted, so the largest
    cluster is the least that a task can hold.
    """

    candidates: Candidates
    schema: pa.Schema
    confirm: bool
    min_jaccard: float | None
    min_containment: float | None
    bucket_cap: int

    @property
    def corpus(self) -> Corpus:
        """What is compared."""
        return self.candidates.corpus

    @property
    def name(self) -> str:
        """Its folder."""
        return f"{self.corpus.name}-confirmed"

    def upstream(self) -> tuple[Job, ...]:
        """The candidates."""
        return (self.candidates,)

    def check(self) -> pa.Schema:
        """Return what it writes."""
        return pa.schema([("number", pa.int64()), *self.schema])

    def tasks(self, out: str) -> tuple[Task, ...]:
        """As many parts as fit the memory."""
        return self.corpus.tasks(3 * finished(self.candidates, out).bytes(".candidates"))

    def inputs(self, task: Task, out: str) -> tuple[Input, ...]:
        """All candidates."""
        return finished(self.candidates, out).input, finished(self.corpus.measures, out).input

    def identity(self) -> dict[str, object]:
        """Who survives, and what a copy is."""
        return {
            "candidates": self.candidates.name,
            "survivors": describe(self.corpus.survivors),
            "confirm": [self.confirm, self.min_jaccard, self.min_containment, self.bucket_cap],
        }

    def work(self, task: Task, out: str, token: str, progress: Progress) -> Work:
        """Decide about every candidate of a range of clusters."""
        found, count = Output(join(self.name, f"{task.name}.found")), finished(self.corpus.measures, out).count
        work = Work(inputs=list(self.inputs(task, out)), outputs=[found])
        with scratch(out, self.name, token) as folder:
            table, shingles, offsets, bands = self._gather(task, out, Path(folder), progress)
            if self.confirm:
                buckets, bucket_count = number_buckets(bands)
                bands.clear()
            order = self.corpus.survivors.order(table)
            if self.confirm:
                copy_of, jaccard, containment, compared = confirm(
                    order, buckets, bucket_count, shingles, offsets,
                    self.min_jaccard, self.bucket_cap, self.min_containment,
                )  # fmt: skip
                del buckets
                work.notes["compared"] = compared
            else:
                copy_of = best_of(table.column("root").to_numpy(), order)
                jaccard = containment = np.full(table.num_rows, np.nan, np.float32)
        numbers = table.column("number").to_numpy()
        with create_pieces(join(out, found.path), self.check(), token, found) as pieces:
            for rows, batch in self._copies(table, order, copy_of, jaccard, containment):
                pieces.write(batch, number_places(numbers[rows], count))
        work.notes |= {"candidates": table.num_rows, "copies": int((copy_of >= 0).sum())}
        return work

    def _gather(
        self, task: Task, out: str, folder: Path, progress: Progress
    ) -> tuple[pa.Table, Hashes, Integers, list[Hashes]]:
        """Read the candidates of a range, and a matrix of bands for each piece; shingles that are many go to a scratch file."""
        candidates, (first, last) = finished(self.candidates, out), part_of(task)
        spill = 3 * task.bytes > memory_bytes(self.corpus.memory)
        batches, bands, kept, read = [], list[Hashes](), [np.zeros(0, np.uint64)], 0
        lengths, path = [np.zeros(1, np.int64)], folder / "shingles"
        with path.open("wb") as file:
            for _, name in candidates.outputs(".candidates"):
                for batch in read_pieces(join(out, name), first, last):
                    places = root_places(batch.column("root").to_numpy())
                    batch = batch.filter(pa.array((places >= first) & (places < last)))
                    values = batch.column("shingles").flatten().to_numpy()
                    lengths.append(np.diff(batch.column("shingles").offsets.to_numpy()))
                    if batch.num_rows:
                        bands.append(batch.column("hashes").flatten().to_numpy().reshape(batch.num_rows, -1))
                    if spill:
                        file.write(values)
                    else:
                        kept.append(values)
                    batches.append(batch.drop_columns(["shingles", "hashes"]))
                    read += batch.nbytes
                    progress(0, read, 0)
        offsets = np.cumsum(np.concatenate(lengths), dtype=np.int64)
        shingles = np.memmap(path, np.uint64, mode="r") if spill and offsets[-1] else np.concatenate(kept)
        schema = pa.schema([("root", pa.int64()), ("number", pa.int64()), *COLUMNS])
        return pa.Table.from_batches(batches, schema), shingles, offsets, bands

    def _copies(
        self,
        table: pa.Table,
        order: Integers,
        copy_of: Integers,
        jaccard: Shares,
        containment: Shares,
    ) -> Iterator[tuple[Integers, pa.RecordBatch]]:
        """Yield rows that are copies or have some, and the columns that say so, some at a time."""
        own = np.arange(table.num_rows)
        ranks, sizes = ranks_within(np.where(copy_of >= 0, copy_of, own), order)
        ids = table.column("id").cast(pa.large_string())  # the ids of a huge cluster are more than 2 GB
        found = np.flatnonzero(sizes > 1)
        for start in range(0, len(found), _STEP):
            rows = found[start : start + _STEP]
            is_copy = copy_of[rows] >= 0
            kept = ids.take(pa.array(np.where(is_copy, copy_of[rows], rows))).combine_chunks().cast(pa.string())
            unknown = ~is_copy | np.isnan(jaccard[rows])
            columns = [
                table.column("number").take(pa.array(rows)).combine_chunks(),
                pa.array(ranks[rows], pa.int32()),
                pa.array(sizes[rows], pa.int32()),
                pc.if_else(pa.array(is_copy), kept, pa.scalar(None, pa.string())),
                pa.array(jaccard[rows], pa.float32(), mask=unknown),
                pa.array(containment[rows], pa.float32(), mask=unknown),
                kept,
            ]
            yield rows, pa.RecordBatch.from_arrays(columns, schema=self.check())

    def accept(self, receipts: list[dict[str, Any]]) -> None:
        """The guard looks at the whole."""


def number_buckets(pieces: list[Hashes]) -> tuple[npt.NDArray[Any], int]:
    """Return the bucket of every band of every document, -1 where a document is alone in it, and how many there are.

    `pieces` are matrices of hashes, a row a document; the bands of a document are in any order. Memory: five bytes a band
    of a document, and 40 for each hash of one of _RANGES ranges: of documents that are all alike, mostly one to three
    bands each.
    """
    count, width = sum(len(piece) for piece in pieces), pieces[0].shape[1] if pieces else 1
    kind = np.int32 if count * width < 2**32 else np.int64  # a bucket has two bands or more
    buckets, total = np.full(count * width, -1, kind), 0
    cells = np.concatenate(
        [np.zeros(0, np.uint8), *((piece.ravel() >> _RANGE_SHIFT).astype(np.uint8) for piece in pieces)]
    )
    begins = np.cumsum([0, *(piece.size for piece in pieces)])
    for cell in range(_RANGES):
        places = np.flatnonzero(cells == cell)
        edges = np.searchsorted(places, begins)
        parts = zip(pieces, begins.tolist(), itertools.pairwise(edges.tolist()), strict=False)
        found = [piece.ravel()[places[low:high] - begin] for piece, begin, (low, high) in parts]
        members, heads = links(np.concatenate([np.zeros(0, np.uint64), *found]), places)
        buckets[heads] = -2
        first = places[buckets[places] == -2]
        buckets[first] = np.arange(total, total + first.size, dtype=kind)
        buckets[members] = buckets[heads]
        total += first.size
    return buckets.reshape(count, width), total


def best_of(roots: Integers, order: Integers) -> Integers:
    """Return, for each document, the best one in `order` of all with its root; -1 for the best itself."""
    ranks, _ = ranks_within(roots, order)
    names, codes = np.unique(roots, return_inverse=True)
    best = np.empty(len(names), np.int64)
    best[codes[ranks == 0]] = np.flatnonzero(ranks == 0)
    return np.where(ranks == 0, -1, best[codes])
