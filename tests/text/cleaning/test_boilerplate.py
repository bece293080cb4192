"""Lines that are a page's furniture, against a plain reading of the rules."""

import re

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.text.buffers import string_buffers
from atom_data.text.characters import LETTER, MARK, NUMBER, UNSPACED, kind_of
from atom_data.text.cleaning.boilerplate import COUNTED, KINDS, boilerplate_counts, boilerplate_lines
from tests.text.reference import broken, folded, texts

ALL = (1 << len(KINDS)) - 1
COUNTED_WORDS = {*COUNTED.split(), *(word.removesuffix("s") for word in COUNTED.split()), "reply"} - {"replie"}
COUNTER = re.compile(r"[0-9][0-9.,]*[kmbKMB]?\+?\s+(\S+)")


def plain_kind(line: str) -> str | None:
    """The first rule that finds a line."""
    text = line.strip()
    kinds = [kind_of(character) for character in text]
    letters = [c for c, kind in zip(text, kinds, strict=True) if kind in (LETTER, MARK, UNSPACED)]
    if not text:
        return None
    if not letters:
        return "numbers" if NUMBER in kinds else "symbols"
    counter = COUNTER.fullmatch(text)
    if counter and folded(counter[1]) in COUNTED_WORDS:
        return "counter"
    upper = [c for c, kind in zip(text, kinds, strict=True) if kind == LETTER and folded(c) != c]
    if len(upper) * 2 > len(letters):
        return "uppercase"
    return "one_word" if len(text.split()) == 1 and UNSPACED not in kinds else None


def plain(text: str, wanted: int) -> tuple[str, list[int]]:
    """The text without the lines that are wanted gone, and the counts."""
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    counts, dropped, kept = dict.fromkeys(KINDS, 0), 0, []
    for line in lines:
        kind = next((k for k in _every_kind(line) if wanted >> KINDS.index(k) & 1), None)
        if kind is None:
            kept.append(line)
            continue
        counts[kind] += 1
        dropped += len(line.split())
    whole = "".join(kept)
    if lines and not lines[-1].endswith("\n") and kept and kept[-1] is not lines[-1]:
        whole = whole.removesuffix("\n")
    return whole, [*counts.values(), dropped, len(text.split())]


def _every_kind(line: str) -> list[str]:
    first = plain_kind(line)
    if first is None:
        return []
    if first in ("symbols", "numbers"):
        return [first]
    others = [first]
    text = line.strip()
    kinds = [kind_of(character) for character in text]
    letters = sum(kind in (LETTER, MARK, UNSPACED) for kind in kinds)
    upper = sum(kind == LETTER and folded(c) != c for c, kind in zip(text, kinds, strict=True))
    if upper * 2 > letters:
        others.append("uppercase")
    if len(text.split()) == 1 and UNSPACED not in kinds:
        others.append("one_word")
    return others


lines = st.sampled_from(
    [
        "3 likes\n",
        "1.2K views\n",
        " 1,000+ Followers \n",
        "3 dogs\n",
        "NEWS AND MORE\n",
        "Home\n",
        "***\n",
        "| 2 |\n",
        "\n",
        "12:30\n",
        "日本\n",
        "A line of words.\n",
        "ΑΒΓ δ\n",
        "x",
        "·\u00a0·",
        "\u0301\n",
        "1 reply\n",
        "2 replie\n",
    ]
)
pages = st.lists(st.one_of(lines, texts), max_size=10).map("".join)


@given(st.lists(st.one_of(st.none(), pages), max_size=4), st.one_of(st.just(ALL), st.integers(0, ALL)))
def test_boilerplate_lines_any_text_are_the_plain_ones(documents: list[str | None], wanted: int) -> None:
    array = pa.array(documents, pa.string())
    found, counts = boilerplate_lines(array, string_buffers(array), wanted, 0.5)
    expected = [plain(text or "", wanted) for text in documents]
    assert counts.tolist() == [numbers for _, numbers in expected]
    assert found.to_pylist() == [
        None if old is None else new for old, (new, _) in zip(documents, expected, strict=True)
    ]


@given(broken)
def test_boilerplate_lines_broken_bytes_never_raise(document: bytes) -> None:
    array = pa.array([document], pa.binary())
    found, counts = boilerplate_lines(array, string_buffers(array), ALL, 0.5)
    assert counts[0].tolist() == plain(document.decode(errors="replace"), ALL)[1]
    assert len(found[0].as_py()) <= len(document)


@pytest.mark.parametrize("text", ["A" * 10_000_000, "1" * 10_000_000, "1 " * 5_000_000 + "likes", "- " * 5_000_000])
def test_boilerplate_lines_ten_megabytes_in_one_line_are_one_line(text: str) -> None:
    array = pa.array([text])
    found, counts = boilerplate_lines(array, string_buffers(array), ALL, 0.5)
    assert counts[0, :5].sum() == (text[-1] != "s")
    assert found.to_pylist() == ["" if text[-1] != "s" else text]


@given(st.lists(st.one_of(broken, lines.map(str.encode)), max_size=8).map(b"".join))
def test_boilerplate_counts_any_bytes_are_the_plain_ones(document: bytes) -> None:
    kept = [line for line in document.decode(errors="replace").split("\n") if line.strip()]
    kinds = [plain_kind(line) for line in kept]
    found = boilerplate_counts(string_buffers(pa.array([document], pa.binary())), 0.5).tolist()[0]
    assert found == [*map(kinds.count, KINDS), len(kept), sum(len(line.split()) for line in kept)]
