"""Confirmation: candidates compared on their shingles, each only with documents that are kept."""

import mmap
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.dedup.corpus import Corpus, finished, part_of
from atom_data.dedup.near.candidates import CANDIDATES, Candidates, root_places
from atom_data.dedup.near.sets import Digests, Hashes, Integers, Same, Sets
from atom_data.dedup.survivors import COLUMNS, ranks_within
from atom_data.graph import Job, PassJob, inner
from atom_data.identity import describe
from atom_data.job import Progress, Task, Work
from atom_data.storage.parquet import Output
from atom_data.storage.paths import join
from atom_data.storage.pieces import create_pieces, number_places, read_pieces
from atom_data.storage.shards import Input
from atom_data.text.similarity.confirm import confirm
from atom_data.workspace import Workspace

_STEP = 1 << 20
Shares = npt.NDArray[np.float32]


class Decided(NamedTuple):
    """One value a candidate: which one it is a copy of, -1 for none, and the shares of the two with each other."""

    copy_of: Integers
    jaccard: Shares
    containment: Shares


@dataclass(frozen=True, kw_only=True)
class Confirmed(PassJob):
    """The job that decides: a task a range of clusters, and each sees all candidates of its clusters.

    A document is a copy only of a kept document that shares a band and enough shingles with it. With `confirm` off, all
    that is connected is one cluster, as in other tools. NAME/confirmed/PART.found has `number` and the columns
    added. Memory, measured with 20 bands: 212 bytes for a candidate that has the shingle set of another, 295 for one that
    has its own; shingles and bands beyond the pass's memory go to scratch files. A component is never split, so
    the largest cluster is the least that a task can hold: ten million pages of one template took 2.1 and 2.9 GB.
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
        return inner(self.corpus.name, "confirmed")

    def upstream(self) -> tuple[Job, ...]:
        """The candidates."""
        return (self.candidates,)

    def check(self) -> pa.Schema:
        """Return what it writes."""
        return pa.schema([("number", pa.int64()), *self.schema])

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """As many parts as fit the memory."""
        return self.corpus.tasks(3 * finished(self.candidates, workspace).bytes(".candidates"))

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """All candidates."""
        return finished(self.candidates, workspace).input, finished(self.corpus.measures, workspace).input

    def identity(self) -> dict[str, object]:
        """Who survives, and what a copy is."""
        return {
            "candidates": self.candidates.name,
            "survivors": describe(self.corpus.survivors),
            "confirm": [self.confirm, self.min_jaccard, self.min_containment, self.bucket_cap],
        }

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Decide about every candidate of a range of clusters."""
        found, count = Output(join(self.name, f"{task.name}.found")), finished(self.corpus.measures, workspace).count
        work = Work(inputs=list(self.inputs(task, workspace)), outputs=[found])
        table, same = self._notes(task, workspace, progress)
        order = self.corpus.survivors.order(table)
        if self.confirm:
            with workspace.scratch(self.name) as folder, ExitStack() as stack:
                sets = Sets(stack, Path(folder) if 3 * task.bytes > self.corpus.memory_bytes else None)
                self._fill(sets, same, task, workspace)
                decided, compared = self._decided(sets, same, order, progress)
            work.notes |= {"sets": sets.count, "compared": compared}
        else:
            order = self._with_survivors(order, table, task, workspace)
            unknown = np.full(table.num_rows, np.nan, np.float32)
            decided = Decided(best_of(table.column("root").to_numpy(), order), unknown, unknown)
        numbers = table.column("number").to_numpy()
        with create_pieces(workspace.path(found.path), self.check(), workspace.token, found) as pieces:
            for rows, batch in self._copies(table, order, decided):
                pieces.write(batch, number_places(numbers[rows], count))
        work.notes |= {"candidates": table.num_rows, "copies": int((decided.copy_of >= 0).sum())}
        return work

    def _read(self, task: Task, workspace: Workspace) -> Iterator[pa.RecordBatch]:
        """Yield the candidates of a range, always in the same order."""
        first, last = part_of(task)
        for _, name in finished(self.candidates, workspace).outputs(".candidates"):
            for batch in read_pieces(workspace.path(name), first, last):
                places = root_places(batch.column("root").to_numpy())
                inside = (places >= first) & (places < last)
                yield batch if inside.all() else batch.filter(pa.array(inside))

    def _notes(self, task: Task, workspace: Workspace, progress: Progress) -> tuple[pa.Table, Same]:
        """Read what is noted of the candidates of a range, and which of them have the same shingles."""
        names = ["number", *COLUMNS.names] if self.confirm else ["root", "number", *COLUMNS.names]
        schema = pa.schema([CANDIDATES.field(name) for name in names])
        batches, known, read = [], Digests(), 0
        for batch in self._read(task, workspace):
            if self.confirm:
                known.add(*values_of(batch.column("shingles")))
            # A copy: what is read of a piece would else stay as long as the notes of it.
            batches.append(batch.select(names).take(pa.array(np.arange(batch.num_rows))))
            read += batch.nbytes
            progress(0, read, 0)
        return pa.Table.from_batches(batches, schema), known.same()

    def _with_survivors(self, order: Integers, table: pa.Table, task: Task, workspace: Workspace) -> Integers:
        """Put those first that another tool would keep, where that is asked for."""
        survivor = self.candidates.survivor
        if survivor is None:
            return order
        found = [values_of(batch.column("shingles"))[0] for batch in self._read(task, workspace)]
        return survivor.first(
            order, table.column("number").to_numpy(), np.concatenate([np.zeros(0, np.uint64), *found])
        )

    def _fill(self, sets: Sets, same: Same, task: Task, workspace: Workspace) -> None:
        """Read the candidates of a range again: shingles and bands of the first of each set."""
        start = 0
        for batch in self._read(task, workspace):
            firsts = np.flatnonzero(same.is_first[start : start + batch.num_rows])
            start += batch.num_rows
            if len(firsts):
                batch = batch if len(firsts) == batch.num_rows else batch.take(pa.array(firsts))
                bands, _ = values_of(batch.column("hashes"))
                sets.add(*values_of(batch.column("shingles")), bands.reshape(batch.num_rows, -1))

    def _decided(self, sets: Sets, same: Same, order: Integers, progress: Progress) -> tuple[Decided, int]:
        """Walk over the sets, in the order of the best candidate of each; the others of a set are copies as it is, or its own."""
        buckets, bucket_count = sets.buckets()
        shingles, offsets, mapped = sets.shingles()
        best = np.empty(sets.count, np.int64)
        best[same.sets[order[::-1]]] = order[::-1]

        def done(sets_done: int) -> None:
            if mapped:
                mapped.madvise(mmap.MADV_DONTNEED)  # pages of what was compared are not memory of the task
            progress(0, 0, sets_done)

        found = confirm(
            same.sets[order[best[same.sets[order]] == order]], buckets, bucket_count, shingles, offsets,
            self.min_jaccard, self.bucket_cap, self.min_containment, done,
        )  # fmt: skip
        own, of = np.arange(len(order)), found.copy_of[same.sets]
        is_copy, is_best = of >= 0, best[same.sets] == own
        copy_of = np.where(is_copy, best[of], np.where(is_best, -1, best[same.sets]))
        shares = [share[same.sets] for share in (found.jaccard, found.containment)]
        for share in shares:
            share[~is_copy & ~is_best] = 1  # one and the same set
        return Decided(copy_of, *shares), found.compared

    def _copies(
        self,
        table: pa.Table,
        order: Integers,
        decided: Decided,
    ) -> Iterator[tuple[Integers, pa.RecordBatch]]:
        """Yield rows that are copies or have some, and the columns that say so, some at a time."""
        copy_of, jaccard, containment = decided
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


def values_of(lists: pa.Array) -> tuple[Hashes, Integers]:
    """Return the numbers of a column of lists, and where those of each begin and end."""
    offsets = lists.offsets.to_numpy()
    values: Hashes = lists.values.to_numpy()[offsets[0] : offsets[-1]]
    return values, offsets - offsets[0]


def best_of(roots: Integers, order: Integers) -> Integers:
    """Return, for each document, the best one in `order` of all with its root; -1 for the best itself."""
    ranks, _ = ranks_within(roots, order)
    names, codes = np.unique(roots, return_inverse=True)
    best = np.empty(len(names), np.int64)
    best[codes[ranks == 0]] = np.flatnonzero(ranks == 0)
    return np.where(ranks == 0, -1, best[codes])
