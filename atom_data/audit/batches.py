"""What a training loop would see, and where it comes from."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from atom_data.loader import Batches, Samples, TokenShards


@dataclass(frozen=True, slots=True)
class DrawnBatch:
    """One batch as `atom-data batches` shows it."""

    shape: tuple[int, int]
    samples: list[int]
    first_tokens: list[int]
    documents: int
    """Documents, or parts of them, in its samples."""
    origin: dict[str, Any]
    """The row of docs.parquet of one document of the first sample: the one with most tokens in it."""
    state: dict[str, int | str]
    """What a trainer saves to go on after this batch."""


def draw(folder: str, *, count: int, batch_size: int, sequence_length: int, seed: int) -> Iterator[DrawnBatch]:
    """Yield the first `count` batches of one rank over a finished tokens folder."""
    samples = Samples(TokenShards(folder, sequence_length=sequence_length), seed=seed)
    batches = Batches(samples, batch_size=batch_size)
    for batch in itertools.islice(batches, count):
        numbers = [int(number) for number in batch["sample"]]
        yield DrawnBatch(
            shape=batch["input_ids"].shape,
            samples=numbers,
            first_tokens=batch["input_ids"][0][:8].tolist(),
            documents=len(batch["cu_seqlens"]) - 1,
            origin=largest_part(samples, numbers[0]),
            state=batches.state(),
        )


def largest_part(samples: Samples, number: int) -> dict[str, Any]:
    """Return the row of docs.parquet of the document that fills most of a sample, with the sample's address."""

    def inside(row: dict[str, Any]) -> int:
        return int(row["stop_here"]) - int(row["first_here"])

    address = samples.address(number)
    row = max(samples.documents(number), key=inside)
    return {**row, "token_shard": address.shard, "sample_start": address.spans[0][0], "tokens_here": inside(row)}
