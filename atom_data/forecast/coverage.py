"""How much of the input the sample runs saw, and how much the rest may differ from it."""

import math
from dataclasses import dataclass

from atom_data.forecast.estimate import scatter, together
from atom_data.forecast.measured import SampleRuns, SourceSample


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """The sample compared with the whole input. Errors are standard deviations, relative to the figure."""

    documents: float
    """In the whole input, estimated from the shards that were read."""
    documents_sampled: int
    shards: int
    shards_read: int
    shard_bytes: tuple[int, ...]
    """Sizes of all files; 0 where unknown."""
    scale: float
    """How many times as much there is as was read, on average over the shards that were read."""
    shard_error: float
    """How far documents in the other shards may be from those seen."""
    size_variation: float
    """Standard deviation of documents' sizes over their mean."""

    @property
    def share(self) -> float:
        """The share of all documents that is in the sample."""
        return min(1.0, self.documents_sampled / self.documents)

    @property
    def share_left_out(self) -> float:
        """The share of all documents that is not in the sample."""
        return 1 - min(1.0, self.documents_sampled / max(1.0, self.documents))

    @property
    def sampling_error(self) -> float:
        """The error of a figure that grows with the bytes of documents: by which shards and which documents were seen."""
        of_documents = self.size_variation * math.sqrt(self.share_left_out / max(1, self.documents_sampled))
        return together(self.shard_error, of_documents)


def coverage(runs: SampleRuns) -> Coverage:
    """Compare the whole sample with the input."""
    shards_read = sum(len(source.shards) for source in runs.sources)
    return Coverage(
        documents=sum(
            source.scale * counts.documents
            for number, source in enumerate(runs.sources)
            for counts in runs.whole.of_source(number)
        ),
        documents_sampled=runs.whole.documents_sampled,
        shards=sum(len(source.shard_bytes) for source in runs.sources),
        shards_read=shards_read,
        shard_bytes=tuple(size for source in runs.sources for size in source.shard_bytes),
        scale=sum(len(source.shards) * source.scale for source in runs.sources) / shards_read,
        shard_error=max(_shard_error(number, source, runs) for number, source in enumerate(runs.sources)),
        size_variation=runs.whole.size_variation,
    )


def _shard_error(number: int, source: SourceSample, runs: SampleRuns) -> float:
    """Return the error from the shards left out, by how the bytes of documents of the shards read differ."""
    counts = {one.shard: one for one in runs.whole.of_source(number)}
    shards = [shard for shard in source.shards if shard.name in counts]
    document_bytes = [counts[shard.name].bytes for shard in shards]
    file_bytes = [max(1, shard.bytes) for shard in shards]
    return scatter(document_bytes, file_bytes, len(source.shard_bytes))
