"""Blocks: the text between two breaks of lines, written and counted."""

import numpy as np

from atom_data.text.arrays import Bytes, Int32s
from atom_data.text.html import page as columns, tape as at
from atom_data.text.html.counts import count_text
from atom_data.text.html.entities import AMPERSAND, reference
from atom_data.text.html.lookup import SEED
from atom_data.text.html.tags import STRUCTURE, TABLE_TAG
from atom_data.text.html.tape import NO_BREAK, NUL, PLAIN, REFERENCE, TAG_BEGINS, WHITE, Tape
from atom_data.text.memory import called, inlined, item, put
from atom_data.text.wide.marks import WIDTH, copy_bytes, end_marks, lowest_mark

LESS, SPACE, LINE_FEED, RETURN = ord("<"), 32, 10, 13
NO_BREAK_LEAD, NO_BREAK_SECOND = 0xC2, 0xA0

KINDS = np.zeros(256, np.uint8)
KINDS[1:33], KINDS[0] = WHITE, NUL
KINDS[LESS], KINDS[AMPERSAND], KINDS[NO_BREAK_LEAD] = TAG_BEGINS, REFERENCE, NO_BREAK


@inlined
def read_text(tape: Tape, position: int, stop: int) -> int:
    """Write text up to the next `<` behind the first byte; return where it is."""
    data, text, state = tape.data, tape.text, tape.state
    first, end = position, state[at.TEXT_END]
    while position < stop:
        kind = item(KINDS, item(data, position))
        if kind == PLAIN or (kind == TAG_BEGINS and position == first):
            begin_text(tape, end, position)
            put(text, end, item(data, position))
            position, end = _copy_plain(data, position + 1, stop, text, end + 1)
            state[at.AFTER_SPACE] = 0
        elif kind == TAG_BEGINS:
            break
        elif kind == WHITE and state[at.PREFORMATTED] == 0:
            position += 1
            while position < stop and item(KINDS, item(data, position)) == WHITE:
                position += 1
            if state[at.AFTER_SPACE] == 0:
                put(text, end, SPACE)
                end, state[at.AFTER_SPACE] = end + 1, 1
        else:
            position, end = read_other(tape, position, stop, end, kind)
    state[at.TEXT_END] = end
    return position


@inlined
def _copy_plain(data: Bytes, position: int, stop: int, text: Bytes, end: int) -> tuple[int, int]:
    """Write what is PLAIN; return where it ends, and the text's end. What is written behind that is written over."""
    while position + WIDTH <= stop:
        item(data, position + WIDTH - 1)
        item(text, end + WIDTH - 1)
        copy_bytes(data, position, text, end)
        marks = end_marks(data, position, LESS, AMPERSAND, NO_BREAK_LEAD)
        if marks:
            count = lowest_mark(marks)
            return position + count, end + count
        position, end = position + WIDTH, end + WIDTH
    while position < stop and item(KINDS, item(data, position)) == PLAIN:
        put(text, end, item(data, position))
        position, end = position + 1, end + 1
    return position, end


@inlined
def begin_text(tape: Tape, end: int, position: int) -> None:
    """Open a block for text that is written next, unless one is open."""
    state, node = tape.state, tape.state[at.CURRENT]
    state[at.PENDING_BREAKS] = 0
    if state[at.OPEN] == 0:
        if item(STRUCTURE, tape.nodes[node, columns.TAG]):
            node = before_table(tape.nodes, node)
        state[at.OPEN], state[at.BLOCK_START], state[at.COUNTED] = 1, end, end
        state[at.BLOCK_NODE], state[at.BLOCK_PLACE] = node, position


@called
def before_table(nodes: Int32s, node: int) -> int:
    """Return the element that what stands in a table and not in a cell belongs to: the table's parent."""
    while node > 0 and nodes[node, columns.TAG] != TABLE_TAG:
        node = np.int64(nodes[node, columns.PARENT])
    return np.int64(nodes[node, columns.PARENT]) if node > 0 else 0


@called
def read_other(tape: Tape, position: int, stop: int, end: int, kind: int) -> tuple[int, int]:
    """Write white space, a reference or a character that begins with C2; return where it ends, and the text's end."""
    data, text, state = tape.data, tape.text, tape.state
    if kind == NUL:
        return position + 1, end
    if kind == WHITE:
        return position + 1, _put_space(tape, position, stop, end, True)
    after, size = position + 1, 1
    if kind == REFERENCE:
        after, written = reference(data, position, stop, text, end)
        size = written - end
        if after == position:
            put(text, end, AMPERSAND)
            after, size = position + 1, 1
    else:
        put(text, end, NO_BREAK_LEAD)
        if after < stop and item(data, after) == NO_BREAK_SECOND:
            put(text, end + 1, NO_BREAK_SECOND)
            after, size = after + 1, 2
    lead = item(text, end)
    if (size == 1 and lead <= SPACE) or (size == 2 and lead == NO_BREAK_LEAD and text[end + 1] == NO_BREAK_SECOND):
        return after, _put_space(tape, position, stop, end, False)
    begin_text(tape, end, position)
    state[at.AFTER_SPACE] = 0
    return after, end + size


@inlined
def _put_space(tape: Tape, position: int, stop: int, end: int, as_it_is: bool) -> int:
    """Write the white space at a position, or a space for what stands there; in a row only one, outside `<pre>`."""
    text, state = tape.text, tape.state
    if state[at.PREFORMATTED]:
        byte = SPACE
        if as_it_is:
            byte = np.int64(item(tape.data, position))
            if byte == RETURN:
                byte = LINE_FEED
                if position + 1 < stop and item(tape.data, position + 1) == LINE_FEED:
                    return end
        if state[at.OPEN] == 0:
            if byte == LINE_FEED:
                return end
            begin_text(tape, end, position)
        put(text, end, byte if byte == LINE_FEED or byte == 9 else SPACE)
        state[at.AFTER_SPACE] = 1
        return end + 1
    if state[at.AFTER_SPACE] == 0:
        put(text, end, SPACE)
        state[at.AFTER_SPACE] = 1
        return end + 1
    return end


@called
def break_line(tape: Tape) -> bool:
    """Write the line feed of a `<br>`; of two in a row tell that they end the block."""
    text, state = tape.text, tape.state
    state[at.PENDING_BREAKS] += 1
    state[at.BLOCK_BREAKS] += 1
    if state[at.PENDING_BREAKS] >= 2 and state[at.AFTER_SPACE]:
        return True
    end = state[at.TEXT_END]
    if state[at.OPEN] and end > state[at.BLOCK_START]:
        if text[end - 1] == SPACE and not state[at.PREFORMATTED]:
            text[end - 1] = LINE_FEED
        else:
            text[end] = LINE_FEED
            state[at.TEXT_END] = end + 1
        state[at.AFTER_SPACE] = 1
    return False


@called
def end_block(tape: Tape) -> None:
    """Close the open block: with a word in it, it is kept."""
    text, blocks, state = tape.text, tape.blocks, tape.state
    count_text(tape)
    start, end = state[at.BLOCK_START], state[at.TEXT_END]
    while end > start and text[end - 1] <= SPACE:
        end -= 1
    number = state[at.BLOCKS]
    if state[at.COUNT_WORDS] and number < blocks.shape[0]:
        row = blocks[number]
        row[columns.START], row[columns.END], row[columns.NODE] = start, end, state[at.BLOCK_NODE]
        row[columns.WORDS], row[columns.LINK_WORDS] = state[at.COUNT_WORDS], state[at.COUNT_LINK_WORDS]
        row[columns.SIZE], row[columns.LINK_BYTES] = end - start, state[at.COUNT_LINK_BYTES]
        row[columns.COMMAS], row[columns.SENTENCES] = state[at.COUNT_COMMAS], state[at.COUNT_SENTENCES]
        row[columns.DIGITS], row[columns.CAPITALIZED] = state[at.COUNT_DIGITS], state[at.COUNT_CAPITALIZED]
        row[columns.CAPITALS], row[columns.SIGNS] = state[at.COUNT_CAPITALS], state[at.COUNT_SIGNS]
        row[columns.LINKS], row[columns.BREAKS] = state[at.BLOCK_LINKS], state[at.BLOCK_BREAKS]
        row[columns.PLACE], row[columns.BEYOND_ASCII] = state[at.BLOCK_PLACE], state[at.COUNT_BEYOND]
        row[columns.FORMULAS] = state[at.BLOCK_FORMULAS]
        row[columns.IMAGES], row[columns.INPUTS] = state[at.BLOCK_IMAGES], state[at.BLOCK_INPUTS]
        folded = tape.hashes[0]
        row[columns.HASH] = np.int64((folded ^ (folded >> np.uint64(32))) & np.uint64(0x7FFFFFFF))
        state[at.BLOCKS] = number + 1
        state[at.BLOCK_IMAGES], state[at.BLOCK_INPUTS] = 0, 0
    else:
        state[at.CUT] |= state[at.COUNT_WORDS] > 0
    # Text never gets shorter, so that what elements say of where theirs begins and ends stays true.
    text[state[at.TEXT_END]] = LINE_FEED
    state[at.TEXT_END] += 1
    for index in range(at.COUNT_WORDS, at.BLOCK_FORMULAS + 1):
        state[index] = 0
    state[at.BLOCK_LINKS], state[at.BLOCK_BREAKS], state[at.PENDING_BREAKS] = 0, 0, 0
    state[at.OPEN], state[at.AFTER_SPACE], state[at.IN_WORD], state[at.UNSPACED_COUNT] = 0, 1, 0, 0
    tape.hashes[0] = SEED
