"""The line rules of C4, against a plain reading of them."""

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, strategies as st

from atom_data.text.buffers import string_buffers
from atom_data.text.cleaning.c4_lines import COLUMNS, DECIMAL_DIGITS, POLICIES, C4Rules, c4_lines
from tests.text.reference import broken, texts

MARKS = ".?!\"'"


def rules_of(marks: str = MARKS, words: int = 3, longest: int = 1000, on: bool = True) -> C4Rules:
    """Rules as the kernel takes them."""
    return C4Rules(np.array(sorted(map(ord, marks)), np.int64), words, longest, on, on, on)


def lower(text: str) -> str:
    """Lower case of ASCII."""
    return re.sub("[A-Z]", lambda found: found[0].lower(), text)


def plain(text: str, rules: C4Rules) -> tuple[str, list[int]]:
    """The rewritten text and its counts."""
    counts = dict.fromkeys(COLUMNS, 0)
    kept = []
    marks = tuple(map(chr, rules.marks))
    for raw in text.splitlines():
        line = raw.strip()
        words = line.split()
        counts["lines"] += bool(words)
        citations = 0
        if rules.max_word_chars and any(len(word) > rules.max_word_chars for word in words):
            counts["long_words"] += 1
            continue
        if rules.citations:
            line, citations = re.subn(r"\[\d*]|\[edit]|\[citation needed]", "", line)
        if marks and (not line.endswith(marks) or line.endswith("...")):
            counts["open_ends"] += bool(words)
            continue
        if len(words) < rules.min_words:
            counts["few_words"] += bool(words)
            continue
        small = lower(line)
        if "lorem ipsum" in small:
            counts["lorem_ipsum"] += 1
        elif rules.javascript and "javascript" in small:
            counts["javascript"] += 1
            continue
        elif "{" in small:
            counts["curly_brackets"] += 1
        elif rules.policies and any(policy in small for policy in POLICIES):
            counts["policies"] += 1
            continue
        counts["citations"] += citations
        kept.append(line)
    return "\n".join(kept).strip(), list(counts.values())


pieces = st.sampled_from(
    [
        *POLICIES,
        "Javascript ",
        "Lorem Ipsum",
        "{",
        "[1]",
        "[edit]",
        "[citation needed]",
        "[１２]",
        "[[2]]",
        "[",
        "]",
        "...",
        "\n",
        "\r\n",
        "\x85",
        "\u2028",
        "\u2029",
        "\x1c",
        ".",
        ". \n",
        "!\n",
        '"\n',
        "…\n",
        "a b c.\n",
        "word " * 4,
        "x" * 12,
    ]
)
pages = st.lists(st.one_of(pieces, texts), max_size=14).map("".join)
any_rules = st.builds(
    rules_of, st.sampled_from([MARKS, "", "。."]), st.integers(-1, 5), st.sampled_from([0, 10, 1000]), st.booleans()
)


@example(["Two things [1][edit] are so.\r\n\x0b..\n", None], rules_of())
@given(st.lists(st.one_of(st.none(), pages), max_size=4), any_rules)
def test_c4_lines_any_text_are_the_plain_ones(documents: list[str | None], rules: C4Rules) -> None:
    array = pa.array(documents, pa.string())
    found, counts = c4_lines(array, string_buffers(array), rules)
    expected = [plain(text or "", rules) for text in documents]
    assert found.to_pylist() == [
        None if text is None else new for text, (new, _) in zip(documents, expected, strict=True)
    ]
    assert counts.tolist() == [numbers for _, numbers in expected]


@given(st.lists(st.one_of(broken, pieces.map(str.encode)), max_size=8).map(b"".join), any_rules)
def test_c4_lines_broken_bytes_never_raise(document: bytes, rules: C4Rules) -> None:
    array = pa.array([document, b"A line of words."], pa.binary())
    found, counts = c4_lines(array, string_buffers(array), rules)
    assert len(found[0].as_py()) <= len(document)
    assert counts[0, 0] == plain(document.decode(errors="replace"), rules)[1][0]


def test_decimal_digits_are_those_of_unicode() -> None:
    runs = [int(code, 16) for code in DECIMAL_DIGITS.split()]
    every = {code for code in range(0x80, 0x110000) if unicodedata.category(chr(code)) == "Nd"}
    assert {code for first in runs for code in range(first, first + 10)} == every


@pytest.mark.parametrize(
    "text", ["[1" * 3_000_000, "[" * 5_000_000 + "]", " \u2003" * 2_000_000, "a b c. " * 1_000_000]
)
def test_c4_lines_ten_megabytes_in_one_line_take_one_pass(text: str) -> None:
    array = pa.array([text])
    found, counts = c4_lines(array, string_buffers(array), rules_of(longest=0))
    expected = text.strip() if text[0] == "a" else ""
    assert found.to_pylist() == [expected]
    assert counts[0, 0] == bool(text.strip())
