"""A mix tried against what is there: tokens, epochs of every source, and a refusal of what cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from atom_data.errors import ConfigError, DataError
from atom_data.mix.mix import Mix
from atom_data.mix.mixture import Mixture, check_mixtures, quotas
from atom_data.storage.paths import local
from atom_data.tokens.manifest import manifest
from atom_data.tokens.pack import read_packing

FOREVER = 1 << 62


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
    """What a mix comes to."""

    mix: Mix
    mixtures: tuple[Mixture, ...]
    parts: tuple[PlannedPart, ...]
    ends: Mapping[str, int]
    """Of each source with max_epochs: the first sample number at which it is used up."""

    def epochs(self, source: str) -> float:
        """How often the run reads a source, its repeats taken as one."""
        return _epochs([part for part in self.parts if part.source == source])


def plan_mix(mix: Mix) -> MixPlan:
    """Compare a mix with the manifests of its folders. Nothing but manifests is read.

    ConfigError where stages or weights cannot be, the tokenizers differ, or the run would read a source more often than
    its max_epochs; DataError where a folder is not finished or has not one window.
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
            samples=_samples(mix, mixtures, taken[part], mix.samples or 0),
            shares=tuple(quota / mix.block for quota in taken[part]),
        )
        for part, (source, folder, repeats) in mix.parts().items()
    )
    ends = {
        name: _end(mix, mixtures, [part for part in parts if part.source == name], taken, source.max_epochs)
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


def _samples(mix: Mix, mixtures: Sequence[Mixture], taken: Sequence[int], until: int) -> int:
    """Return the samples of a part before sample `until`: exact to a block, and by its share in the last one."""
    count = 0
    for (start, stop), quota in zip(pairwise([*(mixture.start for mixture in mixtures), FOREVER]), taken, strict=True):
        blocks, rest = divmod(max(0, min(stop, until) - start), mix.block)
        count += blocks * quota + -(-rest * quota // mix.block)
    return count


def _epochs(parts: Sequence[PlannedPart]) -> float:
    return sum(part.samples for part in parts) / sum(part.windows * part.repeats for part in parts)


def _end(
    mix: Mix,
    mixtures: Sequence[Mixture],
    parts: Sequence[PlannedPart],
    taken: Mapping[str, Sequence[int]],
    most: float,
) -> int:
    """Return the first sample number at which a source has been read `most` times, by bisection; FOREVER for never."""
    enough = most * sum(part.windows * part.repeats for part in parts)
    low, high = 0, FOREVER
    while low < high:
        middle = (low + high) // 2
        if sum(_samples(mix, mixtures, taken[part.name], middle) for part in parts) > enough:
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
