"""Where a block stands as a reader sees it: in a list, a table of data, code, a quote, a heading."""

from typing import Any, NamedTuple

import numpy as np

from atom_data.text.arrays import Bools, Int32s, Int64s
from atom_data.text.html import page as columns, tags
from atom_data.text.html.page import Page
from atom_data.text.memory import allocating, called, inlined, kernel

_INT: Any = np.int64
CELL_WORDS = 30
"""A table without headings whose cells have more words on average lays out a page."""


class Place(NamedTuple):
    """Elements around a block; -1 for none."""

    item: int
    """The nearest item of a list that is not outside of the cell or code that the block is in."""
    items: int
    """How many items are around that one."""
    indent: int
    """Columns that those take in Markdown: two for a bullet, three for a number."""
    ordered: bool
    row: int
    """The row of a table of data."""
    cell: int
    table: int
    code: int
    """The outermost `<pre>`."""
    quotes: int
    heading: int
    """Level of the nearest heading; 0 for none."""
    link: int
    """The nearest link around the whole block."""


@called
def _place_of(nodes: Int32s, is_data: Bools, node: int) -> Place:
    """Return what is around an element, itself included."""
    item, items, indent, ordered, row, cell, table = -1, 0, 0, False, -1, -1, -1
    code, quotes, heading, link = -1, 0, 0, -1
    above, last_row, last_cell = np.int64(node), -1, -1
    while above > 0:
        tag, parent = nodes[above, columns.TAG], np.int64(nodes[above, columns.PARENT])
        if tag == tags.LI:
            is_ordered = nodes[parent, columns.TAG] == tags.OL
            if item < 0:
                item, ordered = above, is_ordered
            else:
                items, indent = items + 1, indent + (3 if is_ordered else 2)
        elif tag == tags.TD or tag == tags.TH:
            last_cell = above
        elif tag == tags.TR:
            last_row = above
        elif tag == tags.TABLE_TAG and table < 0 and is_data[above]:
            row, cell, table = last_row, last_cell, above
        elif tag == tags.PRE:
            code = above
        elif tag == tags.BLOCKQUOTE:
            quotes += 1
        heading, link = _heading_or_link(tag, above, heading, link)
        above = parent
    return Place(item, items, indent, ordered, row, cell, table, code, quotes, heading, link)


@inlined
def _heading_or_link(tag: int, node: int, heading: int, link: int) -> tuple[int, int]:
    """Return the level of the nearest heading and the nearest link, as far as they are known one element up."""
    if tags.H1 <= tag <= tags.H6 and heading == 0:
        return tag - tags.H1 + 1, link
    return heading, node if tag == tags.A and link < 0 else link


@called
def nowhere() -> Place:
    """Return the place of no block."""
    return Place(-1, 0, 0, False, -1, -1, -1, -1, 0, 0, -1)


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


def places_of(page: Page, kept: Bools) -> Int32s:
    """Return a row a block with the fields of its Place; what stands in rows of blocks that are not kept means nothing."""
    found = np.empty((len(page.blocks), len(Place._fields)), np.int32)
    _write_places(page.nodes, page.blocks, kept, found)
    return found


@kernel
def _write_places(nodes: Int32s, blocks: Int32s, kept: Bools, found: Int32s) -> None:
    is_data, node, place = data_tables(nodes, blocks), -1, nowhere()
    for block in range(len(blocks)):
        if kept[block]:
            if blocks[block, columns.NODE] != node:
                node = np.int64(blocks[block, columns.NODE])
                place = _place_of(nodes, is_data, node)
            row = found[block]
            row[0], row[1], row[2], row[3] = place.item, place.items, place.indent, place.ordered
            row[4], row[5], row[6], row[7] = place.row, place.cell, place.table, place.code
            row[8], row[9], row[10] = place.quotes, place.heading, place.link


@inlined
def place_at(places: Int32s, block: int) -> Place:
    """Return the place of a block that is kept."""
    row = places[block]
    return Place(
        _INT(row[0]), _INT(row[1]), _INT(row[2]), row[3] != 0, _INT(row[4]), _INT(row[5]),
        _INT(row[6]), _INT(row[7]), _INT(row[8]), _INT(row[9]), _INT(row[10]),
    )  # fmt: skip


def first_with(page: Page, tag: int, most: int) -> list[int]:
    """Return the first elements of a tag, so many at most."""
    found = np.empty(most, np.int64)
    return found[: _find_tag(page.nodes, tag, found)].tolist()


@kernel
def _find_tag(nodes: Int32s, tag: int, found: Int64s) -> int:
    count = 0
    for node in range(len(nodes)):
        if nodes[node, columns.TAG] == tag:
            if count == found.size:
                break
            found[count] = node
            count += 1
    return count
