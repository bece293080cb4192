"""What can be counted of the main text while its elements are still known."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bools, Int32s, Int64s
from atom_data.text.html import page as columns, tags
from atom_data.text.html.page import Page
from atom_data.text.memory import inlined, kernel


class Measures(NamedTuple):
    """Counts over the blocks that are kept; a table or `<pre>` counts when one of its blocks is."""

    words: int
    """Of the kept blocks; Chinese and Japanese by two characters, Thai, Lao, Khmer and Burmese by four."""
    page_words: int
    link_words: int
    links: int
    tables: int
    code_blocks: int
    formulas: int
    """Those with a LaTeX source."""


def measured(page: Page, kept: Bools) -> Measures:
    """Count over the kept blocks of a page."""
    counts = np.zeros(len(Measures._fields), np.int64)
    if len(kept):
        _measure(page.nodes, page.blocks, kept, counts)
    return Measures(*counts.tolist())


@kernel
def _measure(nodes: Int32s, blocks: Int32s, kept: Bools, counts: Int64s) -> None:
    seen = np.zeros(len(nodes), np.bool_)
    for block in range(len(blocks)):
        counts[1] += blocks[block, columns.WORDS]
        if kept[block]:
            counts[0] += blocks[block, columns.WORDS]
            counts[2] += blocks[block, columns.LINK_WORDS]
            counts[3] += blocks[block, columns.LINKS]
            counts[6] += blocks[block, columns.FORMULAS]
            _count_above(nodes, blocks[block, columns.NODE], seen, counts)


@inlined
def _count_above(nodes: Int32s, node: int, seen: Bools, counts: Int64s) -> None:
    """Count the tables and code around a block that were not counted before."""
    above = np.int64(node)
    while above > 0 and not seen[above]:
        seen[above] = True
        counts[4] += nodes[above, columns.TAG] == tags.TABLE_TAG
        counts[5] += nodes[above, columns.TAG] == tags.PRE
        above = np.int64(nodes[above, columns.PARENT])
