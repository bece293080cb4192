"""Hashes of words: eight bytes at a time, as they are or in lower case."""

import numpy as np
import numpy.typing as npt

from atom_data.text.characters import Characters, cell_of, decode
from atom_data.text.memory import inlined, item

_U64 = np.uint64
_SEED = _U64(0x243F6A8885A308D3)
_MULTIPLIER = _U64(0x9E3779B97F4A7C15)
_SIZES = _U64(0xD6E8FEB86659FD93)
HIGH_BITS = _U64(0x8080808080808080)
LOW_BITS = _U64(0x0101010101010101)
_ONES = _U64(0xFFFFFFFFFFFFFFFF)


@inlined
def hash_bytes(data: npt.NDArray[np.uint8], start: int, end: int) -> np.uint64:
    """Return a 64-bit hash of the bytes; two texts of at most eight bytes never share one."""
    state, position = _begin(end - start), start
    while end - position > 8:
        state = _mix(state ^ load_eight(data, position))
        position += 8
    return _mix(state ^ load_last(data, position, end))


@inlined
def hash_folded(data: npt.NDArray[np.uint8], start: int, end: int, table: Characters) -> np.uint64:
    """Return `hash_bytes` of the bytes in lower case."""
    state, position = _begin(end - start), start
    while end - position > 8:
        lane = load_eight(data, position)
        if lane & HIGH_BITS:
            return _hash_characters(data, start, end, table)
        state = _mix(state ^ _lower_ascii(lane))
        position += 8
    lane = load_last(data, position, end)
    if lane & HIGH_BITS:
        return _hash_characters(data, start, end, table)
    return _mix(state ^ _lower_ascii(lane))


@inlined
def _hash_characters(data: npt.NDArray[np.uint8], start: int, end: int, table: Characters) -> np.uint64:
    state, lane, filled, position = _begin(end - start), _U64(0), 0, start
    while position < end:
        code, size = decode(data, position, end)
        shift = item(table.shifts, cell_of(code, table))
        for index in range(size):
            if filled == 64:
                state, lane, filled = _mix(state ^ lane), _U64(0), 0
            byte = _encoded_byte(code + shift, size, index) if shift else np.int64(item(data, position + index))
            lane |= _U64(byte) << _U64(filled)
            filled += 8
        position += size
    return _mix(state ^ lane)


@inlined
def _encoded_byte(code: int, size: int, index: int) -> int:
    """Return byte `index` of a code point that UTF-8 writes in `size` bytes."""
    bits = code >> 6 * (size - 1 - index)
    if index:
        return bits & 0x3F | 0x80
    return bits if size == 1 else bits | (0xF00 >> size & 0xFF)


@inlined
def load_eight(data: npt.NDArray[np.uint8], position: int) -> np.uint64:
    """Return eight bytes from `position` as a little-endian number; the compiler makes it one load."""
    at = _U64(position)
    return (
        _U64(item(data, at))
        | _U64(item(data, at + _U64(1))) << _U64(8)
        | _U64(item(data, at + _U64(2))) << _U64(16)
        | _U64(item(data, at + _U64(3))) << _U64(24)
        | _U64(item(data, at + _U64(4))) << _U64(32)
        | _U64(item(data, at + _U64(5))) << _U64(40)
        | _U64(item(data, at + _U64(6))) << _U64(48)
        | _U64(item(data, at + _U64(7))) << _U64(56)
    )


@inlined
def load_last(data: npt.NDArray[np.uint8], position: int, end: int) -> np.uint64:
    """Return the one to eight bytes from `position` to `end`, with zeros above."""
    if position + 8 <= data.size:
        return load_eight(data, position) & _ONES >> _U64(64 - 8 * (end - position))
    lane = _U64(0)
    for index in range(position, end):
        lane |= _U64(item(data, index)) << _U64(8 * (index - position))
    return lane


@inlined
def in_range(lane: np.uint64, first: int, last: int) -> np.uint64:
    """Return the top bit of each of eight ASCII bytes from `first` to `last`; the other bits mean nothing."""
    return (lane + LOW_BITS * _U64(0x80 - first)) & ~(lane + LOW_BITS * _U64(0x7F - last))


@inlined
def _lower_ascii(lane: np.uint64) -> np.uint64:
    """Return eight ASCII bytes in lower case."""
    return lane | (in_range(lane, 0x41, 0x5A) & HIGH_BITS) >> _U64(2)


@inlined
def _mix(value: np.uint64) -> np.uint64:
    value *= _MULTIPLIER
    return value ^ value >> _U64(32)


@inlined
def _begin(size: int) -> np.uint64:
    # The size tells a word from the same word with zero bytes after it.
    return _SEED + _U64(size) * _SIZES
