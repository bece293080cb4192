"""Numbers that a block's own text gives, and where the block stands."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Float32s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html.page import HIDDEN_ATTRIBUTE, HIDDEN_STYLE
from atom_data.text.main_text import names
from atom_data.text.main_text.elements import Elements, Sums, slot_of, slots_for
from atom_data.text.main_text.words import READ_BYTES
from atom_data.text.memory import allocating, inlined, item

_VISIBLE = HIDDEN_STYLE | HIDDEN_ATTRIBUTE
(
    WORDS, LINK_SHARE, SIZE, WORD_SIZE, SENTENCES, COMMAS, DIGIT_SHARE, CAPITALIZED_SHARE, CAPITAL_SHARE, SIGNS, LINKS, BREAKS,
    IMAGES, INPUTS, BEYOND_ASCII, COPIES, FIRST_COPY, HEADING, UNUSED, DEPTH, WORDS_LOG, TITLE_WORDS, TITLE_SHARE, CURRENCY,
    COPYRIGHT, ENDS_COLON, ENDS_SENTENCE, STARTS_SMALL, MOSTLY_DIGITS, BULLETS, PLACE_BLOCKS, PLACE_WORDS, FROM_H1_BLOCKS,
    FROM_H1_WORDS, WITH_H1_DEPTH, WITH_H1_LEVELS, WITH_H1_SHARE,
) = range(len(names.OWN))  # fmt: skip


class Copies(NamedTuple):
    """Of blocks: how many have the same letters, and which is the first of them; and how many repeat one before."""

    count: Int32s
    is_first: Int32s
    repeats: int


@allocating
def count_copies(blocks: Int32s) -> Copies:
    """Count the blocks of a page with the same letters."""
    size, repeats = len(blocks), 0
    keys = np.zeros(slots_for(size), np.int64)
    counts = np.zeros(len(keys), np.int32)
    found, first, slots = np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32)
    for block in range(size):
        slot = slot_of(keys, np.int64(blocks[block, columns.HASH]) + 1)
        first[block] = counts[slot] == 0
        repeats += counts[slot] > 0
        counts[slot] += 1
        slots[block] = slot
    for block in range(size):
        found[block] = counts[slots[block]]
    return Copies(found, first, repeats)


@inlined
def write_own(blocks: Int32s, text: Bytes, block: int, found: Float32s) -> int:
    """Write what the text of a block gives; return how many signs of currency are in it."""
    row = blocks[block]
    words, size = np.float32(row[columns.WORDS]), np.float32(row[columns.SIZE])
    found[WORDS, block], found[LINK_SHARE, block] = words, row[columns.LINK_WORDS] / words
    found[SIZE, block], found[WORD_SIZE, block] = size, size / words
    found[SENTENCES, block], found[COMMAS, block] = row[columns.SENTENCES], row[columns.COMMAS]
    found[DIGIT_SHARE, block], found[CAPITALIZED_SHARE, block] = (
        row[columns.DIGITS] / size,
        row[columns.CAPITALIZED] / words,
    )
    found[CAPITAL_SHARE, block], found[SIGNS, block] = row[columns.CAPITALS] / size, row[columns.SIGNS]
    found[LINKS, block], found[BREAKS, block] = row[columns.LINKS], row[columns.BREAKS]
    found[UNUSED, block] = 0
    found[IMAGES, block], found[INPUTS, block] = row[columns.IMAGES], row[columns.INPUTS]
    found[BEYOND_ASCII, block], found[WORDS_LOG, block] = row[columns.BEYOND_ASCII] / size, np.log(words)
    start, end = np.int64(row[columns.START]), np.int64(row[columns.END])
    last, lead = text[end - 1], text[start]
    found[ENDS_COLON, block] = last == 58
    found[ENDS_SENTENCE, block] = last == 46 or last == 33 or last == 63 or last == 34
    found[STARTS_SMALL, block] = 97 <= lead <= 122
    found[MOSTLY_DIGITS, block] = row[columns.DIGITS] * 2 > row[columns.SIZE]
    currency, copyrights, bullets = _count_signs(text, start, min(end, start + READ_BYTES), end)
    found[CURRENCY, block], found[COPYRIGHT, block], found[BULLETS, block] = currency, copyrights, bullets
    return currency


@inlined
def _count_signs(text: Bytes, start: int, stop: int, end: int) -> tuple[int, bool, int]:
    """Return how many signs of currency, whether one of copyrights, and how many bullets a text begins with."""
    currency, copyrights, bullets = 0, False, 0
    for position in range(start, stop):
        byte = item(text, position)
        if byte < 0xC2:
            currency += byte == 36
        elif byte == 0xC2 and position + 1 < end:
            second = item(text, position + 1)
            copyrights |= second == 0xA9
            currency += second == 0xA3 or second == 0xA5
            bullets += second == 0xB7 or second == 0xBB
        elif byte == 0xE2 and position + 2 < end:
            second, third = item(text, position + 1), item(text, position + 2)
            currency += second == 0x82 and third == 0xAC
            bullets += second == 0x80 and third == 0xA2
    return currency, copyrights, bullets


@allocating
def first_title(blocks: Int32s, known: Elements) -> int:
    """Return the first block in an `<h1>` that is not hidden; -1 without one."""
    for block in range(len(blocks)):
        node = blocks[block, columns.NODE]
        if known.heading[node] == 1 and not known.hidden[node] & _VISIBLE:
            return block
    return -1


@allocating
def write_place(
    nodes: Int32s, blocks: Int32s, known: Elements, sums: Sums, heading: int, copies: Copies, found: Float32s
) -> None:
    """Write where each block stands: in the page, and from the first `<h1>`."""
    count, total = np.float32(len(blocks)), np.float32(max(1, sums.words[-1]))
    shared, depth = np.zeros(len(nodes), np.int32), 1
    if heading >= 0:
        depth = max(1, nodes[blocks[heading, columns.NODE], columns.DEPTH])
        _share_with(nodes, blocks[heading, columns.NODE], shared)
    for block in range(len(blocks)):
        node = np.int64(blocks[block, columns.NODE])
        found[COPIES, block], found[FIRST_COPY, block] = copies.count[block], copies.is_first[block]
        found[HEADING, block], found[DEPTH, block] = known.heading[node], nodes[node, columns.DEPTH]
        found[PLACE_BLOCKS, block], found[PLACE_WORDS, block] = block / count, sums.words[block] / total
        if heading < 0:
            found[FROM_H1_BLOCKS, block], found[FROM_H1_WORDS, block] = -999, -9
            found[WITH_H1_DEPTH, block], found[WITH_H1_LEVELS, block], found[WITH_H1_SHARE, block] = -1, -1, -1
            continue
        found[FROM_H1_BLOCKS, block] = block - heading
        found[FROM_H1_WORDS, block] = (sums.words[block] - sums.words[heading]) / total
        root = np.int64(shared[node])
        words = sums.words[nodes[root, columns.END_BLOCK]] - sums.words[nodes[root, columns.FIRST_BLOCK]]
        found[WITH_H1_DEPTH, block] = nodes[root, columns.DEPTH] / np.float32(depth)
        found[WITH_H1_LEVELS, block] = nodes[node, columns.DEPTH] - nodes[root, columns.DEPTH]
        found[WITH_H1_SHARE, block] = words / total


@inlined
def _share_with(nodes: Int32s, heading: int, shared: Int32s) -> None:
    """Write for each element the nearest one upwards that the heading lies in, too."""
    above = np.int64(heading)
    while above > 0:
        shared[above] = above
        above = nodes[above, columns.PARENT]
    for node in range(1, len(nodes)):
        if shared[node] != node:
            shared[node] = shared[nodes[node, columns.PARENT]]
