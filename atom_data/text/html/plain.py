"""The chosen blocks as plain text: a block a paragraph, cells of a row in one line, items of lists with a hyphen."""

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.html.place import Place, nowhere, place_at, places_of
from atom_data.text.html.search import copy_text
from atom_data.text.memory import inlined, kernel
from atom_data.text.wide.marks import WIDTH

LINE_FEED, TAB, SPACE, HYPHEN = 10, 9, 32, 45
DEEPEST_LIST = 8
_EXTRA = 4 + 2 * DEEPEST_LIST
"""So many bytes at most stand before a block."""


def plain_text(page: Page, kept: Bools, places: Int32s | None = None) -> bytes:
    """Return the text of the blocks that are kept, UTF-8; `places` is `place.places_of` where it is known already."""
    places = places_of(page, kept) if places is None else places
    size = page.text.size + _EXTRA * len(page.blocks) + WIDTH
    out = np.empty(size, np.uint8)  # what is not written to takes no memory
    return out[: _write(page.blocks, page.text, kept, places, out)].tobytes()


@kernel
def _write(blocks: Int32s, text: Bytes, kept: Bools, places: Int32s, out: Bytes) -> int:
    end, last = 0, nowhere()
    for block in range(len(blocks)):
        if not kept[block]:
            continue
        place = place_at(places, block)
        if end:
            end = _separate(place, last, out, end)
        if place.item >= 0 and place.code < 0 and place.row < 0 and place.item != last.item:
            for _ in range(2 * min(place.items, DEEPEST_LIST)):
                out[end] = SPACE
                end += 1
            out[end], out[end + 1] = HYPHEN, SPACE
            end += 2
        end = copy_text(text, blocks[block, columns.START], blocks[block, columns.END], out, end)
        last = place
    return end


@inlined
def _separate(place: Place, last: Place, out: Bytes, end: int) -> int:
    """Write what stands between two blocks: a tab in a row, a line feed in a table, a list or code, an empty line elsewhere."""
    if place.row >= 0 and place.row == last.row:
        out[end] = TAB if place.cell != last.cell else SPACE
        return end + 1
    out[end] = LINE_FEED
    in_table, in_list = place.row >= 0 and place.table == last.table, place.item >= 0 and last.item >= 0
    if in_table or in_list or (place.code >= 0 and place.code == last.code):
        return end + 1
    out[end + 1] = LINE_FEED
    return end + 2
