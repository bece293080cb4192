"""Hashes of words, eight bytes at a time, as they are or in lower case; numbers drawn by the hash of a name or an id."""

import hashlib
from collections.abc import Sequence

import numpy as np

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.characters import Characters, cell_of, decode
from atom_data.text.memory import inlined, item, kernel

_U64 = np.uint64
_SEED = _U64(0x243F6A8885A308D3)
_MULTIPLIER = _U64(0x9E3779B97F4A7C15)
_SIZES = _U64(0xD6E8FEB86659FD93)
HIGH_BITS = _U64(0x8080808080808080)
LOW_BITS = _U64(0x0101010101010101)
CASE_BITS = _U64(0x2020202020202020)
_ONES = _U64(0xFFFFFFFFFFFFFFFF)


@inlined
def hash_bytes(data: Bytes, start: int, end: int) -> np.uint64:
    """Return a 64-bit hash of the bytes; two of the same size, at most eight, never share one."""
    state, position = _begin(end - start), start
    while end - position > 8:
        state = _mix(state ^ load_eight(data, position))
        position += 8
    return _mix(state ^ load_last(data, position, end, _U64(0)))


@inlined
def hash_letters(data: Bytes, start: int, end: int) -> tuple[np.uint64, bool]:
    """Return `hash_bytes`, and whether all bytes are ASCII letters."""
    state, position, others = _begin(end - start), start, _U64(0)
    while end - position > 8:
        lane = load_eight(data, position)
        others |= ~in_range(lane & ~HIGH_BITS | CASE_BITS, 0x61, 0x7A) | lane
        state = _mix(state ^ lane)
        position += 8
    lane = load_last(data, position, end, _U64(0))
    inside = _ONES >> _U64(64 - 8 * (end - position))
    others |= (~in_range(lane & ~HIGH_BITS | CASE_BITS, 0x61, 0x7A) | lane) & inside
    return _mix(state ^ lane), others & HIGH_BITS == 0


@inlined
def hash_folded(data: Bytes, start: int, end: int, table: Characters) -> np.uint64:
    """Return `hash_bytes` of a unicode word in lower case."""
    state, position = _begin(end - start), start
    while end - position > 8:
        # The bit makes letters lowercase and is set in digits, and there is nothing else of ASCII in such a word.
        lane = load_eight(data, position) | CASE_BITS
        if lane & HIGH_BITS:
            return _hash_characters(data, start, end, table)
        state = _mix(state ^ lane)
        position += 8
    lane = load_last(data, position, end, CASE_BITS)
    if lane & HIGH_BITS:
        if end - start == 3 and is_caseless(item(data, start)):
            return _mix(state ^ load_last(data, start, end, _U64(0)))
        return _hash_characters(data, start, end, table)
    return _mix(state ^ lane)


@inlined
def is_caseless(lead: int) -> bool:
    """Tell whether no character of three bytes that begins so has a lower case: kana, Han, Hangul, Thai, Indic."""
    return lead == 0xE0 or 0xE3 <= lead <= 0xE9 or 0xEB <= lead <= 0xED


@inlined
def _hash_characters(data: Bytes, start: int, end: int, table: Characters) -> np.uint64:
    state, lane, filled, position = _begin(end - start), _U64(0), 0, start
    while position < end:
        code, size = decode(data, position, end)
        shift = item(table.shifts, cell_of(code, table))
        character = encoded(code + shift, size) if shift else load_last(data, position, position + size, _U64(0))
        if filled == 64:
            state, lane, filled = _mix(state ^ lane), _U64(0), 0
        lane |= character << _U64(filled)
        filled += 8 * size
        if filled > 64:
            filled -= 64
            state, lane = _mix(state ^ lane), character >> _U64(8 * size - filled)
        position += size
    return _mix(state ^ lane)


@inlined
def encoded(code: int, size: int) -> np.uint64:
    """Return the UTF-8 bytes of a code point that takes `size` of them, the first one lowest."""
    if size == 1:
        return _U64(code)
    if size == 2:
        return _U64(0x80C0 | code >> 6 | (code & 0x3F) << 8)
    if size == 3:
        return _U64(0x8080E0 | code >> 12 | (code >> 6 & 0x3F) << 8 | (code & 0x3F) << 16)
    return _U64(0x808080F0 | code >> 18 | (code >> 12 & 0x3F) << 8 | (code >> 6 & 0x3F) << 16 | (code & 0x3F) << 24)


@inlined
def load_eight(data: Bytes, position: int) -> np.uint64:
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
def load_last(data: Bytes, position: int, end: int, bits: np.uint64) -> np.uint64:
    """Return the one to eight bytes from `position` to `end`, with `bits` set in them and zeros above."""
    if position + 8 <= data.size:
        lane = load_eight(data, position)
    else:
        lane = _U64(0)
        for index in range(position, end):
            lane |= _U64(item(data, index)) << _U64(8 * (index - position))
    return (lane | bits) & _ONES >> _U64(64 - 8 * (end - position))


@inlined
def in_range(lane: np.uint64, first: int, last: int) -> np.uint64:
    """Return the top bit of each of eight ASCII bytes from `first` to `last`; the other bits mean nothing."""
    return (lane + LOW_BITS * _U64(0x80 - first)) & ~(lane + LOW_BITS * _U64(0x7F - last))


@inlined
def _mix(value: np.uint64) -> np.uint64:
    value *= _MULTIPLIER
    return value ^ value >> _U64(32)


@inlined
def _begin(size: int) -> np.uint64:
    # The size tells a word from the same word with zero bytes after it.
    return _SEED + _U64(size) * _SIZES


@kernel
def hash_values(data: Bytes, offsets: Int64s) -> UInt64s:
    """Return `hash_bytes` of every value of string buffers."""
    hashes = np.empty(offsets.size - 1, np.uint64)
    for row in range(hashes.size):
        hashes[row] = hash_bytes(data, item(offsets, row), item(offsets, row + 1))
    return hashes


def hash_64(name: bytes) -> int:
    """Return the first 64 bits of BLAKE2b of a name, as a number: of many names, those with the smallest are a sample."""
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")


def keyed_hashes(key: str, ids: Sequence[bytes | None]) -> UInt64s:
    """Return 64 bits for each id, the same for the same key and id everywhere; a null id counts as the empty one."""
    secret = hashlib.blake2b(key.encode(), digest_size=32).digest()
    digests = [hashlib.blake2b(value or b"", digest_size=8, key=secret).digest() for value in ids]
    return np.frombuffer(b"".join(digests), "<u8")
