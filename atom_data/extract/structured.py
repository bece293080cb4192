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
TEXTS = ("articleBody", "text", "description", "headline", "name", "datePublished", "dateModified", "dateCreated", "uploadDate",
         "inLanguage")  # fmt: skip
NAMES = ("author", "creator", "publisher")


@dataclass(frozen=True, slots=True)
class Record:
    """One object with a type: its texts by name, those of people and organizations as their names."""

    kind: str
    texts: dict[str, str] = field(default_factory=dict)


def records(page: Page) -> list[Record]:
    """Return the records of a page's JSON-LD, articles first; none of what is not JSON. Bounded in size and depth."""
    found: list[Record] = []
    for start, end in page.data.tolist():
        if end - start <= DATA_BYTES:
            for thing in _things(parsed(page.source[start:end].tobytes()), 0):
                found.append(_record(thing))
                if len(found) == RECORDS:
                    return found
    return sorted(found, key=lambda record: _rank(record.kind))


def parsed(data: bytes) -> object:
    """Return what JSON says; None for what is none, or is nested beyond reason."""
    text = data.decode("utf-8", "replace").strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    try:
        found: object = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return found


def _things(value: object, depth: int) -> Iterator[dict[str, Any]]:
    """Yield the objects that have a type, outer ones first."""
    if depth > DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _things(item, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        for name, item in value.items():
            if isinstance(item, (list, dict)) and name not in NAMES:
                yield from _things(item, depth + 1)


def _record(thing: dict[str, Any]) -> Record:
    kind = thing["@type"]
    if isinstance(kind, list):
        kind = kind[0] if kind else ""
    texts = {name: value for name in TEXTS if isinstance(value := thing.get(name), str) and value.strip()}
    for name in NAMES:
        if people := ", ".join(dict.fromkeys(_people(thing.get(name)))):
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
