"""Cards: the TOML pages in `filters/` that decide. A card bounds columns; it never computes.

```toml
source = "Rae et al. 2021, Scaling Language Models, appendix A, Quality Filtering"
url = "https://arxiv.org/abs/2112.11446"
record = ["copy_of"]          # optional: more columns to note in the ledger

[[rule]]
reason = "word_count"         # the ledger says gopher_quality.word_count
column = "word_count"
min = 50                      # at least one of min, max (inclusive), above, below (exclusive), one_of, none_of
max = 100_000
where = { language = "en" }   # optional: apply the rule only to rows whose columns have these values (a value or a list of them)
```
A null fails its rule, so a fault upstream shows up as drops with a name and not as bad text in the corpus.
A null in a column of `where` is no such value, so the rule does not apply to that row.
"""

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.assets import filters_folder
from atom_data.batch import column, visible, with_columns
from atom_data.errors import ConfigError, MissingColumn, meant

REASON = "_drop_reason"
RULES = "_drop_rules"

Bound = int | float | str | bool

CARD_KEYS = {"source", "url", "note", "record", "rule"}
BOUNDS = {"min": pc.greater_equal, "max": pc.less_equal, "above": pc.greater, "below": pc.less}
CHOICES = ("one_of", "none_of")
RULE_KEYS = {"reason", "column", *BOUNDS, *CHOICES, "where", "note"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One bound on one column."""

    reason: str
    column: str
    min: int | float | None = None
    max: int | float | None = None
    above: int | float | None = None
    below: int | float | None = None
    one_of: tuple[Bound, ...] | None = None
    none_of: tuple[Bound, ...] | None = None
    where: tuple[tuple[str, tuple[Bound, ...]], ...] = ()
    """Columns and the values that they must have for the rule to apply to a row."""

    def passes(self, batch: pa.RecordBatch) -> pa.Array:
        """Return a boolean per row; a null value fails. ConfigError when bound and column have different types."""
        values = column(batch, self.column)
        bounds = [(compare, bound) for name, compare in BOUNDS.items() if (bound := getattr(self, name)) is not None]
        try:
            passed = [compare(values, _as(values.type, bound)) for compare, bound in bounds]
            if self.one_of is not None:
                passed.append(_is_in(values, self.one_of))
            if self.none_of is not None:
                passed.append(pc.invert(_is_in(values, self.none_of)))
            if values.null_count:  # each of these calls takes longer than to compare a batch
                passed = [pc.is_valid(values), *(pc.fill_null(found, False) for found in passed)]
            passed = [reduce(pc.and_, passed)]
            for name, choice in self.where:
                passed.append(pc.invert(_is_in(column(batch, name), choice)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OverflowError) as error:
            raise ConfigError(
                f"rule '{self.reason}' bounds column '{self.column}', which is {values.type}, with {self.bounds()}. "
                "Give a bound of the column's type."
            ) from error
        found: pa.Array = reduce(pc.or_, passed)
        return found

    def bounds(self) -> str:
        """Return the bounds as a person would write them."""
        parts = [f"{name} {getattr(self, name)}" for name in BOUNDS if getattr(self, name) is not None]
        chosen = ((name.replace("_", " "), choice) for name in CHOICES if (choice := getattr(self, name)) is not None)
        lists = (*chosen, *((f"where {name} is one of", choice) for name, choice in self.where))
        return ", ".join([*parts, *(f"{words} {', '.join(map(str, choice))}" for words, choice in lists)])


def _is_in(values: pa.Array, choice: tuple[Bound, ...]) -> pa.Array:
    return pc.is_in(values, pa.array(choice, type=values.type))


def _as(kind: pa.DataType, bound: float) -> object:
    """Return a bound in the column's precision, so that a float32 of 0.1 is not above a bound of 0.1."""
    return pa.scalar(bound, kind) if pa.types.is_floating(kind) else bound


@dataclass(frozen=True, slots=True)
class Card:
    """A page of rules with its source; `sha256` of its bytes is its identity."""

    name: str
    rules: tuple[Rule, ...]
    source: str
    url: str
    record: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Keep:
    """The step that marks what a card drops. It takes no row out: the stage does, and writes the ledger."""

    card: str
    folder: str = field(default="", repr=False, compare=False)
    """Where your own cards are looked for besides the working folder: the folder of the recipe."""

    def __str__(self) -> str:
        """The words of the recipe."""
        return f'keep("{self.card}")'

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Add `_drop_reason` (first failing rule as `card.reason`, null = kept) and `_drop_rules` (all failing)."""
        return mark(load_card(self.card, self.folder), batch)

    def numbers(self, batch: pa.RecordBatch) -> pa.Array:
        """Return per row, as JSON, the values that the card looked at and those it wants recorded."""
        card = load_card(self.card, self.folder)
        judged = [name for rule in card.rules for name in (rule.column, *(where for where, _ in rule.where))]
        names = list(dict.fromkeys([*judged, *card.record]))
        rows = pa.RecordBatch.from_arrays([column(batch, name) for name in names], names=names).to_pylist()
        return pa.array([json.dumps(row, ensure_ascii=False, default=str) for row in rows], pa.string())


def mark(card: Card, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Do what a step `Keep` does with a card that was read."""
    _require_columns(card, batch)
    passed = [rule.passes(batch) for rule in card.rules]
    first, listed = pa.nulls(batch.num_rows, pa.string()), pa.list_(pa.string())
    if not any(found.false_count for found in passed):
        return with_columns(batch, **{REASON: first, RULES: pa.nulls(batch.num_rows, listed)})
    failed = [pc.invert(found) for found in passed]
    names = [f"{card.name}.{rule.reason}" for rule in card.rules]
    for name, misses in reversed(list(zip(names, failed, strict=True))):
        first = pc.if_else(misses, pa.scalar(name), first)
    masks = [misses.to_numpy(zero_copy_only=False) for misses in failed]
    every: list[list[str] | None] = [None] * batch.num_rows
    for row in np.flatnonzero(np.logical_or.reduce(masks)).tolist():
        every[row] = [name for name, mask in zip(names, masks, strict=True) if mask[row]]
    return with_columns(batch, **{REASON: first, RULES: pa.array(every, listed)})


def keep(card: str) -> Keep:
    """Keep the rows that a card accepts: a name in `filters/`, or a path that ends in `.toml`.

    A path is looked for below the working folder, then below that of the file that calls this: the recipe.
    """
    caller = sys._getframe(1).f_globals.get("__file__")
    folder = str(Path(caller).absolute().parent) if caller else ""
    load_card(card, folder)
    return Keep(card, folder if card.endswith(".toml") else "")


def load_card(name: str, folder: str = "") -> Card:
    """Read a card: your own from the working folder or else from `folder`.

    ConfigError for an unknown card, an unknown key, a rule without a bound, a reason used twice.
    """
    if name.endswith(".toml"):
        places = [Path(name), *([Path(folder) / name] if folder else [])]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            looked = " and ".join(str(place.absolute()) for place in places)
            raise ConfigError(f"no filter card '{name}'; looked for {looked}. Check the path.")
        return _parsed(path, path.read_bytes())
    path = filters_folder() / f"{name}.toml"
    if not path.is_file():
        cards = sorted(card.stem for card in filters_folder().glob("*.toml"))
        raise ConfigError(
            f"no filter card '{name}'; there are {len(cards)}.{meant(name, cards)} "
            "`atom-data list cards` shows them all; a card of your own is a path that ends in .toml."
        )
    return _parsed(path, path.read_bytes())


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _require_columns(card: Card, batch: pa.RecordBatch) -> None:
    """Name all columns that a card needs and that are not there, not the first alone."""
    names = [name for rule in card.rules for name in (rule.column, *(where for where, _ in rule.where))]
    missing = tuple(name for name in dict.fromkeys((*names, *card.record)) if name not in batch.schema.names)
    if missing:
        there = ", ".join(visible(batch.schema.names)) or "none"
        close = meant(missing[0], batch.schema.names) if len(missing) == 1 else ""
        raise MissingColumn(
            f"no column{'s' if len(missing) > 1 else ''} {_quoted(missing)}; columns here: {there}."
            f"{close} Add the step that makes {'them' if len(missing) > 1 else 'it'} before the step that needs it.",
            missing,
        )


@cache
def _parsed(path: Path, data: bytes) -> Card:
    try:
        page = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: is not TOML ({error}). A card in filters/ shows the form.") from error
    _refuse_unknown(path.name, page, CARD_KEYS)
    rules = tuple(_rule(f"{path.name}, rule {number}", rule) for number, rule in enumerate(page.get("rule", []), 1))
    reasons = [rule.reason for rule in rules]
    twice = sorted({reason for reason in reasons if reasons.count(reason) > 1})
    if not rules or twice or not page.get("source"):
        what = "has no rule" if not rules else f"uses the reason '{twice[0]}' twice" if twice else "names no source"
        raise ConfigError(f"{path.name}: {what}. A card needs a source and rules with reasons of their own.")
    return Card(
        name=path.stem,
        rules=rules,
        source=str(page["source"]),
        url=str(page.get("url", "")),
        record=tuple(page.get("record", ())),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _rule(where: str, page: dict[str, object]) -> Rule:
    _refuse_unknown(where, page, RULE_KEYS)
    missing = [key for key in ("reason", "column") if not isinstance(page.get(key), str)]
    if missing:
        raise ConfigError(f"{where}: no '{missing[0]}'; keys there: {', '.join(page)}. Add it as a string.")
    bounds = {key: page[key] for key in (*BOUNDS, *CHOICES) if key in page}
    if not bounds:
        raise ConfigError(
            f"{where}: no bound; keys there: {', '.join(page)}. Give one of {', '.join((*BOUNDS, *CHOICES))}."
        )
    for key, bound in bounds.items():
        if key in BOUNDS and (not isinstance(bound, (int, float)) or isinstance(bound, bool)):
            raise ConfigError(f"{where}: {key} is {bound!r}. Give a number; for text or truth values use one_of.")
        if key in CHOICES and (not isinstance(bound, list) or not bound):
            raise ConfigError(f"{where}: {key} is {bound!r}. Give a list of values.")
    given: dict[str, Any] = {key: tuple(bound) if isinstance(bound, list) else bound for key, bound in bounds.items()}
    return Rule(reason=str(page["reason"]), column=str(page["column"]), where=_conditions(where, page), **given)


def _conditions(where: str, page: dict[str, object]) -> tuple[tuple[str, tuple[Bound, ...]], ...]:
    conditions = page.get("where", {})
    if not isinstance(conditions, dict):
        raise ConfigError(f'{where}: where is {conditions!r}. Give columns and values: where = {{ language = "en" }}.')
    return tuple((name, tuple(value) if isinstance(value, list) else (value,)) for name, value in conditions.items())


def _refuse_unknown(where: str, page: dict[str, object], known: set[str]) -> None:
    for key in page:
        if key not in known:
            raise ConfigError(f"{where}: unknown key '{key}'. Keys allowed: {', '.join(sorted(known))}.")
