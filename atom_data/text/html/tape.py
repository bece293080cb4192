"""What the pass over a page writes to, and what it has to remember between two tags."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int32s, Int64s, UInt64s
from atom_data.text.html.page import BLOCK_COLUMNS, DATA_LIMIT, NODE_COLUMNS, PARENT, SLOTS
from atom_data.text.html.tags import COUNT

DEPTH_LIMIT = 512
"""Open elements; those below have their blocks in the last one that is open."""
NODE_LIMIT, BLOCK_LIMIT, WORD_LIMIT = 200_000, 40_000, 400_000
"""Of a page; 1,476 real pages have at most a tenth of it."""
EFFORT_LIMIT = 50_000_000
"""Open elements looked at for end tags: a tenth of a second."""

VALUES = 256
"""Values of `class` that are remembered: those of the items of a list are alike."""

(
    NODES, BLOCKS, CLASS_WORDS, TEXT_END, OPEN_ELEMENTS, CURRENT, PREFORMATTED, LINKED, SKIPPED, OPEN, BLOCK_START, BLOCK_NODE,
    BLOCK_PLACE, AFTER_SPACE, PENDING_BREAKS, BLOCK_IMAGES, BLOCK_INPUTS, BLOCK_LINKS, BLOCK_BREAKS, COUNTED, IN_WORD,
    UNSPACED_COUNT, DATA_COUNT, CUT, COUNT_WORDS, COUNT_LINK_WORDS, COUNT_LINK_BYTES, COUNT_COMMAS, COUNT_SENTENCES,
    COUNT_DIGITS, COUNT_CAPITALIZED, COUNT_CAPITALS, COUNT_SIGNS, COUNT_BEYOND, BLOCK_FORMULAS, NO_MATH_BEFORE, NO_SPAN_END,
    EFFORT,
) = range(38)  # fmt: skip
STATE_SIZE = 38
PLAIN, WHITE, TAG_BEGINS, REFERENCE, NO_BREAK, NUL = range(6)
"""Kinds of bytes in text."""


class Tape(NamedTuple):
    """All arrays of the pass, so that kernels take one thing."""

    data: Bytes
    nodes: Int32s
    classes: UInt64s
    blocks: Int32s
    class_words: Int32s
    text: Bytes
    slots: Int32s
    structured: Int32s
    stack: Int32s
    """Open elements: rows STACK_TAG, STACK_NODE, STACK_KEY."""
    opened: Int32s
    """How many elements of each tag are open."""
    state: Int64s
    hashes: UInt64s
    """One number: the hash of the open block's letters."""
    values: Int32s
    """Values of `class` that were read, by their hash: rows with VALUE_START, ..."""
    meanings: UInt64s
    """What they say: the groups of their words, and the hash of tag and class."""


STACK_TAG, STACK_NODE, STACK_KEY = 0, 1, 2
VALUE_START, VALUE_SIZE, VALUE_TAG, VALUE_WORDS, VALUE_COUNT = range(5)
"""Of a value of `class`: where it begins, its bytes, the tag that it was on, the first of its words, and how many they are."""
FORGOTTEN = -1
"""The tag of a formatting element that was closed across blocks: it stays in the stack, and is nothing."""


def new_tape(data: Bytes, tags: int) -> Tape:
    """Return empty arrays for a page with so many `<`: 150 bytes of memory a tag, 2.5 a byte, up to the limits."""
    nodes = min(tags + 2, NODE_LIMIT)
    blocks = min(tags + 2, BLOCK_LIMIT)
    words = min(data.size // 3 + 16, WORD_LIMIT)
    tape = Tape(
        data,
        np.empty((nodes, len(NODE_COLUMNS)), np.int32),
        np.empty(nodes, np.uint64),
        np.empty((blocks, len(BLOCK_COLUMNS)), np.int32),
        np.empty(words, np.int32),
        np.empty(data.size + data.size // 4 + 64, np.uint8),
        np.zeros((SLOTS, 2), np.int32),
        np.zeros((DATA_LIMIT, 2), np.int32),
        np.zeros((3, DEPTH_LIMIT), np.int32),
        np.zeros(COUNT, np.int32),
        np.zeros(STATE_SIZE, np.int64),
        np.zeros(1, np.uint64),
        np.zeros((VALUES, 5), np.int32),
        np.zeros((VALUES, 2), np.uint64),
    )
    tape.nodes[0], tape.classes[0], tape.nodes[0, PARENT] = 0, 0, -1
    tape.state[NODES], tape.state[OPEN_ELEMENTS], tape.state[AFTER_SPACE] = 1, 1, 1
    return tape
