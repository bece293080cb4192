"""Samples of a run by their global number: order and windows together, and the state that a run resumes from."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError
from atom_data.identity import canonical
from atom_data.loader.order import Order
from atom_data.loader.packed import PackedShards
from atom_data.loader.tokens import TokenShards
from atom_data.mix import BLOCK, Mix, Mixture, load_mix, plan_mix

VERSION = 1
REQUESTS = 16

ALONE = "tokens"
"""The name of a source that is given without one; it is part of the order, and the folder's name is not."""

Source = TokenShards | PackedShards
"""Tokens cut into windows, or packed."""
Sample = dict[str, npt.NDArray[Any]]
"""Arrays by name, as a model takes them."""


class Address(NamedTuple):
    """Where the ids of a sample are: `window` of `source` in its `epoch`, and the token ranges of a shard it is made of."""

    source: str
    epoch: int
    window: int
    shard: str
    spans: list[tuple[int, int]]


class Samples:
    """A run's samples: `samples[number]` for any number from 0 up, without end."""

    def __init__(
        self,
        sources: Source | Mapping[str, Source],
        *,
        mixtures: Sequence[Mixture] = (),
        seed: int = 0,
        block: int = BLOCK,
    ) -> None:
        """Take one source, or several by name with mixtures. ConfigError when they don't go together.

        One source without a name is called "tokens", so that a run that began with it can go on with more.
        """
        self.sources = dict(sources) if isinstance(sources, Mapping) else {ALONE: sources}
        if not 0 <= seed < 2**63:
            raise ConfigError(f"samples: the seed is {seed}. Give a number from 0 to 2**63 - 1.")
        for what in ("sequence_length", "tokenizer", "eos_id"):
            values = {name: getattr(source, what) for name, source in self.sources.items()}
            if len(set(values.values())) > 1:
                there = ", ".join(f"{name}: {value}" for name, value in sorted(values.items()))
                raise ConfigError(
                    f"samples: the sources differ in {what} ({there}). Open them alike, of one tokenizer."
                )
        self.order = Order({name: len(source) for name, source in self.sources.items()}, mixtures, seed, block)
        self.seed = seed
        self.names = tuple(self.sources)
        self._numbers = {name: np.array(number, np.int32) for number, name in enumerate(self.names)}
        self.sequence_length = next(iter(self.sources.values())).sequence_length

    def __getitem__(self, number: int) -> Sample:
        """Return one sample.

        `input_ids` and `labels` (uint32, the ids one further; int64 of packed samples, -100 where none counts),
        `position_ids` (int32, from 0 in each document and at the
        start), `cu_seqlens` (int32: where documents begin, and the end, as variable-length attention takes them),
        `source` (int32, its place in `names`, the order in which the sources were given) and `sample` (int64, its
        number). A document ends after its end token; a part of one counts as one.
        """
        place = self.order(number)
        inputs, labels, bounds = self.sources[place.source].cut(place.window)
        starts = np.repeat(bounds[:-1], np.diff(bounds))
        return {
            "input_ids": inputs,
            "labels": labels,
            "position_ids": np.arange(len(inputs), dtype=np.int32) - starts,
            "cu_seqlens": bounds,
            "source": self._numbers[place.source],
            "sample": np.array(number, np.int64),
        }

    def many(self, numbers: Sequence[int]) -> list[Sample]:
        """Return several samples; from an object store, up to 16 are asked for at a time."""
        if len(numbers) < 2 or not any(source.remote for source in self.sources.values()):
            return [self[number] for number in numbers]
        with ThreadPoolExecutor(min(REQUESTS, len(numbers))) as pool:
            return list(pool.map(self.__getitem__, numbers))

    def address(self, number: int) -> Address:
        """Return where the ids of a sample are."""
        place = self.order(number)
        source = self.sources[place.source]
        shard, spans = source.spans(place.window)
        return Address(*place, source.shards[shard]["name"], spans)

    def documents(self, number: int) -> list[dict[str, Any]]:
        """Return the documents that a sample's `input_ids` come from: rows of docs.parquet with their token ranges.

        `first_here` and `stop_here` are the tokens of its shard that are in the sample.
        """
        place = self.order(number)
        source = self.sources[place.source]
        shard, spans = source.spans(place.window)
        return [
            {**row, "first_here": max(row["first_token"], start), "stop_here": min(row["stop_token"], stop)}
            for start, stop in spans
            for row in source.documents(shard, start, stop)
        ]

    def state(self, consumed: int) -> dict[str, int | str]:
        """Return the state after `consumed` samples: a few plain values, under 200 bytes of JSON, the same on every rank."""
        begun = self.order.begun(consumed)
        used = sorted({name for _, quotas in begun for name in quotas})
        return {
            "version": VERSION,
            "consumed": consumed,
            "seed": self.seed,
            "sequence_length": self.sequence_length,
            "data": _short_hash([[name, self.sources[name].fingerprint] for name in used]),
            "mixture": _short_hash([self.order.block, begun]),
        }

    def resume(self, state: Mapping[str, Any]) -> int:
        """Return how many samples a state has consumed. ConfigError when it is the state of another run.

        Sources and mixtures that come only later may be new; all that the run has read so far must be the same.
        """
        consumed = state.get("consumed")
        if (
            state.get("version") != VERSION
            or not isinstance(consumed, int)
            or isinstance(consumed, bool)
            or consumed < 0
        ):
            raise ConfigError(
                f"loader state: {dict(state)!r} is no state of version {VERSION}. Give what state() returned."
            )
        own = self.state(consumed)
        advice = {
            "seed": "Use the seed of the run that is resumed.",
            "sequence_length": "Windows of another length are another order: start a new run.",
            "mixture": "A mixture that has begun was changed: restore it, and add a new one after it.",
            "data": "The tokens are not those that the run has read: give the same folders.",
        }
        for key, what in advice.items():
            if state.get(key) != own[key]:
                raise ConfigError(f"loader state: {key} is {state.get(key)!r}, and {own[key]!r} here. {what}")
        return consumed


def open_mix(mix: Mix | str) -> Samples:
    """Return the samples of a mix, or of a mix file, after the same refusals as `atom-data mix plan`."""
    mix = load_mix(mix) if isinstance(mix, str) else mix
    plan = plan_mix(mix)
    packings = mix.packings()
    sources: dict[str, Source] = {
        part.name: PackedShards(part.folder, packing=packings[part.name])
        if part.name in packings
        else TokenShards(part.folder, sequence_length=mix.sequence_length)
        for part in plan.parts
    }
    return Samples(sources, mixtures=plan.mixtures, seed=mix.seed, block=mix.block)


def stack(samples: Sequence[Sample], *, flat: bool = False) -> Sample:
    """Return a batch of samples as arrays with one row each, or `flat`: one row of all tokens, for varlen attention.

    `cu_seqlens` runs through the batch as if its rows stood one after the other, and `max_seqlen` is the longest part.
    """
    length = len(samples[0]["input_ids"])
    parts = [sample["cu_seqlens"][:-1] + row * length for row, sample in enumerate(samples)]
    bounds = np.concatenate([*parts, [len(samples) * length]]).astype(np.int32)
    tokens, each = ("input_ids", "labels", "position_ids"), ("source", "sample")
    join = np.concatenate if flat else np.stack
    return {
        **{name: join([sample[name] for sample in samples]) for name in tokens},
        **{name: np.stack([sample[name] for sample in samples]) for name in each},
        "cu_seqlens": bounds,
        "max_seqlen": np.array(np.diff(bounds).max(), np.int32),
    }


def _short_hash(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]
