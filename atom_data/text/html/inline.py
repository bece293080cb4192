"""The text of a block in Markdown: code, emphasis and links within it."""

import numpy as np

from atom_data.text.arrays import Bytes, Int32s, Int64s
from atom_data.text.html import page as columns, tags
from atom_data.text.html.attributes import ENDED, HREF, next_attribute
from atom_data.text.html.entities import AMPERSAND, reference
from atom_data.text.html.search import copy_text
from atom_data.text.memory import called, inlined, item, put

LINE_FEED, SPACE, PIPE, BACKSLASH = 10, 32, ord("|"), ord("\\")
MARKS = 8
"""So many elements within each other are marked."""
NAME_BYTES = 2
ADDRESS_BYTES = 1_000
"""A longer address is not a link: it would be written again for each block that the link is around."""
CODE, BOLD, ITALIC, LINKED = range(1, 5)
KINDS = np.zeros(tags.COUNT, np.uint8)
for _names, _kind in (("code kbd samp tt", CODE), ("b strong", BOLD), ("i em", ITALIC), ("a", LINKED)):
    KINDS[[tags.TAGS[_name] for _name in _names.split()]] = _kind
_STARS, _TICK, _OPEN, _CLOSE, _ROUND, _ROUND_END = ord("*"), ord("`"), ord("["), ord("]"), ord("("), ord(")")


@called
def put_mark(kind: int, opens: bool, out: Bytes, end: int) -> int:
    """Write what stands before or behind marked text; what links to is not written."""
    if kind == CODE:
        out[end] = _TICK
        return end + 1
    if kind == LINKED:
        out[end] = _OPEN if opens else _CLOSE
        return end + 1
    for _ in range(2 if kind == BOLD else 1):
        out[end] = _STARS
        end += 1
    return end


@called
def put_target(source: Bytes, nodes: Int32s, node: int, out: Bytes, end: int) -> int:
    """Write the address of a link behind its text, in round brackets."""
    stop = source.size
    position = nodes[node, columns.SOURCE] + NAME_BYTES
    out[end] = _ROUND
    end += 1
    while True:
        kind, first, last, position = next_attribute(source, position, stop)
        if kind == ENDED:
            break
        if kind == HREF:
            end = _put_address(source, first, last, out, end)
            break
    out[end] = _ROUND_END
    return end + 1


@inlined
def _put_address(source: Bytes, first: int, last: int, out: Bytes, end: int) -> int:
    while first < last:
        byte = item(source, first)
        if byte == AMPERSAND:
            after, written = reference(source, first, last, out, end)
            if after > first:
                first, end = after, written
                continue
        if byte > SPACE and byte != _ROUND_END:
            out[end] = byte
            end += 1
        first += 1
    return end


@called
def is_link(source: Bytes, nodes: Int32s, node: int) -> bool:
    """Tell whether a link leads somewhere: not to a place of the same page, not to a script."""
    position = nodes[node, columns.SOURCE] + NAME_BYTES
    while True:
        kind, first, last, position = next_attribute(source, position, source.size)
        if kind == ENDED:
            return False
        if kind == HREF:
            is_script = last - first > 4 and source[first] | 32 == 106 and source[first + 1] | 32 == 97
            return 0 < last - first <= ADDRESS_BYTES and source[first] != 35 and not is_script


@called
def put_inline(
    source: Bytes, nodes: Int32s, text: Bytes, start: int, stop: int, first: int, links: bool, in_row: bool, one_line: bool,
    marks: Int64s, out: Bytes, end: int,
) -> int:  # fmt: skip
    """Write text with marks for the elements from `first` on that lie in it; return the new end. `marks` is room for 2 x MARKS."""
    open_nodes, open_kinds = marks[0], marks[1]
    depth, begin, position = 0, end, start
    node, opens_at = _next_marked(nodes, first, stop, links)
    while position < stop:
        while depth and nodes[open_nodes[depth - 1], columns.TEXT_TO] <= position:
            depth -= 1
            end = _close(source, nodes, open_nodes[depth], open_kinds[depth], out, end)
        if item(text, position) > SPACE:
            while opens_at <= position:
                kind = np.int64(KINDS[nodes[node, columns.TAG]])
                if (
                    depth < MARKS
                    and nodes[node, columns.TEXT_TO] > position
                    and _may_open(open_kinds, depth, kind, links and kind == LINKED and is_link(source, nodes, node))
                ):
                    end = put_mark(kind, True, out, end)
                    open_nodes[depth], open_kinds[depth] = node, kind
                    depth += 1
                node, opens_at = _next_marked(nodes, node + 1, stop, links)
        # White space stands before the mark of what begins with it.
        after = max(position + 1, min(stop, opens_at))
        if depth:
            after = min(after, np.int64(nodes[open_nodes[depth - 1], columns.TEXT_TO]))
        end = _put_run(text, position, after, in_row, one_line, out, end)
        position = after
    while depth:
        depth -= 1
        end = _close(source, nodes, open_nodes[depth], open_kinds[depth], out, end)
    return max(end, begin)


@inlined
def _next_marked(nodes: Int32s, node: int, stop: int, links: bool) -> tuple[int, int]:
    """Return the next element that may be marked, and where its text begins; one at `stop` for none."""
    while node < len(nodes) and nodes[node, columns.TEXT_FROM] < stop:
        kind = KINDS[nodes[node, columns.TAG]]
        if kind and (links or kind != LINKED):
            return node, np.int64(nodes[node, columns.TEXT_FROM])
        node += 1
    return node, stop


@called
def _put_run(text: Bytes, start: int, stop: int, in_row: bool, one_line: bool, out: Bytes, end: int) -> int:
    """Write text without marks. Most has no line feed, and is copied."""
    special = 0
    for position in range(start, stop):
        byte = item(text, position)
        special += (byte == LINE_FEED) | (in_row & (byte == PIPE))
    if not special:
        return copy_text(text, start, stop, out, end)
    for position in range(start, stop):
        byte = item(text, position)
        if byte == LINE_FEED:
            end = _put_break(in_row or one_line, out, end)
        else:
            if byte == PIPE and in_row:
                put(out, end, BACKSLASH)
                end += 1
            put(out, end, byte)
            end += 1
    return end


@inlined
def _may_open(kinds: Int64s, depth: int, kind: int, is_target: bool) -> bool:
    """Tell whether an element is marked: none twice, nothing within code, a link only where asked and where it leads somewhere."""
    for index in range(depth):
        if kinds[index] == kind or kinds[index] == CODE:
            return False
    return is_target or kind != LINKED


@inlined
def _close(source: Bytes, nodes: Int32s, node: int, kind: int, out: Bytes, end: int) -> int:
    """End a mark behind the last character that is not white space."""
    spaces = 0
    while end > 0 and out[end - 1] <= SPACE:
        end, spaces = end - 1, spaces + 1
    end = put_mark(kind, False, out, end)
    if kind == LINKED:
        end = put_target(source, nodes, node, out, end)
    if spaces:
        out[end] = SPACE
        end += 1
    return end


@inlined
def _put_break(in_line: bool, out: Bytes, end: int) -> int:
    """Write a break within a block: two spaces and a line feed, or a space where there is only one line."""
    if not in_line:
        out[end], out[end + 1] = SPACE, SPACE
        end += 2
    out[end] = SPACE if in_line else LINE_FEED
    return end + 1
