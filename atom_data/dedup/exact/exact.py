"""Exact copies: documents that are the same by a hash of their text, their URL or whatever else a step hashes."""

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column, with_columns
from atom_data.dedup.corpus import Corpus, Finished, finished, part_of, refuse_repeated_ids
from atom_data.dedup.exact.keys import CanonicalUrl, ContentHash
from atom_data.dedup.survivors import COLUMNS, ranks_within
from atom_data.errors import ConfigError
from atom_data.graph import Job, PassJob, Source, inner
from atom_data.identity import describe
from atom_data.job import Progress, Task, Work
from atom_data.stage import Step
from atom_data.storage.parquet import Output
from atom_data.storage.paths import join
from atom_data.storage.pieces import create_pieces, hash_places, number_places, read_pieces
from atom_data.storage.shards import Input
from atom_data.text.similarity.union_find import links
from atom_data.workspace import Workspace

RECORD = pa.schema([("hash", pa.uint64()), ("row", pa.uint32()), ("digest", pa.binary()), *COLUMNS])
ROW_BYTES = 600
"""Memory for a record with an id of usual length while its part is grouped."""


def hash_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add `text_hash` (binary[16], BLAKE2b of the UTF-8 text; null for a null text) and `text_bytes` (int64).

    A cryptographic hash, because a crawled page must not be able to pass for another one.
    """
    texts = column(batch, "text").cast(pa.binary()).to_pylist()
    hashes = [None if text is None else hashlib.blake2b(text, digest_size=16).digest() for text in texts]
    return with_columns(
        batch,
        text_hash=pa.array(hashes, pa.binary(16)),
        text_bytes=pa.array([0 if text is None else len(text) for text in texts], pa.int64()),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Same:
    """Compares by a hash that a step adds. Adds `copy_rank` (int32, 0: kept), `copy_count` (int32: alone 1) and, where
    there are copies, `copy_of` (id of the kept one; null for itself) and `copy_cluster` (id of the kept one for all).

    `keep("first_copy")` keeps one of each. A document whose hash is null is not a copy of anything.
    """  # fmt: skip

    measure: Step
    """The step that adds the hash."""
    measured: str
    """The column of the hash: binary, at least 8 bytes. Two documents with one hash are taken for the same."""
    name: str = "exact"

    added: ClassVar[pa.Schema] = pa.schema(
        [
            ("copy_rank", pa.int32()),
            ("copy_count", pa.int32()),
            ("copy_of", pa.string()),
            ("copy_cluster", pa.string()),
        ]
    )
    record: ClassVar[pa.Schema] = RECORD

    def records(self, documents: pa.RecordBatch, measured: pa.Array, first: int) -> pa.RecordBatch:
        """Return the digest of each document that has one, with what survivors are chosen by."""
        return digest_records(documents, measured, first, self.measured)

    def finds(self, corpus: Corpus, source: Source) -> Job:
        """Return the job that finds the copies."""
        return Groups(corpus=corpus, schema=self.added)


@dataclass(frozen=True, kw_only=True, slots=True)
class SameText(Same):
    """Compares by the text as it is, byte for byte. Adds what `Same` adds.

    A null text is not a copy of anything; empty texts are copies of each other. `keep("first_copy")` keeps one of each.
    """

    measure: Step = hash_text
    measured: str = "text_hash"


@dataclass(frozen=True, kw_only=True, slots=True)
class SameContent(Same):
    """Compares by the text without case, punctuation and white space, as `ContentHash` has it. Adds what `Same` adds.

    A null text is not a copy of anything. `keep("first_copy")` keeps one of each.
    """

    measure: Step = field(default_factory=ContentHash)
    measured: str = "content_hash"


@dataclass(frozen=True, kw_only=True, slots=True)
class SameUrl(Same):
    """Compares by the canonical URL, as `CanonicalUrl` has it. Adds what `Same` adds.

    A document without a URL is not a copy of anything. `keep("first_copy")` keeps one of each.
    """

    measure: Step = field(default_factory=CanonicalUrl)
    measured: str = "url_hash"
    name: str = "url"


def digest_records(documents: pa.RecordBatch, measured: pa.Array, first: int, name: str) -> pa.RecordBatch:
    """Return RECORD for the documents that have a digest. ConfigError when the digests are not binary values of 8 bytes or more."""
    kind = measured.type
    width = kind.byte_width if pa.types.is_fixed_size_binary(kind) else 0
    if width < 8:
        raise ConfigError(f"column '{name}' is {kind}; copies are compared by binary of 8 bytes or more. Hash it so.")
    rows = np.flatnonzero(np.asarray(measured.is_valid()))
    digests = measured.take(pa.array(rows))
    raw = np.frombuffer(digests.buffers()[1] or b"", np.uint8)[: len(rows) * width].reshape(len(rows), width)
    hashes = np.ascontiguousarray(raw[:, :8]).view(">u8").ravel().astype(np.uint64)
    kept = documents.take(pa.array(rows))
    numbers = pa.array((rows + first).astype(np.uint32))
    columns = [pa.array(hashes), numbers, digests.cast(pa.binary()), *(kept.column(field.name) for field in COLUMNS)]
    return pa.RecordBatch.from_arrays(columns, schema=RECORD)


@dataclass(frozen=True, kw_only=True)
class Groups(PassJob):
    """The job that groups equal digests: a task a range of hashes, and each sees all records of its range.

    NAME/groups/PART.found has `number` and the columns added, for every document that is not alone. It also refuses ids
    that repeat. Memory: the records of its range, about ROW_BYTES each; the most copied text of all is in one range.
    """

    corpus: Corpus
    schema: pa.Schema

    @property
    def name(self) -> str:
        """Its folder."""
        return inner(self.corpus.name, "groups")

    def upstream(self) -> tuple[Job, ...]:
        """The measures."""
        return (self.corpus.measures,)

    def check(self) -> pa.Schema:
        """Return what it writes."""
        return pa.schema([("number", pa.int64()), *self.schema])

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """As many parts as fit the memory."""
        return self.corpus.tasks(finished(self.corpus.measures, workspace).count * ROW_BYTES)

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """All measures."""
        return (finished(self.corpus.measures, workspace).input,)

    def identity(self) -> dict[str, object]:
        """Who survives."""
        return {"groups": self.corpus.measures.name, "survivors": describe(self.corpus.survivors)}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Rank the documents of every digest that occurs twice or more."""
        refuse_repeated_ids(self.corpus.name, self.corpus.measures, workspace, task, progress)
        measures = finished(self.corpus.measures, workspace)
        found = Output(join(self.name, f"{task.name}.found"))
        work = Work(inputs=[measures.input], outputs=[found])
        table = copied(measures, workspace, part_of(task), progress)
        digests = table.column("digest").combine_chunks().dictionary_encode()
        codes = digests.indices.to_numpy().astype(np.int64)
        order = self.corpus.survivors.order(table)
        ranks, sizes = ranks_within(codes, order)
        kept = np.empty(len(digests.dictionary), np.int64)
        kept[codes[ranks == 0]] = np.flatnonzero(ranks == 0)
        rows = np.flatnonzero(sizes > 1)
        first = table.column("id").take(pa.array(kept[codes[rows]])).combine_chunks()
        numbers = table.column("number").to_numpy()[rows]
        columns = [
            pa.array(numbers),
            pa.array(ranks[rows], pa.int32()),
            pa.array(sizes[rows], pa.int32()),
            pc.if_else(pa.array(ranks[rows] > 0), first, pa.scalar(None, pa.string())),
            first,
        ]
        with create_pieces(workspace.path(found.path), self.check(), workspace.token, found) as pieces:
            pieces.write(
                pa.RecordBatch.from_arrays(columns, schema=self.check()), number_places(numbers, measures.count)
            )
        work.notes = {"documents_with_copies": len(rows), "clusters": int((ranks[rows] == 0).sum())}
        return work


def copied(measures: Finished, workspace: Workspace, place: tuple[int, int], progress: Progress) -> pa.Table:
    """Return the records of a range of hashes whose hash occurs twice or more, with `number` instead of `row`."""
    batches, read = [], 0
    for base, path in measures.outputs(".hashes"):
        for batch in read_pieces(workspace.path(path), *place):
            places = hash_places(batch.column("hash").to_numpy())
            batch = batch.filter(pa.array((places >= place[0]) & (places < place[1])))
            numbers = pa.array(batch.column("row").to_numpy().astype(np.int64) + base)
            batches.append(batch.drop_columns(["row"]).append_column("number", numbers))
            read += batch.nbytes
            progress(0, read, 0)
    schema = pa.schema([field for field in RECORD if field.name != "row"]).append(pa.field("number", pa.int64()))
    table = pa.Table.from_batches(batches, schema)
    places_of = np.arange(table.num_rows)
    members, heads = links(table.column("hash").to_numpy(), places_of)
    return table.take(pa.array(np.union1d(members, heads)))
