"""Unit cases of dolma's taggers that a column of ours answers; docs/conformance.md lists the others.

The texts and numbers are of github.com/allenai/dolma, commit 669f534, tests/python/test_gopher.py and test_c4.py (Apache
License 2.0, copyright Allen Institute for AI).
"""

import pyarrow as pa
import pytest

from atom_data.rewrite import RemoveC4Lines
from atom_data.signals import count_characters, count_lines, count_placeholders, count_words, measure_repetition

TEST = "This is a test."
C4_LINES = RemoveC4Lines(marks='.?!"', min_words=3, citations=False, javascript=False, policies=False)


def measured(text: str) -> dict[str, object]:
    """Every column that a case asks for."""
    batch = pa.record_batch({"text": [text]})
    for step in (count_characters, count_words, count_lines, count_placeholders, measure_repetition, C4_LINES):
        batch = step(batch)
    return dict(zip(batch.schema.names, (column[0].as_py() for column in batch.columns), strict=True))


@pytest.mark.parametrize(
    ("tag", "name", "score"),
    [
        ("character_count", "text_chars", 15),
        ("word_count", "word_count", 4),
        ("symbol_to_word_ratio", "symbol_word_ratio", 0),
        ("fraction_of_words_with_alpha_character", "alphabetic_word_share", 1),
        ("required_word_count", "stop_word_count", 0),
        ("fraction_of_lines_starting_with_bullet_point", "bullet_line_share", 0),
        ("fraction_of_lines_ending_with_ellipsis", "ellipsis_line_share", 0),
        ("fraction_of_duplicate_lines", "duplicate_line_share", 0),
        ("fraction_of_characters_in_duplicate_lines", "duplicate_line_char_share", 0),
    ],
)
def test_gopher_scores_of_dolma(tag: str, name: str, score: float) -> None:
    assert measured(TEST)[name] == score, tag


@pytest.mark.parametrize(
    ("tag", "name", "text", "found"),
    [
        ("has_curly_brace", "curly_bracket_count", TEST, False),
        ("has_curly_brace", "curly_bracket_count", "This is a test {", True),
        ("has_javascript", "javascript_count", TEST, False),
        ("has_javascript", "javascript_count", "This is a test javascript", True),
        ("has_lorem_ipsum", "lorem_ipsum_count", TEST, False),
        ("has_lorem_ipsum", "lorem_ipsum_count", "This is a lorem ipsum test\nmore test.", True),
    ],
)
def test_c4_tags_of_dolma(tag: str, name: str, text: str, found: bool) -> None:
    count = measured(text)[name]
    assert isinstance(count, int), tag
    assert (count > 0) == found, tag


def test_c4_lines_of_dolma() -> None:
    few = "Short!\nThis short.\nBarely above the limit!\nthis is last frontier."
    assert measured(few)["c4_short_line_count"] == 2
    # dolma also tags the empty line after the last line feed, which is not a line here.
    ends = "This is a test.\nIt has more;\nA trailing space! \nShould be good on this one.\nThis one is bad\n"
    assert measured(ends)["c4_open_line_count"] == 2
