"""docs/inputs.md: reasons, statuses and options that it names are in the code."""

import re

import pytest

from tests.command import ROOT

PAGE = (ROOT / "docs" / "inputs.md").read_text()
CODE = "".join(path.read_text() for path in sorted((ROOT / "atom_data").rglob("*.py")))
REASONS = sorted(set(re.findall(r"`((?:warc|text|jsonl|parquet|table|mediawiki|tokens)\.[a-z_0-9]+)`", PAGE)))
WORDS = (
    "undecoded", "truncated", "broken", "binary", "replaced_characters", "payload_status", "extract_status",
    "max_window_bytes", "split_bytes", "check_content", "max_epochs", "--strict",
)  # fmt: skip


@pytest.mark.parametrize("reason", REASONS)
def test_reason_is_given_somewhere(reason: str) -> None:
    kind, _, what = reason.partition(".")
    assert f'"{reason}"' in CODE or (f'"{what}"' in CODE and f'"{kind}.' in CODE)


@pytest.mark.parametrize("word", WORDS)
def test_word_is_in_the_page_and_in_the_code(word: str) -> None:
    assert f"`{word}" in PAGE or f"{word}`" in PAGE
    assert word in CODE


def test_every_row_has_three_cells() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert len(rows) > 60
    assert {line.replace("\\|", "").count("|") for line in rows} == {4}
    assert "||" not in PAGE.replace(" ", "")
