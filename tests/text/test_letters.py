"""Whether a text has letters, against a plain look at every character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atom_data.text.characters import LETTER, SPACE, UNSPACED, kind_of
from atom_data.text.letters import LETTERS, NOTHING, SIGNS, letter_kinds
from tests.text.reference import buffers_of, texts


def plainly(text: str) -> int:
    kinds = [kind_of(character) for character in text]
    if any(kind in (LETTER, UNSPACED) for kind in kinds):
        return LETTERS
    return SIGNS if any(kind != SPACE for kind in kinds) else NOTHING


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", NOTHING),
        (" \t\n\u3000\u2028\u00a0", NOTHING),
        ("12.5 %", SIGNS),
        ("😀🙂", SIGNS),
        ("\u0301\u200d", SIGNS),
        ("\0", SIGNS),
        ("½ ① Ⅷ", SIGNS),
        ("42 x", LETTERS),
        ("…日", LETTERS),
        ("ª", LETTERS),
        ("ก", LETTERS),
        ("\U00020000", LETTERS),
    ],
)
def test_letter_kind_of_a_text(text: str, kind: int) -> None:
    assert letter_kinds(buffers_of([text])).tolist() == [kind]


signs = st.text(st.characters(categories=["N", "P", "S", "Z", "M", "Cc"]))


@given(st.lists(st.one_of(texts, signs, signs.map(lambda text: text + "é"))))
def test_letter_kinds_are_those_of_the_characters(documents: list[str]) -> None:
    assert letter_kinds(buffers_of(documents)).tolist() == [plainly(document) for document in documents]


def test_letter_kind_of_broken_bytes_is_signs() -> None:
    assert letter_kinds(buffers_of([b"\xff\xe3\x81", b"\x80 ", b"\xc3\xc3a", None])).tolist() == [1, 1, 2, 0]
