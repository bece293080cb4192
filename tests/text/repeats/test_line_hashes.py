"""Lines and paragraphs cut and keyed, against a plain reading."""

import re

import pytest
from hypothesis import example, given, strategies as st

from atom_data.text.folding import fold
from atom_data.text.repeats.line_hashes import hashed_lines
from tests.text.reference import broken, buffers_of, texts

pages = st.lists(st.one_of(st.sampled_from(["\n", " \n", "\n\n", "\r\n", "-\n", "É 1!\n"]), texts), max_size=10).map(
    "".join
)


def plain_lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def plain_paragraphs(text: str) -> list[str]:
    paragraphs: list[str] = []
    for line in plain_lines(text):
        before = paragraphs[-1] if paragraphs else ""
        ended = bool(before.strip()) and not plain_lines(before)[-1].strip()
        if not paragraphs or (ended and line.strip()):
            paragraphs.append(line)
        else:
            paragraphs[-1] += line
    return paragraphs


def found(document: str, **options: object) -> list[tuple[str, tuple[int, int]]]:
    """Return each line found, with its key."""
    lines = hashed_lines(buffers_of([document]), **options)
    raw = document.encode()
    keys = zip(lines.highs.tolist(), lines.lows.tolist(), strict=True)
    places = zip(lines.starts.tolist(), lines.sizes.tolist(), strict=True)
    return [(raw[start : start + size].decode(), key) for (start, size), key in zip(places, keys, strict=True)]


@given(pages, st.booleans(), st.booleans(), st.integers(1, 6))
def test_lines_any_text_are_the_plain_ones_and_equal_when_compared_equal(
    document: str, paragraphs: bool, folded: bool, least: int
) -> None:
    compared = fold if folded else str.strip
    pieces = (plain_paragraphs if paragraphs else plain_lines)(document)
    expected = [piece for piece in pieces if len(compared(piece)) >= least]
    lines = found(document, paragraphs=paragraphs, folded=folded, min_characters=least)
    assert [line for line, _ in lines] == expected
    by_key: dict[tuple[int, int], set[str]] = {}
    for line, key in lines:
        by_key.setdefault(key, set()).add(compared(line))
    assert all(len(same) == 1 for same in by_key.values())
    assert len(by_key) == len({compared(line) for line in expected})


@example([b"\x80\xff\n\xc2", b"a\xf0\x9f\x98\n"])
@given(st.lists(broken, max_size=3))
def test_lines_broken_bytes_are_cut_and_never_raise(documents: list[bytes]) -> None:
    for folded in (True, False):
        lines = hashed_lines(buffers_of(documents), folded=folded)
        assert (lines.starts + lines.sizes <= [len(documents[row]) for row in lines.rows]).all()


def test_lines_broken_bytes_that_differ_have_keys_that_differ() -> None:
    lines = hashed_lines(buffers_of([b"a\x80\na\x81\na\xef\xbf\xbd\na\n"]))
    assert len(set(lines.lows.tolist())) == 4


def test_lines_the_key_depends_on_the_seed() -> None:
    one, other = (hashed_lines(buffers_of(["a line"]), seed=seed) for seed in (0, 1))
    assert one.highs[0] != other.highs[0]


@pytest.mark.parametrize(
    "document", ["a" * 50_000_000, "\n" * 20_000_000, " " * 20_000_000], ids=["a", "feeds", "spaces"]
)
def test_lines_of_many_megabytes_are_one_line_or_none(document: str) -> None:
    assert len(hashed_lines(buffers_of([document])).rows) == int(document[0] == "a")
