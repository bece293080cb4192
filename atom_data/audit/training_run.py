"""When a training run reads a document: the order backwards, from a document's tokens to sample numbers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atom_data.audit.answers.tokens import Read
from atom_data.errors import ConfigError
from atom_data.loader import Place, Samples, TokenShards, open_mix


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A run's samples, and how many of them were read."""

    samples: Samples
    consumed: int = 0

    def find(self, identity: str) -> tuple[str, int, dict[str, Any]]:
        """Return source, number of the shard, and row of a document. ConfigError when no source has it."""
        for name, source in self.samples.sources.items():
            found = source.find(identity)
            if found is not None:
                return name, *found
        folders = ", ".join(source.folder for source in self.samples.sources.values())
        raise ConfigError(
            f"{folders}: no document '{identity}' in its shards. Ids stand in *.docs.parquet and in every stage."
        )

    def reads(self, name: str, shard: int, row: dict[str, Any], epochs: int = 1) -> Iterator[Read]:
        """Yield the samples that read a document, epoch by epoch: those that were read, and `epochs` in all at least."""
        source, order = self.samples.sources[name], self.samples.order
        first, last = int(row["first_token"]), int(row["stop_token"])
        windows = source.samples_of(shard, first, last)
        epoch, ahead = 0, True
        while windows and (epoch < epochs or ahead):
            numbers = {window: order.number(Place(name, epoch, window)) for window in windows}
            found = sorted((number, window) for window, number in numbers.items() if number is not None)
            for number, window in found:
                for start, stop in source.spans(window)[1]:
                    if start < last and stop > first:
                        here = max(start, first) - first, min(stop, last) - first
                        yield Read(number, epoch, *here, seen=number < self.consumed)
            ahead = bool(found) and found[-1][0] < self.consumed
            epoch += 1


def open_run(tokens: str, *, length: int, seed: int, state: Path | None = None) -> TrainingRun:
    """Open a tokens folder, or a mix file, as a run reads it. ConfigError for a state that is of another run."""
    if state is None:
        return TrainingRun(_samples(tokens, length, seed))
    try:
        saved = json.loads(state.read_text("utf-8"))
        length, seed = int(saved["sequence_length"]), int(saved["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{state}: no loader state ({error}). Give the JSON of what state() returned.") from error
    samples = _samples(tokens, length, seed)
    return TrainingRun(samples, samples.resume(saved))


def _samples(tokens: str, length: int, seed: int) -> Samples:
    if tokens.endswith(".toml"):
        return open_mix(tokens)
    return Samples(TokenShards(tokens, sequence_length=length), seed=seed)
