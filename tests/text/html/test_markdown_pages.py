"""Thirty small pages and their Markdown, both written by hand: line by line, but for empty ones."""

from pathlib import Path

import numpy as np
import pytest

from atom_data.text.html.markdown import markdown_text
from atom_data.text.html.scan import scan

FILE = Path(__file__).with_name("markdown_pages.txt")
CASES = [part.split("\n--- expected\n") for part in ("\n" + FILE.read_text("utf-8")).split("\n=== ")[1:]]


def test_there_are_thirty() -> None:
    assert len(CASES) == 30


@pytest.mark.parametrize(("page", "expected"), CASES, ids=[page.partition("\n")[0] for page, _ in CASES])
def test_a_page_by_hand(page: str, expected: str) -> None:
    read = scan(page.partition("\n")[2].encode())
    found = markdown_text(read, np.ones(len(read.blocks), np.bool_)).decode()
    assert list(filter(None, found.split("\n"))) == list(filter(None, expected.split("\n")))
