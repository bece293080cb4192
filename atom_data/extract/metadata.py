"""Title, dates, author, site, language and address of a page, from its head, its structured data and its first heading."""

import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from atom_data.extract.dates import date_of
from atom_data.extract.structured import Record, records
from atom_data.text.html import page as columns
from atom_data.text.html import tags
from atom_data.text.html.lexicon import CLASS_WORDS
from atom_data.text.html.page import Page
from atom_data.text.html.source import attributes, slot, unescaped

WORD = re.compile(r"\w+")
SEPARATOR = re.compile(r"\s+[|\-\u2013\u2014\u00b7\u2022:\u00bb\u203a~]+\s+|\s*[|\u00bb]\s*|:: ")
TITLE_SHARE = 0.5
"""A first heading is the title when it has so many words in common with what the head says (F1)."""
HEADINGS = 5
URL_DATE = re.compile(r"/(20\d\d|199\d)[/-](0?[1-9]|1[0-2])(?:[/-](0?[1-9]|[12]\d|3[01]))?(?=[/-])")
AUTHOR_CHARACTERS = 100
BY = re.compile(
    r"^(?:view all posts by|(?:(?:written|posted|published|reviewed)\s+)?(?:by|von|par|por|di|door|av))[:\s]+",
    re.IGNORECASE,
)
NO_NAME = re.compile(
    r"\d{3}|\b(?:log ?in|sign|register|menu|search|reply|read|more|website|profile|account|share|comments?|posts?|author|ago)\b",
    re.IGNORECASE,
)
WRITER = re.compile(rb"author|byline|by-line|writer|contributor", re.IGNORECASE)
POSTER = re.compile(rb"user-?name|poster|creator|original-?poster", re.IGNORECASE)
SHOWN, BESIDE = 30, 8
"""So many elements that may show a name or a date are looked at, and blocks behind the first heading."""
_AUTHORS, _DATES = (
    np.uint64(1 << next(number for number, words in enumerate(CLASS_WORDS) if words[0] == name))
    for name in ("author", "date")
)


class Metadata(NamedTuple):
    """What a page says about itself; None where it does not."""

    published: str | None
    """ISO 8601: a day, or a day and time as the page gives it."""
    modified: str | None
    author: str | None
    """Names, joined by commas."""
    site_name: str | None
    declared_language: str | None
    """As in `lang` of `<html>`: not checked against the text."""
    canonical_url: str | None


def title_of(page: Page) -> str | None:
    """Return the page's title: its first heading where the head says about the same, else the head's without the site's name."""
    head = slot(page, columns.TITLE)
    other = slot(page, columns.OG_TITLE)
    known = [text for text in (other, head) if text]
    for heading in _headings(page):
        if not known or max(_shared(heading, text) for text in known) >= TITLE_SHARE:
            return heading
    return _without_site(known[-1] if head else known[0], slot(page, columns.SITE_NAME)) if known else None


def _headings(page: Page) -> list[str]:
    """Return the texts of the first `<h1>` elements that hold a block."""
    found = []
    nodes = np.flatnonzero(page.nodes[:, columns.TAG] == tags.H1)[:HEADINGS]
    for node in nodes:
        start, end = page.nodes[node, columns.FIRST_BLOCK], page.nodes[node, columns.END_BLOCK]
        if 0 < end - start <= 3:
            found.append(" ".join(" ".join(page.text_of(block) for block in range(start, end)).split()))
    return found


def _shared(one: str, other: str) -> float:
    """Return the F1 over words of two texts; 1 where the first is half of the other and more, which is most often so."""
    if one in other and 2 * len(one) >= len(other):
        return 1.0
    words, others = Counter(WORD.findall(one.lower())), Counter(WORD.findall(other.lower()))
    total = words.total() + others.total()
    return 2 * (words & others).total() / total if total else 0.0


def _without_site(title: str, site: str | None) -> str:
    """Return a title without the name of the site: a part that is the name, else a short last part."""
    parts = [part for part in SEPARATOR.split(title) if part]
    if len(parts) < 2:
        return title
    if site is not None:
        rest = [part for part in parts if part.casefold() != site.casefold()]
        if 0 < len(rest) < len(parts):
            return title[: title.rindex(rest[-1]) + len(rest[-1])] if parts[0] in rest else rest[0]
    return parts[0] if len(parts[0].split()) >= len(parts[-1].split()) or len(parts) > 2 else title


def metadata_of(page: Page, url: str | None = None) -> Metadata:
    """Return what structured data, the head and the elements of a page say, in this order. About 0.1 ms."""
    known = records(page)
    published = _first(known, "datePublished", "uploadDate", "dateCreated") or _slots(
        page, columns.PUBLISHED, columns.DATE
    )
    modified = _first(known, "dateModified") or _slots(page, columns.MODIFIED)
    return Metadata(
        _day(published) or _day(slot(page, columns.TIME)) or _shown_date(page) or _url_date(url or _address(page)),
        _day(modified),
        _author(page, known),
        slot(page, columns.SITE_NAME) or _first(known, "publisher") or slot(page, columns.APPLICATION),
        slot(page, columns.LANGUAGE) or _first(known, "inLanguage") or slot(page, columns.LOCALE),
        _address(page),
    )


def _address(page: Page) -> str | None:
    return slot(page, columns.CANONICAL) or slot(page, columns.OG_URL)


def _slots(page: Page, *numbers: int) -> str | None:
    return next((value for number in numbers if (value := slot(page, number)) and _day(value)), None)


def _first(known: list[Record], *names: str) -> str | None:
    """Return the first value of a name in the records of articles and pages."""
    return next((value for name in names for record in known if (value := record.texts.get(name))), None)


def _day(value: str | None) -> str | None:
    return date_of(value) if value else None


def _url_date(url: str | None) -> str | None:
    """Return the day in an address, where it has one."""
    found = URL_DATE.search(url or "")
    if found is None or found[3] is None:
        return None
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"


def _shown_date(page: Page) -> str | None:
    """Return the first date in an element whose class says that it is one, else in a short block behind the first heading."""
    for node in np.flatnonzero(page.classes & _DATES)[:SHOWN]:
        if (found := date_of(_short_text(page, int(node), 12) or "", anywhere=True)) is not None:
            return found
    headings = np.flatnonzero(page.nodes[:, columns.TAG] == tags.H1)
    first = int(page.nodes[headings[0], columns.FIRST_BLOCK]) if len(headings) else 0
    for block in range(first, min(first + BESIDE, len(page.blocks))):
        if (
            page.blocks[block, columns.WORDS] <= 15
            and (found := date_of(page.text_of(block), anywhere=True)) is not None
        ):
            return found
    return None


def _author(page: Page, known: list[Record]) -> str | None:
    """Return who is said to have written a page: by its data, its head, links and elements that say author, then user."""
    said = _first(known, "author", "creator") or _name(slot(page, columns.AUTHOR)) or _name(slot(page, columns.CREATOR))
    if said is not None:
        return said[:1000]
    shown: list[tuple[bytes, str]] = []
    for node in np.flatnonzero(page.classes & _AUTHORS)[:SHOWN]:
        name = _name(_short_text(page, int(node), 8))
        if name is not None:
            given = attributes(page, int(node))
            shown.append((b" ".join(given.get(part, b"") for part in (b"class", b"id", b"rel", b"itemprop")), name))
    for said_by in (WRITER, POSTER):
        for words, name in shown:
            if said_by.search(words):
                return name
    return None


def _name(text: str | None) -> str | None:
    """Return a text that may be a name: short, no address, not about when, none of a menu's words."""
    if text is None:
        return None
    name = BY.sub("", text).strip(" ,|\u00b7-\u2022@")
    is_name = 2 < len(name) <= AUTHOR_CHARACTERS and "://" not in name and NO_NAME.search(name) is None
    return name if is_name and len(name.split()) <= 8 else None


def _short_text(page: Page, node: int, words: int) -> str | None:
    """Return the text of an element of at most this number of words."""
    start, end = int(page.nodes[node, columns.TEXT_FROM]), int(page.nodes[node, columns.TEXT_TO])
    if not 0 < end - start <= 20 * words:
        return None
    text = unescaped(page.text[start:end].tobytes())
    return text if text is not None and len(text.split()) <= words else None
