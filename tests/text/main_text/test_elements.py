"""Elements that look alike, and blocks with the same letters, counted as a dictionary counts them."""

from collections import Counter

import numpy as np
from hypothesis import given, strategies as st

from atom_data.text.html import page as columns
from atom_data.text.html.scan import scan
from atom_data.text.main_text import names
from atom_data.text.main_text.features import block_features, no_scores

ALIKE, COPIES = names.COLUMNS.index("alike"), names.COLUMNS.index("copies")
CLASSES = ("", "card", "card big", "note")


def check_counts(html: bytes) -> None:
    """Check the counts of every block: for elements those of the nearest one upwards with three alike and three words."""
    page = scan(html)
    nodes, rows = page.nodes, block_features(page, None, no_scores())
    looks = [int(look) for look in nodes[:, columns.LOOK]]
    parents = [int(parent) for parent in nodes[:, columns.PARENT]]
    counts = Counter(zip(parents[1:], looks[1:], strict=True))
    words = np.concatenate([[0], np.cumsum(page.blocks[:, columns.WORDS])])
    below = words[nodes[:, columns.END_BLOCK]] - words[nodes[:, columns.FIRST_BLOCK]]
    letters = Counter(page.blocks[:, columns.HASH].tolist())
    for block, row in zip(page.blocks, rows, strict=True):
        node = int(block[columns.NODE])
        while node and (counts[parents[node], looks[node]] < 3 or below[node] < 3):
            node = parents[node]
        assert row[ALIKE] == (counts[parents[node], looks[node]] if node else 0)
        assert row[COPIES] == letters[int(block[columns.HASH])]


def test_parts_of_many_cards_are_no_siblings() -> None:
    """Each card has one heading of its own: a table that was led to one place by the look alone took them for siblings."""
    card = "<div class=card><h3 class=name>A name of three</h3><p class=text>Some words of a text here {}</p></div>"
    html = ("<main>" + "".join(card.format(number) for number in range(300)) + "</main>").encode()
    check_counts(html)
    assert set(block_features(scan(html), None, no_scores())[:, ALIKE]) == {300}


def test_many_lists_of_one_look() -> None:
    check_counts(b"".join(b"<ul>" + b"<li>three words here" * count + b"</ul>" for count in range(1, 200)))


@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.integers(1, 90)), min_size=1, max_size=6))
def test_counts_are_those_of_a_dictionary(groups: list[tuple[str, int]]) -> None:
    lists = ["<ul>" + f'<li class="{name}">three words {count}</li>' * count + "</ul>" for name, count in groups]
    check_counts("".join(lists).encode())
