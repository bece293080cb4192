"""What addresses say of a page's day."""

import pytest

from atom_data.extract.dates.address import day_in, marks_of, month_in, words_in
from atom_data.extract.dates.written import date_of

TITLE = ["none: address with words", "none: address with a title"]


@pytest.mark.parametrize(
    ("url", "day", "month"),
    [
        ("https://e.org/2023/10/03/a", "2023-10-03", "2023-10"),
        ("https://e.org/2023/6/9/a", "2023-06-09", None),
        ("https://e.org/blog/2023-10-03-a", "2023-10-03", "2023-10"),
        ("https://e.org/blog/2023/october/03/a", "2023-10-03", None),
        ("https://e.org/books/2025/Dec/05/a", "2025-12-05", None),
        ("https://e.org/2025-top-10-tools", None, None),
        ("https://e.org/2023/13/03/a", None, None),
        ("https://e.org/2023/10/a", None, "2023-10"),
        ("", None, None),
    ],
)
def test_addresses_name_days_and_months(url: str, day: str | None, month: str | None) -> None:
    found = day_in(url)
    assert (found and date_of(found), month_in(url)) == (day, month)


@pytest.mark.parametrize(
    ("url", "words", "marks"),
    [
        ("https://e.org/", 0, ["none: first page of a site"]),
        ("https://e.org", 0, ["none: first page of a site"]),
        ("https://e-e-e-e.org/a", 0, []),
        ("https://e.org/a-b/", 1, TITLE[:1]),
        ("https://e.org/blog/how-to-write-well?by=a-b-c-d-e-f-g#h-i", 3, TITLE),
        ("https://e.org/a-b-c-d-e-f-g-h", 7, [*TITLE, "none: address with a long title"]),
        ("https://e.org/showthread.php?t=7481802", 0, ["none: address with a number"]),
        ("https://e.org/a-b-c-d-2024", 4, [*TITLE, "none: address with a number"]),
    ],
)
def test_addresses_say_whether_the_page_is_a_text(url: str, words: int, marks: list[str]) -> None:
    assert (words_in(url), marks_of(url)) == (words, marks)


def test_an_address_that_is_not_known_is_taken_for_words() -> None:
    assert marks_of(None) == marks_of("") == TITLE[:1]
