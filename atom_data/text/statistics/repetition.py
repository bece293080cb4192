"""What is said more than once: equal keys in a list, and runs of words that come again (Rae et al. 2021, table A1).

A run of n words can only come again where its first n-1 words do. So all runs of two words are compared, and of each
longer kind only those that still have a chance, a few percent of them in ordinary text.
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Int32s, Int64s, UInt64s
from atom_data.text.memory import allocating, inlined, item, kernel, put, read_only
from atom_data.text.similarity.shingles import roll, scatter

TOP_NGRAMS = (2, 3, 4)
"""The runs of words whose most frequent one is measured."""
DUPLICATE_NGRAMS = (5, 6, 7, 8, 9, 10)
"""The runs of words whose repeats are measured."""
FIRST_TOP, FIRST_DUPLICATE, LAST_DUPLICATE = TOP_NGRAMS[0], DUPLICATE_NGRAMS[0], DUPLICATE_NGRAMS[-1]
COLUMNS = len(TOP_NGRAMS) + len(DUPLICATE_NGRAMS)

_U64, _U32 = np.uint64, np.uint32
_PATIENCE = 8
"""Steps a key, over all keys of a list, after which it is sorted and no longer hashed: hashes can be made to collide."""


class Room(NamedTuple):
    """Space for the longest document of a batch, made once. It is touched as far as a document has words."""

    keys: UInt64s
    runs: UInt64s
    places: Int32s
    first: Int32s
    counts: Int32s
    table: Int32s


@allocating
def make_room(most: int) -> Room:
    """Return room for `most` words: up to 60 bytes per word."""
    size = 16
    while size < 2 * most:
        size *= 2
    return Room(
        np.empty(most + 1, np.uint64),
        np.empty(most + 1, np.uint64),
        np.empty(most + 1, np.int32),
        np.empty(most + 1, np.int32),
        np.empty(most + 1, np.int32),
        np.empty(size, np.int32),
    )


@kernel
def fill_repetition(hashes: UInt64s, before: Int64s, offsets: Int64s, found: Int64s) -> None:
    """Fill a row of `found` a document with `count_repetition` of its words; `before` has the characters before each."""
    most = 0
    for document in range(offsets.size - 1):
        most = max(most, offsets[document + 1] - offsets[document])
    room = make_room(most)
    for document in range(offsets.size - 1):
        start, end = offsets[document], offsets[document + 1]
        count_repetition(hashes[start:end], before[start : end + 1], end - start, 0, False, room, found[document])


@allocating
def count_repetition(
    hashes: UInt64s, before: Int64s, count: int, gap: int, greedy: bool, room: Room, found: Int64s
) -> None:
    """Write the characters of the most frequent run of 2, 3, 4 words and of the repeats of 5 to 10 words to `found`.

    `before[k]` has the characters of all words before word k; `gap` more lie between two words of a run. Of equally
    frequent runs the first one counts. A repeat is a run of words that was there before. Characters in several repeats
    count once; with `greedy`, reading goes on behind a repeat, and what is jumped over can not be repeated, as in
    datatrove.
    """
    for word in range(count):
        put(room.places, word, np.int32(word))
        put(room.runs, word, item(hashes, word))
    chances = count
    for size in range(FIRST_TOP, LAST_DUPLICATE + 1):
        chances = _lengthen(hashes, count, size, chances, room)
        find_first(room.keys, chances, room.first, room.table)
        count_first(room.first, chances, room.counts)
        if size < FIRST_DUPLICATE:
            top = _top_run(chances, room)
            place = np.int64(item(room.places, top)) if top >= 0 else 0
            times = np.int64(item(room.counts, top)) if top >= 0 else 1
            length = item(before, place + size) - item(before, place) + gap * (size - 1) if size <= count else 0
            put(found, size - FIRST_TOP, times * length)
        elif greedy:
            put(found, size - FIRST_TOP, _jumped_repeats(before, size, chances, room))
        else:
            put(found, size - FIRST_TOP, _covered_repeats(before, size, chances, room))
        chances = _drop_single(chances, room)


@inlined
def _lengthen(hashes: UInt64s, count: int, size: int, chances: int, room: Room) -> int:
    """Add a word to every run that has a chance."""
    kept = 0
    for chance in range(chances):
        place = np.int64(item(room.places, chance))
        if place + size <= count:
            run = roll(item(room.runs, chance), item(hashes, place + size - 1), _U64(0), _U64(0))
            put(room.runs, kept, run)
            put(room.keys, kept, scatter(run))
            put(room.places, kept, np.int32(place))
            kept += 1
    return kept


@inlined
def _top_run(chances: int, room: Room) -> int:
    """Return the first of the most frequent runs, -1 when none comes again."""
    top, most = -1, np.int32(1)
    for chance in range(chances):
        times = item(room.counts, chance)
        if times > most:
            top, most = chance, times
    return top


@inlined
def _jumped_repeats(before: Int64s, size: int, chances: int, room: Room) -> int:
    repeated, next_place = 0, 0
    for chance in range(chances):
        place = np.int64(item(room.places, chance))
        if place < next_place:
            continue
        first = np.int64(item(room.first, chance))
        if item(room.counts, first) < 0:
            repeated += item(before, place + size) - item(before, place)
            next_place = place + size
        else:
            put(room.counts, first, -item(room.counts, first))
    return repeated


@inlined
def _covered_repeats(before: Int64s, size: int, chances: int, room: Room) -> int:
    repeated, covered = 0, 0
    for chance in range(chances):
        place = np.int64(item(room.places, chance))
        if np.int64(item(room.first, chance)) != chance:
            repeated += item(before, place + size) - item(before, max(place, covered))
            covered = place + size
    return repeated


@inlined
def _drop_single(chances: int, room: Room) -> int:
    kept = 0
    for chance in range(chances):
        times = item(room.counts, np.int64(item(room.first, chance)))
        put(room.runs, kept, item(room.runs, chance))
        put(room.places, kept, item(room.places, chance))
        kept += np.int64(times > 1) | np.int64(times < -1)
    return kept


@inlined
def count_first(first: Int32s, count: int, counts: Int32s) -> None:
    """Count, at the first of equal keys, how many there are; 0 at the others."""
    for index in range(count):
        put(counts, index, np.int32(0))
    for index in range(count):
        place = np.int64(item(first, index))
        put(counts, place, item(counts, place) + np.int32(1))


@allocating
def find_first(keys: UInt64s, count: int, first: Int32s, table: Int32s) -> None:
    """Write the place of the first equal key for each of `count` keys. Linear; n log n when keys are made to collide."""
    size = 16
    while size < 2 * count:
        size *= 2
    for slot in range(size):
        put(table, slot, np.int32(0))
    mask, steps = _U64(size - 1), _PATIENCE * count + 64
    for index in range(count):
        key = item(keys, index)
        slot = key & mask
        while True:
            other = np.int64(item(table, slot)) - 1
            if other < 0:
                put(table, slot, np.int32(index + 1))
                put(first, index, np.int32(index))
                break
            if item(keys, other) == key:
                put(first, index, np.int32(other))
                break
            slot = slot + _U64(1) & mask
            steps -= 1
        if steps < 0:
            _sort_first(keys, count, first)
            return


@allocating
def _sort_first(keys: UInt64s, count: int, first: Int32s) -> None:
    order = np.argsort(keys[:count], kind="mergesort")
    start = 0
    for rank in range(count):
        if keys[order[rank]] != keys[order[start]]:
            start = rank
        first[order[rank]] = order[start]


def repetition_counts(hashes: UInt64s, sizes: Int64s, offsets: Int64s) -> Int64s:
    """Return a row per document with `count_repetition` of its words, of which `hashes` and `sizes` in characters are given.

    Memory: up to 60 bytes per word of the longest document.
    """
    found = np.zeros((offsets.size - 1, COLUMNS), np.int64)
    if found.size:
        before = np.concatenate([[0], np.cumsum(sizes)])
        fill_repetition(read_only(hashes), read_only(before), read_only(offsets), found)
    return found
