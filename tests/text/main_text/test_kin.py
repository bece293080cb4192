"""Probabilities of blocks that stand alike, brought together, against a plain reference."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.text.arrays import Float32s
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.html.scan import scan
from atom_data.text.main_text.kin import LEVELS, OWN, evened
from atom_data.text.main_text.names import SECOND_COLUMNS
from atom_data.text.main_text.second import write_second

PARTS = (
    "<p>One two three.</p>",
    "<p class=note>Four five.</p>",
    "<ul><li>Six<li>Seven eight nine</ul>",
    "<div><p>Ten</p></div>",
)


def brought_together(page: Page, chances: Float32s) -> list[float]:
    kin = write_second(page, chances, np.zeros((len(SECOND_COLUMNS), len(page.blocks)), np.float32))
    return evened(page.blocks, kin, chances).tolist()


def reference(page: Page, chances: Float32s) -> list[float]:
    """Group blocks by the looks of their elements and of those above, with dictionaries."""
    words, expected, kin = defaultdict(float), defaultdict(float), []
    for block, chance in zip(page.blocks, chances, strict=True):
        node, looks = int(block[columns.NODE]), []
        for _ in range(LEVELS):
            looks.append(int(page.nodes[node, columns.LOOK]))
            node = max(0, int(page.nodes[node, columns.PARENT]))
        kin.append(tuple(looks))
        words[kin[-1]] += int(block[columns.WORDS])
        expected[kin[-1]] += int(block[columns.WORDS]) * float(chance)
    return [
        float(OWN) * float(chance) + (1 - float(OWN)) * expected[one] / words[one]
        for chance, one in zip(chances, kin, strict=True)
    ]


def test_the_last_short_line_of_a_text_stands_with_its_paragraphs() -> None:
    page = scan(
        b"<main><p>" + b"word " * 50 + b"</p><p>" + b"text " * 49 + b"</p><p>See also.</p></main><p>Terms of use</p>"
    )
    found = brought_together(page, np.array([0.9, 0.9, 0.4, 0.4], np.float32))
    assert found == pytest.approx([0.895, 0.895, 0.645, 0.4], abs=0.001)


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.integers(1, 30)), min_size=1, max_size=8), st.integers(0, 99))
def test_groups_are_those_of_a_dictionary(parts: list[tuple[str, int]], seed: int) -> None:
    html = "".join(f"<div class=part>{part * count}</div>" for part, count in parts)
    page = scan(html.encode())
    chances = np.random.RandomState(seed).rand(len(page.blocks)).astype(np.float32)
    assert brought_together(page, chances) == pytest.approx(reference(page, chances), abs=1e-5)
