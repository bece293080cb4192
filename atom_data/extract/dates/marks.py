"""What speaks for each day that a page names, and for none: marks, whose weights are in `trust`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from atom_data.extract.dates.address import FORUM, TITLE, day_in, marks_of, words_in
from atom_data.extract.dates.company import company
from atom_data.extract.dates.relations import Found, add_likeness, add_relations
from atom_data.extract.dates.shown import Shown, Timed, is_day_first, settled, shown_days, timed_days, title_blocks
from atom_data.extract.dates.written import date_of
from atom_data.extract.structured import Record
from atom_data.text.arrays import Bools
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.html.source import slot
from atom_data.text.main_text.model import OTHER

THREADS = ("DiscussionForumPosting", "Question")
TEXTS = ("Article", "Posting", "Report", "Recipe")
"""Ends of the types of structured data whose dates are those of a text."""
DATED = {"datePublished": "published", "dateModified": "modified", "dateCreated": "created"}
SLOTS = {"head published": columns.PUBLISHED, "head modified": columns.MODIFIED, "head date": columns.DATE}
NEAR = ("at the title", "near the title")
ALONE, SENTENCE = 4, 12
"""Words of a block that has little else than a day, and of one that says more."""
UNSURE, MANY = 0.7, 10
"""A kind that is less likely is not sure; a page that shows more days is most often a list."""
BY_KIND = {
    "forum": {"first time element": "forum: first time element"},
    "article": {},
    "undated": {mark: f"undated: {mark}" for mark in ("head published", "first of the text", "near the title, plain")},
}
"""Marks that mean something else on a forum, and on pages for something else than a text of a day: a shop's, a manual's."""


class About(NamedTuple):
    """What is known of a page before its days are looked at."""

    url: str | None = None
    title: str | None = None
    kind: str | None = None
    """As models name it; None is taken for an article."""
    kind_chance: float | None = None
    """How likely the kind is; None is taken for sure."""
    kept: Bools | None = None
    """Its blocks that are main text."""


class Named(NamedTuple):
    """The days that a page names, and what speaks for each."""

    days: Mapping[str, set[str]]
    """Their marks, in the order in which they were found."""
    none: set[str]
    """The marks of no day."""
    written: Mapping[str, str]
    """Days with their time, where the page's data has it."""


def named_days(page: Page, known: Sequence[Record], about: About) -> Named:
    """Return what speaks for each day that a page names. Its size is bounded: 200 records, 4 elements and 20 blocks are read."""
    day_first = is_day_first(page, about.url)
    content = _span(about.kept)
    title = title_blocks(page, about.title)
    if content and (title is None or title[0] > content[1]):
        title = content[0], content[0] + 1
    marks, written = _of_data(page, known, about.url, day_first)
    shown, times = settled(shown_days(page, day_first), list(timed_days(page, day_first)), marks)
    places = [_place(day.block, title) for day in shown]
    for day in shown:
        marks[day.day].add("shown")
    _add_times(marks, times, title)
    best = _add_places(marks, shown, places, content)
    for day in best:
        marks[day.day].update(company(page, day.block))
    _add_first(marks, shown, title)
    near = {
        day.day
        for day, place in zip(shown, places, strict=True)
        if day.is_short and day.label != "other" and place in NEAR
    }
    add_relations(marks, near)
    add_likeness(marks, about.title, about.url)
    kind = _add_kind(marks, about)
    return Named(marks, _of_none(shown, about, kind), written)


def _span(kept: Bools | None) -> tuple[int, int] | None:
    """Return the first and the last block of the main text."""
    blocks = np.flatnonzero(kept) if kept is not None else np.zeros(0, np.int64)
    return (int(blocks[0]), int(blocks[-1])) if blocks.size else None


def _of_data(page: Page, known: Iterable[Record], url: str | None, day_first: bool) -> tuple[Found, dict[str, str]]:
    """Return the days of structured data, the head and the address, and the times of those of publication."""
    marks: Found = defaultdict(set)
    written: dict[str, str] = {}
    parts = [(part, record.texts) for record in known if (part := _part(record.kind)) is not None]
    said = [(f"{part} {word}", texts[name]) for part, texts in parts for name, word in DATED.items() if name in texts]
    said += [(mark, value) for mark, number in SLOTS.items() if (value := slot(page, number))]
    if (day := day_in(url or "")) is not None:
        said.append(("address", day))
    for mark, text in said:
        if (date := date_of(text, day_first=day_first)) is not None:
            marks[date[:10]].add(mark)
            if len(date) > 10 and not mark.endswith("modified"):
                written.setdefault(date[:10], date)
    return marks, written


def _part(kind: str) -> str | None:
    """Return what a record is of; None for a part of the page: a comment, a video, an event."""
    if kind.endswith(THREADS):
        return "thread"
    if kind.endswith(TEXTS):
        return "article"
    return "page" if kind.endswith("Page") else None


def _place(block: int, title: tuple[int, int] | None) -> str:
    """Return where a block is, seen from the title."""
    if title is None:
        return "somewhere"
    if block < title[0]:
        return "near the title" if block >= title[0] - 6 else "above"
    behind = block - title[1] + 1
    return (
        "at the title"
        if behind <= 1
        else "near the title"
        if behind <= 12
        else "below"
        if behind <= 30
        else "far below"
    )


PLACES = ("at the title", "near the title", "below", "somewhere", "far below", "above")
"""Of a day that is shown more than once the first of these counts."""


def _add_times(marks: Found, times: Sequence[Timed], title: tuple[int, int] | None) -> None:
    for number, time in enumerate(times):
        given = marks[time.day]
        if number == 0:
            given.add("first time element")
        if time.changed:
            given.add("time element of a change")
        if "shown" not in given and _place(time.block, title) in NEAR:
            given.add("time element at the title, not in the text")


def _add_places(
    marks: Found, shown: Sequence[Shown], places: Sequence[str], content: tuple[int, int] | None
) -> list[Shown]:
    """Mark each day by the place nearest to the title where a short text shows it; return those that are near it."""
    best: dict[str, tuple[int, Shown]] = {}
    for day, place in zip(shown, places, strict=True):
        rank = PLACES.index(place)
        if day.is_short and (day.day not in best or rank < best[day.day][0]):
            best[day.day] = rank, day
    for name, (rank, day) in best.items():
        given, place = marks[name], PLACES[rank]
        given.add(place)
        if day.label == "published":
            given.add("said to be published")
        if place in NEAR:
            given.add(f"near the title, {day.label}")
        if day.words <= ALONE:
            given.add("alone in its block")
        elif day.words >= SENTENCE:
            given.add("in a sentence")
        if day.linked:
            given.add("in a link")
        if content is not None:
            given.add(_beside(day.block, content))
    return [day for rank, day in best.values() if PLACES[rank] in NEAR]


def _beside(block: int, content: tuple[int, int]) -> str:
    first, last = content
    if block <= first:
        return "beside content"
    return "within content" if block <= last else "beside content" if block <= last + 8 else "behind content"


def _add_first(marks: Found, shown: Sequence[Shown], title: tuple[int, int] | None) -> None:
    """Mark the first days from the title on that are the text's own."""
    own = [
        day for day in shown if day.is_short and day.label != "other" and (title is None or day.block >= title[0] - 3)
    ]
    firsts = {
        "first shown": own,
        "first of the text": [day for day in own if day.label != "changed"],
    }
    for mark, days in firsts.items():
        if days:
            marks[days[0].day].add(mark)


def _add_kind(marks: Found, about: About) -> str:
    """Mark what means something else on a page of this kind, and return the kind."""
    kind = about.kind or "article"
    is_thread = FORUM.search(about.url or "") is not None or any(
        "thread published" in given for given in marks.values()
    )
    if kind == OTHER:
        kind = "forum" if is_thread else "article" if words_in(about.url or "") >= TITLE else OTHER
    others = BY_KIND.get(kind, BY_KIND["undated"])
    for given in marks.values() if others else ():
        given.update([other for mark, other in others.items() if mark in given])
    return kind


def _of_none(shown: Sequence[Shown], about: About, kind: str) -> set[str]:
    marks = {"none", f"none: {kind}", *marks_of(about.url)}
    if about.kind_chance is not None and about.kind_chance < UNSURE:
        marks.add(f"none: {kind}, not sure")
    if len({day.day for day in shown}) > MANY:
        marks.add("none: many days")
    return marks
