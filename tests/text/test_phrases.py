"""Phrases: against a search for each phrase at each place."""

import re
import sys
import unicodedata

import pytest
from hypothesis import example, given, strategies as st

from atom_data.text.characters import LETTER, NUMBER, UNSPACED, kind_of
from atom_data.text.phrases import (
    ASCII_LETTERS,
    FOLLOWS,
    GOES_ON,
    INSIDE,
    UNICODE_WORDS,
    build_phrases,
    entry,
    folded,
    phrase_counts,
)
from tests.text.reference import broken, buffers_of, texts

small = st.text(st.sampled_from("ab é漢ж_\u0301"), min_size=1, max_size=4)
entries = st.lists(st.tuples(small, st.sampled_from([0, FOLLOWS, GOES_ON, INSIDE])), max_size=8)
pages = st.lists(st.one_of(small, small.map(str.upper), texts), max_size=12).map("".join)


def is_of_word(character: str, words: int) -> bool:
    """Whether a character is of a word."""
    if words == ASCII_LETTERS:
        return character.isascii() and character.isalpha()
    return character == "_" or kind_of(character) in (LETTER, NUMBER, UNSPACED)


def plain(text: str, phrases: list[tuple[str, int]], words: int) -> int:
    """Places where a phrase ends that may stand there."""
    text = folded(text)
    count = 0
    for end in range(1, len(text) + 1):
        goes_on = end < len(text) and is_of_word(text[end], words)
        found = False
        for phrase, place in phrases:
            start = end - len(phrase)
            if start >= 0 and text[start:end] == phrase:
                follows = start > 0 and is_of_word(text[start - 1], words)
                found |= (not goes_on or bool(place & GOES_ON)) and (not follows or bool(place & FOLLOWS))
        count += found
    return count


@example(["ab", "xab", "abb ab"], [("ab", 0), ("ab", GOES_ON), ("b", FOLLOWS), ("abb", 0)], UNICODE_WORDS)
@given(st.lists(st.one_of(st.none(), pages), max_size=3), entries, st.sampled_from([UNICODE_WORDS, ASCII_LETTERS]))
def test_phrase_counts_any_text_are_the_plain_ones(
    documents: list[str | None], phrases: list[tuple[str, int]], words: int
) -> None:
    lower = [(folded(phrase), place) for phrase, place in phrases]
    built = build_phrases([(phrase.encode(), place) for phrase, place in lower])
    found = phrase_counts(buffers_of(documents), built, words).tolist()
    assert found == [plain(text or "", lower, words) for text in documents]


@given(st.lists(broken, max_size=3))
def test_phrase_counts_broken_bytes_find_what_is_whole(documents: list[bytes]) -> None:
    built = build_phrases([("漢".encode(), INSIDE), (b"the", 0)])
    texts = [document.decode(errors="replace") for document in documents]
    plainly = [plain(text, [("漢", INSIDE), ("the", 0)], UNICODE_WORDS) for text in texts]
    assert phrase_counts(buffers_of(documents), built, UNICODE_WORDS).tolist() == plainly


def test_characters_of_words_are_those_of_python() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) not in ("Cn", "Cs"):
            assert is_of_word(character, UNICODE_WORDS) == bool(re.match(r"\w", character)), hex(code)


@pytest.mark.parametrize(("word", "built"), [("a", (b"a", 0)), ("*a", (b"a", FOLLOWS)), ("*a*", (b"a", INSIDE))])
def test_entry_stars_say_where_it_may_stand(word: str, built: tuple[bytes, int]) -> None:
    assert entry(word) == built


def test_phrase_counts_ten_megabytes_are_counted_in_one_pass() -> None:
    # Each `a` ends a long chain of phrases, none of which may stand there.
    built = build_phrases([(b"a" * size, 0) for size in range(1, 30)])
    assert phrase_counts(buffers_of(["a" * 10_000_000]), built, UNICODE_WORDS).tolist() == [0]
