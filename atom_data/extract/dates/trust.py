"""Which of the days that a page names it was published on: the one whose marks weigh most, or none where those of none do.

The weights are learned from the 1,476 pages of WCXB's development half (CC-BY-4.0), as models see them that have not seen their
sites: `python benchmarks/extract_days.py` learns them again. Marks that gain nothing on sites held out are not here.
"""

from collections.abc import Iterable, Mapping
from math import fsum

from atom_data.extract.dates.marks import Named

TRUST = {
    "none": 3.17,
    "none: article": -0.7,
    "none: article, not sure": 0.94,
    "none: forum": -0.89,
    "none: product": 1.56,
    "none: product, not sure": 1.13,
    "none: service": 0.79,
    "none: service, not sure": -0.89,
    "none: documentation": 0.28,
    "none: collection": 0.89,
    "none: listing": 0.14,
    "none: other": 1.11,
    "none: first page of a site": 1.46,
    "none: address with words": -0.98,
    "none: address with a title": -0.5,
    "none: address with a long title": -0.9,
    "none: address with a number": -1.44,
    "none: many days": 1.21,
    "article published": 0.7,
    "article created": -0.4,
    "thread published": 1.15,
    "thread created": 0.47,
    "page modified": -0.49,
    "head published": 3.4,
    "head date": 0.89,
    "address": 0.93,
    "month of the address": 1.14,
    "year of the title": 0.9,
    "other year than the title's": 0.85,
    "first time element": 1.6,
    "time element of a change": -1.58,
    "time element at the title, not in the text": 0.87,
    "at the title": 1.2,
    "above": -1.37,
    "far below": -0.92,
    "near the title, plain": 0.89,
    "near the title, changed": 0.54,
    "said to be published": 1.63,
    "first shown": 0.93,
    "first of the text": 0.81,
    "alone in its block": 0.69,
    "in a sentence": -1.1,
    "in a link": -0.92,
    "beside the time to read": 2.05,
    "beside who wrote it": 1.18,
    "within content": -1.57,
    "behind content": -1.0,
    "published, but another is shown": 1.31,
    "another is published in the head alone": -1.6,
    "shown where another is published, plain": 0.92,
    "shown where another is published, changed": -0.08,
    "modified and shown": 0.97,
    "forum: first time element": 1.42,
    "undated: head published": -1.09,
    "undated: first of the text": -1.09,
    "undated: near the title, plain": -0.91,
}
SAID = frozenset({"article published", "thread published", "head published"})
TEXT_PAGES = frozenset({"none: article", "none: forum", "none: other"})


def trusted_day(named: Named, weights: Mapping[str, float] = TRUST) -> str | None:
    """Return the day whose marks weigh most, of two that weigh the same the first; None for none.

    Where the page may be a text, one that says in its data or its head when it was published has a day, whatever its weights.
    """
    sums = {day: _weight(marks, weights) for day, marks in named.days.items()}
    best = max(sums, key=lambda day: sums[day], default=None)
    if best is not None and sums[best] >= _weight(named.none, weights):
        return best
    if named.none.isdisjoint(TEXT_PAGES):
        return None
    return next((day for day, marks in named.days.items() if not marks.isdisjoint(SAID)), None)


def _weight(marks: Iterable[str], weights: Mapping[str, float]) -> float:
    """Return the sum of the weights, rounded once: a set of names has another order in each process, and so would roundings."""
    return fsum([weights[mark] for mark in marks if mark in weights])
