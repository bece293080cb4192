"""Lines that a repair of Unicode may have to change: a quick look at every byte, so that few lines are looked at well.

A line goes to and with its line feed. What is looked for is a superset of what the library ftfy changes: its heuristic
for mojibake (ftfy.badness) speaks of pairs of characters of some classes, and a pair is what is looked for here.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import decode
from atom_data.text.edits import Places
from atom_data.text.hashes import HIGH_BITS, in_range, load_eight
from atom_data.text.lines import next_line_feed
from atom_data.text.memory import inlined, item, kernel, read_only

MOJIBAKE, CONTROLS, ENTITIES, LINE_BREAKS, MARKED = 1, 2, 4, 8, 16
"""What to look for: pairs of characters; control characters; `&`; line ends that are not line feed; characters that are
marked with MARKED in the classes of `Suspects`."""  # fmt: skip

RUNS = 64
"""To look for: more than MOST_MARKS of the characters that have this bit in the classes of `Suspects`, one after another."""

MOST_MARKS = 64
"""The Stream-Safe Text Format of Unicode Standard Annex 15 has 30."""

MARKUP = 32
"""Set in the kind of a line at or behind the first `<` of its text."""

_SIZE = 0x10000
_U64 = np.uint64
_NO = _U64(0)


class Suspects(NamedTuple):
    """Pairs of characters: one with bit b in `first`, then one with bit b in `second`. U+FFFF is all of other planes."""

    first: UInt64s
    second: UInt64s
    alone: Bytes
    """CONTROLS, LINE_BREAKS or MARKED for a character that is suspicious by itself, RUNS for one that many make so."""


def build_suspects(pairs: list[tuple[str, str]], alone: Mapping[int, str]) -> Suspects:
    """Return the tables of at most 64 pairs of sets of characters, and of sets of characters for each kind."""
    first, second = np.zeros(_SIZE, np.uint64), np.zeros(_SIZE, np.uint64)
    for bit, (before, after) in enumerate(pairs):
        for one in before:
            first[ord(one)] |= _U64(1 << bit)
        for one in after:
            second[ord(one)] |= _U64(1 << bit)
    kinds = np.zeros(_SIZE, np.uint8)
    for kind, signs in alone.items():
        for one in signs:
            kinds[ord(one)] |= kind
    return Suspects(read_only(first), read_only(second), read_only(kinds))


def suspect_lines(buffers: Buffers, wanted: int, suspects: Suspects) -> Places:
    """Return the lines that have any of what is wanted; their kind has a bit for each, and MARKUP."""
    # A line feed ends a line, so there are no more lines than those and the texts.
    most = int(np.count_nonzero(buffers.data[buffers.offsets[0] : buffers.offsets[-1]] == 0x0A)) + buffers.offsets.size
    found = Places(*(np.empty(most, np.int64) for _ in Places._fields))
    none = buffers.offsets.size == 1
    count = 0 if none else _find_lines(read_only(buffers.data), read_only(buffers.offsets), wanted, suspects, found)
    return Places(*(values[:count] for values in found))


@kernel
def _find_lines(data: Bytes, offsets: Int64s, wanted: int, suspects: Suspects, found: Places) -> int:
    count = 0
    for document in range(offsets.size - 1):
        position, end, markup = offsets[document], offsets[document + 1], 0
        while position < end:
            stop = min(next_line_feed(data, position, end) + 1, end)
            seen = _look(data, position, stop, wanted, suspects)
            markup |= seen & MARKUP
            if seen & ~MARKUP:
                found.starts[count], found.ends[count] = position, stop
                found.kinds[count], found.documents[count] = seen | markup, document
                count += 1
            position = stop
    return count


@inlined
def _look(data: Bytes, position: int, stop: int, wanted: int, suspects: Suspects) -> int:
    """Return a bit for each thing that is wanted and there, and MARKUP for a `<`."""
    seen, before, run = 0, _NO, 0
    while position < stop:
        if before == _NO and position + 8 <= stop and _is_plain(load_eight(data, position)):
            position += 8
            run = 0
            continue
        code, size = decode(data, position, stop)
        position += size
        if code < 0x80:
            if code == 0x3C:
                seen |= MARKUP
            elif code == 0x26 and _is_entity(data, position, stop):
                seen |= ENTITIES
        # All characters of other planes are one.
        code = min(code, _SIZE - 1)
        kind = np.int64(item(suspects.alone, code))
        run = run + 1 if kind & RUNS else 0
        seen |= kind if run > MOST_MARKS else kind & ~RUNS
        if before & item(suspects.second, code):
            seen |= MOJIBAKE
        before = item(suspects.first, code)
    return seen & (wanted | MARKUP)


@inlined
def _is_entity(data: Bytes, position: int, stop: int) -> bool:
    """Tell whether up to 26 letters, digits and `#` stand before a semicolon."""
    limit = min(position + 27, stop)
    while position < limit:
        byte = item(data, position)
        if byte == 0x3B:
            return True
        if np.uint8((byte | 0x20) - 0x61) >= 26 and np.uint8(byte - 0x30) >= 10 and byte != 0x23:
            return False
        position += 1
    return False


@inlined
def _is_plain(lane: np.uint64) -> bool:
    """Tell whether eight bytes are ASCII letters, digits and signs that begin nothing suspicious."""
    if lane & HIGH_BITS:
        return False
    ink = in_range(lane, 0x20, 0x7E) & ~in_range(lane, 0x26, 0x26) & ~in_range(lane, 0x3C, 0x3C)
    return ink & HIGH_BITS == HIGH_BITS
