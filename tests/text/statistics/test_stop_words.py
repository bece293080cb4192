"""Entries of lists counted in texts, against a plain search."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.text.statistics.stop_words import count_listed, word_lists
from atom_data.text.words import unicode_words
from tests.text import reference
from tests.text.reference import buffers_of, texts

WORDS = [["the", "of", "été", "l"], [], ["и", "x"]]
PARTS = [["漢"], ["ใน", "、", "ab"], []]


def counted(documents: list[str | None], chosen: list[int]) -> list[int]:
    buffers = buffers_of(documents)
    lists = word_lists(WORDS, PARTS)
    return count_listed(buffers, unicode_words(buffers), lists, np.array(chosen, np.int64)).tolist()


def plainly(document: str, number: int) -> int:
    if number < 0:
        return 0
    words = {reference.folded(word) for word in reference.unicode_words(document)}
    return sum(word in words for word in WORDS[number]) + sum(part in document for part in PARTS[number])


def test_different_words_count_once_in_any_case() -> None:
    assert counted(["The of THE", "Été l'eau", "other lofty", "漢 漢字 the", "", None], [0] * 6) == [2, 2, 0, 2, 0, 0]
    assert counted(["ภายใน、", "cab", "the"], [1, 1, 1]) == [2, 1, 0]
    assert counted(["the", "И x", "the"], [2, 2, -1]) == [0, 2, 0]


_pieces = st.lists(st.sampled_from(["the", "THE ", " of", "ÉTÉ", "l'", "漢", "ใ", "น", "、", "a", "b", "и", " ", "x"]))


@given(st.lists(st.tuples(st.one_of(texts, _pieces.map("".join)), st.integers(-1, 2))))
def test_counts_are_those_of_a_plain_search(pairs: list[tuple[str, int]]) -> None:
    documents, chosen = [document for document, _ in pairs], [number for _, number in pairs]
    assert counted(documents, chosen) == [plainly(document, number) for document, number in pairs]


def test_wrong_lists_are_named() -> None:
    with pytest.raises(ValueError, match=r"'l.homme', which is 2 words"):
        word_lists([["l'homme"]], [[]])
    with pytest.raises(ValueError, match="65 entries, more than 64"):
        word_lists([[f"w{number}" for number in range(60)]], [["a", "b", "c", "d", "e"]])
