"""The chosen blocks as plain text: a line a block, cells of a row in one, items of lists with a hyphen."""

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html import tags
from atom_data.text.html.page import Page
from atom_data.text.memory import inlined, kernel

LINE_FEED, TAB, SPACE, HYPHEN = 10, 9, 32, 45
DEEPEST_LIST = 8
_EXTRA = 4 + 2 * DEEPEST_LIST
"""So many bytes at most stand before a block."""


def plain_text(page: Page, kept: Bools) -> bytes:
    """Return the text of the blocks that are kept, UTF-8."""
    if not kept.any():
        return b""
    sizes = (page.blocks[:, columns.END] - page.blocks[:, columns.START])[kept]
    out = np.empty(int(sizes.sum()) + _EXTRA * len(sizes), np.uint8)
    return out[: _write(page.nodes, page.blocks, page.text, kept, out)].tobytes()


@kernel
def _write(nodes: Int32s, blocks: Int32s, text: Bytes, kept: Bools, out: Bytes) -> int:
    end = 0
    last_row, last_item, last_code, last_table = -1, -1, -1, -1
    for block in range(len(blocks)):
        if not kept[block]:
            continue
        item, depth, row, code, table = _around(nodes, blocks[block, columns.NODE])
        if end:
            if row >= 0 and row == last_row:
                out[end] = TAB
                end += 1
            else:
                out[end] = LINE_FEED
                end += 1
                in_table, in_list = row >= 0 and table == last_table, item >= 0 and last_item >= 0
                if not (in_table or in_list or (code >= 0 and code == last_code)):
                    out[end] = LINE_FEED
                    end += 1
        if item >= 0 and code < 0 and row < 0 and item != last_item:
            for _ in range(2 * min(depth, DEEPEST_LIST)):
                out[end] = SPACE
                end += 1
            out[end], out[end + 1] = HYPHEN, SPACE
            end += 2
        for position in range(blocks[block, columns.START], blocks[block, columns.END]):
            out[end] = text[position]
            end += 1
        last_row, last_item, last_code, last_table = row, item, code, table
    return end


@inlined
def _around(nodes: Int32s, node: int) -> tuple[int, int, int, int, int]:
    """Return the nearest list item, how many are around it, the nearest row, outermost `<pre>` and nearest table; -1 for none."""
    item, depth, row, code, table = -1, 0, -1, -1, -1
    above = np.int64(node)
    while above > 0:
        tag = nodes[above, columns.TAG]
        if tag == tags.LI:
            if item < 0:
                item = above
            else:
                depth += 1
        elif tag == tags.TR and row < 0:
            row = above
        elif tag == tags.TABLE_TAG and table < 0:
            table = above
        elif tag == tags.PRE:
            code = above
        above = np.int64(nodes[above, columns.PARENT])
    return item, depth, row, code, table
