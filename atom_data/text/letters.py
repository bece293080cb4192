"""Whether a text has letters at all, seen at the first one."""

import numpy as np
import numpy.typing as npt

from atom_data.text.buffers import Buffers
from atom_data.text.characters import LETTER, SPACE, UNSPACED, Characters, cell_of, characters, decode
from atom_data.text.memory import inlined, item, kernel, read_only

NOTHING, SIGNS, LETTERS = 0, 1, 2
"""No character but white space; characters, but no letter (category L of Unicode); at least one letter."""


def letter_kinds(buffers: Buffers) -> npt.NDArray[np.int8]:
    """Return NOTHING, SIGNS or LETTERS for each value."""
    kinds = np.zeros(buffers.offsets.size - 1, np.int8)
    if kinds.size:
        _fill_kinds(read_only(buffers.data), read_only(buffers.offsets), characters(), kinds)
    return kinds


@kernel
def _fill_kinds(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], table: Characters, kinds: npt.NDArray[np.int8]
) -> None:
    for document in range(kinds.size):
        kinds[document] = _letter_kind(data, offsets[document], offsets[document + 1], table)


@inlined
def _letter_kind(data: npt.NDArray[np.uint8], position: int, end: int, table: Characters) -> int:
    seen = NOTHING
    while position < end:
        code, size = decode(data, position, end)
        kind = item(table.kinds, cell_of(code, table))
        if kind in (LETTER, UNSPACED):
            return LETTERS
        if kind != SPACE:
            seen = SIGNS
        position += size
    return seen
