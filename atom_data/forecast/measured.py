"""What the sample runs measured: the input of a forecast."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Shard


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentCounts:
    """What one reading of a shard gave, and what of it is in the sample."""

    source: int
    """The number of the source in the recipe."""
    shard: str
    documents: int
    bytes: int
    """Of all columns that were read, in memory."""
    documents_sampled: int
    bytes_sampled: int
    squares_sampled: float
    """The sum of the squares of documents' text bytes: how much documents differ in size."""
    choosing_seconds: float
    """CPU seconds that choosing the sample took, which a real run does not spend."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The receipts of a job's tasks, added up."""

    tasks: int
    documents_in: float
    documents_out: float
    output_bytes: float
    tokens: float
    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    """The largest of any task's worker."""


def totals(receipts: Sequence[Receipt]) -> Totals:
    """Add up the receipts of a job."""
    return Totals(
        tasks=len(receipts),
        documents_in=float(sum(receipt.rows_in for receipt in receipts)),
        documents_out=float(sum(receipt.rows_out for receipt in receipts)),
        output_bytes=float(sum(receipt.output_bytes for receipt in receipts)),
        tokens=float(sum(receipt.tokens for receipt in receipts)),
        wall_seconds=float(sum(receipt.measured.wall_seconds for receipt in receipts)),
        cpu_seconds=float(sum(receipt.measured.cpu_seconds for receipt in receipts)),
        peak_memory_bytes=max((receipt.measured.peak_memory_bytes for receipt in receipts), default=0),
    )


@dataclass(frozen=True, slots=True)
class SourceSample:
    """The part of a source that the sample is taken from."""

    name: str
    shard_bytes: tuple[int, ...]
    """Sizes of the files of all shards of the source, by shard name; 0 where a store was not asked."""
    shards: tuple[Shard, ...]
    """The shards that are read."""
    document_share: float = 0.0
    """The share of the documents of these shards that is in the sample."""

    @property
    def scale(self) -> float:
        """How many times as much the source holds as the shards that are read: by bytes, or by shards where bytes are unknown."""
        if all(self.shard_bytes):
            return sum(self.shard_bytes) / sum(shard.bytes for shard in self.shards)
        return len(self.shard_bytes) / len(self.shards)

    @property
    def is_everything(self) -> bool:
        """Whether the sample leaves nothing out."""
        return self.document_share >= 1 and len(self.shards) == len(self.shard_bytes)


@dataclass(frozen=True, slots=True)
class SampleRun:
    """One run of all jobs over a sample."""

    receipts: Mapping[str, tuple[Receipt, ...]]
    """By job, in the order in which the tasks were started; times without what choosing the sample took."""
    counts: tuple[DocumentCounts, ...]
    """One for each shard of each source."""
    wall_seconds: float
    lead_seconds: float
    """From starting the workers to the start of the first task."""

    @property
    def documents_sampled(self) -> int:
        """How many documents of all sources are in the sample."""
        return sum(counts.documents_sampled for counts in self.counts)

    def totals(self, job: str) -> Totals:
        """Add up the receipts of a job."""
        return totals(self.receipts[job])

    def of_source(self, number: int) -> list[DocumentCounts]:
        """Return the counts of one source."""
        return [counts for counts in self.counts if counts.source == number]

    @property
    def size_variation(self) -> float:
        """The standard deviation of sampled documents' sizes over their mean; at least 1, which is that of web pages."""
        documents = sum(float(counts.documents_sampled) for counts in self.counts)
        size = sum(float(counts.bytes_sampled) for counts in self.counts)
        squares = sum(counts.squares_sampled for counts in self.counts)
        if not documents or not size:
            return 1.0
        return max(1.0, math.sqrt(max(0.0, squares * documents / size**2 - 1)))


@dataclass(frozen=True, slots=True)
class SampleRuns:
    """All runs over samples, and what was sampled. Each sample holds the one before."""

    sources: tuple[SourceSample, ...]
    workers: int
    warm_up: SampleRun
    """The first documents of each shard, read no further: what a first run on a machine costs."""
    head: SampleRun
    """The same documents, with the shards read to their ends: what reading and a task as such cost."""
    quarter: SampleRun
    """A quarter of the sample."""
    whole: SampleRun
    """The whole sample."""
