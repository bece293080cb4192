"""Title, dates, author, site, language and address of a page, from its head, its structured data and its first heading."""

import re
from collections import Counter
from typing import NamedTuple

from atom_data.extract.byline import author_of
from atom_data.extract.dates.marks import About, named_days
from atom_data.extract.dates.trust import trusted_day
from atom_data.extract.dates.written import date_of
from atom_data.extract.structured import Record, records
from atom_data.text.html import page as columns, tags
from atom_data.text.html.page import Page
from atom_data.text.html.place import first_with
from atom_data.text.html.source import slot

WORD = re.compile(r"\w+")
SEPARATOR = re.compile(r"\s+[|\-\u2013\u2014\u00b7\u2022:\u00bb\u203a~]+\s+|\s*[|\u00bb]\s*|:: ")
TITLE_SHARE = 0.5
"""A first heading is the title when it has so many words in common with what the head says (F1)."""
HEADINGS = 5
OF_OTHERS = ("Review", "VideoObject", "Comment", "Answer", "AggregateRating")
"""Types that are a part of a page: who wrote them did not write the page."""


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
        if not known or any(_shared(heading, text) >= TITLE_SHARE for text in known):
            return heading
    return _without_site(known[-1] if head else known[0], slot(page, columns.SITE_NAME)) if known else None


def _headings(page: Page) -> list[str]:
    """Return the texts of the first `<h1>` elements that hold a block."""
    found = []
    for node in first_with(page, tags.H1, HEADINGS):
        start, end = int(page.nodes[node, columns.FIRST_BLOCK]), int(page.nodes[node, columns.END_BLOCK])
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


def metadata_of(page: Page, about: About | None = None) -> Metadata:
    """Return what structured data, the head and the elements of a page say, in this order; the day as `dates.trust` weighs it.

    Of `about` the page's kind, as models name it, and the blocks that are its text say which days are the page's own: a shop, a
    list or a manual shows those of other things. Without the address the one counts that the page says is its own.
    """
    about = about or About(title=title_of(page))
    if about.url is None:
        about = about._replace(url=_address(page))
    known = records(page)
    named = named_days(page, known, about)
    published = trusted_day(named)
    modified = _first_day(known, "dateModified") or _slots(page, columns.MODIFIED)
    site = slot(page, columns.SITE_NAME) or _first(known, "publisher") or slot(page, columns.APPLICATION)
    return Metadata(
        None if published is None else named.written.get(published, published),
        _day(modified),
        author_of(page, [record for record in known if record.kind not in OF_OTHERS], site),
        site,
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


def _first_day(known: list[Record], *names: str) -> str | None:
    """Return the first value of a name that is a date."""
    values = (value for name in names for record in known if (value := record.texts.get(name)))
    return next((value for value in values if _day(value)), None)


def _day(value: str | None) -> str | None:
    return date_of(value) if value else None
