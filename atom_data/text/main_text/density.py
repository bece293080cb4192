"""Where the paragraphs of a page stand close together.

Each paragraph counts for the element that holds it, and half for the one around that; links take away from it. An article has
its paragraphs in one place, a thread of comments one or two in each of many. No word of any language is looked at. Source of
the rule: the script Readability by Arc90 (2010), whose length in letters is here one in words.
"""

import numpy as np

from atom_data.text.arrays import Float32s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.html import tags
from atom_data.text.main_text.elements import Sums
from atom_data.text.memory import allocating, inlined

LEAST_WORDS, WORDS_A_POINT, MOST_POINTS = 5, 18, 3
_FLAGS = tags.FLAGS


@allocating
def write_density(nodes: Int32s, blocks: Int32s, sums: Sums, found: Float32s, at: int) -> None:
    """Write the score of the element around each block and of the next one, as shares of the highest score of the page; and where
    the block stands from the element with that score: inside, blocks before, blocks behind, levels.
    """  # fmt: skip
    scores, holders = np.zeros(len(nodes), np.float32), np.zeros(len(blocks), np.int32)
    for block in range(len(blocks)):
        holder = _holder(nodes, blocks[block, columns.NODE])
        holders[block] = holder
        words = np.float32(blocks[block, columns.WORDS])
        if words >= LEAST_WORDS and 3 * blocks[block, columns.LINK_WORDS] < words:
            points = 1 + blocks[block, columns.COMMAS] + min(words / WORDS_A_POINT, np.float32(MOST_POINTS))
            scores[holder] += points
            scores[max(0, nodes[holder, columns.PARENT])] += points / 2
    top = _best(nodes, sums, scores)
    most = max(scores[top], np.float32(1))
    start, end = nodes[top, columns.FIRST_BLOCK], nodes[top, columns.END_BLOCK]
    for block in range(len(blocks)):
        holder = np.int64(holders[block])
        found[at, block] = scores[holder] / most
        found[at + 1, block] = scores[max(0, nodes[holder, columns.PARENT])] / most
        found[at + 2, block] = start <= block < end
        found[at + 3, block], found[at + 4, block] = max(0, start - block), max(0, block - end + 1)
        found[at + 5, block] = nodes[blocks[block, columns.NODE], columns.DEPTH] - nodes[top, columns.DEPTH]


@inlined
def _holder(nodes: Int32s, node: int) -> int:
    """Return the element that holds a paragraph: the one that breaks the line; its parent where that has one block alone."""
    place = np.int64(node)
    while place > 0 and not _FLAGS[nodes[place, columns.TAG]] & tags.BLOCK:
        place = np.int64(nodes[place, columns.PARENT])
    alone = nodes[place, columns.END_BLOCK] - nodes[place, columns.FIRST_BLOCK] <= 1
    return max(0, np.int64(nodes[place, columns.PARENT])) if alone else place


@inlined
def _best(nodes: Int32s, sums: Sums, scores: Float32s) -> int:
    """Take from each score the share of words in links, and return the element with the highest."""
    best = 0
    for node in range(len(nodes)):
        if scores[node] > 0:
            start, end = nodes[node, columns.FIRST_BLOCK], nodes[node, columns.END_BLOCK]
            words = max(1, sums.words[end] - sums.words[start])
            scores[node] *= 1 - (sums.links[end] - sums.links[start]) / np.float32(words)
            if scores[node] > scores[best]:
                best = node
    return best
