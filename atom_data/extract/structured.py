"""Structured data of a page, as schema.org has it: JSON-LD, as flat records."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from atom_data.text.html.page import Page

DATA_BYTES = 1 << 20
"""A longer script is not read."""
RECORDS, DEPTH = 200, 6
PAGES = (
    "Article",
    "NewsArticle",
    "BlogPosting",
    "Report",
    "WebPage",
    "Posting",
    "Page",
    "Product",
    "Recipe",
    "VideoObject",
    "Event",
)
"""Ends of the types that say something about the page as a whole."""
TEXTS = frozenset(
    [
        "articleBody",
        "text",
        "description",
        "headline",
        "name",
        "datePublished",
        "dateModified",
        "dateCreated",
        "inLanguage",
    ]
)
NAMES = ("author", "creator", "publisher")
NESTED = (dict, list)


@dataclass(frozen=True, slots=True)
class Record:
    """One object with a type: its texts by name, those of people and organizations as their names."""

    kind: str
    texts: dict[str, str] = field(default_factory=dict)


def records(page: Page) -> list[Record]:
    """Return the records of a page's JSON-LD, articles first; none of what is not JSON. Bounded in size and depth."""
    found: list[dict[str, Any]] = []
    for start, end in page.data.tolist():
        data = page.source[start:end].tobytes() if end - start <= DATA_BYTES else b""
        if b"@type" in data:
            _add_things(parsed(data), 0, found)
    return sorted(map(_record, found[:RECORDS]), key=lambda record: _rank(record.kind))


def parsed(data: bytes) -> object:
    """Return what JSON says; None for what is none, or is nested beyond reason."""
    text = data.decode("utf-8", "replace").strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    try:
        found: object = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return found


def _add_things(value: object, depth: int, found: list[dict[str, Any]]) -> None:
    """Add the objects that have a type, outer ones first."""
    if depth > DEPTH or len(found) >= RECORDS:
        return
    if isinstance(value, dict):
        if "@type" in value:
            found.append(value)
        for name, item in value.items():
            if type(item) in NESTED and name not in NAMES:
                _add_things(item, depth + 1, found)
    elif isinstance(value, list):
        for item in value:
            if type(item) in NESTED:
                _add_things(item, depth + 1, found)


def _record(thing: dict[str, Any]) -> Record:
    kind = thing["@type"]
    if isinstance(kind, list):
        kind = kind[0] if kind else ""
    texts = {name: value for name, value in thing.items() if name in TEXTS and isinstance(value, str) and value.strip()}
    for name in NAMES:
        if name in thing and (people := ", ".join(dict.fromkeys(_people(thing[name])))):
            texts[name] = people
    return Record(str(kind), texts)


def _people(value: object) -> Iterator[str]:
    """Yield names of what may be a text, an object or a list of them."""
    if isinstance(value, list):
        for item in value[:10]:
            if not isinstance(item, list):
                yield from _people(item)
    elif isinstance(value, dict):
        yield from _people(value.get("name"))
    elif isinstance(value, str) and value.strip() and "://" not in value:
        yield " ".join(value.split())[:200]


def _rank(kind: str) -> int:
    return next((place for place, end in enumerate(PAGES) if kind.endswith(end)), len(PAGES))
