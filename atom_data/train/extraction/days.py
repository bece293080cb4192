"""How much each mark of a day is worth: what `extract.dates.trust` holds is learned here."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from atom_data.extract.dates.marks import About, Named, named_days
from atom_data.extract.dates.trust import TRUST, trusted_day
from atom_data.extract.metadata import title_of
from atom_data.extract.structured import records
from atom_data.text.arrays import Float64s, Int64s
from atom_data.text.main_text.choice import choose
from atom_data.train.extraction.examples import sites_in_folds
from atom_data.train.extraction.extractor import Options, Scored
from atom_data.train.extraction.kinds import unseen_kinds

PRIOR = 0.4
"""Weights are held near zero: half of this times the square of each is added to what is made small, twice."""
ROUNDS, ENOUGH = 30, 1e-6
FOLDS = 5


class Lesson(NamedTuple):
    """The days that a page names, and the right one; None where it has none."""

    named: Named
    day: str | None


def lessons_of_days(scored: Sequence[Scored], days: Sequence[str | None], options: Options) -> list[Lesson]:
    """Return what pages teach, as models see them that have not seen their sites; `days` are the right ones."""
    lessons = []
    for one, (kind, chance), day in zip(scored, unseen_kinds(scored, options), days, strict=True):
        page = one.example.page
        kept, _ = choose(page, one.chances)
        about = About(one.example.labeled.url, title_of(page), kind, chance, kept)
        lessons.append(Lesson(named_days(page, records(page), about), day))
    return lessons


def unseen_days(scored: Sequence[Scored], lessons: Sequence[Lesson], options: Options) -> list[str | None]:
    """Return the day of each page by weights that were learned from other sites."""
    folds = sites_in_folds([one.example for one in scored], FOLDS, options.seed)
    found: list[str | None] = [None] * len(lessons)
    for fold in range(FOLDS):
        weights = learned_trust([lesson for lesson, number in zip(lessons, folds, strict=True) if number != fold])
        for place in np.flatnonzero(folds == fold).tolist():
            found[place] = trusted_day(lessons[place].named, weights)
    return found


class _Rows(NamedTuple):
    """Days of all pages: a row a day, with ones for its marks."""

    marks: Float64s
    pages: Int64s
    """Of each row, the place of its page."""
    starts: Int64s
    """Of each page, its first row."""
    right: Int64s
    """Of each page, the row of the right day."""


def learned_trust(lessons: Sequence[Lesson]) -> dict[str, float]:
    """Return the weight of each mark of TRUST with which the right days of all pages are likeliest.

    The probability of a day is that of a softmax over the sums of weights of the page's days and of none. Pages whose day is not
    among those that they name teach nothing. By Newton's method: the same lessons give the same weights.
    """
    lessons = [lesson for lesson in lessons if lesson.day is None or lesson.day in lesson.named.days]
    names = list(TRUST)
    rows = _rows(lessons, names)
    weights = np.zeros(len(names))
    for _ in range(ROUNDS):
        step = _step(rows, weights)
        weights -= step
        if np.abs(step).max() < ENOUGH:
            break
    return {name: round(float(weight), 2) for name, weight in zip(names, weights, strict=True)}


def _rows(lessons: Sequence[Lesson], names: Sequence[str]) -> _Rows:
    places = {name: place for place, name in enumerate(names)}
    sizes = np.array([len(lesson.named.days) + 1 for lesson in lessons])
    marks = np.zeros((int(sizes.sum()), len(names)))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    right = np.zeros(len(lessons), np.int64)
    for page, lesson in enumerate(lessons):
        days = [*lesson.named.days.items(), (None, lesson.named.none)]
        for row, (day, given) in enumerate(days, int(starts[page])):
            marks[row, [places[mark] for mark in given if mark in places]] = 1
            if day == lesson.day:
                right[page] = row
    return _Rows(marks, np.repeat(np.arange(len(lessons)), sizes), starts, right)


def _step(rows: _Rows, weights: Float64s) -> Float64s:
    """Return Newton's step."""
    sums = rows.marks @ weights
    chances = np.exp(sums - np.maximum.reduceat(sums, rows.starts)[rows.pages])
    chances /= np.add.reduceat(chances, rows.starts)[rows.pages]
    weighted = rows.marks * chances[:, None]
    means = np.add.reduceat(weighted, rows.starts, axis=0)
    gradient = means.sum(0) - rows.marks[rows.right].sum(0) + 2 * PRIOR * weights
    curvature = rows.marks.T @ weighted - means.T @ means + 2 * PRIOR * np.eye(len(weights))
    step: Float64s = np.linalg.solve(curvature, gradient)
    return step
