"""How many different words of a list a text has; the list may be another one for every text."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from atom_data.text.arrays import Bytes, Int32s, Int64s, UInt64s
from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.memory import inlined, item, kernel, read_only
from atom_data.text.words import Words, unicode_words

MOST_ENTRIES = 64
"""Of one list: each has a bit in a number."""

_U64 = np.uint64


class Lists(NamedTuple):
    """Lists of words as arrays: those of list i are at `[i]:[i + 1]` of `word_offsets` and of `part_offsets`."""

    words: UInt64s
    """Hashes of whole words, in lower case."""
    word_offsets: Int64s
    masks: UInt64s
    """Of each list a bit for the last six bits of each hash: most words are told apart by it."""
    parts: Bytes
    """The bytes of what is found anywhere in a text; part k is `parts[starts[k]:starts[k + 1]]`."""
    starts: Int64s
    part_offsets: Int64s


def word_lists(words: Sequence[Sequence[str]], parts: Sequence[Sequence[str]]) -> Lists:
    """Return lists of whole words, each one word of `unicode_words`, and of parts, which count wherever they stand.

    A ValueError names a word that is none, and a list with more than MOST_ENTRIES.
    """
    for whole, part in zip(words, parts, strict=True):
        if len(whole) + len(part) > MOST_ENTRIES:
            raise ValueError(f"{len(whole) + len(part)} entries, more than {MOST_ENTRIES}")
    flat = [word for whole in words for word in whole]
    found = unicode_words(string_buffers(pa.array(flat, pa.string())))
    for word, count in zip(flat, np.diff(found.offsets).tolist(), strict=True):
        if count != 1:
            raise ValueError(f"'{word}', which is {count} words")
    encoded = [part.encode() for listed in parts for part in listed]
    word_offsets = np.cumsum([0, *map(len, words)])
    masks = [
        np.bitwise_or.reduce(_U64(1) << (found.hashes[low:high] & _U64(63)), initial=_U64(0))
        for low, high in itertools.pairwise(word_offsets)
    ]
    arrays = (
        found.hashes,
        word_offsets,
        np.array(masks, np.uint64),
        np.frombuffer(b"".join(encoded), np.uint8),
        np.cumsum([0, *map(len, encoded)]),
        np.cumsum([0, *map(len, parts)]),
    )
    return Lists(*(read_only(array) for array in arrays))


def count_listed(buffers: Buffers, words: Words, lists: Lists, chosen: Int64s) -> Int32s:
    """Return how many different entries of its list each value has; `chosen` numbers the list, -1 for none, which counts 0.

    `words` are those of `unicode_words`. Time grows with the text, and with the parts of a list.
    """
    counts = np.zeros(chosen.size, np.int32)
    if chosen.size:
        _count(read_only(buffers.data), read_only(buffers.offsets), words.hashes, words.offsets, lists, chosen, counts)
    return counts


@kernel
def _count(
    data: Bytes, offsets: Int64s, hashes: UInt64s, word_offsets: Int64s, lists: Lists, chosen: Int64s, counts: Int32s
) -> None:
    for document in range(chosen.size):
        number = chosen[document]
        if number < 0:
            continue
        seen = _U64(0)
        first, last = lists.word_offsets[number], lists.word_offsets[number + 1]
        mask = lists.masks[number]
        for word in range(word_offsets[document], word_offsets[document + 1]):
            code = item(hashes, word)
            if mask >> (code & _U64(63)) & _U64(1):
                for entry in range(first, last):
                    if item(lists.words, entry) == code:
                        seen |= _U64(1) << _U64(entry - first)
        bit = last - first
        for part in range(lists.part_offsets[number], lists.part_offsets[number + 1]):
            if _contains(data, offsets[document], offsets[document + 1], lists.parts, lists.starts, part):
                seen |= _U64(1) << _U64(bit)
            bit += 1
        counts[document] = _bits(seen)


@inlined
def _contains(data: Bytes, position: int, end: int, parts: Bytes, starts: Int64s, part: int) -> bool:
    begin, size = starts[part], starts[part + 1] - starts[part]
    lead = item(parts, begin)
    while position + size <= end:
        if item(data, position) == lead:
            same = np.int64(1)
            while same < size and item(data, position + same) == item(parts, begin + same):
                same += 1
            if same == size:
                return True
        position += 1
    return False


@inlined
def _bits(value: np.uint64) -> int:
    count = np.int64(0)
    while value:
        value &= value - _U64(1)
        count += 1
    return count
