"""How many characters of a text are letters: what tells prose from tables, code and signs."""

import numpy as np

from atom_data.text.arrays import Bytes, Float64s, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import LETTER, MARK, SPACE, UNSPACED, Characters, cell_of, characters, decode
from atom_data.text.hashes import CASE_BITS, HIGH_BITS, LOW_BITS, in_range, load_eight
from atom_data.text.memory import inlined, item, kernel, read_only

COLUMNS = ("letters", "marks", "others")
"""What `letter_counts` counts: letters (category L of Unicode), marks (M, and the two joiners), all else but white space."""

_U64 = np.uint64


def letter_counts(buffers: Buffers) -> Int64s:
    """Return a row of COLUMNS a value; a broken sequence is one character of `others`."""
    counts = np.zeros((buffers.offsets.size - 1, len(COLUMNS)), np.int64)
    if counts.size:
        _count_letters(read_only(buffers.data), read_only(buffers.offsets), characters(), counts)
    return counts


def letter_shares(counts: Int64s) -> Float64s:
    """Return letters over letters and others of each row of `letter_counts`; nothing of nothing is 0.

    A mark belongs to the letter before it, so it counts on neither side.
    """
    shares: Float64s = counts[:, 0] / np.maximum(counts[:, 0] + counts[:, 2], 1)
    return shares


@kernel
def _count_letters(data: Bytes, offsets: Int64s, table: Characters, counts: Int64s) -> None:
    for document in range(counts.shape[0]):
        position, end = offsets[document], offsets[document + 1]
        letters, marks, others = 0, 0, 0
        while position < end:
            if position + 8 <= end:
                lane = load_eight(data, position)
                if lane & HIGH_BITS == 0:
                    in_lane = _ones(in_range(lane | CASE_BITS, 0x61, 0x7A))
                    letters += in_lane
                    others += 8 - in_lane - _ones(in_range(lane, 0x09, 0x0D) | in_range(lane, 0x1C, 0x20))
                    position += 8
                    continue
            code, size = decode(data, position, end)
            kind = item(table.kinds, cell_of(code, table))
            letters += np.int64(kind in (LETTER, UNSPACED))
            marks += np.int64(kind == MARK)
            others += np.int64(kind not in (LETTER, UNSPACED, MARK, SPACE))
            position += size
        counts[document, 0], counts[document, 1], counts[document, 2] = letters, marks, others


@inlined
def _ones(lane: np.uint64) -> int:
    """Return how many of eight bytes have their top bit set."""
    return np.int64(((lane & HIGH_BITS) >> _U64(7)) * LOW_BITS >> _U64(56))
