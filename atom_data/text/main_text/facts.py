"""Numbers about the whole page, which are the same in all its blocks: counts, its address, its structured data."""

import numpy as np

from atom_data.text.arrays import Bytes, Float32s, Int32s, UInt64s
from atom_data.text.html import page as columns
from atom_data.text.html.lexicon import DATA_GROUPS, DATA_HASHES, DATA_TYPES, URL_GROUPS, URL_HASHES, URL_WORDS
from atom_data.text.html.lookup import SEED, find, lower, step
from atom_data.text.main_text.elements import (
    ARTICLE_WORDS,
    ARTICLES,
    MAIN_WORDS,
    MAINS,
    POSTS,
    TABLES,
    TIMES,
    Elements,
    Sums,
)
from atom_data.text.main_text.names import PAGE, TAG_GROUPS
from atom_data.text.memory import allocating, inlined, item

TITLE_BYTES, TITLE_WORDS = 400, 64
DATA_BYTES = 20_000
"""So much of a script of structured data is looked at."""
_ITEM = np.uint64(1 << next(number for number, group in enumerate(TAG_GROUPS) if group[0] == "li"))
_BUTTON = np.uint64(1 << next(number for number, group in enumerate(TAG_GROUPS) if group[0] == "button"))
FACTS = len(PAGE) + len(URL_WORDS) + len(DATA_TYPES)
_CURRENCY, _COPIES = PAGE.index("page_currency"), PAGE.index("page_copy_share")
_URL, _DATA = len(PAGE), len(PAGE) + len(URL_WORDS)


@allocating
def title_words(source: Bytes, slots: Int32s) -> UInt64s:
    """Return the hashes of the first words of the title, letters and digits."""
    words, count = np.zeros(TITLE_WORDS, np.uint64), 0
    start, end = slots[columns.TITLE, 0], slots[columns.TITLE, 1]
    state, size = SEED, 0
    for position in range(start, min(end, start + TITLE_BYTES) + 1):
        byte = lower(source[position]) if position < end else 32
        if 97 <= byte <= 122 or byte >= 128 or 48 <= byte <= 57:
            state, size = step(state, byte), size + 1
        else:
            if size and count < TITLE_WORDS:
                words[count] = state
                count += 1
            state, size = SEED, 0
    return words[:count]


@allocating
def page_facts(
    blocks: Int32s, known: Elements, sums: Sums, source: Bytes, url: Bytes, slots: Int32s, data: Int32s
) -> Float32s:
    """Return the columns from PAGE_FIRST on; `page_currency` and `page_copy_share` are left to who looks at all text."""
    facts = np.zeros(FACTS, np.float32)
    count = len(blocks)
    total = np.float32(max(1, sums.words[-1]))
    facts[0], facts[1], facts[2] = sums.words[-1], sums.links[-1] / total, sums.sentences[-1] / total
    facts[3] = count
    for block in range(count):
        node = blocks[block, columns.NODE]
        facts[4] += blocks[block, columns.WORDS] >= 20
        facts[5] += known.heading[node] > 0
        facts[6] += known.tags[node] & _ITEM != 0
        facts[11] += blocks[block, columns.INPUTS]
        facts[12] += blocks[block, columns.IMAGES]
        facts[17] += known.tags[node] & _BUTTON != 0
    facts[6] /= np.float32(max(1, count))
    counts = known.counts
    facts[7], facts[8] = counts[ARTICLES], counts[MAINS]
    facts[9], facts[10] = counts[MAIN_WORDS] / total, counts[ARTICLE_WORDS] / total
    facts[13], facts[18], facts[19] = counts[TIMES], counts[TABLES], counts[POSTS]
    facts[15] = _og_type(source, slots)
    _read_url(url, facts)
    for index in range(len(data)):
        _read_types(source, data[index, 0], min(data[index, 1], data[index, 0] + DATA_BYTES), facts)
    return facts


@inlined
def set_text_facts(facts: Float32s, currency: int, copies: int, count: int) -> None:
    """Set what only the text of all blocks says: how many name a currency, and the share that repeat another."""
    facts[_CURRENCY] = currency
    facts[_COPIES] = copies / np.float32(max(1, count))


@inlined
def _og_type(source: Bytes, slots: Int32s) -> int:
    """Return 1 for article, 2 for product, 3 for website, 4 for another type, 0 for none; by its first letter."""
    start = slots[columns.OG_TYPE, 0]
    if slots[columns.OG_TYPE, 1] <= start:
        return 0
    letter = lower(source[start])
    return 1 if letter == 97 else 2 if letter == 112 else 3 if letter == 119 else 4


@inlined
def _read_url(url: Bytes, facts: Float32s) -> None:
    """Count folders, hyphens and digits of an address, and note the words in its path."""
    slashes, folders, hyphens, most_hyphens, digits, query = 0, 0, 0, 0, 0, url.size
    state, size = SEED, 0
    for position in range(url.size + 1):
        byte = lower(url[position]) if position < url.size else 47
        if byte == 63 or byte == 35:
            query = min(query, position)
        elif byte == 47:
            slashes, hyphens = slashes + 1, 0
            folders += slashes > 3 and size > 0
        elif byte == 45 and slashes >= 3 and position < query:
            hyphens += 1
            most_hyphens = max(most_hyphens, hyphens)
        digits += 48 <= byte <= 57
        if 97 <= byte <= 122:
            state, size = step(state, byte), size + 1
        else:
            if size and slashes >= 2 and position <= query:
                group = find(URL_HASHES, URL_GROUPS, state)
                if group >= 0:
                    facts[_URL + group] = 1
            state, size = SEED, 0
    facts[20], facts[21], facts[22], facts[23] = folders, url.size, most_hyphens, digits


@inlined
def _read_types(source: Bytes, position: int, stop: int, facts: Float32s) -> None:
    """Note the types that a script of structured data names behind `@type`."""
    while position + 12 < stop:
        if item(source, position) == 64 and source[position + 1] == 116 and source[position + 4] == 101:
            position += 6
            while position < stop and source[position] != 34:
                position += 1
            position += 1
            state = SEED
            while position < stop and source[position] != 34:
                state = step(state, source[position])
                position += 1
            group = find(DATA_HASHES, DATA_GROUPS, state)
            if group >= 0:
                facts[_DATA + group] = 1
        position += 1
