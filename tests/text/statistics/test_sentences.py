"""Sentences and longest words, against regular expressions."""

import re

import pytest
from hypothesis import example, given, strategies as st

from atom_data.text.characters import LETTER, MARK, NUMBER, UNSPACED, kind_of
from atom_data.text.statistics.sentences import CLOSERS, WIDE, longest_words, sentence_counts
from atom_data.text.words import whitespace_words
from tests.text.reference import broken, buffers_of, texts
from tests.text.test_lines import TERMINALS

NARROW = "[" + re.escape("".join(sorted(TERMINALS - set(WIDE) - {"."}))) + "]"
CLOSED = f"[{re.escape(CLOSERS)}]*"
END = re.compile(rf"\n|[{WIDE}]|{NARROW}{CLOSED}\s+(?!\s)|\.{CLOSED}\s+(?![a-z\s])")


def plain(text: str) -> int:
    """The pieces between ends that have something written in them."""
    written = (LETTER, NUMBER, MARK, UNSPACED)
    return sum(any(kind_of(one) in written for one in piece) for piece in END.split(text))


signs = st.sampled_from(
    [". ", "! ", '." ', ".) a", ". A", "... b", "?\n", "。", "！」", "1.5", "e.g. ", "\u3000", ". .", "؟ "]
)
pages = st.lists(st.one_of(signs, texts), max_size=12).map("".join)


@example(['He said: "Go!" and "I will. " x', "a. \n b. \u00a0c.  D"])
@given(st.lists(pages, max_size=4))
def test_sentence_counts_any_text_are_the_plain_ones(documents: list[str]) -> None:
    assert sentence_counts(buffers_of(documents)).tolist() == [plain(text) for text in documents]


@given(st.lists(st.one_of(broken, signs.map(str.encode)), max_size=6).map(b"".join))
def test_sentence_counts_broken_bytes_are_what_python_replaces(document: bytes) -> None:
    assert sentence_counts(buffers_of([document])).tolist() == [plain(document.decode(errors="replace"))]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("...", 0),
        ("One. Two! Three?", 3),
        ("A title\nA sentence.", 2),
        ("That is 3.5 km, e.g. this.", 1),
        ("(One.) “Two.” 'Three.'", 3),
        ("日本語の文章です。これは二つ目の文です。", 2),
        ("यह एक वाक्य है। यह दूसरा है।", 2),
    ],
)
def test_sentence_counts_known_texts(text: str, count: int) -> None:
    assert sentence_counts(buffers_of([text])).tolist() == [count]


@given(st.lists(texts, max_size=4))
def test_longest_words_are_the_plain_ones(documents: list[str]) -> None:
    buffers = buffers_of(documents)
    assert longest_words(buffers, whitespace_words(buffers)).tolist() == [
        max(map(len, text.split()), default=0) for text in documents
    ]
