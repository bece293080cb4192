"""Content of texts against the plain way of writing it, and what counts as the same."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from atom_data.text.buffers import Buffers
from atom_data.text.characters import PUNCTUATION, kind_of
from atom_data.text.similarity.content import INVISIBLE, content
from tests.text.reference import SAMPLES, broken, buffers_of, folded, texts


def reference(text: str, fold_case: bool, skip_punctuation: bool) -> str:
    made = ""
    for character in text:
        control = unicodedata.category(character) == "Cc"
        if ord(character) in INVISIBLE:
            continue
        if character.isspace() or control or (skip_punctuation and kind_of(character) == PUNCTUATION):
            made += " "
        else:
            made += folded(character) if fold_case else character
    return " ".join(part for part in made.split(" ") if part)


def reduced(
    values: list[str | None] | list[bytes], fold_case: bool = True, skip_punctuation: bool = True
) -> list[bytes]:
    found: Buffers = content(buffers_of(values), fold_case, skip_punctuation)
    edges = found.offsets
    return [found.data[edges[i] : edges[i + 1]].tobytes() for i in range(len(values))]


@pytest.mark.parametrize("fold_case", [True, False])
@pytest.mark.parametrize("skip_punctuation", [True, False])
def test_content_every_character_is_that_of_the_reference(fold_case: bool, skip_punctuation: bool) -> None:
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    text = "".join(f"a{character}B" for character in every)
    assert reduced([text], fold_case, skip_punctuation) == [reference(text, fold_case, skip_punctuation).encode()]


@given(st.lists(st.one_of(st.none(), texts), max_size=4), st.booleans(), st.booleans())
def test_content_any_text_is_that_of_the_reference(
    documents: list[str | None], fold_case: bool, skip_punctuation: bool
) -> None:
    expected = [reference(text or "", fold_case, skip_punctuation).encode() for text in documents]
    assert reduced(documents, fold_case, skip_punctuation) == expected


@given(st.lists(broken, max_size=4))
def test_content_broken_bytes_stay_and_nothing_grows(documents: list[bytes]) -> None:
    for before, after in zip(documents, reduced(documents), strict=True):
        assert len(after) <= len(before)
    assert reduced([b"a\xff b", b"a\xfe b"]) == [b"a\xff b", b"a\xfe b"]


def test_content_says_what_is_the_same() -> None:
    same = [
        "The e-mail,  don\u2019t\n",
        "the E mail don't",
        "\ufeffthe e\u2010mail\u00a0do\u00adn\u2019t",
        "THE. E. MAIL! DON`T",
    ]
    assert reduced(same)[:3] == [b"the e mail don t"] * 3
    assert reduced(same)[3] != reduced(same)[0]  # a grave accent is a symbol, not punctuation
    assert len(set(reduced(["x < y", "x > y", "1.5", "15", "a b", "ab"]))) == 6
    assert reduced(["", " \n", "...", None]) == [b""] * 4
    assert reduced(list(SAMPLES)) == [reference(text, True, True).encode() for text in SAMPLES]
