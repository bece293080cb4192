"""Weights of days: those of a plain descent."""

import math

from atom_data.extract.dates.marks import Named
from atom_data.extract.dates.trust import TRUST, trusted_day
from atom_data.train.extraction.days import PRIOR, Lesson, learned_trust

HEAD, DATA, NONE = "head published", "article published", "none"
LESSONS = [
    *[Lesson(Named({"2024-01-01": {HEAD}, "2024-01-02": {DATA}}, {NONE}, {}), "2024-01-01")] * 6,
    *[Lesson(Named({"2024-01-01": {HEAD}, "2024-01-02": {DATA}}, {NONE}, {}), "2024-01-02")] * 2,
    *[Lesson(Named({"2024-01-02": {DATA, "a mark that is not weighed"}}, {NONE}, {}), None)] * 3,
    Lesson(Named({"2024-01-02": {DATA}}, {NONE}, {}), "1999-01-01"),
]


def test_weights_are_those_that_a_plain_descent_finds() -> None:
    names = (HEAD, DATA, NONE)
    weights = dict.fromkeys(names, 0.0)
    for _ in range(3000):
        slope = {name: 2 * PRIOR * weights[name] for name in names}
        for lesson in LESSONS[:-1]:
            days = [*lesson.named.days.items(), (None, lesson.named.none)]
            sizes = [math.exp(sum(weights.get(mark, 0.0) for mark in marks)) for _, marks in days]
            for (day, marks), size in zip(days, sizes, strict=True):
                for mark in marks & weights.keys():
                    slope[mark] += size / sum(sizes) - (day == lesson.day)
        weights = {name: weights[name] - 0.05 * slope[name] for name in names}
    found = learned_trust(LESSONS)
    assert {name: round(weights[name], 2) for name in names} == {name: found[name] for name in names}
    assert list(found) == list(TRUST)
    assert all(found[name] == 0 for name in TRUST if name not in names)


def test_the_day_that_weighs_most_is_trusted_and_none_where_none_does() -> None:
    named = Named({"2024-01-01": {HEAD}, "2024-01-02": {DATA}}, {NONE}, {})
    assert trusted_day(named, {HEAD: 2.0, DATA: 1.0, NONE: 0.5}) == "2024-01-01"
    assert trusted_day(named, {HEAD: 1.0, DATA: 1.0, NONE: 0.5}) == "2024-01-01"
    assert trusted_day(named, {HEAD: 1.0, DATA: 1.0, NONE: 1.5}) is None
    assert trusted_day(Named({}, {NONE}, {})) is None


def test_a_text_whose_data_says_when_has_a_day_whatever_it_weighs() -> None:
    for kind, day in (("article", "2024-01-02"), ("product", None)):
        named = Named({"2024-01-01": {"far below"}, "2024-01-02": {DATA}}, {NONE, f"none: {kind}"}, {})
        assert trusted_day(named, {NONE: 9.0}) == day
