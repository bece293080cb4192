"""Samples of a run by their global number: order and windows together, and the state that a run resumes from."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError
from atom_data.identity import canonical
from atom_data.loader.masks import mask_window
from atom_data.loader.packed import PackedShards
from atom_data.loader.tokens import TokenShards
from atom_data.mix import BLOCK, Mix, Mixture, load_mix, plan_mix
from atom_data.mix.mixture import odd_weights
from atom_data.mix.order import Order, Place
from atom_data.mix.plan import MANY_EPOCHS

logger = logging.getLogger(__name__)

VERSION = 1
REQUESTS = 16
MANY = 64
"""From this many samples on, their places are computed together."""

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
    """A run's samples: `samples[number]` for any number from 0 up, without end or below `stop`."""

    def __init__(
        self,
        sources: Source | Mapping[str, Source],
        *,
        mixtures: Sequence[Mixture] = (),
        seed: int = 0,
        block: int = BLOCK,
        stop: int | None = None,
        why: str = "the run has no more",
        remarks: Sequence[str] | None = None,
    ) -> None:
        """Take one source, or several by name with mixtures. ConfigError when they don't go together.

        One source without a name is called "tokens", so that a run that began with it can go on with more. `stop` is how
        many samples the run may read, and `why`, for errors; batches end there, and who asks for more is refused.
        `remarks` are logged as warnings; without any, those on weights that do not add up to 1 are.
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
        self._numbers = {name: number for number, name in enumerate(self.names)}
        first = next(iter(self.sources.values()))
        self.sequence_length, self._eos_id = first.sequence_length, np.uint32(first.eos_id)
        self.stop, self.why = stop, why
        for remark in odd_weights(mixtures) if remarks is None else remarks:
            logger.warning("%s", remark)

    def end_of_run(self, stop: int | None) -> int | None:
        """Return where a run ends that asks for `stop` samples, None for no end. ConfigError when it asks for too many.

        A source that is read more than 4 times by then is logged as a warning, where the run was not planned with its end.
        """
        if self.stop is None:
            self._say_epochs(stop or 0)
            return stop
        if stop is not None and stop > self.stop:
            raise ConfigError(f"loader: stop is {stop:,}, and the run has {self.stop:,} samples: {self.why}")
        return self.stop if stop is None else stop

    def _say_epochs(self, stop: int) -> None:
        for name in self.names:
            epochs = self.order.count(name, stop) / len(self.sources[name])
            if epochs > MANY_EPOCHS:
                logger.warning("loader: a run of %s samples reads '%s' %.1f times.", f"{stop:,}", name, epochs)

    def __getitem__(self, number: int) -> Sample:
        """Return one sample.

        `input_ids` and `labels` (uint32, the ids one further; int64 of packed samples and of masked documents, -100 where
        none counts), `position_ids` (int32, from 0 in each document and at the start), `cu_seqlens` (int32: where documents
        begin, and the end, as variable-length attention takes them), `source` (int32, its place in `names`, the order in
        which the sources were given) and `sample` (int64, its number). A document ends after its end token; so does a part.
        """
        return rows(self.batch([number]))[0]

    def batch(self, numbers: Sequence[int], places: Sequence[Place] | None = None, *, flat: bool = False) -> Sample:
        """Return samples as arrays with one row each, or `flat`: one row of all tokens, for variable-length attention.

        `cu_seqlens` runs through the batch as if its rows stood one after the other, and `max_seqlen` is the longest
        part. `places` are those of the order, where they are known already. From an object store, up to 16 samples are
        asked for at a time. Memory: the batch.
        """
        if self.stop is not None and len(numbers) and max(numbers) >= self.stop:
            raise ConfigError(f"loader: there is no sample {max(numbers):,} in {self.stop:,} samples: {self.why}")
        if places is None:
            places = self.order.many(numbers) if len(numbers) >= MANY else [self.order(number) for number in numbers]
        found = [(self.sources[place.source], place.window) for place in places]
        length = self.sequence_length
        inputs = np.empty((len(found), length), np.uint32)
        ignores = any(isinstance(source, PackedShards) or bool(source.masks) for source, _ in found)
        labels = np.empty(inputs.shape, np.int64 if ignores else np.uint32)

        def fill(row: int) -> npt.NDArray[np.int32] | None:
            source, window = found[row]
            return source.fill(window, inputs[row], labels[row])

        parts = self._each(fill, len(found), any(source.remote for source, _ in found))
        if not all([self.sources[name].settle() for name in {place.source for place in places}]):  # noqa: C419 - each
            return self.batch(numbers, places, flat=flat)  # a file was touched, and holds the same bytes
        begins = np.empty(inputs.size + 1, np.bool_)
        np.equal(inputs.ravel(), self._eos_id, out=begins[1:])  # an end token ends each document: no index is needed
        for row, part in enumerate(parts):
            if part is not None:
                begins[row * length + 1 : (row + 1) * length] = False
                begins[row * length + part[1:-1]] = True
        for row, (source, window) in enumerate(found):
            if isinstance(source, TokenShards) and source.masks:
                mask_window(source.masked(window), labels[row], begins[row * length : (row + 1) * length])
        begins[::length] = True
        bounds = np.flatnonzero(begins).astype(np.int32)
        lengths = np.diff(bounds)
        positions = np.arange(inputs.size, dtype=np.int32) - np.repeat(bounds[:-1], lengths)
        shape = (-1,) if flat else inputs.shape
        return {
            "input_ids": inputs.reshape(shape),
            "labels": labels.reshape(shape),
            "position_ids": positions.reshape(shape),
            "source": np.array([self._numbers[place.source] for place in places], np.int32),
            "sample": np.array(numbers, np.int64),
            "cu_seqlens": bounds,
            "max_seqlen": np.array(lengths.max(), np.int32),
        }

    def _each(
        self, fill: Callable[[int], npt.NDArray[np.int32] | None], count: int, remote: bool
    ) -> list[npt.NDArray[np.int32] | None]:
        if not remote or count < 2:
            return [fill(row) for row in range(count)]
        with ThreadPoolExecutor(min(REQUESTS, count)) as pool:
            return list(pool.map(fill, range(count)))

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
        consumed = state.get("consumed") if isinstance(state, Mapping) else None
        if (
            consumed is None
            or state.get("version") != VERSION
            or not isinstance(consumed, int)
            or isinstance(consumed, bool)
            or consumed < 0
        ):
            raise ConfigError(
                f"loader state: {state!r:.300} is not a state of version {VERSION}. Give what state() returned."
            )
        if self.stop is not None and consumed > self.stop:
            raise ConfigError(
                f"loader state: {consumed:,} samples are consumed, and the run has {self.stop:,}: {self.why}"
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


def open_mix(mix: Mix | str, *, check_content: bool = False) -> Samples:
    """Return the samples of a mix, or of a mix file, after the same refusals as `atom-data mix plan`.

    The run ends with its `samples`, and without them before a source is read more often than its max_epochs: batches end
    there, and asking for more is refused. What the plan remarks is logged as warnings. With `check_content` all tokens are
    read and compared with their hashes first.
    """
    mix = load_mix(mix) if isinstance(mix, str) else mix
    plan = plan_mix(mix)
    packings = mix.packings()
    sources: dict[str, Source] = {
        part.name: PackedShards(part.folder, packing=packings[part.name], check_content=check_content)
        if part.name in packings
        else TokenShards(part.folder, sequence_length=mix.sequence_length, check_content=check_content)
        for part in plan.parts
    }
    stop, why = plan.stop
    return Samples(
        sources,
        mixtures=plan.mixtures,
        seed=mix.seed,
        block=mix.block,
        stop=stop,
        why=why,
        remarks=plan.remarks(),
    )


def rows(batch: Sample) -> list[Sample]:
    """Return the samples of a batch that is not flat, each as `samples[number]` gives it."""
    count, length = batch["input_ids"].shape
    edges = np.searchsorted(batch["cu_seqlens"], np.arange(count + 1) * length)
    return [
        {
            **{name: batch[name][row] for name in ("input_ids", "labels", "position_ids")},
            "cu_seqlens": batch["cu_seqlens"][edges[row] : edges[row + 1] + 1] - np.int32(row * length),
            **{name: batch[name][row, ...] for name in ("source", "sample")},
        }
        for row in range(count)
    ]


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
