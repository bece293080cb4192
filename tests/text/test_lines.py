"""Counts of lines, against a plain reading."""

import unicodedata

import pytest
from hypothesis import example, given, strategies as st

from atom_data.text.lines import BULLETS, SENTENCE_TERMINALS, SHORT_CHARS, line_counts
from tests.text.reference import broken, buffers_of, texts

RUNS = [tuple(int(code, 16) for code in run.split("-")) for run in SENTENCE_TERMINALS.split()]
TERMINALS = {chr(code) for first, last in RUNS for code in range(first, last + 1)}


def plain(text: str) -> list[int]:
    """Lines; begin with a bullet; end with dots; end with a terminal sign; are short."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return [
        len(lines),
        sum(line[0] in BULLETS for line in lines),
        sum(line.endswith(("...", "…")) for line in lines),
        sum(line[-1] in TERMINALS for line in lines),
        sum(len(line) <= SHORT_CHARS for line in lines),
    ]


ends = st.sampled_from(
    ["\n", "\r\n", "...\n", "…\n", ". \n", "。\u3000\n", "\n- ", "\n\t• ", "\u00a0\n", "x" * 30, "é" * 15]
)
pages = st.lists(st.one_of(ends, texts), max_size=12).map("".join)


@given(st.lists(st.one_of(st.none(), pages), max_size=4))
def test_line_counts_any_text_are_the_plain_ones(documents: list[str | None]) -> None:
    assert line_counts(buffers_of(documents)).tolist() == [plain(text or "") for text in documents]


@example(b".\x80\n\xe3\x80\n.\xe3\x80\n\xe3\x80\x82\x80\n\x80. \xc2")
@given(st.lists(st.one_of(broken, ends.map(str.encode)), max_size=4).map(b"\n".join))
def test_line_counts_broken_bytes_count_every_line(document: bytes) -> None:
    repaired = plain(document.decode(errors="replace"))
    found = line_counts(buffers_of([document])).tolist()[0]
    # Characters of broken sequences are not counted as Python does, so a line may be short for one and not the other.
    assert found[:4] == repaired[:4]


@pytest.mark.parametrize("sign", sorted(TERMINALS) + list("…\"')a…、,;:"))
def test_line_counts_every_terminal_sign_ends_a_sentence(sign: str) -> None:
    assert line_counts(buffers_of([f"Line{sign}\n{sign} no"])).tolist()[0][3] == int(sign in TERMINALS)


def test_sentence_terminals_are_signs_of_unicode() -> None:
    assert len(TERMINALS) == 161
    # U+1DA88, a sign of SignWriting, is the only one that is not called punctuation.
    odd = {sign for sign in TERMINALS if unicodedata.category(sign) not in ("Po", "Cn")}
    assert odd <= {"\U0001bc9f", "\U0001da88"}


@pytest.mark.parametrize("size", [29, 30, 31, 119, 120, 121])
@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀"])
def test_line_counts_short_is_counted_in_characters(size: int, letter: str) -> None:
    assert line_counts(buffers_of([letter * size])).tolist()[0][4] == int(size <= 30)


def test_line_counts_ten_megabytes_in_one_line_is_one_line() -> None:
    assert line_counts(buffers_of(["a b. " * 2_000_000])).tolist() == [[1, 0, 0, 1, 0]]
