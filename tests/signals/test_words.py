"""Word signals: known answers, and the bounds of Gopher's card."""

import pyarrow as pa
import pytest

from atom_data.rules import load_card
from atom_data.signals.words import count_characters, count_words
from atom_data.text.statistics.scratch import words_of


def measured(text: str | None) -> dict[str, object]:
    """The signals of one text."""
    batch = count_words(count_characters(pa.RecordBatch.from_pydict({"text": pa.array([text], pa.string())})))
    return {name: batch.column(name)[0].as_py() for name in batch.schema.names if name[0] != "_"}


def test_count_words_known_text_known_numbers() -> None:
    found = measured("The café – of 漢字 #1\n… and THE ... the")
    assert found["word_count"] == 11
    assert found["mean_word_chars"] == pytest.approx((3 + 4 + 1 + 2 + 2 + 2 + 1 + 3 + 3 + 3 + 3) / 11)
    assert found["alphabetic_word_share"] == pytest.approx(7 / 11)
    assert found["stop_word_count"] == 3
    assert found["symbol_word_ratio"] == pytest.approx(2 / 11)
    assert found["text_chars"] == 37
    assert found["text_bytes"] == 37 + 1 + 2 + 4 + 2


def test_count_words_stop_words_count_once_each_and_in_any_case() -> None:
    assert measured("the The THE")["stop_word_count"] == 1
    assert measured("the be to of and that have with")["stop_word_count"] == 8
    assert measured("then of, withal (and) be.")["stop_word_count"] == 0


def test_count_words_symbols_are_the_more_frequent_kind() -> None:
    assert measured("# # a ...")["symbol_word_ratio"] == 0.5
    assert measured("a... b… c...... #")["symbol_word_ratio"] == 1.0
    assert measured("a. b.. c")["symbol_word_ratio"] == 0.0


def test_count_words_letters_of_any_script_make_a_word_alphabetic() -> None:
    assert measured("漢 é x1 12 -- ٣ ก ⅷ")["alphabetic_word_share"] == 0.5


def test_count_words_line_feeds_per_word() -> None:
    assert measured("a\nb\n\nc d")["newline_word_ratio"] == 0.75


@pytest.mark.parametrize("text", [None, "", " \n\u3000"])
def test_count_words_no_words_have_no_shares(text: str | None) -> None:
    found = measured(text)
    assert (found["word_count"], found["stop_word_count"]) == (0, 0)
    for name in ("mean_word_chars", "alphabetic_word_share", "symbol_word_ratio", "newline_word_ratio"):
        assert found[name] is None


def test_count_words_types_are_those_promised_also_without_rows() -> None:
    full = count_words(count_characters(pa.RecordBatch.from_pydict({"text": ["a"]})))
    none = count_words(count_characters(pa.RecordBatch.from_pydict({"text": pa.array([], pa.string())})))
    assert none.schema == full.schema
    assert [(field.name, str(field.type)) for field in full.schema if field.name[0] != "_"] == [
        ("text", "string"),
        ("text_bytes", "int64"),
        ("text_chars", "int64"),
        ("word_count", "int32"),
        ("mean_word_chars", "float"),
        ("stop_word_count", "int32"),
        ("alphabetic_word_share", "float"),
        ("symbol_word_ratio", "float"),
        ("newline_word_ratio", "float"),
    ]


def test_count_words_leaves_its_words_for_the_next_step() -> None:
    batch = count_words(pa.RecordBatch.from_pydict({"text": ["one two", "three"]}))
    again, _, words = words_of(batch)
    assert again is batch
    assert words.offsets.tolist() == [0, 2, 3]


def test_gopher_card_bounds_are_those_of_the_paper() -> None:
    bounds = {rule.column: (rule.min, rule.max) for rule in load_card("gopher_quality").rules}
    assert bounds == {
        "word_count": (50, 100_000),
        "mean_word_chars": (3, 10),
        "symbol_word_ratio": (None, 0.1),
        "bullet_line_share": (None, 0.9),
        "ellipsis_line_share": (None, 0.3),
        "alphabetic_word_share": (0.8, None),
        "stop_word_count": (2, None),
    }
