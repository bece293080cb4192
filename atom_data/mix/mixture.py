"""Weights from a sample number on, and the whole samples of each source that a block then holds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from atom_data.errors import ConfigError

BLOCK = 65_536
"""Samples among which every source has its exact share."""


LOOSE = 1.001e-3
"""How far from 1 the sum of shares may be without an error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixture:
    """Weights of the sources from sample number `start` on, until the next mixture starts."""

    start: int = 0
    """The first sample: a multiple of the block."""
    weights: Mapping[str, float]
    """By source, its share of the samples, and so of the tokens."""


def quotas(names: Sequence[str], mixture: Mixture, block: int) -> list[int]:
    """Share a block among the sources by largest remainders, so that the weights hold to one sample per block.

    ConfigError when a source has so little weight that it would never be read.
    """
    total = sum(mixture.weights.values())
    exact = [mixture.weights.get(name, 0.0) / total * block for name in names]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(names)), key=lambda number: shares[number] - exact[number])
    for number in by_remainder[: block - sum(shares)]:
        shares[number] += 1
    for name, quota in zip(names, shares, strict=True):
        if mixture.weights.get(name) and not quota:
            raise ConfigError(
                f"mixture from sample {mixture.start:,}: '{name}' weighs {mixture.weights[name] / total:.2g} of all, "
                f"less than one sample in a block of {block:,}. Give it more, or leave it out."
            )
    return shares


def check_mixtures(mixtures: Sequence[Mixture], windows: Mapping[str, int], block: int) -> None:
    """Raise ConfigError for starts that do not follow each other, and for weights of sources that cannot be read."""
    if mixtures[0].start != 0:
        raise ConfigError(f"the first mixture starts at sample {mixtures[0].start:,}. It must start at 0.")
    for before, mixture in pairwise(mixtures):
        if mixture.start % block or mixture.start <= before.start:
            raise ConfigError(
                f"a mixture starts at sample {mixture.start:,}, after one at {before.start:,}. "
                f"Starts grow, and are multiples of {block:,}."
            )
    for mixture in mixtures:
        _check_weights(mixture, windows)


def _check_weights(mixture: Mixture, windows: Mapping[str, int]) -> None:
    where = f"mixture from sample {mixture.start:,}"
    for name, weight in mixture.weights.items():
        if name not in windows:
            raise ConfigError(
                f"{where}: no source '{name}'; sources there: {', '.join(sorted(windows))}. Correct the name."
            )
        if not math.isfinite(weight) or weight < 0:
            raise ConfigError(f"{where}: the weight of '{name}' is {weight}. Give a number above 0.")
        if weight and windows[name] < 1:
            raise ConfigError(f"{where}: source '{name}' has no window to read. Leave it out.")
    if not any(mixture.weights.values()):
        raise ConfigError(f"{where}: no source has a weight above 0. Give one to each source it reads.")
    idle = next((name for name, weight in mixture.weights.items() if not weight), None)
    if idle is not None:
        raise ConfigError(
            f"{where}: the weight of '{idle}' is 0. Leave the source out of this mixture, or give a number above 0."
        )


def odd_weights(mixtures: Sequence[Mixture]) -> list[str]:
    """Return a sentence for every mixture whose weights are meant as shares, it seems, and do not add up to 1.

    Whole numbers are parts (3 to 1) and may add up to anything; others may be off by a thousandth, as 0.333 for a third.
    """
    said = []
    for mixture in mixtures:
        weights = {name: weight for name, weight in mixture.weights.items() if weight}
        total = sum(weights.values())
        if all(float(weight).is_integer() for weight in weights.values()) or abs(total - 1) <= LOOSE:
            continue
        shares = ", ".join(f"{name} {weight:g} is {weight / total:.2%}" for name, weight in weights.items())
        said.append(
            f"mixture from sample {mixture.start:,}: its weights add up to {total:.4g}, not 1, so {shares} of the samples. "
            "Let them add up to 1 if that is not what you mean."
        )
    return said
