"""The chosen blocks as Markdown: headings, lists, tables of data, fenced code, quotes, and marks within paragraphs.

The dialect is GitHub's. What a page's text holds of signs is left as it is, but for `|` in tables.
"""

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Int32s, Int64s
from atom_data.text.html import page as columns
from atom_data.text.html.fences import FENCE_BYTES, TICK, fence_sign, list_start, put_fence
from atom_data.text.html.inline import ADDRESS_BYTES, LINKED, MARKS, is_link, put_inline, put_mark, put_target
from atom_data.text.html.page import Page
from atom_data.text.html.place import Place, nowhere, place_at, places_of
from atom_data.text.html.search import next_byte
from atom_data.text.memory import called, inlined, item, kernel, put

LINE_FEED, SPACE, HYPHEN, HASH_SIGN, GREATER, PIPE, DOT = 10, 32, 45, 35, 62, 124, 46
DEEPEST, QUOTES, CELLS = 24, 8, 100
"""Columns that lists are indented by, quotes within quotes, and cells of a row, at most."""
_LINE_EXTRA = 2 * FENCE_BYTES + 4 * (DEEPEST + 2 * QUOTES + 16)
_CELL_EXTRA = 16 * CELLS


def markdown_text(page: Page, kept: Bools, places: Int32s | None = None, *, links: bool = False) -> bytes:
    """Return the blocks that are kept as Markdown, UTF-8; with `links`, those that lead somewhere have their address.

    `places` is `place.places_of` where it is known already.
    """
    places = places_of(page, kept) if places is None else places
    written: bytes = _write(page.source, page.nodes, page.blocks, page.text, kept, places, links).tobytes()
    return written


@inlined
def _room(source: Bytes, nodes: Int32s, blocks: Int32s, text: Bytes, kept: Bools, links: bool) -> int:
    """Return how many bytes are written at most.

    Each sign is escaped or a break of three bytes; margins of all lines; cells of a row and the line below; marks; addresses.
    """
    size, count, lines, position = 0, 0, 2, next_byte(text, 0, text.size, LINE_FEED)
    while position < text.size:
        lines, position = lines + 1, next_byte(text, position + 1, text.size, LINE_FEED)
    for block in range(len(blocks)):
        size += kept[block] * (blocks[block, columns.END] - blocks[block, columns.START])
        count += kept[block]
    room = 3 * size + _LINE_EXTRA * (lines + 2 * count) + _CELL_EXTRA * count + 16 * len(nodes)
    return room + (2 * source.size + 2 * ADDRESS_BYTES * count if links else 0)


@kernel
def _write(
    source: Bytes, nodes: Int32s, blocks: Int32s, text: Bytes, kept: Bools, places: Int32s, links: bool
) -> Bytes:
    out = np.empty(_room(source, nodes, blocks, text, kept, links), np.uint8)
    end, last, first, headed, fence = 0, nowhere(), 0, -1, TICK
    marks = np.zeros((2, MARKS), np.int64)
    for block in range(len(blocks)):
        if not kept[block]:
            continue
        start, stop = np.int64(blocks[block, columns.START]), np.int64(blocks[block, columns.END])
        while first < len(nodes) and nodes[first, columns.TEXT_FROM] < start:
            first += 1
        place = place_at(places, block)
        if last.code >= 0 or last.row >= 0:
            end, headed = _finish(nodes, place, last, headed, fence, out, end)
        if end:
            end = _separate(nodes, place, last, out, end)
        if place.code >= 0:
            if place.code != last.code:
                fence = fence_sign(text, start, stop)
                end = put_fence(
                    source, nodes, place.code, fence, out, _put_margin(source, nodes, place, last, out, end)
                )
                out[end] = LINE_FEED
                end += 1
            end = _put_code(text, start, stop, place, out, end)
        else:
            end = _put_block(source, nodes, text, start, stop, first, links, place, last, marks, out, end)
        last = place
    end, headed = _finish(nodes, nowhere(), last, headed, fence, out, end)
    return out[:end]


@called
def _finish(nodes: Int32s, place: Place, last: Place, headed: int, fence: int, out: Bytes, end: int) -> tuple[int, int]:
    """End the code or the row of the block before, where the next one is not in it; a table's first row gets its line below."""
    if last.code >= 0 and last.code != place.code:
        out[end] = LINE_FEED
        end = _put_quotes(last, out, end + 1)
        for _ in range(3):
            out[end] = fence
            end += 1
    if last.row < 0 or last.row == place.row:
        return end, headed
    count: int = min(np.int64(nodes[last.row, columns.CHILDREN]), CELLS)
    end = _put_cells(_number(nodes, last.cell), count - 1, out, end)
    out[end], out[end + 1] = SPACE, PIPE
    end += 2
    if headed != last.table:
        out[end] = LINE_FEED
        end = _put_quotes(last, out, end + 1)
        for _ in range(count):
            for sign in (PIPE, SPACE, HYPHEN, HYPHEN, HYPHEN, SPACE):
                out[end] = sign
                end += 1
        out[end] = PIPE
        end += 1
    return end, last.table


@inlined
def _number(nodes: Int32s, cell: int) -> int:
    """Return which cell of its row it is."""
    return min(np.int64(nodes[cell, columns.SIBLING]), CELLS - 1) if cell >= 0 else 0


@inlined
def _put_cells(start: int, stop: int, out: Bytes, end: int) -> int:
    """Write the ends of cells that hold nothing."""
    for _ in range(start, stop):
        out[end], out[end + 1] = SPACE, PIPE
        end += 2
    return end


@inlined
def _separate(nodes: Int32s, place: Place, last: Place, out: Bytes, end: int) -> int:
    """Write what stands between two blocks."""
    if place.row >= 0 and place.row == last.row:
        end = _put_cells(_number(nodes, last.cell), _number(nodes, place.cell), out, end)
        out[end] = SPACE
        return end + 1
    out[end] = LINE_FEED
    end += 1
    in_table, in_code = place.row >= 0 and place.table == last.table, place.code >= 0 and place.code == last.code
    in_list = place.item >= 0 and last.item >= 0 and place.item != last.item and last.code < 0 and place.code < 0
    if in_table or in_code or in_list:
        return end
    for _ in range(min(place.quotes, last.quotes, QUOTES)):
        out[end] = GREATER
        end += 1
    out[end] = LINE_FEED
    return end + 1


@inlined
def _put_quotes(place: Place, out: Bytes, end: int) -> int:
    for _ in range(min(place.quotes, QUOTES)):
        out[end], out[end + 1] = GREATER, SPACE
        end += 2
    if place.item >= 0 and place.code >= 0:
        for _ in range(min(place.indent + (3 if place.ordered else 2), DEEPEST)):
            out[end] = SPACE
            end += 1
    return end


@called
def _put_margin(source: Bytes, nodes: Int32s, place: Place, last: Place, out: Bytes, end: int) -> int:
    """Write what stands before the first line of a block: quotes, the indent of lists, a bullet or a number for a new item."""
    for _ in range(min(place.quotes, QUOTES)):
        out[end], out[end + 1] = GREATER, SPACE
        end += 2
    if place.item < 0:
        return end
    for _ in range(min(place.indent, DEEPEST)):
        out[end] = SPACE
        end += 1
    if place.item == last.item:
        for _ in range(3 if place.ordered else 2):
            out[end] = SPACE
            end += 1
        return end
    if place.ordered:
        end = _put_number(
            min(list_start(source, nodes, place.item) + nodes[place.item, columns.SIBLING], 999_999), out, end
        )
        out[end] = DOT
    else:
        out[end] = HYPHEN
    out[end + 1] = SPACE
    return end + 2


@inlined
def _put_number(number: int, out: Bytes, end: int) -> int:
    size, rest = 1, number
    while rest >= 10:
        size, rest = size + 1, rest // 10
    for index in range(size):
        out[end + size - 1 - index] = 48 + number % 10
        number //= 10
    return end + size


@called
def _put_code(text: Bytes, start: int, stop: int, place: Place, out: Bytes, end: int) -> int:
    """Write lines of code as they are, each behind its quotes."""
    end = _put_quotes(place, out, end)
    for position in range(start, stop):
        byte = item(text, position)
        put(out, end, byte)
        end += 1
        if byte == LINE_FEED:
            end = _put_quotes(place, out, end)
    return end


@called
def _put_block(
    source: Bytes, nodes: Int32s, text: Bytes, start: int, stop: int, first: int, links: bool, place: Place, last: Place,
    marks: Int64s, out: Bytes, end: int,
) -> int:  # fmt: skip
    """Write a block that is not code."""
    in_row = place.row >= 0
    if in_row:
        if place.row != last.row:
            end = _put_margin(source, nodes, place, last, out, end) if place.item < 0 else end
            out[end] = PIPE
            end = _put_cells(0, _number(nodes, place.cell), out, end + 1)
            out[end] = SPACE
            end += 1
    else:
        if place.quotes or place.item >= 0:
            end = _put_margin(source, nodes, place, last, out, end)
        if place.heading:
            for _ in range(place.heading):
                out[end] = HASH_SIGN
                end += 1
            out[end] = SPACE
            end += 1
    is_target = (
        links and place.link >= 0 and nodes[place.link, columns.TEXT_TO] >= stop and is_link(source, nodes, place.link)
    )
    if is_target:
        end = put_mark(LINKED, True, out, end)
    one_line = in_row or place.heading > 0 or place.quotes > 0
    end = put_inline(
        source, nodes, text, start, stop, first, links and not is_target, in_row, one_line, marks, out, end
    )
    return put_target(source, nodes, place.link, out, put_mark(LINKED, False, out, end)) if is_target else end
