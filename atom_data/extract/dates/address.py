"""What the address of a page says of its day: the day itself, its month, and whether it is that of a text at all."""

import re

DATE = re.compile(r"/(20\d\d|199\d)[/-](0?[1-9]|1[0-2]|[a-z]{3,9})[/-](0?[1-9]|[12]\d|3[01])(?=[/-])", re.IGNORECASE)
MONTH = re.compile(r"/(20\d\d)[/-](0[1-9]|1[0-2])(?=[/-])")
ROOT = re.compile(r"https?://[^/]*/?")
FORUM = re.compile(r"viewtopic|showthread|/threads?[/-]|/forums?/|[/?]topic", re.IGNORECASE)
"""Addresses of threads."""
BEHIND = re.compile(r"[?#]")
NUMBER = re.compile(r"\d{4}")
TITLE = 3
"""So many hyphens in the last part of an address: it is the title of a text."""
WORDS = ((1, "none: address with words"), (TITLE, "none: address with a title"), (7, "none: address with a long title"))


def day_in(url: str) -> str | None:
    """Return the day that an address names, as a text for `written.date_of`: `2023-10-03` or `2023 october 03`."""
    found = DATE.search(url)
    return None if found is None else ("-" if found[2].isdigit() else " ").join(found.groups())


def month_in(url: str) -> str | None:
    """Return the month that an address names, as `2023-10`."""
    found = MONTH.search(url)
    return None if found is None else f"{found[1]}-{found[2]}"


def words_in(url: str) -> int:
    """Return how many hyphens part the words at the end of an address."""
    return BEHIND.split(url, maxsplit=1)[0].rstrip("/").rpartition("/")[2].count("-")


def marks_of(url: str | None) -> list[str]:
    """Return what an address says of whether its page has a day; one that is not known is taken for one with words."""
    if not url:
        return [mark for least, mark in WORDS if least < TITLE]
    hyphens = words_in(url)
    marks = [mark for least, mark in WORDS if hyphens >= least]
    if NUMBER.search(url) is not None:
        marks.append("none: address with a number")
    if ROOT.fullmatch(url) is not None:
        marks.append("none: first page of a site")
    return marks
