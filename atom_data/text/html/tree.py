"""Which elements are open: what a tag closes before it opens, and what an end tag closes.

Source: WHATWG HTML, 13.2.6.4.7 "in body" and the modes of tables, as far as they change text. Formatting that is closed
across a block stays in the stack as FORGOTTEN, where the standard's adoption agency would copy it: the text is the same.
"""

import numpy as np

from atom_data.text.html import page as columns, tags, tape as at
from atom_data.text.html.counts import count_text
from atom_data.text.html.tape import EFFORT_LIMIT, FORGOTTEN, STACK_KEY, STACK_NODE, STACK_TAG, Tape
from atom_data.text.memory import called, inlined, item


@inlined
def is_flagged(tag: int, bit: int) -> bool:
    """Tell whether an element has a bit of `tags`; what is forgotten has none."""
    return tag >= 0 and (item(tags.FLAGS, tag) & bit) != 0


@inlined
def is_heading(tag: int) -> bool:
    """Tell whether an element is one of `<h1>` to `<h6>`."""
    return tags.H1 <= tag <= tags.H6


@inlined
def open_element(tape: Tape, tag: int, key: int, node: int) -> None:
    """Put an element on the stack; there must be room."""
    state, stack = tape.state, tape.stack
    depth = state[at.OPEN_ELEMENTS]
    stack[STACK_TAG, depth], stack[STACK_NODE, depth], stack[STACK_KEY, depth] = tag, node, key
    state[at.OPEN_ELEMENTS] = depth + 1
    state[at.CURRENT] = node
    tape.opened[tag] += 1
    if tag == tags.A:
        count_text(tape)
        state[at.LINKED] = 1
        state[at.BLOCK_LINKS] += 1
    elif tag == tags.PRE:
        state[at.PREFORMATTED] += 1


@called
def close_to(tape: Tape, depth: int) -> None:
    """Close all elements from a place of the stack on."""
    state, stack = tape.state, tape.stack
    end = state[at.BLOCKS] + state[at.OPEN]
    top = state[at.OPEN_ELEMENTS]
    while top > depth:
        top -= 1
        tag, node = stack[STACK_TAG, top], stack[STACK_NODE, top]
        if tag != FORGOTTEN:
            tape.nodes[node, columns.END_BLOCK], tape.nodes[node, columns.TEXT_TO] = end, state[at.TEXT_END]
            _close(tape, tag)
    while top > 1 and stack[STACK_TAG, top - 1] == FORGOTTEN:
        top -= 1
    state[at.OPEN_ELEMENTS] = top
    state[at.CURRENT] = stack[STACK_NODE, top - 1]


@inlined
def _close(tape: Tape, tag: int) -> None:
    tape.opened[tag] -= 1
    if tag == tags.A:
        count_text(tape)
        tape.state[at.LINKED] = 0
    elif tag == tags.PRE:
        tape.state[at.PREFORMATTED] -= 1
    elif is_flagged(tag, tags.FOREIGN):
        tape.state[at.SKIPPED] -= 1


@called
def close_tag(tape: Tape, tag: int, key: int) -> None:
    """Do what an end tag does: nothing where it closes nothing."""
    if (tape.opened[tag] == 0 and not is_heading(tag)) or tag == tags.BODY or tag == tags.HTML:
        return
    state = tape.state
    place = _closed_by(tape, tag, key)
    state[at.EFFORT] += state[at.OPEN_ELEMENTS] - place
    state[at.CUT] |= state[at.EFFORT] > EFFORT_LIMIT
    if place == 0:
        return
    if is_flagged(tag, tags.FORMAT) and _has_special(tape, place + 1):
        _forget(tape, place)
    else:
        close_to(tape, place)


@inlined
def _closed_by(tape: Tape, tag: int, key: int) -> int:
    """Return the place in the stack of what an end tag closes; 0 for nothing."""
    stack = tape.stack
    place = tape.state[at.OPEN_ELEMENTS] - 1
    is_block, is_format = is_flagged(tag, tags.BLOCK), is_flagged(tag, tags.FORMAT)
    while place > 0:
        other = np.int64(stack[STACK_TAG, place])
        if other != FORGOTTEN and (stack[STACK_KEY, place] == key or (is_heading(tag) and is_heading(other))):
            return place
        if not is_block and not is_format and is_flagged(other, tags.SPECIAL):
            return 0
        if is_block and (other == tags.TABLE_TAG or other == tags.TD or other == tags.TH) and not _is_of_table(tag):
            return 0
        place -= 1
    return 0


@inlined
def _is_of_table(tag: int) -> bool:
    if tag == tags.TABLE_TAG or tag == tags.TR or tag == tags.TD or tag == tags.TH:
        return True
    return tag == tags.TBODY or tag == tags.THEAD or tag == tags.TFOOT


@inlined
def _has_special(tape: Tape, place: int) -> bool:
    for index in range(place, tape.state[at.OPEN_ELEMENTS]):
        if is_flagged(np.int64(tape.stack[STACK_TAG, index]), tags.SPECIAL):
            return True
    return False


@inlined
def _forget(tape: Tape, place: int) -> None:
    """End a formatting element and leave open what is in it."""
    stack, state = tape.stack, tape.state
    node, tag = stack[STACK_NODE, place], stack[STACK_TAG, place]
    tape.nodes[node, columns.END_BLOCK] = state[at.BLOCKS] + state[at.OPEN]
    tape.nodes[node, columns.TEXT_TO] = state[at.TEXT_END]
    _close(tape, tag)
    stack[STACK_TAG, place] = FORGOTTEN


@called
def close_implied(tape: Tape, tag: int) -> None:
    """Close what a start tag ends: an open paragraph, the list item, cell, row or option before."""
    stack, state = tape.stack, tape.state
    if tape.opened[tags.P] and (is_flagged(tag, tags.CLOSES_P) or tag == tags.HR):
        place = state[at.OPEN_ELEMENTS] - 1
        while place > 0 and not is_flagged(np.int64(stack[STACK_TAG, place]), tags.SPECIAL):
            place -= 1
        if place > 0 and stack[STACK_TAG, place] == tags.P:
            close_to(tape, place)
    place, top = 0, state[at.OPEN_ELEMENTS] - 1
    if is_heading(tag) and is_heading(stack[STACK_TAG, top]):
        place = top
    elif tag == tags.LI or tag == tags.DD or tag == tags.DT or tag == tags.OPTION:
        place = _item_before(tape, tag)
    elif _is_of_table(tag) and tag != tags.TABLE_TAG:
        place = _cell_before(tape, tag)
    if place > 0:
        close_to(tape, place)


@inlined
def _item_before(tape: Tape, tag: int) -> int:
    """Return the place of the item that a new one ends."""
    place = tape.state[at.OPEN_ELEMENTS] - 1
    while place > 0:
        other = np.int64(tape.stack[STACK_TAG, place])
        if other == tag or (tag == tags.DD and other == tags.DT) or (tag == tags.DT and other == tags.DD):
            return place
        passed = tag != tags.OPTION and (other == tags.P or other == tags.DIV or other == tags.ADDRESS)
        if is_flagged(other, tags.SPECIAL) and not passed:
            return 0
        place -= 1
    return 0


@inlined
def _cell_before(tape: Tape, tag: int) -> int:
    """Return the place of the cell, row or group of rows that a new one ends."""
    is_cell = tag == tags.TD or tag == tags.TH
    place = tape.state[at.OPEN_ELEMENTS] - 1
    while place > 0:
        other = np.int64(tape.stack[STACK_TAG, place])
        is_group = other == tags.TBODY or other == tags.THEAD or other == tags.TFOOT
        if other == tags.TABLE_TAG or (is_cell and other == tags.TR) or (tag == tags.TR and is_group):
            return 0
        if is_cell:
            if other == tags.TD or other == tags.TH:
                return place
        elif tag == tags.TR:
            if other == tags.TR:
                return place
        elif is_group:
            return place
        place -= 1
    return 0
