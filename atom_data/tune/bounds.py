"""The rules of some cards in the order in which they are applied, and what the command line wants changed in them."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from atom_data import signals
from atom_data.errors import ConfigError
from atom_data.rules import BOUNDS, CHOICES, Rule, load_card
from atom_data.tune.sql import with_bound, without

KEYS = (*BOUNDS, *CHOICES)
OFF = "off"
POINTS = 200
"""The most thresholds of one curve."""


@dataclass(frozen=True, slots=True)
class CardRule:
    """A rule and the card it stands in."""

    card: str
    rule: Rule

    @property
    def name(self) -> str:
        """The reason as the ledger has it."""
        return f"{self.card}.{self.rule.reason}"


@dataclass(frozen=True, slots=True)
class Setting:
    """`--set NAME.KEY=VALUE`: another bound, none (`off`), or with `NAME=off` no such rule."""

    name: str
    key: str | None
    value: Any


@dataclass(frozen=True, slots=True)
class Sweep:
    """`--sweep NAME.KEY=START:STOP:STEP`: the thresholds to try, none where they follow from the data."""

    name: str
    key: str
    thresholds: tuple[float, ...]


def rules_of(cards: Sequence[str]) -> list[CardRule]:
    """Return the rules of all cards. ConfigError for an unknown card."""
    loaded = [load_card(card) for card in cards]
    return [CardRule(card.name, rule) for card in loaded for rule in card.rules]


def stored_rules(rules: Sequence[CardRule], schema: pa.Schema, stage: str) -> tuple[list[CardRule], list[str]]:
    """Return the rules that the stored columns can answer, and a note for each that they cannot."""
    found, notes = [], []
    for item in rules:
        names = [item.rule.column, *(name for name, _ in item.rule.where)]
        missing = [name for name in names if name not in schema.names]
        if missing:
            notes.append(f"{item.name} is not evaluated: {stage} has no column '{missing[0]}'{_adds(missing[0])}.")
        else:
            found.append(item)
    return found, notes


def _adds(column: str) -> str:
    """Return which signal adds a column, as its docstring says."""
    steps = [name for name in signals.__all__ if f"`{column}`" in (getattr(signals, name).__doc__ or "")]
    return f"; the signal {steps[0]} adds it" if steps else ""


def read_setting(text: str) -> Setting:
    """Read one `--set`."""
    left, equals, right = text.partition("=")
    name, key = _name_and_key(left.strip())
    if not equals or not name or (key is None and right.strip() != OFF):
        raise ConfigError(
            f"--set: '{text}' changes nothing. Give RULE.KEY=VALUE with a key of {', '.join(KEYS)}, "
            "such as word_count.min=30; RULE.KEY=off takes a bound away, RULE=off a rule."
        )
    return Setting(name, key, None if right.strip() == OFF else _value(text, str(key), right.strip()))


def read_sweep(text: str) -> Sweep:
    """Read one `--sweep`."""
    left, _, right = text.partition("=")
    name, key = _name_and_key(left.strip())
    if not name or key not in BOUNDS:
        raise ConfigError(
            f"--sweep: '{text}' names no bound. Give RULE.KEY with a key of {', '.join(BOUNDS)}, and the thresholds as "
            "START:STOP:STEP or as a list: mean_word_chars.max=4:12:0.5. Without them they follow from the data."
        )
    return Sweep(name, key, _thresholds(text, right.strip()) if right.strip() else ())


def _name_and_key(left: str) -> tuple[str, str | None]:
    name, dot, key = left.rpartition(".")
    return (name, key) if dot and key in KEYS else (left, None)


def _value(text: str, key: str, right: str) -> Any:  # noqa: ANN401 - a number, or a tuple of values
    if key in CHOICES:
        try:
            value = tomllib.loads(f"value = {right}")["value"]
        except tomllib.TOMLDecodeError:
            value = [part.strip() for part in right.split(",")]
        return tuple(value) if isinstance(value, list) else (value,)
    return _number("--set", text, right)


def _thresholds(text: str, right: str) -> tuple[float, ...]:
    parts = [_number("--sweep", text, part) for part in right.replace(":", ",").split(",")]
    if ":" in right:
        if len(parts) != 3 or parts[2] <= 0 or parts[1] < parts[0]:
            raise ConfigError(f"--sweep: '{text}': '{right}' is not START:STOP:STEP. Give one such as 4:12:0.5.")
        start, stop, step = parts
        count = min(int((stop - start) / step + 1e-9), POINTS) + 1
        # 0.3 for 0.1 + 0.2: no more digits than a person writes.
        parts = [
            start + at * step if isinstance(step, int) else float(f"{start + at * step:.12g}") for at in range(count)
        ]
    if len(parts) > POINTS:
        raise ConfigError(f"--sweep: '{text}': more than {POINTS} thresholds. Take larger steps.")
    return tuple(sorted(set(parts)))


def _number(option: str, text: str, right: str) -> float:
    for kind in (int, float):
        try:
            value = kind(right)
        except ValueError:
            continue
        if value == value and abs(value) != float("inf"):
            return value
    raise ConfigError(f"{option}: '{text}': '{right}' is not a number. Give one such as 30 or 0.5.")


def find(rules: Sequence[CardRule], name: str) -> int | None:
    """Return the place of the rule with that name: `card.reason`, a reason, or a column. ConfigError when several have it."""
    for names in zip(*((item.name, item.rule.reason, item.rule.column) for item in rules), strict=True):
        places = [number for number, known in enumerate(names) if known == name]
        if len(places) > 1:
            several = ", ".join(rules[place].name for place in places)
            raise ConfigError(f"'{name}' may be any of {several}. Give one of these names in full.")
        if places:
            return places[0]
    return None


def changed(rules: Sequence[CardRule], settings: Sequence[Setting], schema: pa.Schema) -> list[CardRule | None]:
    """Return the rules with other bounds, None for a rule taken away; a name that is only a column becomes a rule at the end."""
    made: list[CardRule | None] = list(rules)
    for setting in settings:
        there = [item for item in made if item is not None]
        place = find(there, setting.name)
        if place is None:
            made.append(_new_rule(there, setting, schema))
            continue
        item, at = there[place], made.index(there[place])
        if setting.key is None:
            made[at] = None
        elif setting.value is None:
            rest = without(item.rule, setting.key)
            made[at] = None if rest is None else replace(item, rule=rest)
        else:
            made[at] = replace(item, rule=with_bound(item.rule, setting.key, setting.value))
    return made


def swept(rules: Sequence[CardRule], sweep: Sweep, schema: pa.Schema) -> tuple[list[CardRule], int]:
    """Return the rules and the place of the one that `sweep` moves; a name that is only a column becomes a rule at the end."""
    place = find(rules, sweep.name)
    if place is not None:
        return list(rules), place
    new = _new_rule(rules, Setting(sweep.name, sweep.key, 0), schema)
    return [*rules, replace(new, rule=with_bound(new.rule, sweep.key, None))], len(rules)


def _new_rule(rules: Sequence[CardRule], setting: Setting, schema: pa.Schema) -> CardRule:
    if setting.name not in schema.names or setting.key is None or setting.value is None:
        raise ConfigError(
            f"no rule and no column '{setting.name}'; rules: {', '.join(item.name for item in rules) or 'none'}; "
            f"columns: {', '.join(schema.names)}. Correct the name."
        )
    card = rules[-1].card if rules else "new"
    given: dict[str, Any] = {setting.key: setting.value}
    return CardRule(card, Rule(reason=setting.name, column=setting.name, **given))
