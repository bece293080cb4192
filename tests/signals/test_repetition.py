"""Repetition, placeholders and the cards that judge them: known answers, and the bounds of the papers."""

import pyarrow as pa
import pytest

from atom_data.rules import load_card
from atom_data.signals import count_placeholders, measure_repetition


def measured(text: str | None) -> dict[str, float | None]:
    """The signals of one text."""
    batch = measure_repetition(pa.record_batch({"text": pa.array([text], pa.string())}))
    return {name: batch.column(name)[0].as_py() for name in batch.schema.names if name[0] != "_" and name != "text"}


def test_repetition_lines_and_paragraphs_known_shares() -> None:
    found = measured("one\ntwo\none\n\none\ntwo\none")
    assert found["duplicate_line_share"] == pytest.approx(4 / 6)
    assert found["duplicate_line_char_share"] == pytest.approx(12 / 24)
    assert found["duplicate_paragraph_share"] == pytest.approx(1 / 2)
    assert found["duplicate_paragraph_char_share"] == pytest.approx(11 / 24)


def test_repetition_runs_known_shares() -> None:
    found = measured("ab cd ab cd ef")
    assert found["top_2gram_char_share"] == pytest.approx(8 / 10)
    assert found["top_4gram_char_share"] == pytest.approx(8 / 10)
    assert found["duplicate_5gram_char_share"] == 0
    assert measured("a b c d e f " * 2)["duplicate_6gram_char_share"] == pytest.approx(1 / 2)
    assert measured("é 漢 c d e f " * 2)["duplicate_5gram_char_share"] == pytest.approx(1 / 2)


@pytest.mark.parametrize("text", [None, ""])
def test_repetition_nothing_has_no_shares(text: str | None) -> None:
    assert set(measured(text).values()) == {None}


def test_gopher_repetition_card_has_all_of_table_a1() -> None:
    bounds = {rule.column: rule.max for rule in load_card("gopher_repetition").rules}
    assert bounds == {
        "duplicate_line_share": 0.3,
        "duplicate_paragraph_share": 0.3,
        "duplicate_line_char_share": 0.2,
        "duplicate_paragraph_char_share": 0.2,
        "top_2gram_char_share": 0.2,
        "top_3gram_char_share": 0.18,
        "top_4gram_char_share": 0.16,
        "duplicate_5gram_char_share": 0.15,
        "duplicate_6gram_char_share": 0.14,
        "duplicate_7gram_char_share": 0.13,
        "duplicate_8gram_char_share": 0.12,
        "duplicate_9gram_char_share": 0.11,
        "duplicate_10gram_char_share": 0.10,
    }


def test_placeholders_are_counted_in_any_case() -> None:
    batch = count_placeholders(pa.record_batch({"text": ["{ { LOREM Ipsum JavaScript", None]}))
    assert batch.select(["curly_bracket_count", "lorem_ipsum_count", "javascript_count"]).to_pylist() == [
        {"curly_bracket_count": 2, "lorem_ipsum_count": 1, "javascript_count": 1},
        {"curly_bracket_count": 0, "lorem_ipsum_count": 0, "javascript_count": 0},
    ]
