"""Counts of characters, symbols and kinds of words, against a plain reading."""

import pytest
from hypothesis import given, strategies as st

from atom_data.text.statistics.counts import STOP_WORDS, character_counts, word_counts
from atom_data.text.words import whitespace_words
from tests.text.reference import broken, buffers_of, texts


def plain(text: str) -> list[int]:
    """Characters of words, stop words, words with a letter, number signs, ellipses, line feeds."""
    words = text.split()
    return [
        sum(map(len, words)),
        sum(any(word.lower() == stop for word in words) for stop in STOP_WORDS),
        sum(any(map(_is_letter, word)) for word in words),
        text.count("#"),
        text.count("...") + text.count("…"),
        text.count("\n"),
    ]


def _is_letter(character: str) -> bool:
    # Places of planes 2 and 3 that the stored Unicode leaves free are kept for Han.
    return character.isalpha() or 0x20000 <= ord(character) < 0x3FFFE


odd = [
    "#",
    "##",
    "...",
    "....",
    "…",
    "\n",
    "THE ",
    " be",
    "that\0 ",
    "\0the ",
    "1 2 ",
    "ⅷ ",
    " \u3000 ",
    "have\u00a0with of",
    "K ſ",
]
pages = st.lists(st.one_of(st.sampled_from(odd), texts, st.sampled_from(STOP_WORDS)), max_size=12).map("".join)


@given(st.lists(st.one_of(st.none(), pages), max_size=4))
def test_word_counts_any_text_are_the_plain_ones(documents: list[str | None]) -> None:
    buffers = buffers_of(documents)
    assert word_counts(buffers, whitespace_words(buffers)).tolist() == [plain(text or "") for text in documents]
    assert character_counts(buffers).tolist() == [len(text or "") for text in documents]


@pytest.mark.parametrize("size", [192, 255, 256, 257, 258, 1000])
@pytest.mark.parametrize("sign", ["#", "\n", ".", "…", "#\n…#..."])
def test_word_counts_more_symbols_than_a_byte_counts_are_all_counted(sign: str, size: int) -> None:
    text = "a" + sign * size
    buffers = buffers_of([text])
    assert word_counts(buffers, whitespace_words(buffers)).tolist() == [plain(text)]


@given(st.lists(broken, max_size=3))
def test_word_counts_broken_bytes_count_what_is_whole(documents: list[bytes]) -> None:
    buffers = buffers_of(documents)
    found = word_counts(buffers, whitespace_words(buffers)).tolist()
    # A broken sequence may count as another number of characters; everything else is that of the repaired text.
    assert [row[1:] for row in found] == [plain(document.decode(errors="replace"))[1:] for document in documents]
