"""What must hold of every page that was read, whatever it holds."""

import numpy as np

from atom_data.text.html import page as columns, tags
from atom_data.text.html.scan import scan
from atom_data.text.html.tape import BLOCK_LIMIT, DEPTH_LIMIT, NODE_LIMIT


def check(html: bytes) -> None:
    """Read a page and look at all that its arrays promise."""
    page = scan(html)
    nodes, blocks, size = page.nodes, page.blocks, len(page.text)
    count = len(nodes)
    assert 1 <= count <= NODE_LIMIT
    assert len(blocks) <= BLOCK_LIMIT
    assert len(page.classes) == count
    parents = nodes[1:, columns.PARENT]
    assert np.all((parents >= 0) & (parents < np.arange(1, count)))
    assert np.all((nodes[:, columns.TAG] >= 0) & (nodes[:, columns.TAG] < tags.COUNT))
    assert np.all(nodes[1:, columns.DEPTH] == nodes[parents, columns.DEPTH] + 1)
    assert np.all(nodes[:, columns.DEPTH] < DEPTH_LIMIT + 2)
    assert np.all((nodes[:, columns.FIRST_BLOCK] >= 0) & (nodes[:, columns.FIRST_BLOCK] <= len(blocks)))
    assert np.all((nodes[:, columns.END_BLOCK] >= 0) & (nodes[:, columns.END_BLOCK] <= len(blocks)))
    assert np.all((nodes[:, columns.TEXT_FROM] >= 0) & (nodes[:, columns.TEXT_TO] <= size))
    assert np.all(np.diff(nodes[:, columns.TEXT_FROM]) >= 0)
    assert np.all((nodes[:, columns.WORDS_FROM] >= 0) & (nodes[:, columns.WORDS_TO] <= len(page.class_words)))
    assert np.all((page.class_words >= 0) & (page.class_words < columns.CLASS_HASHES))
    if len(blocks):
        starts, ends = blocks[:, columns.START], blocks[:, columns.END]
        assert np.all(starts < ends)
        assert np.all(ends[:-1] <= starts[1:])
        assert ends[-1] <= size
        assert np.all(blocks[:, columns.SIZE] == ends - starts)
        assert np.all(blocks[:, columns.WORDS] > 0)
        assert np.all(blocks[:, columns.LINK_WORDS] <= blocks[:, columns.WORDS])
        assert np.all((blocks[:, columns.NODE] >= 0) & (blocks[:, columns.NODE] < count))
        assert np.all(blocks >= 0)
    assert np.all((page.slots >= 0) & (page.slots <= len(html)))
    assert np.all((page.data >= 0) & (page.data <= len(html)))
    assert size <= len(html) * 5 // 4 + 64
