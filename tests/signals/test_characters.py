"""Shares of characters, words and lines: known answers."""

import math
from collections.abc import Callable

import pyarrow as pa
import pytest

from atom_data.signals import count_sentences, measure_characters, measure_lines, measure_vocabulary

Step = Callable[[pa.RecordBatch], pa.RecordBatch]


def measured(step: Step, text: str | None) -> dict[str, object]:
    """The signals of one text."""
    batch = step(pa.record_batch({"text": pa.array([text], pa.string())}))
    return {name: batch.column(name)[0].as_py() for name in batch.schema.names if name[0] != "_" and name != "text"}


def test_measure_characters_known_shares() -> None:
    found = measured(measure_characters, "AbÉ 漢 1٣, $😀\n")
    assert found == pytest.approx(
        {
            "letter_char_share": 4 / 13,
            "digit_char_share": 2 / 13,
            "punctuation_char_share": 1 / 13,
            "space_char_share": 4 / 13,
            "symbol_char_share": 2 / 13,
            "nonalphanumeric_char_share": 7 / 13,
            "uppercase_letter_share": 2 / 4,
        }
    )


def test_measure_vocabulary_known_shares() -> None:
    found = measured(measure_vocabulary, "The cat, the dog; THE")
    assert found["unique_word_share"] == pytest.approx(3 / 5)
    assert found["unigram_entropy"] == pytest.approx(-(0.6 * math.log(0.6) + 0.4 * math.log(0.2)))
    assert measured(measure_vocabulary, "no no no")["unigram_entropy"] == 0


def test_measure_lines_known_shares() -> None:
    found = measured(
        measure_lines, "3 likes\nNEWS TODAY\n\n2025\n***\nHome\nA line of words.\nb c\nd e\n1 2 f 3\nEnd of it"
    )
    shares = {
        name: pytest.approx(1 / 10)
        for name in (
            "symbol_line_share",
            "number_line_share",
            "counter_line_share",
            "uppercase_line_share",
            "one_word_line_share",
        )
    }
    assert found == shares | {"mean_line_words": pytest.approx(2.2)}


def test_count_sentences_known_counts() -> None:
    assert measured(count_sentences, "One. Two is naïve!\nThree") == {"sentence_count": 3, "longest_word_chars": 6}


@pytest.mark.parametrize("step", [measure_characters, measure_vocabulary, measure_lines])
@pytest.mark.parametrize("text", [None, ""])
def test_shares_of_nothing_are_null(step: Step, text: str | None) -> None:
    assert set(measured(step, text).values()) == {None}


def test_count_sentences_nothing_is_zero() -> None:
    assert measured(count_sentences, None) == {"sentence_count": 0, "longest_word_chars": 0}
