"""What is known of elements for the blocks below them: tags and class words on the way up, elements that look alike, roots."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Float32s, Int32s, Int64s, UInt64s
from atom_data.text.html import page as columns, tags
from atom_data.text.html.lexicon import CLASS_WORDS
from atom_data.text.main_text.names import TAG_GROUPS
from atom_data.text.memory import allocating, inlined

PROBES = 64
"""So many places of a table are looked at before two keys share one."""
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""An odd number near 2 ** 64 over the golden ratio: all bits of a key reach the upper ones of the product (Knuth, TAOCP 3, 6.4)."""
OWN, OWN_LEAST, NEAREST, LEAST, MOST, SUM, SECOND = range(7)
HALF, THREE_QUARTERS, NINE_TENTHS, PLAIN = range(4)
(ARTICLES, ARTICLE_WORDS, MAINS, MAIN_WORDS, TIMES, TABLES, POSTS) = range(7)

_GROUP_OF_TAG = np.full(tags.COUNT, -1, np.int64)
for _number, _names in enumerate(TAG_GROUPS):
    for _name in _names:
        _GROUP_OF_TAG[tags.TAGS[_name]] = _number
_COUNTED = np.zeros(tags.COUNT, np.bool_)
_COUNTED[[tags.ARTICLE, tags.MAIN, tags.TIME, tags.TABLE_TAG]] = True
_POSTS = np.uint64(
    sum(1 << number for number, words in enumerate(CLASS_WORDS) if words[0] in {"post", "comment", "content", "thread"})
)


class Sums(NamedTuple):
    """Of all blocks before a block: words, words in links, words of blocks with sentences, words not in links."""

    words: Int32s
    links: Int32s
    sentences: Int32s
    plain: Int32s


class Elements(NamedTuple):
    """A row an element."""

    tags: UInt64s
    """Bits of TAG_GROUPS: what it is or lies in."""
    classes: UInt64s
    """Bits of CLASS_WORDS: of it and of what it lies in."""
    hidden: Int32s
    heading: Int32s
    """1 to 6 in a heading, 0 elsewhere."""
    scores: Float32s
    """What learned scores of class words say: its own mean and least one; the nearest mean, the least, highest, sum and second
    least of means on the way up."""
    alike: Int32s
    """Elements of the same parent with the same tag and class."""
    alike_root: Int32s
    """The nearest element upwards with three and more alike; 0 for none."""
    roots: Int64s
    """The smallest elements with 50, 75 and 90 % of the words in sentences, and with 60 % of the words outside links."""
    counts: Int64s


@allocating
def block_sums(blocks: Int32s) -> Sums:
    """Return the sums before each block, and behind the last."""
    count = len(blocks)
    sums = Sums(
        np.zeros(count + 1, np.int32),
        np.zeros(count + 1, np.int32),
        np.zeros(count + 1, np.int32),
        np.zeros(count + 1, np.int32),
    )
    for block in range(count):
        words, links = blocks[block, columns.WORDS], blocks[block, columns.LINK_WORDS]
        is_sentence = words >= 10 and links * 3 < words and blocks[block, columns.SENTENCES] > 0
        sums.words[block + 1] = sums.words[block] + words
        sums.links[block + 1] = sums.links[block] + links
        sums.sentences[block + 1] = sums.sentences[block] + (words if is_sentence else 0)
        sums.plain[block + 1] = sums.plain[block] + (words - links)
    return sums


@allocating
def known_elements(
    nodes: Int32s, classes: UInt64s, class_words: Int32s, class_scores: Float32s, sums: Sums
) -> Elements:
    """Return what is known of each element, from the document down."""
    size = len(nodes)
    known = Elements(
        np.zeros(size, np.uint64), np.zeros(size, np.uint64), np.zeros(size, np.int32), np.zeros(size, np.int32),
        np.zeros((size, 7), np.float32), np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(4, np.int64),
        np.zeros(7, np.int64),
    )  # fmt: skip
    _count_alike(nodes, known.alike)
    for node in range(size):
        parent, tag = np.int64(nodes[node, columns.PARENT]), np.int64(nodes[node, columns.TAG])
        if node:
            known.tags[node], known.classes[node] = known.tags[parent], known.classes[parent] | classes[node]
            known.hidden[node] = known.hidden[parent] | nodes[node, columns.HIDDEN]
            known.heading[node], known.alike_root[node] = known.heading[parent], known.alike_root[parent]
            for index in range(NEAREST, SECOND + 1):
                known.scores[node, index] = known.scores[parent, index]
        if _GROUP_OF_TAG[tag] >= 0:
            known.tags[node] |= np.uint64(1) << np.uint64(_GROUP_OF_TAG[tag])
        if tags.H1 <= tag <= tags.H6:
            known.heading[node] = tag - tags.H1 + 1
        if nodes[node, columns.WORDS_TO] > nodes[node, columns.WORDS_FROM]:
            _score(nodes, node, class_words, class_scores, known.scores)
        if nodes[node, columns.END_BLOCK] > nodes[node, columns.FIRST_BLOCK]:
            _place(nodes, node, sums, known)
        _count(node, tag, nodes, classes, sums, known)
    return known


@inlined
def _score(nodes: Int32s, node: int, class_words: Int32s, class_scores: Float32s, scores: Float32s) -> None:
    total, least, count = np.float32(0), np.float32(0), 0
    for index in range(nodes[node, columns.WORDS_FROM], nodes[node, columns.WORDS_TO]):
        score = class_scores[class_words[index]]
        if score != 0:
            total += score
            count += 1
            least = min(least, score)
    if count:
        mean = total / np.float32(count)
        row = scores[node]
        row[OWN], row[OWN_LEAST], row[NEAREST] = mean, least, mean
        if mean < row[LEAST]:
            row[SECOND], row[LEAST] = row[LEAST], mean
        elif mean < row[SECOND]:
            row[SECOND] = mean
        row[MOST] = max(row[MOST], mean)
        row[SUM] += mean


@inlined
def _place(nodes: Int32s, node: int, sums: Sums, known: Elements) -> None:
    """Note whether an element is a smaller root than those before, and the root of what looks alike."""
    start, end = nodes[node, columns.FIRST_BLOCK], max(nodes[node, columns.FIRST_BLOCK], nodes[node, columns.END_BLOCK])
    sentences, plain = sums.sentences[end] - sums.sentences[start], sums.plain[end] - sums.plain[start]
    all_sentences, all_plain = sums.sentences[-1], sums.plain[-1]
    if all_sentences:
        if sentences * 2 > all_sentences:
            known.roots[HALF] = node
        if sentences * 4 > all_sentences * 3:
            known.roots[THREE_QUARTERS] = node
        if sentences * 10 > all_sentences * 9:
            known.roots[NINE_TENTHS] = node
    if all_plain and plain * 10 > all_plain * 6:
        known.roots[PLAIN] = node
    if known.alike[node] >= 3 and sums.words[end] - sums.words[start] >= 3:
        known.alike_root[node] = node


@inlined
def _count(node: int, tag: int, nodes: Int32s, classes: UInt64s, sums: Sums, known: Elements) -> None:
    is_post = known.alike[node] >= 3 and classes[node] & _POSTS
    if not (_COUNTED[tag] or is_post):
        return
    start, end = nodes[node, columns.FIRST_BLOCK], max(nodes[node, columns.FIRST_BLOCK], nodes[node, columns.END_BLOCK])
    words, counts = sums.words[end] - sums.words[start], known.counts
    if tag == tags.ARTICLE:
        counts[ARTICLES] += 1
        counts[ARTICLE_WORDS] = max(counts[ARTICLE_WORDS], words)
    elif tag == tags.MAIN:
        counts[MAINS] += 1
        counts[MAIN_WORDS] = max(counts[MAIN_WORDS], words)
    elif tag == tags.TIME:
        counts[TIMES] += 1
    elif tag == tags.TABLE_TAG:
        counts[TABLES] += 1
    if is_post and words >= 30:
        counts[POSTS] += 1


@allocating
def _count_alike(nodes: Int32s, alike: Int32s) -> None:
    """Count for each element those of its parent with the same tag and class."""
    size = len(nodes)
    keys = np.zeros(slots_for(size), np.int64)
    counts, slots, last = np.zeros(len(keys), np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32)
    for node in range(1, size):
        parent, look = np.int64(nodes[node, columns.PARENT]), np.int64(nodes[node, columns.LOOK])
        before, last[parent] = last[parent], node
        is_next = before > 0 and nodes[before, columns.LOOK] == look  # as in a list
        slots[node] = slots[before] if is_next else slot_of(keys, (parent << 31 | look) + 1)
        counts[slots[node]] += 1
    for node in range(1, size):
        alike[node] = counts[slots[node]]


@inlined
def slots_for(count: int) -> int:
    """Return a power of two that is at least twice a count."""
    size = 16
    while size < 2 * count:
        size *= 2
    return size


@inlined
def slot_of(keys: Int64s, key: int) -> int:
    """Return the place of a key in a table whose size is a power of two, where it is put if it is new; 0 is not a key."""
    mask, probes = len(keys) - 1, 0
    slot = np.int64((np.uint64(key) * _SPREAD) >> np.uint64(40)) & mask
    while keys[slot] != 0 and keys[slot] != key and probes < PROBES:
        slot, probes = (slot + 1) & mask, probes + 1
    keys[slot] = key
    return slot
