"""How many different words a text has, and how evenly it uses them, from the hashes of its words."""

import math

import numpy as np

from atom_data.text.arrays import Float64s, Int32s, Int64s, UInt64s
from atom_data.text.memory import allocating, item, kernel, read_only
from atom_data.text.statistics.repetition import count_first, find_first


def vocabulary(hashes: UInt64s, offsets: Int64s) -> tuple[Int64s, Float64s]:
    """Return the different words of each document and the entropy of their counts in nats, 0 without words.

    Words are different when their 64-bit hashes are. Memory: 24 bytes per word of the longest document.
    """
    different = np.zeros(offsets.size - 1, np.int64)
    entropy = np.zeros(offsets.size - 1)
    if different.size:
        _fill_vocabulary(read_only(hashes), read_only(offsets), different, entropy)
    return different, entropy


@kernel
def _fill_vocabulary(hashes: UInt64s, offsets: Int64s, different: Int64s, entropy: Float64s) -> None:
    most = 0
    for document in range(offsets.size - 1):
        most = max(most, offsets[document + 1] - offsets[document])
    first, counts, table = _make_room(most)
    for document in range(offsets.size - 1):
        start, count = offsets[document], offsets[document + 1] - offsets[document]
        if count == 0:
            continue
        find_first(hashes[start : start + count], count, first, table)
        count_first(first, count, counts)
        unequal, weighted = 0, 0.0
        # In the order of the text, so that the sum is the same on every machine.
        for word in range(count):
            times = np.int64(item(counts, word))
            unequal += np.int64(times > 0)
            if times > 1:
                weighted += times * math.log(times)
        different[document] = unequal
        # A text of one word said often has none, whatever the rounding says.
        entropy[document] = max(math.log(count) - weighted / count, 0.0)


@allocating
def _make_room(most: int) -> tuple[Int32s, Int32s, Int32s]:
    size = 16
    while size < 2 * most:
        size *= 2
    return np.empty(most, np.int32), np.empty(most, np.int32), np.empty(size, np.int32)
