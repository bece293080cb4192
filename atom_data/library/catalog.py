"""What a recipe can name: signals, rewrites, extractors, cards, sources, passes; who adds a column, what a card needs."""

import inspect
import re
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import pyarrow as pa

from atom_data.assets import filters_folder
from atom_data.batch import empty, visible
from atom_data.errors import AtomDataError, ConfigError, meant
from atom_data.library.documentation import own_text
from atom_data.rules import Card, load_card
from atom_data.storage.parquet import strings

ROOMS = {
    "signals": "atom_data.signals",
    "rewrites": "atom_data.rewrite",
    "extractors": "atom_data.extract",
}
SOURCES = (
    "CommonCrawl",
    "CommonCrawlIndex",
    "CommonCrawlText",
    "Warc",
    "Wet",
    "Jsonl",
    "MediaWiki",
    "Parquet",
    "Tables",
    "Text",
)
PASSES = ("Copies", "Repeats", "Tokenize")
STEPS = ("RemoveSpans",)
"""Of other rooms."""
PARTS = ("Content", "Engine", "EngineError")
"""What you build your own engine from: no recipe names it."""
COMPARISONS = ("SameText", "SameContent", "SameUrl", "MinHash", "Lines", "Paragraphs", "Substrings")
KINDS = (*ROOMS, "cards", "sources", "passes")

COMMON = pa.schema([*strings("id", "url", "text"), ("html", pa.binary()), *strings("mime", "charset", "language")])
"""What a step is tried on, with no row, to see what it adds."""


class Entry(NamedTuple):
    """One thing that a recipe can name."""

    name: str
    summary: str
    """The first sentence of its documentation."""


def entries(kind: str) -> list[Entry]:
    """Return what there is of a kind, sorted by name. ConfigError for a kind that there is not."""
    if kind == "cards":
        return [Entry(card.name, card.source) for card in _cards()]
    if kind == "sources":
        return [_entry(name, _public(name)) for name in SOURCES]
    if kind == "passes":
        return [_entry(name, _public(name)) for name in (*PASSES, *STEPS, *COMPARISONS)]
    if kind in ROOMS:
        return [_entry(name, thing) for name, thing in _exported(kind) if callable(thing)]
    raise ConfigError(f"there is no list of '{kind}'; there are {', '.join(KINDS)}.{meant(kind, KINDS)}")


def find(name: str) -> Any:  # noqa: ANN401 - a card, a class or a function
    """Return what is called so: a card, or something that a recipe imports. ConfigError names what is close."""
    if (filters_folder() / f"{name}.toml").is_file() or name.endswith(".toml"):
        return load_card(name)
    known = {other: thing for kind in ROOMS for other, thing in _exported(kind)}
    known |= {other: _public(other) for other in (*SOURCES, *PASSES, *STEPS, *COMPARISONS, "Stage")}
    if name in known:
        return known[name]
    names = [*known, *(card.name for card in _cards())]
    raise ConfigError(
        f"there is nothing called '{name}'.{meant(name, names)} `atom-data list signals`, for example, shows all."
    )


def adders(column: str) -> list[str]:
    """Return who adds a column, as a recipe says it: `the signal count_words`, `the pass Copies(by=MinHash())`."""
    found = [
        f"the {kind[:-1]} {name}"
        for kind in ROOMS
        for name, thing in _exported(kind)
        if _is_step(thing) and column in _added(name, thing)
    ]
    found += [f"the step {name}" for name in STEPS if column in _added(name, _public(name))]
    for name in COMPARISONS:
        by = _public(name)
        outer = "Repeats" if name in ("Lines", "Paragraphs", "Substrings") else "Copies"
        if column in _added_by_pass(outer, by):
            found.append(f"the pass {outer}(by={name}())")
    return found


def mend(columns: tuple[str, ...]) -> str:
    """Return what to do about missing columns: ` The signal count_words adds 'word_count'.`; empty when no step adds one."""
    said: dict[str, list[str]] = {}
    for column in columns:
        for who in adders(column)[:1]:
            said.setdefault(who, []).append(column)
    parts = [f"{who} adds {', '.join(names)}" for who, names in said.items()]
    return f" {parts[0][0].upper()}{'; '.join(parts)[1:]}." if parts else ""


def needs(card: Card) -> dict[str, list[str]]:
    """Return the columns that a card looks at, each with those who add it."""
    names = [name for rule in card.rules for name in (rule.column, *(where for where, _ in rule.where))]
    return {name: adders(name) for name in dict.fromkeys((*names, *card.record))}


def _entry(name: str, thing: Any) -> Entry:  # noqa: ANN401
    text = " ".join(own_text(thing).split("\n\n")[0].split())
    return Entry(name, text)


def _public(name: str) -> Any:  # noqa: ANN401
    return getattr(import_module("atom_data"), name)


def _exported(kind: str) -> list[tuple[str, Any]]:
    package = import_module(ROOMS[kind])
    return [(name, getattr(package, name)) for name in sorted(package.__all__) if name not in PARTS]


def _cards() -> list[Card]:
    return [load_card(path.stem) for path in sorted(filters_folder().glob("*.toml"))]


def _is_step(thing: Any) -> bool:  # noqa: ANN401
    """Tell an engine, which works within a step, from the steps themselves."""
    return not inspect.isclass(thing) or "__call__" in vars(thing)


@cache
def _added(name: str, thing: Any) -> frozenset[str]:  # noqa: ANN401
    """Return the columns that a step adds to no row; what cannot be made without parameters says it in its documentation."""
    documentation = frozenset(re.findall(r"`(\w+)`", own_text(thing).split("Reads")[0]))
    try:
        step: Any = thing() if inspect.isclass(thing) else thing
        after = step(empty(COMMON))
        return frozenset(visible(after.schema.names)) - set(COMMON.names) | ({"language", "text"} & documentation)
    except (AtomDataError, TypeError, AttributeError):
        # A classifier takes the name of its column.
        named = inspect.signature(thing).parameters.get("column")
        return documentation | ({named.default} if named is not None else set())


@cache
def _added_by_pass(outer: str, by: type) -> frozenset[str]:
    if outer == "Copies":
        return frozenset(by.added.names)  # type: ignore[attr-defined]
    column = by(length=50).column if by.__name__ == "Substrings" else by().column
    return frozenset((f"{column}s", f"{column}_count", f"{column}_bytes", f"{column}_share"))
