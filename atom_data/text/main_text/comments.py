"""Comments and reviews of readers, told by the class, id or itemprop of the elements that they lie in."""

import numpy as np

from atom_data.text.arrays import Bools, Int32s, UInt64s
from atom_data.text.html import page as columns, tags
from atom_data.text.html.lexicon import CLASS_WORDS
from atom_data.text.html.page import Page
from atom_data.text.memory import kernel

_COMMENTS = np.uint64(sum(1 << number for number, words in enumerate(CLASS_WORDS) if words[0] in {"comment", "review"}))


def without_comments(page: Page, kept: Bools) -> Bools:
    """Return the blocks that are kept and lie in no comments or reviews.

    All of them where that would leave less than half of their words: then the comments are what the page is for.
    """
    rest = kept.copy()
    if kept.any():
        _leave_out(page.nodes, page.classes, page.blocks, kept, rest)
    return rest


@kernel
def _leave_out(nodes: Int32s, classes: UInt64s, blocks: Int32s, kept: Bools, rest: Bools) -> None:
    for node in range(1, len(nodes)):
        tag = nodes[node, columns.TAG]
        if classes[node] & _COMMENTS and tag != tags.HTML and tag != tags.BODY and tag != tags.MAIN:
            for block in range(nodes[node, columns.FIRST_BLOCK], nodes[node, columns.END_BLOCK]):
                rest[block] = False
    words, left = 0, 0
    for block in range(len(blocks)):
        words += blocks[block, columns.WORDS] * kept[block]
        left += blocks[block, columns.WORDS] * rest[block]
    if left * 2 < words:
        rest[:] = kept
