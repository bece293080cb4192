"""The attributes of a tag: words of its class, whether it is hidden, what a `<meta>` says."""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.hashes import hash_bytes
from atom_data.text.html import page as columns, tape as at
from atom_data.text.html.lexicon import CLASS_GROUPS, CLASS_HASHES
from atom_data.text.html.lookup import FACTOR, SEED, find, lower, name_hash, step, table_of
from atom_data.text.html.search import near_byte, same_bytes
from atom_data.text.html.tags import COUNT, HTML, LINK, META, SCRIPT, TIME
from atom_data.text.html.tape import VALUES, Tape
from atom_data.text.memory import called, inlined, item, put

_WORDS = """class id role itemprop data-testid style hidden aria-hidden property name http-equiv content type href lang datetime rel
alt alttext display start"""
_NAMES = _WORDS.split()
(
    CLASS, ID, ROLE, ITEMPROP, TEST, STYLE, HIDDEN, ARIA_HIDDEN, PROPERTY, NAME, EQUIVALENT, CONTENT, TYPE, HREF, LANG, DATETIME,
    REL, ALT, ALTTEXT, DISPLAY, START,
) = range(21)  # fmt: skip
ENDED = -2
_HASHES, _NUMBERS = table_of(zip(_NAMES, range(21), strict=True))
_META_HASHES, _META_SLOTS = table_of(columns.META_SLOTS.items())
_CANONICAL = np.uint64(name_hash("canonical"))
_SAYS = np.zeros(COUNT, np.bool_)
_SAYS[[META, LINK, HTML, TIME, SCRIPT]] = True
SLOT_BYTES = 2_000
"""A longer value says nothing."""
WORDS_BYTES, LOOK_BYTES, STYLE_BYTES = 200, 40, 300
"""So much of a value counts."""
LONGEST_WORD = 24
LETTERS = np.zeros(256, np.uint8)
LETTERS[65:91] = LETTERS[97:123] = np.arange(97, 123)
"""Of a byte that is a letter of ASCII, the small letter; 0 of others."""
GREATER, SLASH, EQUALS, QUOTE, APOSTROPHE = ord(">"), ord("/"), ord("="), ord('"'), ord("'")
NAME_BYTES = np.arange(256, dtype=np.uint8)
NAME_BYTES[65:91] += 32
NAME_BYTES[:33] = NAME_BYTES[[GREATER, SLASH, EQUALS]] = 0
"""Of a byte in the name of an attribute, the byte in lower case; 0 of those that end it."""
_DISPLAY, _NONE, _JSON = (np.frombuffer(word, np.uint8).copy() for word in (b"display", b"none", b"json"))


@inlined
def skip_attributes(data: Bytes, position: int, stop: int) -> int:
    """Return where the tag ends, behind its `>`; one in quotes does not end it."""
    while position < stop:
        byte = item(data, position)
        position += 1
        if byte == GREATER:
            break
        if byte == EQUALS:
            _, _, position = _value(data, position - 1, stop)
    return position


@inlined
def read_attributes(tape: Tape, position: int, stop: int, node: int, tag: int) -> tuple[int, bool]:
    """Note what the attributes of an element say; return where the tag ends, and whether it says json."""
    data, state = tape.data, tape.state
    groups, look, hidden, begin = np.uint64(0), np.uint64(tag) * FACTOR + SEED, 0, position
    while True:
        kind, start, end, position = _next_attribute(data, position, stop)
        if kind == ENDED:
            break
        if kind == CLASS:
            added, look = _read_class(tape, start, end, tag, look)
            groups |= added
        elif 0 <= kind <= TEST:
            groups |= read_words(tape, start, min(end, start + WORDS_BYTES))
        elif TEST < kind <= ARIA_HIDDEN:
            hidden |= _hides(data, start, end, kind)
    row = tape.nodes[node]
    tape.classes[node], row[columns.WORDS_TO], row[columns.HIDDEN] = groups, state[at.CLASS_WORDS], hidden
    row[columns.LOOK] = np.int64((look ^ (look >> np.uint64(33))) & np.uint64(0x7FFFFFFF))
    json = item(_SAYS, tag) and _read_head(tape, begin, position, tag)
    return position, json


@called
def _read_head(tape: Tape, position: int, stop: int, tag: int) -> bool:
    """Note what a `<meta>`, `<link>`, `<html>` or `<time>` says; tell whether a `<script>` says json."""
    data, said, first, last = tape.data, np.uint64(0), 0, 0
    while True:
        kind, start, end, position = next_attribute(data, position, stop)
        if kind == ENDED:
            break
        if kind == TYPE and tag == SCRIPT:
            return holds(data, start, end, _JSON)
        if (tag == META and kind == CONTENT) or (tag != META and HREF <= kind <= DATETIME):
            first, last = start, end
        elif PROPERTY <= kind <= EQUIVALENT or kind == REL or kind == ITEMPROP:
            said = _folded(data, start, end)
    if last > first and last - first < SLOT_BYTES:
        slot = columns.LANGUAGE if tag == HTML else columns.TIME if tag == TIME else -1
        if tag == META:
            slot = find(_META_HASHES, _META_SLOTS, said)
        elif tag == LINK and said == _CANONICAL:
            slot = columns.CANONICAL
        if slot >= 0 and tape.slots[slot, 1] == 0:
            tape.slots[slot, 0], tape.slots[slot, 1] = first, last
    return False


@called
def next_attribute(data: Bytes, position: int, stop: int) -> tuple[int, int, int, int]:
    """Do what `_next_attribute` does, for where it is seldom asked: it is long, and would be copied."""
    return _next_attribute(data, position, stop)


@inlined
def _next_attribute(data: Bytes, position: int, stop: int) -> tuple[int, int, int, int]:
    """Return which attribute comes next, where its value begins and ends, and what follows; ENDED behind the end of the tag."""
    while position < stop:
        byte = item(data, position)
        if byte == GREATER:
            return ENDED, position, position, position + 1
        if byte > 32 and byte != SLASH:
            name, position = _name(data, position, stop)
            start, end, position = _value(data, position, stop)
            return find(_HASHES, _NUMBERS, name), start, end, position
        position += 1
    return ENDED, position, position, position


@called
def _read_class(tape: Tape, start: int, end: int, tag: int, look: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Note the words of a `class`; return the groups that they are of, and the hash of tag and class.

    What a value means is the same for every tag of a name: of most it is known from one before.
    """
    data, state, size = tape.data, tape.state, min(end - start, WORDS_BYTES)
    place = np.int64(hash_bytes(data, start, start + size) & np.uint64(VALUES - 1))
    known, meaning, count = tape.values[place], tape.meanings[place], state[at.CLASS_WORDS]
    is_first = look == np.uint64(tag) * FACTOR + SEED
    fits = count + known[at.VALUE_COUNT] <= tape.class_words.size
    is_alike = is_first and fits and size > 0 and size == known[at.VALUE_SIZE] and tag == known[at.VALUE_TAG]
    if is_alike and same_bytes(data, known[at.VALUE_START], start, size):
        words = np.int64(known[at.VALUE_WORDS])
        for index in range(known[at.VALUE_COUNT]):
            put(tape.class_words, count + index, item(tape.class_words, words + index))
        state[at.CLASS_WORDS] = count + known[at.VALUE_COUNT]
        return meaning[0], meaning[1]
    groups = read_words(tape, start, start + size)
    look = _look(data, start, min(end, start + LOOK_BYTES), look)
    if is_first:
        known[at.VALUE_START], known[at.VALUE_SIZE], known[at.VALUE_TAG] = start, size, tag
        known[at.VALUE_WORDS], known[at.VALUE_COUNT] = count, state[at.CLASS_WORDS] - count
        meaning[0], meaning[1] = groups, look
    return groups, look


@inlined
def _look(data: Bytes, start: int, end: int, state: np.uint64) -> np.uint64:
    for position in range(start, end):
        state = step(state, item(data, position))
    return state


@inlined
def _name(data: Bytes, position: int, stop: int) -> tuple[np.uint64, int]:
    """Return the hash of an attribute's name, and where it ends."""
    state = SEED
    if position < stop and item(data, position) == EQUALS:  # where a name begins it is part of it
        state, position = step(state, EQUALS), position + 1
    while position < stop:
        byte = item(NAME_BYTES, item(data, position))
        if byte == 0:
            break
        state = step(state, byte)
        position += 1
    return state, position


@inlined
def _value(data: Bytes, position: int, stop: int) -> tuple[int, int, int]:
    """Return where the value behind a name begins and ends, and what comes behind it; an empty one where there is none."""
    while position < stop and item(data, position) <= 32:
        position += 1
    if position >= stop or item(data, position) != EQUALS:
        return position, position, position
    position += 1
    while position < stop and item(data, position) <= 32:
        position += 1
    if position >= stop:
        return position, position, position
    quote = item(data, position)
    start = position
    if quote == QUOTE or quote == APOSTROPHE:
        start = position + 1
        position = near_byte(data, start, stop, quote)
        return start, position, min(position + 1, stop)
    while position < stop and item(data, position) > 32 and item(data, position) != GREATER:
        position += 1
    return start, position, position


@called
def read_words(tape: Tape, start: int, end: int) -> np.uint64:
    """Note the words of a value: runs of letters, cut where a capital follows a small one. Return the groups that they are of."""
    data, position, groups = tape.data, start, np.uint64(0)
    while position < end:
        letter = item(LETTERS, item(data, position))
        if letter == 0:
            position += 1
            continue
        begin, folded = position, step(SEED, letter)
        small, position = item(data, position) == letter, position + 1
        while position < end:
            byte = item(data, position)
            letter = item(LETTERS, byte)
            if letter == 0 or (small and byte != letter):
                break
            folded, small, position = step(folded, letter), byte == letter, position + 1
        if position - begin > 1:
            groups = _note_word(tape, folded, position - begin, groups)
    return groups


@inlined
def _note_word(tape: Tape, folded: np.uint64, size: int, groups: np.uint64) -> np.uint64:
    """Note the hash of a word; return the groups with those that it is of."""
    group = find(CLASS_HASHES, CLASS_GROUPS, folded)
    if group >= 0:
        groups |= np.uint64(1) << np.uint64(group)
    count = tape.state[at.CLASS_WORDS]
    if size < LONGEST_WORD and count < tape.class_words.size:
        short = (folded ^ (folded >> np.uint64(29))) & np.uint64(columns.CLASS_HASHES - 1)
        put(tape.class_words, count, np.int64(short))
        tape.state[at.CLASS_WORDS] = count + 1
    return groups


@called
def _hides(data: Bytes, start: int, end: int, kind: int) -> int:
    if kind == HIDDEN:
        return columns.HIDDEN_ATTRIBUTE
    if kind == ARIA_HIDDEN:
        return columns.HIDDEN_ARIA if end - start == 4 else 0
    if end - start < STYLE_BYTES and holds(data, start, end, _DISPLAY) and holds(data, start, end, _NONE):
        return columns.HIDDEN_STYLE
    return 0


@called
def holds(data: Bytes, start: int, end: int, word: Bytes) -> bool:
    """Tell whether a value has a word in it, in any case."""
    for first in range(start, end - word.size + 1):
        index = 0
        while index < word.size and lower(data[first + index]) == word[index]:
            index += 1
        if index == word.size:
            return True
    return False


@called
def _folded(data: Bytes, start: int, end: int) -> np.uint64:
    state = SEED
    for position in range(start, end):
        state = step(state, lower(data[position]))
    return state
