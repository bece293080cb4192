"""From the bytes of a page to elements, blocks and text: one pass, no tree of objects."""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.html import page as columns, tags, tape as at
from atom_data.text.html.attributes import GREATER, SLASH, holds, read_attributes, skip_attributes
from atom_data.text.html.blocks import LESS, before_table, break_line, end_block, read_text
from atom_data.text.html.formulas import put_formula, read_image, read_math, script_formula, skip_element
from atom_data.text.html.lookup import SEED, find, step
from atom_data.text.html.page import Page, empty_page
from atom_data.text.html.search import near_byte, next_byte
from atom_data.text.html.tape import DEPTH_LIMIT, STACK_NODE, Tape, new_tape
from atom_data.text.html.tree import close_implied, close_tag, close_to, is_flagged, open_element
from atom_data.text.memory import called, inlined, item, kernel, read_only

NAME_BYTES = np.arange(256, dtype=np.uint8)
NAME_BYTES[65:91] += 32
NAME_BYTES[:33] = NAME_BYTES[[GREATER, SLASH]] = 0
"""Of a byte in the name of a tag, the byte in lower case; 0 of those that end it."""
TAG_BYTES = 24
"""Of a page for each of its tags: at the hundredth with the most tags among 498."""
HYPHEN, EXCLAMATION, QUESTION = ord("-"), ord("!"), ord("?")
_SHOWN = np.frombuffer(b"katex-html", np.uint8).copy()


def scan(html: bytes | memoryview) -> Page:
    """Return what a page holds; `html` is UTF-8, broken or not. Memory: at most 150 bytes a tag and 2.5 a byte.

    Reading ends at `tape.NODE_LIMIT` elements, `tape.BLOCK_LIMIT` blocks, or when end tags that close nothing have been looked
    for in open elements for `tape.EFFORT_LIMIT` steps; then `cut` is true.
    """
    if not html:
        return empty_page()
    data = read_only(np.frombuffer(html, np.uint8))
    tape = new_tape(data, data.size // TAG_BYTES + 64)
    _scan(tape)
    if tape.state[at.NODES] == len(tape.nodes) or tape.state[at.BLOCKS] == len(tape.blocks):
        tape = new_tape(
            data, _count(data, LESS)
        )  # little but tags: to count them first takes longer on all other pages
        _scan(tape)
    return _page(tape)


def _page(tape: Tape) -> Page:
    state = tape.state
    return Page(
        tape.data,
        tape.nodes[: state[at.NODES]],
        tape.classes[: state[at.NODES]],
        tape.class_words[: state[at.CLASS_WORDS]],
        tape.blocks[: state[at.BLOCKS]],
        tape.text[: state[at.TEXT_END]],
        tape.slots,
        tape.structured[: state[at.DATA_COUNT]],
        bool(state[at.CUT]),
    )


@kernel
def _count(data: Bytes, byte: int) -> int:
    count = 0
    for index in range(data.size):
        count += np.int64(data[index] == byte)
    return count


@kernel
def _scan(tape: Tape) -> None:
    data, state = tape.data, tape.state
    position, stop = 0, data.size
    tape.hashes[0] = SEED
    while position < stop and not state[at.CUT]:
        if _begins_markup(data, position, stop):
            position = _read_markup(tape, position, stop)
        elif state[at.SKIPPED]:
            position = next_byte(data, position + 1, stop, LESS)
        else:
            position = read_text(tape, position, stop)
    if state[at.OPEN]:
        end_block(tape)
    close_to(tape, 1)
    _settle(tape)


@inlined
def _settle(tape: Tape) -> None:
    """Give the elements that were never closed their end, and the document all blocks."""
    nodes, blocks = tape.nodes, tape.state[at.BLOCKS]
    for node in range(tape.state[at.NODES]):
        end = nodes[node, columns.END_BLOCK]
        if end < 0 or end > blocks:
            nodes[node, columns.END_BLOCK] = blocks
        if nodes[node, columns.FIRST_BLOCK] > blocks:
            nodes[node, columns.FIRST_BLOCK] = blocks
    nodes[0, columns.FIRST_BLOCK], nodes[0, columns.END_BLOCK] = 0, blocks


@inlined
def _begins_markup(data: Bytes, position: int, stop: int) -> bool:
    """Tell whether a tag, a comment or a declaration begins here."""
    if item(data, position) != LESS or position + 1 >= stop:
        return False
    second = item(data, position + 1)
    return 65 <= second & 223 <= 90 or second in (SLASH, EXCLAMATION, QUESTION)


@inlined
def _next_greater(data: Bytes, position: int, stop: int) -> int:
    """Return the place behind the next `>`."""
    return min(near_byte(data, position, stop, GREATER) + 1, stop)


@inlined
def _read_markup(tape: Tape, position: int, stop: int) -> int:
    """Read what begins with a `<`; return where it ends."""
    data, state = tape.data, tape.state
    start = position
    second = item(data, position + 1)
    if second == EXCLAMATION or second == QUESTION:
        return _skip_comment(data, position, stop)
    closes = second == SLASH
    position += 2 if closes else 1
    name, key, position = _read_name(data, position, stop)
    tag = find(tags.TAG_HASHES, tags.TAG_NUMBERS, name)
    if tag < 0:
        tag = tags.CUSTOM if key < 0 else tags.UNKNOWN
        key = tags.COUNT + abs(key)
    else:
        key = tag
    breaks = False
    if not state[at.SKIPPED]:
        breaks = break_line(tape) if tag == tags.BR else is_flagged(tag, tags.BLOCK)
    if breaks:
        if state[at.OPEN]:
            end_block(tape)
        state[at.AFTER_SPACE], state[at.IN_WORD] = 1, 0
    if closes:
        position = _next_greater(data, position, stop)
        close_tag(tape, tag, key)
        return position
    return _read_start_tag(tape, position, stop, tag, key, start)


@called
def _skip_comment(data: Bytes, position: int, stop: int) -> int:
    """Return where a comment or a declaration ends; a comment that nothing ends goes to the end of the page."""
    position += 2
    if position + 1 >= stop or data[position] != HYPHEN or data[position + 1] != HYPHEN:
        return _next_greater(data, position, stop)
    position += 2
    if position < stop and data[position] == GREATER:
        return position + 1
    if position + 1 < stop and data[position] == HYPHEN and data[position + 1] == GREATER:
        return position + 2
    while position + 2 < stop:
        position = next_byte(data, position, stop, HYPHEN)
        if position + 2 < stop and item(data, position + 1) == HYPHEN:
            third = item(data, position + 2)
            if third == GREATER:
                return position + 3
            if third == EXCLAMATION and position + 3 < stop and item(data, position + 3) == GREATER:
                return position + 4
        position += 1
    return stop


@inlined
def _read_name(data: Bytes, position: int, stop: int) -> tuple[np.uint64, int, int]:
    """Return the hash of a tag's name, a short one that is negative for a name with a hyphen, and where the name ends."""
    state, hyphen = SEED, False
    while position < stop:
        byte = item(NAME_BYTES, item(data, position))
        if byte == 0:
            break
        hyphen |= byte == HYPHEN
        state = step(state, byte)
        position += 1
    short = np.int64(state & np.uint64(0x1FFFFFFF)) + 1
    return state, -short if hyphen else short, position


@inlined
def _read_start_tag(tape: Tape, position: int, stop: int, tag: int, key: int, start: int) -> int:
    data, state = tape.data, tape.state
    if state[at.SKIPPED]:
        return _read_skipped(tape, position, stop, tag, key)
    node = state[at.NODES]
    if node >= tape.nodes.shape[0]:
        state[at.CUT] = 1
        return stop
    close_implied(tape, tag)
    if tag == tags.A and state[at.LINKED]:
        close_tag(tape, tags.A, tags.A)
        state[at.LINKED] = 0
    _new_node(tape, tag, start)
    position, json = read_attributes(tape, position, stop, node, tag)
    closed = data[position - 2] == SLASH
    state[at.BLOCK_INPUTS] += tag == tags.INPUT
    row = tape.nodes[node]
    if is_flagged(tag, tags.RAW):
        return _read_raw(tape, start, position, stop, tag, json)
    if tag == tags.IMG or tag == tags.MATH or tag == tags.SPAN:
        after = _read_formula(tape, start, position, stop, tag)
        if after:
            row[columns.END_BLOCK] = row[columns.FIRST_BLOCK]
            return after
    no_content = is_flagged(tag, tags.VOID) or (closed and (tag == tags.UNKNOWN or is_flagged(tag, tags.FOREIGN)))
    if no_content or state[at.OPEN_ELEMENTS] >= DEPTH_LIMIT - 1:
        row[columns.END_BLOCK] = row[columns.FIRST_BLOCK] if no_content else state[at.BLOCKS]
        return position
    open_element(tape, tag, key, node)
    state[at.SKIPPED] += is_flagged(tag, tags.FOREIGN)
    return position


@inlined
def _new_node(tape: Tape, tag: int, start: int) -> None:
    """Begin the row of an element; its attributes and its end follow."""
    state, nodes = tape.state, tape.nodes
    node, parent = state[at.NODES], state[at.CURRENT]
    if item(tags.STRUCTURE, nodes[parent, columns.TAG]) and not item(tags.CELLS, tag):
        parent = before_table(nodes, parent)
    row, above = nodes[node], nodes[parent]
    row[columns.PARENT], row[columns.TAG], row[columns.DEPTH] = parent, tag, above[columns.DEPTH] + 1
    row[columns.WORDS_FROM] = state[at.CLASS_WORDS]
    row[columns.FIRST_BLOCK], row[columns.END_BLOCK] = state[at.BLOCKS] + state[at.OPEN], -1
    row[columns.SIBLING], row[columns.CHILDREN], row[columns.SOURCE] = above[columns.CHILDREN], 0, start
    row[columns.TEXT_FROM] = row[columns.TEXT_TO] = state[at.TEXT_END]
    above[columns.CHILDREN] += 1
    state[at.NODES] = node + 1


@called
def _read_skipped(tape: Tape, position: int, stop: int, tag: int, key: int) -> int:
    """Read a start tag in an image or a template: only the same elements within count, for their end tags."""
    data, state = tape.data, tape.state
    end = skip_attributes(data, position, stop)
    closed = end - 2 >= position and data[end - 2] == SLASH
    if is_flagged(tag, tags.RAW) and tag != tags.TITLE and not closed:
        return _end_of_raw(data, end, stop, tag)
    if is_flagged(tag, tags.FOREIGN) and not closed and state[at.OPEN_ELEMENTS] < DEPTH_LIMIT - 1:
        open_element(tape, tag, key, tape.stack[STACK_NODE, state[at.OPEN_ELEMENTS] - 1])
        state[at.SKIPPED] += 1
    return end


@called
def _read_formula(tape: Tape, start: int, position: int, stop: int, tag: int) -> int:
    """Write an element that is a formula with a source, or leave out one that only shows it; return where it ends, else 0."""
    data, state = tape.data, tape.state
    if tag == tags.IMG:
        state[at.BLOCK_IMAGES] += 1
        read_image(tape, start + 4, position)
    elif tag == tags.MATH:
        return read_math(tape, start, stop)
    elif position - start > _SHOWN.size + 6 and not state[at.NO_SPAN_END] and holds(data, start, position, _SHOWN):
        after = skip_element(data, position, stop)
        state[at.NO_SPAN_END] = after == 0
        return after
    return 0


@called
def _read_raw(tape: Tape, start: int, position: int, stop: int, tag: int, json: bool) -> int:
    """Read what is not markup; note the title and structured data. Return where its end tag ends."""
    data, slots, state = tape.data, tape.slots, tape.state
    row = tape.nodes[state[at.NODES] - 1]
    row[columns.END_BLOCK] = row[columns.FIRST_BLOCK]
    end = _raw_end(data, position, stop, tag)
    if tag == tags.TITLE and slots[columns.TITLE, 1] == 0:
        slots[columns.TITLE, 0], slots[columns.TITLE, 1] = position, end
    formula = script_formula(data, start + 7, position) if tag == tags.SCRIPT else 0
    if formula:
        put_formula(tape, position, end, formula)
    count = state[at.DATA_COUNT]
    if json and count < tape.structured.shape[0]:
        tape.structured[count, 0], tape.structured[count, 1] = position, end
        state[at.DATA_COUNT] = count + 1
    return _next_greater(data, end, stop)


@called
def _end_of_raw(data: Bytes, position: int, stop: int, tag: int) -> int:
    return _next_greater(data, _raw_end(data, position, stop, tag), stop)


@called
def _raw_end(data: Bytes, position: int, stop: int, tag: int) -> int:
    """Return where the end tag of a raw element begins; the end of the page without one."""
    while True:
        position = next_byte(data, position, stop, LESS)
        if position + 2 >= stop:
            return stop
        if item(data, position + 1) == SLASH:
            name, _, _ = _read_name(data, position + 2, stop)
            if find(tags.TAG_HASHES, tags.TAG_NUMBERS, name) == tag:
                return position
        position += 1
