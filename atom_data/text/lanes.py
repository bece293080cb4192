"""Eight bytes of text looked at as one number: how many are ASCII, which are in a word, where words begin and end."""

import numpy as np

from atom_data.text.arrays import Int64s
from atom_data.text.hashes import CASE_BITS, HIGH_BITS, LOW_BITS, in_range
from atom_data.text.memory import inlined, item, put

_U64 = np.uint64
LEADS_C2 = _U64(0xC2C2C2C2C2C2C2C2)
_LEADS_E0 = _U64(0xE0E0E0E0E0E0E0E0)
_SECONDS_9A = _U64(0x9A9A9A9A9A9A9A9A)
_TOP_SIX_BITS = _U64(0xFCFCFCFCFCFCFCFC)
_TOP_SEVEN_BITS = _U64(0xFEFEFEFEFEFEFEFE)
_LAST_UNKNOWN = _U64(0x8000000000000000)
HIGH_SEVEN = _U64(0x8080808080808000)
"""Laid over one byte that is alone, it makes the seven after it no ASCII."""
_GATHER = _U64(0x0102040810204080)
# For each pattern of eight bits, the places of those that are set, and how many they are.
_TURNS = np.array([pattern.bit_count() for pattern in range(256)], np.uint8)
_PLACES = np.array(
    [([place for place in range(8) if pattern >> place & 1] + [0] * 8)[:8] for pattern in range(256)], np.uint8
).ravel()


@inlined
def ascii_width(lane: np.uint64) -> int:
    """Return how many of eight bytes stand before the first that is not ASCII."""
    high = lane & HIGH_BITS
    if high == 0:
        return 8
    below = (high & ~high + _U64(1)) - _U64(1)
    return np.int64((below & LOW_BITS) * LOW_BITS >> _U64(56)) - 1


@inlined
def may_lead_space(lane: np.uint64) -> bool:
    """Tell whether one of eight bytes may begin a white-space character that is not ASCII.

    Those are C2 85, C2 A0, E1 9A 80, E2 80 80 to 8A, E2 80 A8, A9 and AF, E2 81 9F, and E3 80 80: a byte is suspected
    when it is C2, or E0 to E3 and the next one is 80, 81 or 9A, or unknown.
    """
    if lane & HIGH_BITS == 0:
        return False
    following = lane >> _U64(8) | _LAST_UNKNOWN
    punctuation = _zero_bytes(lane & _TOP_SIX_BITS ^ _LEADS_E0)
    second = _zero_bytes(following & _TOP_SEVEN_BITS ^ HIGH_BITS) | _zero_bytes(following ^ _SECONDS_9A)
    return (_zero_bytes(lane ^ LEADS_C2) | punctuation & second) & HIGH_BITS != 0


@inlined
def _zero_bytes(lane: np.uint64) -> np.uint64:
    """Return the top bit of each zero byte, and perhaps of bytes above one; the other bits mean nothing."""
    return (lane - LOW_BITS) & ~lane


@inlined
def word_bytes(lane: np.uint64) -> np.uint64:
    """Return the top bit of each of eight ASCII bytes that is a letter or a digit."""
    return (in_range(lane | CASE_BITS, 0x61, 0x7A) | in_range(lane, 0x30, 0x39)) & HIGH_BITS


@inlined
def ink_bytes(lane: np.uint64) -> np.uint64:
    """Return the top bit of each of eight bytes that is not ASCII white space: 9 to 13 and 28 to 32."""
    low = lane & ~HIGH_BITS
    return ~(in_range(low, 0x09, 0x0D) | in_range(low, 0x1C, 0x20)) & HIGH_BITS | lane & HIGH_BITS


@inlined
def lane_edges(inside: np.uint64, width: int, position: int, open_: int, edges: Int64s, found: int) -> tuple[int, int]:
    """Write where a word begins or ends among `width` bytes; `inside` has the top bit of those in a word."""
    # The product gathers one bit from each byte in the top byte.
    bits = np.int64((inside >> _U64(7)) * _GATHER >> _U64(56))
    turns = (bits ^ (bits << 1 | open_)) & (1 << width) - 1
    count = np.int64(item(_TURNS, turns))
    # More places are written than there are edges, and those kept: a loop over the edges would be guessed wrong.
    for index in range(4):
        put(edges, found + index, position + np.int64(item(_PLACES, 8 * turns + index)))
    if count > 4:
        for index in range(4, 8):
            put(edges, found + index, position + np.int64(item(_PLACES, 8 * turns + index)))
    return bits >> width - 1 & 1, found + count


@inlined
def set_bits(bits: int) -> int:
    """Return how many bits of a number are set."""
    count = 0
    while bits:
        count += bits & 1
        bits >>= 1
    return count
