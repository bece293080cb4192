"""Candidates: documents that share a band with another, with all that deciding about them takes, brought together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.dedup.corpus import Corpus, finished, shard_inputs
from atom_data.dedup.near.clusters import Clusters, read_numbers
from atom_data.dedup.near.survivor import DatatroveSurvivor
from atom_data.dedup.survivors import COLUMNS
from atom_data.errors import DataError
from atom_data.graph import Job, PassJob, Source, inner, rows_of
from atom_data.identity import describe
from atom_data.job import Progress, Task, Work
from atom_data.storage.parquet import Output, read_parquet
from atom_data.storage.paths import join
from atom_data.storage.pieces import Places, create_pieces, hash_places, read_pieces
from atom_data.storage.shards import Input, Intake
from atom_data.text.buffers import string_buffers
from atom_data.text.similarity.character_shingles import Unit, shingles_by
from atom_data.workspace import Workspace

CANDIDATES = pa.schema(
    [
        ("root", pa.int64()),
        ("number", pa.int64()),
        *COLUMNS,
        ("hashes", pa.large_list(pa.uint64())),
        ("shingles", pa.large_list(pa.uint64())),
    ]
)
"""`hashes` are the document's bands, `shingles` its sorted distinct shingles; both are empty where nothing is confirmed. Where the
survivor depends on signatures, `shingles` has the document's."""

_MIX = np.uint64(0x9E3779B97F4A7C15)


def root_places(roots: npt.NDArray[np.int64]) -> Places:
    """Return the places of clusters: all candidates of a connected component have one place."""
    return hash_places(roots.astype(np.uint64) * _MIX)


@dataclass(frozen=True, kw_only=True)
class Candidates(PassJob):
    """The job that brings connected candidates together: a task per shard, which deals its candidates out by cluster.

    NAME/candidates/SHARD.candidates has CANDIDATES. Memory: a batch, 250 MB, and of the shard's candidates what is noted
    of them and 12 bytes per band.
    """

    clusters: Clusters
    source: Source
    ngram: int
    """Words or characters per shingle; 0 when nothing is confirmed."""
    column: str = "text"
    """Where they are taken from; any other column than `text` has them ready."""
    unit: Unit = "words"
    """What `ngram` counts."""
    survivor: DatatroveSurvivor | None = None
    """Whose signatures take the place of the shingles; None where the survivor does not depend on them."""

    a_task_a_shard = True

    @property
    def corpus(self) -> Corpus:
        """What is compared."""
        return self.clusters.corpus

    @property
    def name(self) -> str:
        """Its folder."""
        return inner(self.corpus.name, "candidates")

    def upstream(self) -> tuple[Job, ...]:
        """The clusters."""
        return (self.clusters,)

    def check(self) -> pa.Schema:
        """Return what it writes."""
        return CANDIDATES

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """One task per shard."""
        return self.corpus.measures.tasks(workspace)

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """The clusters, the shard, and its measures."""
        return (finished(self.clusters, workspace).input, *shard_inputs(self.corpus.measures, task.name, workspace))

    def identity(self) -> dict[str, object]:
        """What is brought together."""
        found = {"candidates of": self.clusters.name, "ngram": self.ngram, "column": self.column, "unit": self.unit}
        return {**found, "survivor": describe(self.survivor)} if self.survivor else found

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Take the candidates' notes, bands and texts."""
        measures = finished(self.corpus.measures, workspace)
        start, stop = measures.numbers(task.name)
        roots = pa.Table.from_batches(
            read_numbers(workspace.path(self.clusters.path), measures.count, start, stop), self.clusters.check()
        )
        numbers = roots.column("number").to_numpy()
        notes = self._notes(task.name, workspace, numbers - start)
        found = Output(join(self.name, f"{task.name}.candidates"))
        done = 0
        with create_pieces(workspace.path(found.path), CANDIDATES, workspace.token, found) as pieces:
            for lists in self._lists(task, workspace, numbers - start, notes.column("id"), progress):
                some = slice(done, done + len(lists[0]))
                own = roots.column("root").to_numpy()[some]
                columns = [pa.array(own), pa.array(numbers[some]), *notes.slice(done, len(own)).itercolumns(), *lists]
                pieces.write(_batch(columns), root_places(own))
                done += len(own)
        work = Work(inputs=list(self.inputs(task, workspace)), outputs=[found])
        work.notes = {"candidates": len(numbers)}
        return work

    def _notes(self, shard: str, workspace: Workspace, rows: npt.NDArray[np.int64]) -> pa.Table:
        batches = read_parquet(workspace.path(self.corpus.measures.documents(shard)), COLUMNS.names)
        return pa.Table.from_batches((taken for taken, _ in picked(batches, rows)), COLUMNS).combine_chunks()

    def _lists(
        self, task: Task, workspace: Workspace, rows: npt.NDArray[np.int64], ids: pa.ChunkedArray, progress: Progress
    ) -> Iterator[tuple[pa.Array, pa.Array]]:
        """Yield the bands and the shingles of the candidates, some at a time."""
        if (self.ngram == 0 and self.survivor is None) or len(rows) == 0:
            yield _lists_of([], len(rows)), _lists_of([], len(rows))
            return
        bands, done = self._bands(task.name, workspace, rows), 0
        intake = Intake(reject=lambda *_: None)
        for batch, here in picked(rows_of(self.source, task.shards[0], workspace, {"id", self.column}, intake), rows):
            if not batch.column("id").equals(ids.slice(done, len(here)).combine_chunks()):
                raise DataError(
                    f"{task.name}: its documents are not those that '{self.corpus.measures.name}' saw. Run the pass again."
                )
            shingles = self._shingles(batch.column(self.column))
            own = bands[done : done + len(here)]
            width = np.arange(len(own) + 1, dtype=np.int64) * bands.shape[1]
            yield (
                pa.LargeListArray.from_arrays(pa.array(width), pa.array(own.ravel())),
                shingles,
            )
            done += len(here)
            progress(0, intake.bytes_read, 0)

    def _shingles(self, column: pa.Array) -> pa.Array:
        if self.survivor:
            return self.survivor.signatures(column)
        if self.column != "text":
            return column.cast(pa.large_list(pa.uint64()))
        hashes, offsets = shingles_by(self.unit, string_buffers(column), self.ngram)
        return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(hashes))

    def _bands(self, shard: str, workspace: Workspace, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
        hashes, places = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        for batch in read_pieces(workspace.path(self.corpus.measures.hashes(shard))):
            row = batch.column("row").to_numpy().astype(np.int64)
            place = np.minimum(np.searchsorted(rows, row), len(rows) - 1)
            here = rows[place] == row
            hashes.append(batch.column("hash").to_numpy()[here])
            places.append(place[here])
        order = np.argsort(np.concatenate(places), kind="stable")
        found: npt.NDArray[np.uint64] = np.concatenate(hashes)[order].reshape(len(rows), -1)
        return found


def picked(
    batches: Iterator[pa.RecordBatch], rows: npt.NDArray[np.int64]
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.int64]]]:
    """Yield, of each batch, the rows among the sorted `rows` of the whole, and which they are."""
    start = 0
    for batch in batches:
        first, last = np.searchsorted(rows, [start, start + batch.num_rows])
        if last > first:
            yield batch.take(pa.array(rows[first:last] - start)), rows[first:last]
        start += batch.num_rows


def _batch(columns: list[Any]) -> pa.RecordBatch:
    arrays = [column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns]
    return pa.RecordBatch.from_arrays(arrays, schema=CANDIDATES)


def _lists_of(values: list[int], rows: int) -> pa.Array:
    return pa.LargeListArray.from_arrays(pa.array([0] * (rows + 1), pa.int64()), pa.array(values, pa.uint64()))
