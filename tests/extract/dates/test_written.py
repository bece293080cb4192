"""Days as pages write them."""

import pytest
from hypothesis import given, strategies as st

from atom_data.extract.dates.written import date_of, days_in


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-05-06", "2024-05-06"),
        ("20240506", "2024-05-06"),
        ("2024-05-06T07:08:09.123Z", "2024-05-06T07:08:09Z"),
        ("May 6th, 2024", "2024-05-06"),
        ("MAY 6TH, 2024", "2024-05-06"),
        ("6 mai 2024", "2024-05-06"),
        ("6. M\u00e4rz 2024", "2024-03-06"),
        ("6 de mayo de 2024", "2024-05-06"),
        ("6 wrze\u015bnia 2024 r.", "2024-09-06"),
        ("6 \u043c\u0430\u044f 2024 \u0433.", "2024-05-06"),
        ("5th of May 2024", "2024-05-05"),
        ("12-Dec-2025", "2025-12-12"),
        ("Mon, 06 May 2024 10:00:00 GMT", "2024-05-06"),
        ("06.05.2024", "2024-05-06"),
        ("2024\u5e745\u67086\u65e5", "2024-05-06"),
        ("12/31/2024", "2024-12-31"),
        ("31/12/2024", "2024-12-31"),
        ("03-02-2024", "2024-02-03"),
        ("11-29-2024, 09:03 AM", "2024-11-29"),
        ('"2024-05-06T07:08:09Z"', "2024-05-06T07:08:09Z"),
        ("2024 May 6;15(1)", "2024-05-06"),
        ("HealthDECEMBER 22, 2022", "2022-12-22"),
        ("2024-1-2-2024", None),
        ("2024-13-45", None),
        ("May 6, 1824", None),
        ("sold out 3, 2024", None),
        ("12 articles 2024", None),
        ("February 30, 2024", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates(text: str, day: str | None) -> None:
    assert date_of(text) == day


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("03/10/2023", "2023-10-03", "2023-03-10"),
        ("03-10-2023", "2023-10-03", "2023-03-10"),
        ("03.10.2023", "2023-10-03", "2023-10-03"),
        ("13/10/2023", "2023-10-13", "2023-10-13"),
        ("10/13/2023", "2023-10-13", "2023-10-13"),
    ],
)
def test_the_day_may_be_the_first_number_or_the_second(text: str, first: str, second: str) -> None:
    assert (date_of(text, day_first=True), date_of(text, day_first=False)) == (first, second)


def test_days_in_a_text_say_where_they_stand() -> None:
    text = "Posted on 4 May 2024, in 2023, updated 2024-06-07 (c) 2024"
    assert [(found.day, text[found.start : found.end]) for found in days_in(text)] == [
        ("2024-05-04", "4 May 2024"),
        ("2024-06-07", "2024-06-07"),
    ]


@pytest.mark.parametrize(
    ("text", "day", "other"),
    [
        ("3/10/2023", "2023-03-10", "2023-10-03"),
        ("09.10.2024", "2024-10-09", "2024-09-10"),
        ("13/10/2023", "2023-10-13", None),
        ("10/13/2023", "2023-10-13", None),
        ("13.10.2023", "2023-10-13", None),
        ("3 October 2023", "2023-10-03", None),
        ("2023-10-03", "2023-10-03", None),
    ],
)
def test_days_in_numbers_say_what_they_are_the_other_way(text: str, day: str, other: str | None) -> None:
    assert [(found.day, found.other) for found in days_in(text, day_first=False)] == [(day, other)]


@given(st.text(st.sampled_from("0123456789 -/.,MayTmai\u5e74\u6708\n\u0130")))
def test_any_text_has_days_inside_of_it(text: str) -> None:
    for found in days_in(text):
        assert 0 <= found.start < found.end <= len(text)
        assert found.day[:4] in text[found.start : found.end]
