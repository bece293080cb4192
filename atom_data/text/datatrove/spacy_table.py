"""What the English tokenizer of spaCy 3.8 knows: classes of characters, forms that are split in their own way, units.

`english.npz` was made by `tests/text/datatrove/make_english.py` from spaCy 3.8.18 (MIT License) and, for the signs that are not
words, from datatrove 0.10.1 (Apache License 2.0).
"""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt16s, UInt64s
from atom_data.text.characters import decode
from atom_data.text.hashes import hash_bytes
from atom_data.text.memory import inlined, item, kernel, read_only
from atom_data.text.statistics.counts import STOP_WORDS

ALPHA, LOWER, UPPER, PREFIX, SUFFIX, INFIX, QUOTE, DOTTED, SIGN, STOP, PUNCTUATION, LETTER, TERMINAL = (
    1 << bit for bit in range(13)
)
"""A letter, a small and a large one (those without case are both); a sign split off before, behind, or inside a word; a
quotation mark; what a full stop is split from; what datatrove calls punctuation; what ends a sentence for spaCy; category P;
`str.isalpha`; what ends a line's sentence for datatrove."""

LONGEST_FORM = 32
"""Bytes; no form and no unit is longer."""

_SLOTS = 4096
_FILTER_BITS = 32768
_U64 = np.uint64
_UNIT = _U64(0x5851F42D4C957F2D)
INSIDE = 1 << 24
"""A form that is also found between other tokens of the same run of ink."""
STOP_WORD = 25
"""Above this bit, the value of a stop word has a bit of its own."""


class English(NamedTuple):
    """Flags of characters as pages and cells (see `characters.Characters`), and forms and units by hash."""

    ascii: UInt16s
    pages: Bytes
    cells: Bytes
    flags: UInt16s
    filter: UInt64s
    keys: UInt64s
    values: Int64s


@functools.cache
def english() -> English:
    """Return the table; read and hashed once per process, 130 kB."""
    with np.load(Path(__file__).parent / "english.npz") as stored:
        pages, cells, flags = stored["pages"], stored["cells"], stored["flags"]
        forms, units = str(stored["forms"]).split("\n"), str(stored["units"]).split("\n")
        sizes, inside = stored["sizes"].astype(np.int64), stored["inside"]
    # A stop word is a form in one piece: cut as it would be anyway, but recognized.
    stop_words = [len(word) + (1 << STOP_WORD + place) for place, word in enumerate(STOP_WORDS)]
    encoded = [text.encode() for text in (*forms, *STOP_WORDS, *units)]
    offsets = np.cumsum([0, *map(len, encoded)])
    split = sizes @ [1, 1 << 8, 1 << 16] + INSIDE * inside
    values = np.concatenate([split, stop_words, np.ones(len(units), np.int64)])
    found = English(
        ascii=flags[cells[pages[0].astype(np.int64) * 128 + np.arange(128)]],
        pages=pages,
        cells=cells,
        flags=flags,
        filter=np.zeros(_FILTER_BITS // 64, np.uint64),
        keys=np.zeros(_SLOTS, np.uint64),
        values=np.zeros(_SLOTS, np.int64),
    )
    data = np.frombuffer(b"".join(encoded), np.uint8)
    _fill_forms(data, offsets, values, len(forms) + len(STOP_WORDS), found.filter, found.keys, found.values)
    return English(*(read_only(array) for array in found))


@kernel
def _fill_forms(
    data: Bytes, offsets: Int64s, sizes: Int64s, forms: int, filter_: UInt64s, keys: UInt64s, values: Int64s
) -> None:
    for index in range(sizes.size):
        key = hash_bytes(data, offsets[index], offsets[index + 1]) ^ (_U64(0) if index < forms else _UNIT)
        filter_[key >> _U64(6) & _U64(_FILTER_BITS // 64 - 1)] |= _U64(1) << (key & _U64(63))
        slot = key >> _U64(20) & _U64(_SLOTS - 1)
        while values[slot]:
            slot = slot + _U64(1) & _U64(_SLOTS - 1)
        keys[slot], values[slot] = key, sizes[index]


@inlined
def form_of(key: np.uint64, table: English) -> int:
    """Return the sizes of the pieces of the form with this hash, eight bits each, and INSIDE; 0 when there is none."""
    if item(table.filter, key >> _U64(6) & _U64(_FILTER_BITS // 64 - 1)) >> (key & _U64(63)) & _U64(1) == 0:
        return 0
    slot = key >> _U64(20) & _U64(_SLOTS - 1)
    while item(table.values, slot) and item(table.keys, slot) != key:
        slot = slot + _U64(1) & _U64(_SLOTS - 1)
    return np.int64(item(table.values, slot))


@inlined
def form_at(data: Bytes, start: int, end: int, table: English) -> int:
    """Return `form_of` the bytes from `start` to `end`."""
    if end <= start or end - start > LONGEST_FORM:
        return 0
    return form_of(hash_bytes(data, start, end), table)


@inlined
def is_unit(data: Bytes, start: int, end: int, table: English) -> bool:
    """Tell whether the bytes are a unit, a currency or a plus sign, which are split from the digit before."""
    return form_of(hash_bytes(data, start, end) ^ _UNIT, table) != 0


@inlined
def flags_at(data: Bytes, position: int, end: int, table: English) -> tuple[int, int]:
    """Return the flags of the character at `position`, and its bytes."""
    first = item(data, position)
    if first < 0x80:
        return np.int64(item(table.ascii, np.int64(first))), 1
    code, size = decode(data, position, end)
    cell = item(table.cells, np.int64(item(table.pages, code >> 7)) << 7 | code & 127)
    return np.int64(item(table.flags, np.int64(cell))), size


@inlined
def flags_before(data: Bytes, start: int, position: int, table: English) -> tuple[int, int]:
    """Return the flags of the character that ends at `position`, and its bytes; 0, 0 at the start."""
    if position <= start:
        return 0, 0
    last = position - 1
    while last > start and position - last < 4 and item(data, last) & 0xC0 == 0x80:
        last -= 1
    flags, _ = flags_at(data, last, position, table)
    return flags, position - last
