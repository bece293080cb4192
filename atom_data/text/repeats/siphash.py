"""SipHash-2-4 with 128 bits of output (Aumasson and Bernstein 2012), for keys that decide what is removed.

It is keyed, so who publishes a corpus can choose a key that a crawled page cannot have been made for.
"""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.hashes import load_eight
from atom_data.text.memory import inlined, item

_U64 = np.uint64
_EE, _DD = _U64(0xEE), _U64(0xDD)


@inlined
def siphash(data: Bytes, start: int, end: int, key_low: np.uint64, key_high: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the first and the second eight bytes of the hash, as little-endian numbers."""
    a, b = key_low ^ _U64(0x736F6D6570736575), key_high ^ _U64(0x646F72616E646F6D) ^ _EE
    c, d = key_low ^ _U64(0x6C7967656E657261), key_high ^ _U64(0x7465646279746573)
    position = start
    while end - position >= 8:
        lane = load_eight(data, position)
        d ^= lane
        a, b, c, d = _round(a, b, c, d)
        a, b, c, d = _round(a, b, c, d)
        a ^= lane
        position += 8
    lane = _U64(end - start) << _U64(56)
    for index in range(position, end):
        lane |= _U64(item(data, index)) << _U64(8 * (index - position))
    d ^= lane
    a, b, c, d = _round(a, b, c, d)
    a, b, c, d = _round(a, b, c, d)
    a ^= lane
    c ^= _EE
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    first = a ^ b ^ c ^ d
    b ^= _DD
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    return first, a ^ b ^ c ^ d


@inlined
def _round(a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    a += b
    b = _turn(b, 13) ^ a
    a = _turn(a, 32)
    c += d
    d = _turn(d, 16) ^ c
    a += d
    d = _turn(d, 21) ^ a
    c += b
    b = _turn(b, 17) ^ c
    c = _turn(c, 32)
    return a, b, c, d


@inlined
def _turn(value: np.uint64, bits: int) -> np.uint64:
    return value << _U64(bits) | value >> _U64(64 - bits)
