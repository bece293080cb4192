"""Which tables hold data and which only lay out a page."""

import numpy as np

from atom_data.text.arrays import Bools, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html import tags
from atom_data.text.memory import allocating

CELL_WORDS = 30
"""A table without headings whose cells have more words on average lays out a page."""


@allocating
def data_tables(nodes: Int32s, blocks: Int32s) -> Bools:
    """Tell which elements are tables of data: two rows or two cells and more, no table and no code inside, cells with few words."""
    size = len(nodes)
    is_data, around = np.zeros(size, np.bool_), np.zeros(size, np.int32)
    rows, cells, heads = np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32)
    nested = np.zeros(size, np.bool_)
    for node in range(1, size):
        tag, table = nodes[node, columns.TAG], around[nodes[node, columns.PARENT]]
        around[node] = table
        if tag == tags.TABLE_TAG:
            nested[table] = True
            around[node], is_data[node] = node, True
        elif tag == tags.TR:
            rows[table] += 1
        elif tag == tags.TD or tag == tags.TH:
            cells[table] += 1
            heads[table] += tag == tags.TH
        elif tag == tags.PRE:
            nested[table] = True
    for node in range(1, size):
        if is_data[node]:
            words = 0
            for block in range(nodes[node, columns.FIRST_BLOCK], nodes[node, columns.END_BLOCK]):
                words += blocks[block, columns.WORDS]
            few = heads[node] > 0 or words <= CELL_WORDS * cells[node]
            is_data[node] = not nested[node] and rows[node] >= 1 and cells[node] >= 2 and few
    return is_data
