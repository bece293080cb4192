"""Numbers about what stands around a block: containers of growing size, the blocks beside it, the roots of the page."""

import numpy as np

from atom_data.text.arrays import Float32s, Int32s
from atom_data.text.html import page as columns
from atom_data.text.main_text.elements import Elements, Sums
from atom_data.text.main_text.names import CONTAINERS
from atom_data.text.memory import allocating, inlined


@inlined
def grow(nodes: Int32s, node: int, start: int, end: int) -> tuple[int, int, int]:
    """Return the next element upwards that holds blocks beyond a range, and the range with its own."""
    while node > 0 and nodes[node, columns.FIRST_BLOCK] >= start and nodes[node, columns.END_BLOCK] <= end:
        node = np.int64(nodes[node, columns.PARENT])
    start, end = min(start, nodes[node, columns.FIRST_BLOCK]), max(end, nodes[node, columns.END_BLOCK])
    return node, start, end


@inlined
def own_range(nodes: Int32s, node: int, block: int) -> tuple[int, int]:
    """Return the blocks of an element; the block alone where it is not among them."""
    start, end = np.int64(nodes[node, columns.FIRST_BLOCK]), np.int64(nodes[node, columns.END_BLOCK])
    return (block, block + 1) if start > block or end <= block else (start, end)


@allocating
def containers_of(nodes: Int32s, blocks: Int32s) -> Int32s:
    """Return for each block six elements, each the next one upwards that holds more blocks than the one before.

    Rows FIRST, LAST and ELEMENT of each level: the range of blocks, and the element.
    """
    found = np.empty((3 * CONTAINERS, len(blocks)), np.int32)
    for block in range(len(blocks)):
        node = np.int64(blocks[block, columns.NODE])
        start, end = own_range(nodes, node, block)
        for level in range(CONTAINERS):
            node, start, end = grow(nodes, node, start, end)
            row = 3 * level
            found[row, block], found[row + 1, block], found[row + 2, block] = start, end, node
            # Most blocks stand beside the one before: from the element on that both lie in, all is the same.
            if (
                block
                and found[row + 2, block - 1] == node
                and found[row, block - 1] == start
                and found[row + 1, block - 1] == end
            ):
                for rest in range(row + 3, 3 * CONTAINERS):
                    found[rest, block] = found[rest, block - 1]
                break
    return found


@allocating
def write_containers(nodes: Int32s, containers: Int32s, sums: Sums, found: Float32s, at: int) -> None:
    """Write what the six elements around a block hold."""
    total = np.float32(max(1, sums.words[-1]))
    for level in range(CONTAINERS):
        first, last, element = containers[3 * level], containers[3 * level + 1], containers[3 * level + 2]
        place = at + 6 * level
        for block in range(first.size):
            start, end = np.int64(first[block]), np.int64(last[block])
            words = sums.words[end] - sums.words[start]
            found[place, block] = words
            found[place + 1, block] = (sums.links[end] - sums.links[start]) / np.float32(max(1, words))
            found[place + 2, block] = (sums.sentences[end] - sums.sentences[start]) / np.float32(max(1, words))
            found[place + 3, block] = end - start
            found[place + 4, block] = words / total
            found[place + 5, block] = nodes[element[block], columns.TAG]


@allocating
def write_neighbors(nodes: Int32s, blocks: Int32s, known: Elements, found: Float32s, at: int) -> None:
    """Write what the three blocks before and behind are."""
    count = len(blocks)
    for index in range(6):
        shift = index - 3 if index < 3 else index - 2
        place = at + 5 * index
        for block in range(count):
            other = block + shift
            if other < 0 or other >= count:
                for column in range(5):
                    found[place + column, block] = -1
                continue
            words, beside = blocks[other, columns.WORDS], blocks[other, columns.NODE]
            found[place, block] = words
            found[place + 1, block] = blocks[other, columns.LINK_WORDS] / np.float32(words)
            found[place + 2, block] = known.heading[beside]
            found[place + 3, block] = blocks[other, columns.SENTENCES]
            found[place + 4, block] = nodes[beside, columns.LOOK] == nodes[blocks[block, columns.NODE], columns.LOOK]


@allocating
def write_windows(sums: Sums, found: Float32s, at: int) -> None:
    """Write what stands within three and within ten blocks."""
    count = len(sums.words) - 1
    for block in range(count):
        start, end = max(0, block - 3), min(count, block + 4)
        words = sums.words[end] - sums.words[start]
        found[at, block] = words
        found[at + 1, block] = (sums.links[end] - sums.links[start]) / np.float32(max(1, words))
        start, end = max(0, block - 10), min(count, block + 11)
        words = sums.words[end] - sums.words[start]
        found[at + 2, block] = words
        found[at + 3, block] = (sums.links[end] - sums.links[start]) / np.float32(max(1, words))
        found[at + 4, block] = (sums.sentences[end] - sums.sentences[start]) / np.float32(max(1, words))


@allocating
def write_roots(nodes: Int32s, blocks: Int32s, known: Elements, found: Float32s, at: int) -> None:
    """Write where a block stands from the smallest elements that hold most of the page."""
    for index in range(4):
        root = known.roots[index]
        start, end = nodes[root, columns.FIRST_BLOCK], nodes[root, columns.END_BLOCK]
        place = at + 4 * index
        for block in range(len(blocks)):
            found[place, block] = start <= block < end
            found[place + 1, block] = max(0, start - block)
            found[place + 2, block] = max(0, block - end + 1)
            found[place + 3, block] = nodes[blocks[block, columns.NODE], columns.DEPTH] - nodes[root, columns.DEPTH]
