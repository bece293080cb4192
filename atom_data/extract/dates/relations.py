"""What the days of a page say of one another: one is published in the page's data, another is shown beside the title."""

import re
from collections import defaultdict
from collections.abc import Set

from atom_data.extract.dates.address import month_in
from atom_data.extract.dates.shown import PLAIN

YEAR = re.compile(r"20[0-3]\d")

Found = defaultdict[str, set[str]]
"""Days and their marks while they are looked for."""


def add_relations(marks: Found, near: Set[str]) -> None:
    """Mark days by what is known of the others; `near` are those shown near the title."""
    in_data = _with(marks, "article published", "thread published")
    published = in_data | _with(marks, "head published")
    modified = _with(marks, "article modified", "page modified", "head modified")
    for day, given in marks.items():
        if day in published:
            if near and day not in near:
                given.add("published, but another is shown")
        elif published:
            _add_unpublished(given, in_head_alone=not in_data)
        if day in modified and day in near:
            given.add("modified and shown")


def _add_unpublished(given: set[str], *, in_head_alone: bool) -> None:
    """Mark a day where another one is published."""
    if in_head_alone:
        given.add("another is published in the head alone")
    if f"near the title, {PLAIN}" in given:
        given.add(f"shown where another is published, {PLAIN}")
    if "near the title, changed" in given and not in_head_alone:
        given.add("shown where another is published, changed")


def add_likeness(marks: Found, title: str | None, url: str | None) -> None:
    """Mark days of the year that the title names, and of the month that the address has."""
    years = set(YEAR.findall(title or ""))
    month = month_in(url or "")
    for day, given in marks.items():
        if years:
            given.add("year of the title" if day[:4] in years else "other year than the title's")
        if day[:7] == month:
            given.add("month of the address")


def _with(marks: Found, *wanted: str) -> set[str]:
    return {day for day, given in marks.items() if not given.isdisjoint(wanted)}
