"""How good a model is on pages of sites that it has not seen: by kind of page, language and set."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from atom_data.train.extraction.extractor import Scored

LEAST_PAGES = 5
"""Of a group; fewer say nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """The mean of some pages."""

    pages: int
    f1: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Report:
    """How a model was trained, and how good models of the same making are on sites held out from them."""

    pages: int
    sites: int
    sets: tuple[dict[str, Any], ...]
    """Name, SHA-256, pages and licenses of each."""
    parameters: dict[str, Any]
    all: Part | None
    """None without a cross-validation."""
    kinds: dict[str, Part] = field(default_factory=dict)
    languages: dict[str, Part] = field(default_factory=dict)
    by_set: dict[str, Part] = field(default_factory=dict)
    expected_f1_error: float | None = None
    """Mean over ten parts, by the F1 that is expected of pages, of how far the mean expected F1 is from the mean one."""
    kind_accuracy: float | None = None
    """The share of pages whose likeliest kind is theirs."""

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def part_of(scored: Iterable[Scored]) -> Part:
    """Return the mean of pages."""
    rows = np.array([(one.f1, one.precision, one.recall) for one in scored])
    means = [round(float(value), 4) for value in rows.mean(0)]
    return Part(len(rows), *means)


def parts_by(scored: Sequence[Scored], key: str) -> dict[str, Part]:
    """Return the mean of each group of pages; `key` names the attribute of a page that groups it."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for one in scored:
        name = getattr(one.example.labeled, key)
        if name is not None:
            groups[name].append(one)
    return {name: part_of(group) for name, group in sorted(groups.items()) if len(group) >= LEAST_PAGES}


def calibration_error(expected: Sequence[float], found: Sequence[float], parts: int = 10) -> float:
    """Return how far expected values are from those found, the mean over equally large parts in the order of the expected."""
    order = np.argsort(np.array(expected), kind="stable")
    gaps = [
        abs(float(np.mean(np.array(expected)[part]) - np.mean(np.array(found)[part])))
        for part in np.array_split(order, parts)
        if len(part)
    ]
    return round(float(np.mean(gaps)), 4)
