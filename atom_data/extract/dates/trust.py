"""Which of the days that a page names it was published on: the one whose marks weigh most, or none where those of none do.

The weights are learned from the 1,476 pages of WCXB's development half (CC-BY-4.0), as models see them that have not seen their
sites: `python benchmarks/extract_days.py` learns them again. Marks that gain nothing on sites held out are not here.
"""

from collections.abc import Iterable, Mapping
from math import fsum

from atom_data.extract.dates.marks import Named

TRUST = {
    "none": 2.12,
    "none: article": -1.19,
    "none: article, not sure": 1.16,
    "none: forum": -0.93,
    "none: product": 1.14,
    "none: product, not sure": 0.95,
    "none: service": 0.71,
    "none: service, not sure": -0.7,
    "none: documentation": 0.8,
    "none: collection": 0.69,
    "none: listing": 0.53,
    "none: other": 0.38,
    "none: first page of a site": 1.57,
    "none: many days": 1.22,
    "article published": 0.6,
    "article created": -0.3,
    "thread published": 0.89,
    "thread created": 0.72,
    "page modified": -0.45,
    "head published": 3.12,
    "head modified": -0.23,
    "head date": 0.78,
    "address": 0.71,
    "month of the address": 1.13,
    "year of the title": 0.94,
    "other year than the title's": 0.76,
    "first time element": 1.25,
    "time element of a change": -1.07,
    "time element at the title, not in the text": 0.86,
    "at the title": 1.23,
    "above": -1.16,
    "far below": -0.96,
    "near the title, plain": 0.97,
    "near the title, changed": 0.72,
    "said to be published": 0.97,
    "first shown": 0.59,
    "first of the text": 0.82,
    "first said to be published": 0.65,
    "alone in its block": 0.66,
    "in a link": -0.83,
    "before content": 0.63,
    "within content": -1.3,
    "just behind content": 0.16,
    "behind content": -0.72,
    "published and modified": 0.53,
    "published, but another is shown": 1.1,
    "another is published in the head alone": -1.14,
    "shown where another is published, plain": 0.41,
    "shown where another is published, plain, in the head alone": 0.26,
    "shown where another is published, changed": 0.48,
    "modified and shown": 0.95,
    "forum: first time element": 1.52,
    "forum: first of the text": 0.53,
    "forum: within content": 0.45,
    "undated: head published": -1.06,
    "undated: first of the text": -1.4,
    "undated: near the title, plain": -0.65,
    "undated: near the title, changed": 0.41,
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
    return fsum(weights.get(mark, 0.0) for mark in marks)
