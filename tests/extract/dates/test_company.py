"""What stands around a day."""

import pytest

from atom_data.extract.dates.company import company
from atom_data.text.html.scan import scan

READ, WROTE = "beside the time to read", "beside who wrote it"


@pytest.mark.parametrize(
    ("around", "marks"),
    [
        ("<p>{}<p>7 Min Read", [READ]),
        ("<p>By Ann Poe<p>{}<p>Reading time: 7 minutes", [READ, WROTE]),
        ("<p>By<p>Ann Poe<p>{}", [WROTE]),
        ("<p>{}<p>one<p>two<p>written by Ann Poe", []),
        ("<p>7 min read<p>one<p>two<p>{}", []),
        (f"<p>7 min read{'. Some words' * 50}<p>{{}}", []),
        (f"<p>{{}}<p>{'Some words. ' * 50}7 min read", []),
        ("<p>{}", []),
    ],
)
def test_words_around_a_day_are_those_of_two_blocks_on_both_sides(around: str, marks: list[str]) -> None:
    page = scan(around.format("May 6, 2024").encode())
    block = next(block for block in range(len(page.blocks)) if page.text_of(block) == "May 6, 2024")
    assert company(page, block) == marks
