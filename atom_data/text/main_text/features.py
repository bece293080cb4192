"""Numbers about each block for the models: its own, of the elements it lies in, of its neighbors, of the page."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Float32s, Int32s, UInt64s
from atom_data.text.html import page as columns
from atom_data.text.html.lexicon import CLASS_WORDS
from atom_data.text.html.page import Page
from atom_data.text.main_text import names
from atom_data.text.main_text.elements import Elements, Sums, block_sums, known_elements
from atom_data.text.main_text.facts import page_facts, set_text_facts, title_words
from atom_data.text.main_text.own import TITLE_SHARE, TITLE_WORDS, count_copies, first_title, write_own, write_place
from atom_data.text.main_text.surroundings import (
    containers_of,
    write_containers,
    write_neighbors,
    write_roots,
    write_windows,
)
from atom_data.text.main_text.words import WORD_HASHES, first_words
from atom_data.text.memory import allocating, inlined, kernel, read_only

_TAG, _CLASS, _ELEMENT = names.first("tag"), names.first("class"), names.first("element")
_TEXT, _CONTAINER = names.first("text"), names.first("container")
_NEIGHBOR, _WINDOW, _ROOT = names.first("neighbor"), names.first("window"), names.first("root")
_TAGS, _CLASSES, _COLUMNS = len(names.TAG_GROUPS), len(CLASS_WORDS), len(names.COLUMNS)
_PAGE_FIRST = names.PAGE_FIRST
NO_GROUPS_LEVELS = 6
"""So many elements up are searched for one with class words that mean something."""


LATIN_COLUMNS = (
    "size",
    "word_size",
    "capitalized_share",
    "capital_share",
    "beyond_ascii_share",
    "ends_sentence",
    "starts_small",
)
"""Bytes, capitals and signs of ASCII: other scripts have more bytes a letter, and other or no capitals and full stops."""
_LATIN = [names.OWN.index(name) for name in LATIN_COLUMNS]
OTHER_SCRIPT_SHARE = 0.15
"""Characters beyond ASCII per byte: 0.03 in Polish or Turkish, 0.1 in Vietnamese, 0.33 and more in texts without Latin letters."""


class Scores(NamedTuple):
    """What a model has learned about words: how much content stands where they are, 0 for words it does not know."""

    class_words: Float32s
    """By hash, `page.CLASS_HASHES` of them."""
    text_words: Float32s
    """By hash of a word, then by hash of a whole short block: twice `words.WORD_HASHES`."""


def no_scores() -> Scores:
    """Return scores that know no word."""
    return Scores(np.zeros(columns.CLASS_HASHES, np.float32), np.zeros(2 * WORD_HASHES, np.float32))


def block_features(page: Page, url: str | None, scores: Scores, *, any_script: bool = False) -> Float32s:
    """Return a row a block with `names.COLUMNS`. Memory: about 1 kB a block, beside the result of as much.

    On a page in another script than Latin, and with `any_script` on every page, LATIN_COLUMNS are -1: what they mean, a model
    learns from Latin text alone.
    """
    found = np.empty((_COLUMNS, len(page.blocks)), np.float32)
    if len(page.blocks):
        write_features(page, url, scores, found, any_script=any_script)
    return found.T


def write_features(page: Page, url: str | None, scores: Scores, found: Float32s, *, any_script: bool = False) -> None:
    """Write the same to an array with a row a column, at least as long as there are blocks; there must be one."""
    address = read_only(np.frombuffer((url or "").encode("utf-8", "replace"), np.uint8))
    is_other_script: bool = _features(
        page.source, address, page.nodes, page.classes, page.blocks, page.class_words, page.text, page.slots, page.data,
        read_only(scores.class_words), read_only(scores.text_words), found,
    )  # fmt: skip
    if any_script or is_other_script:
        found[_LATIN] = -1


@kernel
def _features(
    source: Bytes, url: Bytes, nodes: Int32s, classes: UInt64s, blocks: Int32s, class_words: Int32s, text: Bytes, slots: Int32s,
    data: Int32s, class_scores: Float32s, text_scores: Float32s, found: Float32s,
) -> bool:  # fmt: skip
    """Write all columns; tell whether the text is mostly not in Latin letters: characters beyond ASCII, of two bytes and more."""
    sums = block_sums(blocks)
    known = known_elements(nodes, classes, class_words, class_scores, sums)
    facts = page_facts(blocks, known, sums, source, url, slots, data)
    copies = count_copies(blocks)
    first = first_words(blocks, text, text_scores, title_words(source, slots))
    currency = 0
    heading = first_title(blocks, known)
    for block in range(len(blocks)):
        currency += write_own(blocks, text, block, found) > 0
    write_place(nodes, blocks, known, sums, heading, copies, found)
    set_text_facts(facts, currency, copies.repeats, len(blocks))
    _write_bits(blocks, known, found)
    _write_element(nodes, classes, blocks, known, sums, found)
    for block in range(len(blocks)):
        found[TITLE_WORDS, block], found[TITLE_SHARE, block] = first.title_words[block], first.title_share[block]
    _write_text(blocks, known, first.scores, found)
    write_containers(nodes, containers_of(nodes, blocks), sums, found, _CONTAINER)
    write_neighbors(nodes, blocks, known, found, _NEIGHBOR)
    write_windows(sums, found, _WINDOW)
    write_roots(nodes, blocks, known, found, _ROOT)
    for index in range(facts.size):
        found[_PAGE_FIRST + index] = facts[index]
    beyond, size = 0, 0
    for block in range(len(blocks)):
        beyond, size = beyond + blocks[block, columns.BEYOND_ASCII], size + blocks[block, columns.SIZE]
    return beyond > OTHER_SCRIPT_SHARE * size


@allocating
def _write_bits(blocks: Int32s, known: Elements, found: Float32s) -> None:
    """Write which tags and class words stand above a block."""
    count = len(blocks)
    bits = np.zeros(count, np.uint64)
    for block in range(count):
        bits[block] = known.tags[blocks[block, columns.NODE]]
    _spread(bits, found, _TAG, _TAGS)
    for block in range(count):
        bits[block] = known.classes[blocks[block, columns.NODE]]
    _spread(bits, found, _CLASS, _CLASSES)


@inlined
def _spread(bits: UInt64s, found: Float32s, at: int, count: int) -> None:
    for index in range(count):
        row, shift = found[at + index], np.uint64(index)
        for block in range(bits.size):
            row[block] = np.float32(np.int32((bits[block] >> shift) & np.uint64(1)))


@inlined
def _write_element(
    nodes: Int32s, classes: UInt64s, blocks: Int32s, known: Elements, sums: Sums, found: Float32s
) -> None:
    """Write what is known of the element that a block begins in."""
    for block in range(len(blocks)):
        node = np.int64(blocks[block, columns.NODE])
        above, level = node, 0
        while above > 0 and classes[above] == 0 and level < NO_GROUPS_LEVELS:
            above, level = nodes[above, columns.PARENT], level + 1
        low, high = classes[above] & np.uint64(0xFFFF), classes[above] >> np.uint64(16) & np.uint64(0xFFFF)
        hidden = known.hidden[node]
        at = _ELEMENT
        found[at, block], found[at + 1, block] = np.float32(low), np.float32(high)
        found[at + 2, block], found[at + 3, block], found[at + 4, block] = hidden & 1, hidden >> 1 & 1, hidden >> 2 & 1
        for index in range(7):
            found[at + 5 + index, block] = known.scores[node, index]
        found[at + 16, block] = nodes[nodes[node, columns.PARENT], columns.CHILDREN] if node else 0
        root = np.int64(known.alike_root[node])
        found[at + 12, block] = known.alike[root]
        if root == 0:
            found[at + 13, block], found[at + 14, block], found[at + 15, block] = -1, -1, -1
            continue
        start, end = nodes[root, columns.FIRST_BLOCK], nodes[root, columns.END_BLOCK]
        words = sums.words[end] - sums.words[start]
        found[at + 13, block] = words
        found[at + 14, block] = (sums.links[end] - sums.links[start]) / np.float32(max(1, words))
        found[at + 15, block] = nodes[node, columns.DEPTH] - nodes[root, columns.DEPTH]


@inlined
def _write_text(blocks: Int32s, known: Elements, scores: Float32s, found: Float32s) -> None:
    """Write what the first words say: of the block, of the heading or label before it, of the blocks beside it."""
    count = len(blocks)
    mean, whole, place = np.float32(0), np.float32(0), -1
    for block in range(count):
        for index in range(4):
            found[_TEXT + index, block] = scores[index, block]
        found[_TEXT + 4, block], found[_TEXT + 5, block], found[_TEXT + 6, block] = mean, whole, block - place
        found[_TEXT + 7, block] = scores[0, block - 1] if block else 0
        found[_TEXT + 8, block] = scores[0, block + 1] if block + 1 < count else 0
        words = blocks[block, columns.WORDS]
        is_label = False
        if words <= 8 and blocks[block, columns.SENTENCES] == 0 and block + 1 < count:
            is_label = blocks[block + 1, columns.WORDS] > words and scores[3, block] != 0
        if known.heading[blocks[block, columns.NODE]] or is_label:
            mean, whole, place = scores[0, block], scores[3, block], block
