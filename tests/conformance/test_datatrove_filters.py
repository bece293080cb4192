"""The `datatrove_*` cards beside datatrove's own filters, on text made to be near their bounds.

Its word splitter needs spaCy. Without it, what a filter decides before it looks at words is compared, and what it leaves
open must be decided by a later rule or by none.
"""

import re

import pyarrow as pa
import pytest
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.filters.gopher_repetition_filter import find_duplicates
from hypothesis import example, given, settings, strategies as st

from atom_data import keep
from atom_data.rewrite import RemoveC4Lines
from atom_data.rules import REASON
from atom_data.signals import measure_as_datatrove
from tests.text.reference import broken, texts

OPEN = "not known without spaCy"
BEFORE_WORDS = {
    "datatrove_fineweb": {"empty", "line_punct_ratio", "short_line_ratio", "char_dup_ratio"},
    "datatrove_gopher_repetition": {
        "empty",
        "dup_para_frac",
        "dup_para_char_frac",
        "dup_line_frac",
        "dup_line_char_frac",
    },
    "datatrove_gopher_quality": set(),
}
FILTERS: dict[str, BaseFilter] = {
    "datatrove_fineweb": FineWebQualityFilter(),
    "datatrove_gopher_repetition": GopherRepetitionFilter(),
    "datatrove_gopher_quality": GopherQualityFilter(),
}
LINES = st.sampled_from(
    [
        "The first line of a page says what the page is about, and it ends with a mark.",
        "The second line is of another kind; it has no mark",
        "Home",
        "A line of exactly 30 characters",
        "A line of just 30 characters.",
        "- a bullet",
        "to be continued...",
        "Ünïcödé ends here。",
        "{ lorem ipsum }",
        "please enable javascript in your browser.",
        "this is our cookie policy for you.",
        "A claim [1] that needs a source [citation needed].",
        'said he."',
        "x" * 1001 + " is a long word.",
        " ",
        "",
        "\u00a0",
        "\x1d",
    ]
)
BREAKS = st.sampled_from(["\n", "\n", "\n", "\n\n", "\n \n", "\r\n", "\u2028", "\x85", "\n\n\n"])
pages = st.lists(st.tuples(st.one_of(LINES, texts), BREAKS).map("".join), max_size=12).map("".join)
ordinary = st.lists(st.tuples(LINES, BREAKS).map("".join), max_size=12).map("".join)


def theirs(block: BaseFilter, text: str) -> str | None:
    """The reason for which datatrove drops a text, None if it keeps it."""
    try:
        decided = block.filter(Document(text=text, id="0"))
    except ImportError:
        return OPEN
    return decided[1] if isinstance(decided, tuple) else None


def ours(card: str, texts: pa.Array) -> str | None:
    """The first rule that the one text fails, without the card's name."""
    found = keep(card)(measure_as_datatrove(pa.record_batch({"text": texts})))[REASON][0].as_py()
    return found and str(found).partition(".")[2]


def agrees(card: str, text: str, texts: pa.Array) -> None:
    """Check that both decide the same, as far as datatrove can decide here."""
    his, mine = theirs(FILTERS[card], text), ours(card, texts)
    if his == OPEN:
        assert mine not in BEFORE_WORDS[card]
    else:
        assert mine == his


@pytest.mark.parametrize("card", ["datatrove_fineweb", "datatrove_gopher_repetition"])
@settings(deadline=None, max_examples=60)
@example(text="")
@example(text="\n")
@example(text="a.\n" * 3)
@given(text=pages)
def test_line_rules_any_text_decides_as_datatrove(card: str, text: str) -> None:
    his, mine = theirs(FILTERS[card], text), ours(card, pa.array([text]))
    assert (his if his in BEFORE_WORDS[card] else None) == (mine if mine in BEFORE_WORDS[card] else None)


@pytest.mark.parametrize("card", FILTERS)
@settings(deadline=None, max_examples=60)
@given(text=ordinary)
def test_all_rules_ordinary_lines_decide_as_datatrove(card: str, text: str) -> None:
    agrees(card, text, pa.array([text]))


@settings(deadline=None, max_examples=60)
@example(data=b"\x80")
@given(data=st.lists(st.one_of(broken, LINES.map(str.encode), BREAKS.map(str.encode)), max_size=12).map(b"".join))
def test_broken_bytes_never_raise_and_whole_ones_are_measured_as_text(data: bytes) -> None:
    # datatrove has no bytes: it sees what was put for the broken ones. Here a character is a byte that begins one, and
    # different broken bytes are different, so that a share of a broken text can differ from the share of that.
    repaired = data.decode(errors="replace")
    found = measure_as_datatrove(pa.record_batch({"text": pa.array([data], pa.binary())})).drop_columns(["text"])
    assert found.num_rows == 1
    if repaired.encode() == data:
        text = measure_as_datatrove(pa.record_batch({"text": [repaired]})).drop_columns(["text"])
        assert found.to_pylist() == text.to_pylist()


@pytest.mark.parametrize("terminal", [True, False])
@settings(deadline=None, max_examples=60)
@given(text=pages)
def test_c4_lines_any_text_are_those_of_datatrove(terminal: bool, text: str) -> None:
    # Without the sentence rule, which needs a splitter, the other rules and the text that is kept can be compared.
    document = Document(text=text, id="0")
    decided = C4QualityFilter(filter_no_terminal_punct=terminal, min_num_sentences=-1).filter(document)
    his = decided[1] if isinstance(decided, tuple) else None
    mine = ours("datatrove_c4" if terminal else "datatrove_c4_no_terminal", pa.array([text]))
    mine = None if mine == "too_few_sentences" else mine
    if {his, mine} == {"lorem_ipsum", "curly_bracket"}:
        # A page with both is dropped by both: he names what comes first in the text, a card what comes first in the card.
        assert "lorem ipsum" in text.lower() and "{" in text
    else:
        assert his == mine
    if his is None:
        marks = ".?!\"'" if terminal else None
        kept = RemoveC4Lines(min_words=3, marks=marks)(pa.record_batch({"text": [text]}))
        assert kept["text"].to_pylist() == [document.text]


@settings(deadline=None, max_examples=100)
@given(text=pages)
def test_line_shares_are_to_the_last_bit_those_of_datatrove(text: str) -> None:
    found = measure_as_datatrove(pa.record_batch({"text": [text]})).to_pylist()[0]
    lines, paragraphs = re.split("\n+", text), re.split("\n{2,}", text.strip())
    ink = [line for line in text.split("\n") if line.strip()]
    parts = {
        "line_share": (find_duplicates(lines)[0], len(lines)),
        "line_char_share": (find_duplicates(lines)[1], len(text)),
        "paragraph_share": (find_duplicates(paragraphs)[0], len(paragraphs)),
        "paragraph_char_share": (find_duplicates(paragraphs)[1], len(text)),
        "ink_char_share": (find_duplicates(ink)[1], len(text.replace("\n", ""))),
    }
    for name, (part, whole) in parts.items():
        assert found[f"datatrove_duplicate_{name}"] == (part / whole if whole and text else None), name
