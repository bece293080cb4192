"""SHA-1 (FIPS 180-4) for kernels: MinHash of other libraries starts from it."""

import numpy as np

from atom_data.text.arrays import Bytes, UInt32s
from atom_data.text.memory import allocating, inlined, item, put

_U32, _U64 = np.uint32, np.uint64
_LOWER = _U64(0xFFFFFFFF)
_BLOCK = 64
_PADDING = 9


@allocating
def schedule() -> UInt32s:
    """Return room for the 80 words that SHA-1 makes of a block."""
    return np.empty(80, np.uint32)


@inlined
def _turn(value: np.uint32, bits: int) -> np.uint32:
    return _U32(value << _U32(bits) | value >> _U32(32 - bits))


@inlined
def sha1(text: Bytes, start: int, end: int, room: UInt32s) -> tuple[np.uint32, np.uint32]:
    """Return the first and the second four bytes, the lowest first, of SHA-1 of `text[start:end]`; `room` is of `schedule`."""
    h0, h1, h2, h3, h4 = _U32(0x67452301), _U32(0xEFCDAB89), _U32(0x98BADCFE), _U32(0x10325476), _U32(0xC3D2E1F0)
    blocks = (end - start + _PADDING + _BLOCK - 1) // _BLOCK
    for block in range(blocks):
        _fill_schedule(text, start, end, start + block * _BLOCK, block == blocks - 1, room)
        a, b, c, d, e = h0, h1, h2, h3, h4
        for index in range(20):
            mixed = _U32(_turn(a, 5) + (b & c | ~b & d) + e + item(room, index) + _U32(0x5A827999))
            a, b, c, d, e = mixed, a, _turn(b, 30), c, d
        for index in range(20, 40):
            mixed = _U32(_turn(a, 5) + (b ^ c ^ d) + e + item(room, index) + _U32(0x6ED9EBA1))
            a, b, c, d, e = mixed, a, _turn(b, 30), c, d
        for index in range(40, 60):
            mixed = _U32(_turn(a, 5) + (b & c | b & d | c & d) + e + item(room, index) + _U32(0x8F1BBCDC))
            a, b, c, d, e = mixed, a, _turn(b, 30), c, d
        for index in range(60, 80):
            mixed = _U32(_turn(a, 5) + (b ^ c ^ d) + e + item(room, index) + _U32(0xCA62C1D6))
            a, b, c, d, e = mixed, a, _turn(b, 30), c, d
        h0, h1, h2, h3, h4 = _U32(h0 + a), _U32(h1 + b), _U32(h2 + c), _U32(h3 + d), _U32(h4 + e)
    return _turned(h0), _turned(h1)


@inlined
def _turned(value: np.uint32) -> np.uint32:
    """Return the bytes of a word in the other order."""
    return _U32(
        value >> _U32(24) | value >> _U32(8) & _U32(0xFF00) | (value & _U32(0xFF00)) << _U32(8) | value << _U32(24)
    )


@inlined
def _fill_schedule(text: Bytes, start: int, end: int, at: int, last: bool, room: UInt32s) -> None:
    """Write the words of the block at `at`, padded as FIPS 180-4, section 5.1.1 says, and those made from them."""
    for index in range(16):
        word = _U32(0)
        for place in range(at + 4 * index, at + 4 * index + 4):
            byte = item(text, place) if place < end else np.uint8(0x80 if place == end else 0)
            word = _U32(word << _U32(8) | _U32(byte))
        put(room, index, word)
    if last:
        bits = _U64(end - start) * _U64(8)
        put(room, 14, _U32(bits >> _U64(32)))
        put(room, 15, _U32(bits & _LOWER))
    for index in range(16, 80):
        mixed = item(room, index - 3) ^ item(room, index - 8)
        put(room, index, _turn(mixed ^ item(room, index - 14) ^ item(room, index - 16), 1))
