"""A card with other bounds, written as a page that `keep("my_card.toml")` reads: source and notes stay, changes are said."""

import itertools
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atom_data.assets import filters_folder
from atom_data.errors import ConfigError
from atom_data.rules import Rule, load_card
from atom_data.tune.bounds import KEYS, CardRule, Setting, changed
from atom_data.tune.stored import Stored


def write_card(path: str, name: str, settings: Sequence[Setting], stored: Stored) -> list[str]:
    """Write card `name` with its bounds set otherwise to a new file; return what has changed, in words.

    The page keeps the card's source, url, record, notes and the remarks at its top; rules that the stored columns cannot
    judge stay as they are. ConfigError when the file exists, is no `.toml`, or nothing would change.
    """
    target = Path(path)
    if target.suffix != ".toml" or target.exists():
        what = "is there already" if target.exists() else "does not end in .toml"
        raise ConfigError(f"--write: {path} {what}. Give another name.")
    source = Path(name) if name.endswith(".toml") else filters_folder() / f"{name}.toml"
    before = [CardRule(load_card(name).name, rule) for rule in load_card(name).rules]
    after = changed(before, settings, stored.schema)
    said = _changes(before, after)
    if not said:
        raise ConfigError(f"--write: the bounds are those of {name}. Change one with --set.")
    text = source.read_text("utf-8")
    page = tomllib.loads(text)
    note = f"Bounds of the card {load_card(name).name}, changed: {'; '.join(said)}."
    lines = list(itertools.takewhile(lambda line: line.startswith("#"), text.splitlines()))
    lines += [_line("source", page["source"]), *(_line(key, page[key]) for key in ("url", "record") if key in page)]
    lines += [_line("note", " ".join([*([page["note"]] if page.get("note") else []), note]))]
    notes = [rule.get("note") for rule in page["rule"]] + [None] * len(after)
    for item, remark in zip(after, notes, strict=False):
        if item is not None:
            lines += ["", "[[rule]]", *_rule(item.rule, remark)]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n", "utf-8")
    written = load_card(str(target)).rules
    if list(written) != [item.rule for item in after if item is not None]:
        raise AssertionError(f"{target} does not say what was asked for: {written}")
    return said


def _changes(before: Sequence[CardRule], after: Sequence[CardRule | None]) -> list[str]:
    said = []
    for number, item in enumerate(after):
        old = before[number].rule if number < len(before) else None
        if item is None and old is not None:
            said.append(f"{old.reason} left out")
        elif item is not None and item.rule != old:
            was = f", was {old.bounds()}" if old is not None else ", added"
            said.append(f"{item.rule.reason} {item.rule.bounds()}{was}")
    return said


def _rule(rule: Rule, remark: str | None) -> list[str]:
    lines = [_line("reason", rule.reason), _line("column", rule.column)]
    lines += [_line(key, getattr(rule, key)) for key in KEYS if getattr(rule, key) is not None]
    if rule.where:
        inside = ", ".join(f"{_text(name)} = {_toml(list(choice))}" for name, choice in rule.where)
        lines.append(f"where = {{ {inside} }}")
    return [*lines, _line("note", remark)] if remark else lines


def _line(key: str, value: object) -> str:
    return f"{key} = {_toml(value)}"


def _toml(value: Any) -> str:  # noqa: ANN401 - what a card can hold
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
