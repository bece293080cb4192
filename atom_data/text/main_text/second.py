"""What the first model says around a block, for the second: of neighbors, containers, blocks that look alike, the page."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Float32s, Int32s
from atom_data.text.html import page as columns, tags
from atom_data.text.html.page import Page
from atom_data.text.main_text.elements import slots_for
from atom_data.text.main_text.kin import kin_of
from atom_data.text.main_text.names import CONTAINERS, SECOND_COLUMNS
from atom_data.text.main_text.surroundings import containers_of
from atom_data.text.memory import allocating, inlined, kernel

LIKELY = 0.5
_HEADING_LEVELS = 4
_CONTAINER, _ALIKE, _PAGE, _HEADING, _BEFORE = (
    SECOND_COLUMNS.index(name)
    for name in ("container_1_chance", "alike_chance", "page_chance", "heading_chance", "part_before")
)


class Chances(NamedTuple):
    """The first model's probabilities, and sums before each block: of words, and of words times probability."""

    chance: Float32s
    words: Float32s
    expected: Float32s


class Alike(NamedTuple):
    """Of blocks that stand alike, by the number of their kin: words, expected words, how many."""

    words: Float32s
    expected: Float32s
    counts: Int32s


def stage_two_features(page: Page, chances: Float32s) -> Float32s:
    """Return a row a block with `names.SECOND_COLUMNS`; `chances` is what the first model gives for each block."""
    found = np.zeros((len(SECOND_COLUMNS), len(page.blocks)), np.float32)
    if len(page.blocks):
        write_second(page, np.ascontiguousarray(chances, np.float32), found)
    return found.T


def write_second(page: Page, chances: Float32s, found: Float32s) -> Int32s:
    """Write the same to an array with a row a column, at least as long as there are blocks; there must be one.

    Return the kin of each block: see `kin.kin_of`.
    """
    kin: Int32s = _second(page.nodes, page.blocks, chances, found)
    return kin


@kernel
def _second(nodes: Int32s, blocks: Int32s, chance: Float32s, found: Float32s) -> Int32s:
    sums, kin = _sums(blocks, chance), kin_of(nodes, blocks)
    _write_near(sums, found)
    _write_containers(containers_of(nodes, blocks), sums, found)
    _write_alike(blocks, kin, sums, _alike(blocks, kin, chance), found)
    _write_page(blocks, sums, found)
    _write_heading(nodes, blocks, chance, found)
    return kin


@allocating
def _sums(blocks: Int32s, chance: Float32s) -> Chances:
    count = len(blocks)
    sums = Chances(chance, np.zeros(count + 1, np.float32), np.zeros(count + 1, np.float32))
    for block in range(count):
        words = np.float32(blocks[block, columns.WORDS])
        sums.words[block + 1] = sums.words[block] + words
        sums.expected[block + 1] = sums.expected[block] + words * chance[block]
    return sums


@inlined
def _share(sums: Chances, start: int, end: int) -> np.float32:
    """Return the expected share of the words of some blocks."""
    return (sums.expected[end] - sums.expected[start]) / max(sums.words[end] - sums.words[start], np.float32(1))


@allocating
def _write_near(sums: Chances, found: Float32s) -> None:
    count = len(sums.chance)
    for block in range(count):
        found[0, block] = sums.chance[block]
        for step in range(1, 5):
            found[2 * step - 1, block] = sums.chance[block - step] if block >= step else -1
            found[2 * step, block] = sums.chance[block + step] if block + step < count else -1
        found[9, block] = _share(sums, max(0, block - 3), min(count, block + 4))
        found[10, block] = _share(sums, max(0, block - 10), min(count, block + 11))
        found[11, block] = _share(sums, max(0, block - 30), min(count, block + 31))
        found[12, block] = _share(sums, max(0, block - 5), block)
        found[13, block] = _share(sums, block + 1, max(block + 1, min(count, block + 6)))
        found[_BEFORE, block] = sums.expected[block] / max(sums.expected[count], np.float32(1))


@allocating
def _write_containers(containers: Int32s, sums: Chances, found: Float32s) -> None:
    total = max(sums.expected[-1], np.float32(1))
    for level in range(CONTAINERS):
        first, last, place = containers[3 * level], containers[3 * level + 1], _CONTAINER + 2 * level
        for block in range(first.size):
            start, end = np.int64(first[block]), np.int64(last[block])
            found[place, block] = _share(sums, start, end)
            found[place + 1, block] = (sums.expected[end] - sums.expected[start]) / total


@allocating
def _alike(blocks: Int32s, kin: Int32s, chance: Float32s) -> Alike:
    size = slots_for(len(blocks))
    alike = Alike(np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.int32))
    for block in range(len(blocks)):
        words = np.float32(blocks[block, columns.WORDS])
        alike.words[kin[block]] += words
        alike.expected[kin[block]] += words * chance[block]
        alike.counts[kin[block]] += 1
    return alike


@allocating
def _write_alike(blocks: Int32s, kin: Int32s, sums: Chances, alike: Alike, found: Float32s) -> None:
    for block in range(len(blocks)):
        group, words = kin[block], np.float32(blocks[block, columns.WORDS])
        count = alike.counts[group]
        share = np.float32(-1)
        if count > 1:
            others = alike.expected[group] - words * sums.chance[block]
            share = others / max(alike.words[group] - words, np.float32(1))
        found[_ALIKE, block], found[_ALIKE + 1, block] = share, count


@allocating
def _write_page(blocks: Int32s, sums: Chances, found: Float32s) -> None:
    """Write what is the same in all blocks, and how far the first and the last likely block are."""
    count, first, last, most = len(blocks), -1, -1, np.float32(0)
    for block in range(count):
        if sums.chance[block] > LIKELY:
            first = block if first < 0 else first
            last = block
        most = max(most, sums.chance[block])
    total = max(sums.words[count], np.float32(1))
    for block in range(count):
        found[_PAGE, block], found[_PAGE + 1, block] = sums.expected[count] / total, most
        found[_PAGE + 2, block] = sums.expected[count]
        found[_PAGE + 3, block] = (sums.words[block] - sums.words[first]) / total if first >= 0 else -2
        found[_PAGE + 4, block] = (sums.words[last + 1] - sums.words[block + 1]) / total if first >= 0 else -2


@allocating
def _write_heading(nodes: Int32s, blocks: Int32s, chance: Float32s, found: Float32s) -> None:
    """Write what the first model says of the last heading before a block."""
    before, place = np.float32(-1), 0
    for block in range(len(blocks)):
        found[_HEADING, block], found[_HEADING + 1, block] = before, block - place
        node, level, is_heading = np.int64(blocks[block, columns.NODE]), 0, False
        while node > 0 and level < _HEADING_LEVELS:
            is_heading |= tags.H1 <= nodes[node, columns.TAG] <= tags.H6
            node, level = np.int64(nodes[node, columns.PARENT]), level + 1
        if is_heading:
            before, place = chance[block], block
