"""The card `nemo_heuristics` decides as NeMo Curator's filters: on its own unit cases, and against plain definitions."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, strategies as st

from atom_data.rules import load_card
from atom_data.signals import count_sentences, count_words, measure_as_nemo
from tests.text.reference import texts

CASES = Path(__file__).with_name("nemo_cases.jsonl")
BULLETS = tuple("•‣⁃⁌⁍∙○●◘◦⦾⦿")
ELLIPSES = ("...", "[...]", "…", "(...)", "[…]", "-»", "read more..", "read more")
URL = re.compile(r"http[s]?://(?:[a-zA-Z]|[0-9]|[$\-_@.&+]|[!*\(\),]|(?:%[0-9a-fA-F][0-9a-fA-F]))+")
COMMON = {"the", "be", "to", "of", "and", "that", "have", "with"}


@pytest.mark.parametrize(
    "case", [json.loads(line) for line in CASES.read_text("utf-8").strip().split("\n")], ids=lambda one: one["id"]
)
def test_unit_cases_of_nemo_keep_the_same_texts(case: dict[str, Any]) -> None:
    rule = next(rule for rule in load_card("nemo_heuristics").rules if rule.reason == case["reason"])
    rule = replace(rule, **case["bounds"])
    batch = count_sentences(count_words(measure_as_nemo(pa.record_batch({"text": case["texts"]}))))
    values = batch[rule.column].to_pylist()
    low, high = (-1 if rule.min is None else rule.min), (1e9 if rule.max is None else rule.max)
    kept = [
        text for text, value in zip(case["texts"], values, strict=True) if value is not None and low <= value <= high
    ]
    assert kept == case["kept"]


def plain(text: str) -> dict[str, float | None]:
    """The measures as NeMo defines them."""

    def share(part: int, whole: int) -> float | None:
        return part / whole if whole else None

    lines, words = [line for line in text.split("\n") if line.strip()], text.split()
    urls = URL.findall(text)
    return {
        "nemo_nonalphanumeric_share": share(len(text) - len(re.findall("[a-zA-Z0-9\n?!,.]", text)), len(text)),
        "nemo_digit_share": share(sum(one.isdecimal() for one in text), len(text)),
        "nemo_space_share": share(sum(one in "\t\n\r\b " for one in text), len(text)),
        "nemo_parenthesis_share": share(sum(one in "{}()[]⟨⟩" for one in text), len(text)),
        "nemo_url_share": share(sum(map(len, urls)), len(text)),
        "nemo_bullet_line_share": share(sum(line.strip().startswith(BULLETS) for line in lines), len(lines)),
        "nemo_ellipsis_line_share": share(sum(line.strip().lower().endswith(ELLIPSES) for line in lines), len(lines)),
        "nemo_open_line_share": share(
            sum(not line.strip().endswith((".", "?", "!", '"', "'")) for line in lines), len(lines)
        ),
        "nemo_symbol_word_share": share(
            sum(word in ELLIPSES or len(re.findall("#+", word)) / len(word) > 0.5 for word in words), len(words)
        ),
        "nemo_common_word_count": sum(word in COMMON for word in words),
        "nemo_pornographic_url_count": sum("porn" in url for url in urls),
    }


pieces = st.sampled_from(
    [
        "the ",
        " of\n",
        "The",
        " # ",
        "#a# ",
        "## ",
        "... ",
        "read more\n",
        "Read More..  \n",
        "• a\n",
        " ⦾b\n",
        "end.\u00a0\n",
        "https://a.b/c%20d ",
        "http://x.porn/ ",
        "https://é",
        "1٣½",
        "(a)",
        "\x08",
        "\x1c",
        "\u2028",
        "»\n",
        "-»\n",
        "said'\n",
    ]
)


@example("http://a.porn/http://b.porn/porn porn")
@given(st.lists(st.one_of(pieces, texts), max_size=10).map("".join))
def test_measures_any_text_are_the_plain_ones(text: str) -> None:
    # Digits of a newer Unicode than RE2's are told apart by neither in these texts.
    found = measure_as_nemo(pa.record_batch({"text": [text]})).drop_columns(["text"]).to_pylist()[0]
    expected = plain(text)
    # An address can hold the word more than once, and begin inside another: that there is one is what decides.
    assert bool(found.pop("nemo_pornographic_url_count")) == bool(expected.pop("nemo_pornographic_url_count"))
    assert found == pytest.approx(expected)
