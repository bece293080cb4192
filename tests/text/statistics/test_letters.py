"""Letters, marks and other characters, against a plain look at every one."""

import pytest
from hypothesis import given, strategies as st

from atom_data.text.characters import LETTER, MARK, SPACE, UNSPACED, kind_of
from atom_data.text.statistics.letters import letter_counts, letter_shares
from tests.text.reference import broken, buffers_of, texts


def plainly(text: str) -> list[int]:
    kinds = [kind_of(character) for character in text]
    letters = sum(kind in (LETTER, UNSPACED) for kind in kinds)
    marks = kinds.count(MARK)
    return [letters, marks, len(kinds) - letters - marks - kinds.count(SPACE)]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("", [0, 0, 0]),
        (" \t\n\u3000\u2028\u00a0", [0, 0, 0]),
        ("12.5 %", [0, 0, 5]),
        ("😀🙂", [0, 0, 2]),
        ("\u0301\u200d", [0, 2, 0]),
        ("\0", [0, 0, 1]),
        ("½ ① Ⅷ", [0, 0, 3]),
        ("42 x", [1, 0, 2]),
        ("…日", [1, 0, 1]),
        ("ไม่", [2, 1, 0]),
        ("\U00020000 abcdefgh 12345678", [9, 0, 8]),
    ],
)
def test_letters_of_a_text(text: str, counts: list[int]) -> None:
    assert letter_counts(buffers_of([text])).tolist() == [counts]


signs = st.text(st.characters(categories=["N", "P", "S", "Z", "M", "Cc"]))


@given(st.lists(st.one_of(texts, signs, signs.map(lambda text: text + "é"))))
def test_letters_are_those_of_the_characters(documents: list[str]) -> None:
    assert letter_counts(buffers_of(documents)).tolist() == [plainly(document) for document in documents]


@given(st.lists(broken))
def test_broken_bytes_count_as_python_replaces_them(documents: list[bytes]) -> None:
    expected = [plainly(document.decode("utf-8", "replace")) for document in documents]
    assert letter_counts(buffers_of(documents)).tolist() == expected


def test_nothing_of_nothing_is_no_share() -> None:
    assert letter_shares(letter_counts(buffers_of(["", "abc 1", None, "ก\u0e38"]))).tolist() == [0, 0.75, 0, 1]
