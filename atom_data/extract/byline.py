"""Who wrote a page, as the page shows it: elements that say what they are, and the lines around its first heading."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from atom_data.extract.structured import Record
from atom_data.text.html import page as columns, tags
from atom_data.text.html.lexicon import CLASS_WORDS
from atom_data.text.html.page import Page
from atom_data.text.html.source import attributes, slot, unescaped

AUTHOR_CHARACTERS = 100
_BY = r"(?:(?:written|posted|published|reviewed)\s+)?(?:by|von|par|por|di|door|av)"
BY = re.compile(rf"^(?:view all posts by|{_BY})[:\s]+", re.IGNORECASE)
LINE = re.compile(
    r"^(?:[Ww]ritten [Bb]y|WRITTEN BY|[Pp]osted [Bb]y|[Bb]y|BY|Von|Par|Por|Door|Autor|Author|Text)\s*:?\s*(?=[^\W\d_])(?![a-z])"
    r"(?P<name>[^|\u2022\u00b7\u22c5,(]+?)"
    r"(?=\s*(?:$|[|\u2022\u00b7\u22c5,(]|\s[-\u2013\u2014]\s|\bon\b|\bin\b|\d|(?:Upd|Publ|Post|Last)[a-z]+\b"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+\d))"
)
"""A line that says who wrote: the name ends before a date, a sign or what else stands there."""
NO_NAME = re.compile(
    r"\d{3}|\b(?:log ?in|sign|register|menu|search|reply|read|more|website|profile|account|share|comments?|posts?|author|ago"
    r"|min|mins|minutes?|hours?)\b",
    re.IGNORECASE,
)
WRITER = re.compile(rb"author|byline|by-line|writer|contributor", re.IGNORECASE)
POSTER = re.compile(rb"user-?name|poster|creator|original-?poster", re.IGNORECASE)
SHOWN, BEFORE, BEHIND = 30, 6, 12
"""So many elements that may show a name are looked at, and blocks before and behind the first heading."""
LINE_WORDS, LINE_CHARACTERS = 15, 200
INSIDE = 8
"""So many elements below one that says author are looked at for a link with the name."""
_AUTHORS = np.uint64(1 << next(number for number, words in enumerate(CLASS_WORDS) if words[0] == "author"))


def author_of(page: Page, known: Sequence[Record], site: str | None) -> str | None:
    """Return who is said to have written a page: by its data, its head, elements that say author, a line by the heading, elements
    that say user. The site's own name counts where nobody else is named.
    """  # fmt: skip
    data = (record.texts[name] for name in ("author", "creator") for record in known if name in record.texts)
    said = [
        _stripped(next(data, "")) or None,
        *(_name(slot(page, number)) for number in (columns.AUTHOR, columns.CREATOR)),
    ]
    named = [name for name in said if name]
    for name in named:
        if site is None or name.casefold() != site.casefold():
            return name[:1000]
    return _shown_author(page) or (named[0] if named else None)


def _shown_author(page: Page) -> str | None:
    shown: list[tuple[bytes, str]] = []
    for node in np.flatnonzero(page.classes & _AUTHORS)[:SHOWN].tolist():
        name = _name(_short_text(page, node, 8)) or _linked_name(page, node)
        if name is not None:
            given = attributes(page, node)
            if b"author" in given.get(b"itemprop", b""):
                return name
            shown.append((b" ".join(given.get(part, b"") for part in (b"class", b"id", b"rel")), name))
    writers = [name for words, name in shown if WRITER.search(words)]
    lines = (match["name"] for text in _lines(page) if (match := LINE.match(text)) is not None)
    posters = [name for words, name in shown if POSTER.search(words)]
    return next(iter([*writers[:1], *filter(None, map(_name, lines)), *posters]), None)


def _linked_name(page: Page, node: int) -> str | None:
    """Return the first link in an element that says author, where its text is a name."""
    end = int(page.nodes[node, columns.TEXT_TO])
    for below in range(node + 1, min(node + 1 + INSIDE, len(page.nodes))):
        if page.nodes[below, columns.TEXT_FROM] >= end:
            return None
        if page.nodes[below, columns.TAG] == tags.A and (name := _name(_short_text(page, below, 5))) is not None:
            return name
    return None


def _lines(page: Page) -> Iterator[str]:
    """Yield the short blocks behind the first heading, then those before it."""
    headings = np.flatnonzero(page.nodes[:, columns.TAG] == tags.H1)
    first = int(page.nodes[headings[0], columns.FIRST_BLOCK]) if len(headings) else 0
    behind = range(first, min(first + BEHIND, len(page.blocks)))
    for block in (*behind, *range(first - 1, max(-1, first - 1 - BEFORE), -1)):
        if page.blocks[block, columns.WORDS] <= LINE_WORDS:
            yield page.text_of(block)[:LINE_CHARACTERS]


def _stripped(text: str) -> str:
    return BY.sub("", text.strip(" ,|\u00b7-\u2022@")).strip(" ,|\u00b7-\u2022@")


def _name(text: str | None) -> str | None:
    """Return a text that may be a name: short, no address, not about when, none of a menu's words."""
    if text is None:
        return None
    name = _stripped(text)
    is_name = 2 < len(name) <= AUTHOR_CHARACTERS and "://" not in name and NO_NAME.search(name) is None
    return name if is_name and len(name.split()) <= 8 else None


def _short_text(page: Page, node: int, words: int) -> str | None:
    """Return the text of an element of not more than this number of words."""
    start, end = int(page.nodes[node, columns.TEXT_FROM]), int(page.nodes[node, columns.TEXT_TO])
    if not 0 < end - start <= 20 * words:
        return None
    text = unescaped(page.text[start:end].tobytes())
    return text if text is not None and len(text.split()) <= words else None
