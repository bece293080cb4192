"""What Markdown takes from attributes: the language of code, the first number of a list."""

import numpy as np

from atom_data.text.arrays import Bytes, Int32s
from atom_data.text.html import page as columns, tags
from atom_data.text.html.attributes import CLASS, ENDED, START, next_attribute
from atom_data.text.html.lookup import lower
from atom_data.text.memory import called, inlined, item

TICK, TILDE = ord("`"), ord("~")
LANGUAGE_BYTES = 20
FENCE_BYTES = 3 + LANGUAGE_BYTES + 2
LEVELS = 2
"""So many elements around code may name its language."""
_NAMES = tuple(
    np.frombuffer(word, np.uint8).copy()
    for word in (b"language-", b"lang-", b"highlight-source-", b"sourcecode ", b"brush:", b"highlight-")
)
_LANGUAGE, _LANG, _SOURCE, _CODE, _BRUSH, _HIGHLIGHT = _NAMES


@called
def fence_sign(text: Bytes, start: int, stop: int) -> int:
    """Return the sign of a fence around code: a tick, or a tilde where the code has three ticks."""
    row = 0
    for position in range(start, stop):
        row = row + 1 if item(text, position) == TICK else 0
        if row == 3:
            return TILDE
    return TICK


@called
def put_fence(source: Bytes, nodes: Int32s, node: int, sign: int, out: Bytes, end: int) -> int:
    """Write the fence before code, with the language that the class of the `<pre>`, of what it holds or what holds it names."""
    for _ in range(3):
        out[end] = sign
        end += 1
    inner = node + 1
    first, last = 0, 0
    if inner < len(nodes) and nodes[inner, columns.PARENT] == node and nodes[inner, columns.TAG] == tags.CODE:
        first, last = _language(source, nodes, inner)
    level, above = 0, np.int64(node)
    while last <= first and level <= LEVELS and above > 0:
        first, last = _language(source, nodes, above)
        level, above = level + 1, np.int64(nodes[above, columns.PARENT])
    for position in range(first, min(last, first + LANGUAGE_BYTES)):
        out[end] = lower(item(source, position))
        end += 1
    return end


@called
def _language(source: Bytes, nodes: Int32s, node: int) -> tuple[int, int]:
    """Return where the class of an element names a language, and where the name ends; an empty one for none."""
    position = np.int64(nodes[node, columns.SOURCE]) + 1
    while position < source.size and _is_name(item(source, position)):
        position += 1
    while True:
        kind, first, last, position = next_attribute(source, position, source.size)
        if kind == ENDED:
            return 0, 0
        if kind == CLASS:
            break
    place = -1
    for word in (_LANGUAGE, _LANG, _SOURCE, _CODE, _BRUSH, _HIGHLIGHT):
        if place < 0:
            place = _behind(source, first, last, word)
    if place < 0:
        return 0, 0
    while place < last and item(source, place) == 32:
        place += 1
    end = place
    while end < last and _is_name(item(source, end)):
        end += 1
    return place, end


@called
def _behind(source: Bytes, start: int, stop: int, word: Bytes) -> int:
    """Return the place behind the first word in a value; -1 where it is not."""
    for first in range(start, stop - word.size):
        index = 0
        while index < word.size and lower(item(source, first + index)) == item(word, index):
            index += 1
        if index == word.size:
            return first + index
    return -1


@inlined
def _is_name(byte: int) -> bool:
    return 48 <= byte <= 57 or 97 <= lower(byte) <= 122 or byte == 43 or byte == 35 or byte == 45


@called
def list_start(source: Bytes, nodes: Int32s, node: int) -> int:
    """Return the number of the first item of the list that an item is in: 1, unless `start` says another."""
    position = np.int64(nodes[nodes[node, columns.PARENT], columns.SOURCE]) + 3
    while True:
        kind, first, last, position = next_attribute(source, position, source.size)
        if kind == ENDED:
            return 1
        if kind == START:
            number = 0
            for place in range(first, min(last, first + 6)):
                if not 48 <= item(source, place) <= 57:
                    return 1
                number = number * 10 + item(source, place) - 48
            return number
