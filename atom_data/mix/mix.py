"""A mix file: which token folders a run reads, how much of each, and when that changes.

sequence_length = 4096
samples = 3_000_000                  # of the whole run; without it, only what is there is planned
seed = 0

[sources.web]
tokens = ["out/once", "out/twice"]   # relative to this file; or one folder
repeats = [1, 2]                     # how often each is read in one epoch of the source; 1 without it
max_epochs = 4                       # the run is refused if it would read more
packing = ["packed/once", "packed/twice"]   # what `atom-data pack` made of them; without it, windows

[sources.code]
tokens = "out/code"

[[stages]]                           # without stages: every source by its size
start = 0
weights = { web = 0.9, code = 0.1 }  # shares of samples, and so of tokens

[[stages]]
start = 1_310_720                    # a multiple of 65,536; stages may be added while the run goes on
weights = { web = 0.7, code = 0.3 }
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from atom_data.errors import ConfigError
from atom_data.mix.mixture import BLOCK, Mixture


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source: folders of tokens, each read `repeats` times in one epoch of the source."""

    tokens: tuple[str, ...]
    """Finished folders of tokens, relative to the file; or one."""
    repeats: tuple[float, ...]
    """For each folder, how often it is read in one epoch of the source; 1 where the file does not say."""
    max_epochs: float | None = None
    """The run is refused if it would read the source more often."""
    packing: tuple[str, ...] = ()
    """For each folder its packing, or none at all."""


@dataclass(frozen=True, kw_only=True)
class Mix:
    """A run's data: sources by name, and the weights of its stages."""

    sources: Mapping[str, Source]
    """Tables `[sources.NAME]`."""
    stages: tuple[Mixture, ...] = ()
    """Tables `[[stages]]`; without any, every source by its size and repeats."""
    sequence_length: int
    """Tokens of a sample."""
    samples: int | None = None
    """Of the whole run; without it, only what is there is planned."""
    seed: int = 0
    """Another one gives another order."""
    block: int = BLOCK
    """Samples among which every source has its exact share; a stage starts at a multiple of it."""
    where: str = "mix"
    """Its file, for errors."""

    def parts(self) -> dict[str, tuple[str, str, float]]:
        """Return the folders by the names that the order knows: source, folder, repeats.

        A source of one folder keeps its name; others are `web.0`, `web.1`, in the order of the file.
        """
        found = {}
        for name, source in self.sources.items():
            for number, (folder, repeats) in enumerate(zip(source.tokens, source.repeats, strict=True)):
                part = _part(name, source, number)
                if part in found:
                    raise ConfigError(f"{self.where}: two sources are named '{part}'. Rename one.")
                found[part] = (name, folder, repeats)
        return found

    def packings(self) -> dict[str, str]:
        """Return the packing of every part that has one."""
        return {
            _part(name, source, number): packing
            for name, source in self.sources.items()
            for number, packing in enumerate(source.packing)
        }

    def mixtures(self, windows: Mapping[str, int]) -> tuple[Mixture, ...]:
        """Return the stages with weights for every part: a source's weight goes to its parts by windows and repeats."""
        parts = self.parts()
        sizes = {part: windows[part] * repeats for part, (_, _, repeats) in parts.items()}
        totals = {name: sum(sizes[part] for part in parts if parts[part][0] == name) for name in self.sources}
        stages = self.stages or (Mixture(weights={name: float(total) for name, total in totals.items()}),)
        return tuple(
            Mixture(
                start=stage.start,
                weights={
                    part: stage.weights[name] * sizes[part] / totals[name]
                    for part, (name, _, _) in parts.items()
                    if name in stage.weights
                },
            )
            for stage in stages
        )


def _part(name: str, source: Source, number: int) -> str:
    return name if len(source.tokens) == 1 else f"{name}.{number}"


def load_mix(path: str) -> Mix:
    """Read a mix file. ConfigError when it is not valid."""
    file = Path(path)
    try:
        page = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({(error.strerror or '').lower()}). Give a mix file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML ({error}). Correct it.") from error
    known = [item.name for item in fields(Mix) if item.name != "where"]
    _only(path, page, known)
    sources = page.get("sources")
    if not isinstance(sources, dict) or not sources:
        raise ConfigError(f'{path}: it names no source. Add [sources.NAME] with tokens = "OUT/TOKENS".')
    numbers = {key: _number(path, page, key, least) for key, least in (("samples", 1), ("seed", 0), ("block", 1))}
    length = _number(path, page, "sequence_length", 1)
    if length is None:
        raise ConfigError(f"{path}: sequence_length is missing. Add the number of tokens of a sample.")
    made = {name: _source(f"{path}, source '{name}'", file.parent, source) for name, source in sources.items()}
    return Mix(
        sources=made,
        stages=_stages(path, page.get("stages", []), made),
        sequence_length=length,
        where=path,
        **{key: value for key, value in numbers.items() if value is not None},
    )


def _source(where: str, folder: Path, value: object) -> Source:
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: is {value!r}, not a table. Write [sources.NAME] with tokens.")
    _only(where, value, [item.name for item in fields(Source)])
    tokens, packing = value.get("tokens"), value.get("packing", [])
    names, packed = _names(tokens), _names(packing)
    if not names:
        raise ConfigError(f"{where}: tokens is {tokens!r}. Give a finished tokens folder, or a list of them.")
    if packed is None or len(packed) not in (0, len(names)):
        raise ConfigError(f"{where}: packing is {packing!r}. Give one folder of `atom-data pack` for each of tokens.")
    repeats = value.get("repeats", [1] * len(names))
    repeats = repeats if isinstance(repeats, list) else [repeats]
    if len(repeats) != len(names) or not all(_is_number(number) and 0 < number < math.inf for number in repeats):
        raise ConfigError(f"{where}: repeats is {repeats}. Give a number above 0 for each of its {len(names)} folders.")
    most = value.get("max_epochs")
    if most is not None and not (_is_number(most) and most > 0):
        raise ConfigError(f"{where}: max_epochs is {most!r}. Give a number above 0.")
    places, packings = (tuple(str(folder / name) for name in those) for those in (names, packed))
    return Source(tokens=places, repeats=tuple(map(float, repeats)), max_epochs=most, packing=packings)


def _names(value: object) -> list[str] | None:
    """Return a name, or a list of them, as a list; None for anything else."""
    names = [value] if isinstance(value, str) else value
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def _stages(path: str, stages: object, sources: Mapping[str, Source]) -> tuple[Mixture, ...]:
    if not isinstance(stages, list):
        raise ConfigError(f"{path}: stages is {stages!r}. Write [[stages]] with start and weights.")
    made = []
    for number, stage in enumerate(stages, 1):
        where = f"{path}, stage {number}"
        _only(where, stage, ["start", "weights"])
        weights = stage.get("weights")
        if not isinstance(weights, dict) or not all(map(_is_number, weights.values())):
            raise ConfigError(f"{where}: weights is {weights!r}. Give a number for each source it reads.")
        unknown = [name for name in weights if name not in sources]
        if unknown:
            raise ConfigError(
                f"{where}: no source '{unknown[0]}'; sources there: {', '.join(sources)}. Correct the name."
            )
        made.append(Mixture(start=_number(where, stage, "start", 0) or 0, weights=weights))
    idle = [name for name in sources if made and not any(stage.weights.get(name) for stage in made)]
    if idle:
        raise ConfigError(f"{path}: no stage reads the source '{idle[0]}'. Give it a weight, or leave it out.")
    return tuple(made)


def _only(where: str, table: dict[str, Any], known: list[str]) -> None:
    unknown = [key for key in table if key not in known]
    if unknown:
        raise ConfigError(f"{where}: unknown key '{unknown[0]}'; known are {', '.join(known)}. Correct it.")


def _number(where: str, table: dict[str, Any], key: str, least: int) -> int | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        raise ConfigError(f"{where}: {key} is {value!r}. Give a whole number from {least} up.")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
