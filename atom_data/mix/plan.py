"""A mix checked against the tokens there are: epochs of every source, and a refusal of mixes that are not possible."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atom_data.errors import ConfigError, DataError
from atom_data.mix.mix import Mix
from atom_data.mix.mixture import Mixture, check_mixtures, odd_weights, quotas
from atom_data.mix.order import Order
from atom_data.storage.paths import local
from atom_data.tokens.manifest import manifest
from atom_data.tokens.pack import read_packing

FOREVER = 1 << 62
MANY_EPOCHS = 4
"""Up to this many epochs repeated text is worth about as much as new text, and less and less beyond (Muennighoff et al. 2023,
Scaling Data-Constrained Language Models, section 1)."""


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A folder of a source, and what a run reads of it."""

    name: str
    source: str
    folder: str
    repeats: float
    documents: int
    tokens: int
    """All that are there."""
    windows: int
    """Samples that can be cut from it."""
    samples: int
    """Read by the run; 0 where the run has no end."""
    shares: tuple[float, ...]
    """Of the samples of each stage."""

    @property
    def epochs(self) -> float:
        """How often the run reads every window of it."""
        return self.samples / self.windows


@dataclass(frozen=True, slots=True)
class MixPlan:
    """The plan of a mix."""

    mix: Mix
    mixtures: tuple[Mixture, ...]
    parts: tuple[PlannedPart, ...]
    ends: Mapping[str, int]
    """Of each source with max_epochs: the minimum number of samples whose run reads it more often than that."""

    @property
    def stop(self) -> tuple[int | None, str]:
        """The samples of the run and why no more: those of the mix, or as many as max_epochs allows; None without end."""
        if self.mix.samples is not None:
            return self.mix.samples, f"samples in {self.mix.where} says so. Raise it there, or ask for fewer."
        name = min(self.ends, key=lambda source: self.ends[source], default=None)
        if name is None or self.ends[name] >= FOREVER:
            return None, ""
        most = self.mix.sources[name].max_epochs
        return (
            self.ends[name] - 1,
            f"then '{name}' has been read max_epochs = {most:g} times. Raise that in {self.mix.where}, lower its weight, or ask "
            "for fewer.",
        )

    def remarks(self) -> list[str]:
        """Return warnings: weights that do not add up to 1, and sources read many times."""
        where = self.mix.where
        said = [f"{where}: {sentence}" for sentence in odd_weights(self.mix.stages)]
        for name, source in self.mix.sources.items():
            epochs = self.epochs(name)
            if source.max_epochs is None and epochs > MANY_EPOCHS:
                said.append(
                    f"{where}: the run reads '{name}' {epochs:.1f} times. Lower its weight, or set max_epochs = "
                    f"{math.ceil(epochs)} if you mean it."
                )
        return said

    def epochs(self, source: str) -> float:
        """How often the run reads a source, its repeats taken as one."""
        return _epochs([part for part in self.parts if part.source == source])


def plan_mix(mix: Mix) -> MixPlan:
    """Compare a mix with the manifests of its folders. Nothing but manifests is read.

    ConfigError where stages or weights cannot be, the tokenizers differ, the run would read a source more often than
    its max_epochs, or a stage begins only when one is used up; DataError where a folder is not finished or has not one window.
    """
    folders = {part: _folder(mix, part, folder) for part, (_, folder, _) in mix.parts().items()}
    _same_tokenizer(mix, folders)
    packings = mix.packings()
    windows = {
        part: _packed(mix, part, packings[part], found) if part in packings else _windows(mix, part, found)
        for part, found in folders.items()
    }
    try:
        mixtures = mix.mixtures(windows)
        check_mixtures(mixtures, windows, mix.block)
        names = sorted(windows)
        blocks = [quotas(names, mixture, mix.block) for mixture in mixtures]
        order = Order(windows, mixtures, mix.seed, mix.block)
    except ConfigError as error:
        raise ConfigError(f"{mix.where}: {error}") from error
    late = [mixture for mixture in mixtures if mix.samples is not None and mixture.start >= mix.samples]
    if late:
        raise ConfigError(
            f"{mix.where}: a stage starts at sample {late[0].start:,}, and the run ends with {mix.samples:,}. "
            "Make the run longer, or leave the stage out."
        )
    taken = {name: [counts[number] for counts in blocks] for number, name in enumerate(names)}
    parts = tuple(
        PlannedPart(
            name=part,
            source=source,
            folder=folder,
            repeats=repeats,
            documents=folders[part]["documents"],
            tokens=folders[part]["tokens"],
            windows=windows[part],
            samples=order.count(part, mix.samples or 0),
            shares=tuple(quota / mix.block for quota in taken[part]),
        )
        for part, (source, folder, repeats) in mix.parts().items()
    )
    ends = {
        name: _end(order, [part for part in parts if part.source == name], source.max_epochs)
        for name, source in mix.sources.items()
        if source.max_epochs is not None
    }
    plan = MixPlan(mix, mixtures, parts, ends)
    _refuse_too_many_epochs(plan)
    return plan


def _folder(mix: Mix, part: str, folder: str) -> dict[str, Any]:
    path = local(folder).absolute()
    try:
        return manifest(str(path.parent), path.name)
    except DataError as error:
        raise DataError(f"{mix.where}, source '{part}': {error}") from error


def _same_tokenizer(mix: Mix, folders: Mapping[str, dict[str, Any]]) -> None:
    first, *others = folders
    for part in others:
        for key in ("tokenizer", "eos_id", "bos_id"):
            if folders[part][key] != folders[first][key]:
                raise ConfigError(
                    f"{mix.where}: '{part}' has {key} {folders[part][key]!s:.16}, '{first}' {folders[first][key]!s:.16}. "
                    "Tokenize all sources alike."
                )


def _windows(mix: Mix, part: str, found: dict[str, Any]) -> int:
    length = mix.sequence_length
    count = sum(max(0, int(shard["tokens"]) - 1) // length for shard in found["shards"])
    if not count:
        longest = max(shard["tokens"] for shard in found["shards"])
        raise DataError(
            f"{mix.where}, source '{part}': no shard holds {length + 1:,} tokens; the longest has {longest:,}. "
            "Tokenize more text, or take a shorter sequence_length."
        )
    return count


def _packed(mix: Mix, part: str, packing: str, found: dict[str, Any]) -> int:
    page = read_packing(str(local(packing).absolute()))
    if page["fingerprint"] != found["fingerprint"]:
        raise DataError(f"{mix.where}, source '{part}': {packing} is a packing of other tokens. Pack its folder again.")
    if page["length"] != mix.sequence_length:
        raise ConfigError(
            f"{mix.where}, source '{part}': {packing} has samples of {page['length']:,} tokens, the mix of "
            f"{mix.sequence_length:,}. Pack with --length {mix.sequence_length}."
        )
    return int(page["samples"])


def _epochs(parts: Sequence[PlannedPart]) -> float:
    return sum(part.samples for part in parts) / sum(part.windows * part.repeats for part in parts)


def _end(order: Order, parts: Sequence[PlannedPart], most: float) -> int:
    """Return the minimum number of samples that reads a source more than `most` times, by bisection; FOREVER for never."""
    enough = most * sum(part.windows * part.repeats for part in parts)
    low, high = 0, FOREVER
    while low < high:
        middle = (low + high) // 2
        if high - low > 2 * order.block:
            middle -= middle % order.block  # where a block begins nothing has to be counted
        if sum(order.count(part.name, middle) for part in parts) > enough:
            high = middle
        else:
            low = middle + 1
    return low


def _refuse_too_many_epochs(plan: MixPlan) -> None:
    for name, source in plan.mix.sources.items():
        epochs, most = plan.epochs(name), source.max_epochs
        if most is not None and epochs > most and plan.ends[name] <= (plan.mix.samples or 0):
            raise ConfigError(
                f"{plan.mix.where}: the run reads '{name}' {epochs:.2f} times; max_epochs is {most:g}, which it passes at "
                f"sample {plan.ends[name]:,}. Lower its weight, end the run before, or raise max_epochs."
            )
        if most is not None and plan.mixtures[-1].start >= plan.ends[name] - 1:
            raise ConfigError(
                f"{plan.mix.where}: a stage starts at sample {plan.mixtures[-1].start:,}; at sample {plan.ends[name]:,} '{name}' "
                f"has been read more than max_epochs = {most:g} times. Lower its weight before, start the stage earlier, or "
                "raise max_epochs."
            )
