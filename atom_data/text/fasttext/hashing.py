"""fastText's hash of the bytes of a word, and words held against words."""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.memory import inlined

_U32 = np.uint32
BASIS, PRIME = _U32(2166136261), _U32(16777619)


@inlined
def step(code: np.uint32, byte: np.uint8) -> np.uint32:
    """Return the hash with one byte more: FNV-1a, but of signed bytes, as all released models were trained."""
    return _U32(_U32(code ^ _U32(np.int8(byte))) * PRIME)


@inlined
def hash_bytes(data: Bytes, start: int, end: int) -> np.uint32:
    """Return fastText's hash of some bytes."""
    code = BASIS
    for index in range(start, end):
        code = step(code, data[index])
    return code


@inlined
def same(data: Bytes, start: int, other: Bytes, other_start: int, size: int) -> bool:
    """Tell whether `size` bytes are the same in two places."""
    for index in range(size):  # noqa: SIM110 - compiled
        if data[start + index] != other[other_start + index]:
            return False
    return True
