"""DCLM's page measures against plain code of its rules, and the card that bounds them."""

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from atom_data import apply, keep
from atom_data.signals import measure_as_dclm, measure_repetition

STOP = {"the", "be", "to", "of", "and", "that", "have", "with"}


def measured(text: str | None) -> dict[str, object]:
    batch = measure_as_dclm(pa.record_batch({"text": pa.array([text], pa.string())}))
    return {name: batch.column(name)[0].as_py() for name in batch.schema.names if name.startswith("dclm_")}


def plain(text: str) -> dict[str, object]:
    words = text.split()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    table = str.maketrans(dict.fromkeys("\n\r\t\v\f\0", " "))
    count = [word for word in text.translate(table).split(" ") if word and word[0].isalnum()]
    symbols = sum(text.count(sign) for sign in ("#", "...", ". . .", "\u2026"))
    return {
        "dclm_word_count": len(count),
        "dclm_mean_word_chars": sum(map(len, words)) / len(words) if words else None,
        "dclm_alphabetic_word_share": sum(any(map(str.isalpha, word)) for word in words) / len(words)
        if words
        else None,
        "dclm_symbol_word_ratio": symbols / len(words) if words else None,
        "dclm_stop_word_count": min(2, sum(word.lower() in STOP for word in words)),
        "dclm_bullet_line_share": sum(line[0] in "●•*-" for line in lines) / len(lines) if lines else None,
        "dclm_ellipsis_line_share": sum(line.endswith(("...", ". . .", "\u2026")) for line in lines) / len(lines)
        if lines
        else None,
    }


PIECES = [
    "the",
    "The",
    "of",
    "word",
    "#",
    "...",
    ". . .",
    "…",
    " ",
    "\n",
    "\u00a0",
    "\t",
    "- ",
    "• ",
    "12",
    "é",
    "(and)",
    "\r",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
def test_as_the_plain_rules(text: str) -> None:
    assert measured(text) == pytest.approx(plain(text))


def test_null_and_empty_are_nothing() -> None:
    assert measured(None) == measured("") == measured(" \n")
    assert measured("")["dclm_word_count"] == 0 and measured("")["dclm_symbol_word_ratio"] is None


def test_the_card_takes_the_same_stop_word_twice() -> None:
    words = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(60))
    found = apply([f"the {words} the", f"the {words}", words], (measure_as_dclm, measure_repetition, keep("dclm_page")))
    assert found.column("drop_reason").to_pylist() == [None, "dclm_page.stop_words", "dclm_page.stop_words"]
