"""A keyed permutation of [0, n) without memory: every index once, in pseudorandom order, and its inverse."""

import hashlib
import json

import numpy as np
import numpy.typing as npt

ROUNDS = 6
LARGEST = 2**62
WORD = 2**64 - 1
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""Multipliers of splitmix64's finalizer (Steele, Lea, Flood 2014, Fast Splittable Pseudorandom Number Generators)."""


class Permutation:
    """A balanced Feistel network on the smallest even number of bits that hold n, walked until it falls below n.

    At most four steps on average (Black and Rogaway 2002, Ciphers with Arbitrary Finite Domains). Not affine: a linear
    congruential order left a visible shift in the training loss of a 32B model (marin 32B retrospective).
    """

    def __init__(self, n: int, *key: int | str) -> None:
        """Permute [0, n) by a key; n from 1 to 2**62."""
        if not 1 <= n <= LARGEST:
            raise ValueError(f"cannot permute {n} things")
        self.n = n
        self._half = max(1, ((n - 1).bit_length() + 1) // 2)
        self._mask = (1 << self._half) - 1
        digest = hashlib.blake2b(json.dumps(key).encode(), digest_size=8 * ROUNDS).digest()
        self._keys = [int.from_bytes(digest[at : at + 8], "little") for at in range(0, len(digest), 8)]

    def __call__(self, index: int) -> int:
        """Return where `index` goes."""
        if not 0 <= index < self.n:
            raise IndexError(f"index {index} of {self.n}")
        while True:
            left, right = index >> self._half, index & self._mask
            for key in self._keys:
                left, right = right, left ^ (_mixed(right, key) & self._mask)
            index = left << self._half | right
            if index < self.n:
                return index

    def inverse(self, place: int) -> int:
        """Return the index that goes to `place`."""
        if not 0 <= place < self.n:
            raise IndexError(f"place {place} of {self.n}")
        while True:
            left, right = place >> self._half, place & self._mask
            for key in reversed(self._keys):
                left, right = right ^ (_mixed(left, key) & self._mask), left
            place = left << self._half | right
            if place < self.n:
                return place

    def many(self, indices: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return where each index goes: the same as one by one, about twenty times faster for thousands."""
        values = np.array(indices, np.uint64, ndmin=1)
        half, mask = np.uint64(self._half), np.uint64(self._mask)
        walking = np.arange(values.size)
        while walking.size:
            left, right = values[walking] >> half, values[walking] & mask
            for key in self._keys:
                mixed = (right ^ np.uint64(key)) * np.uint64(FIRST)
                mixed ^= mixed >> np.uint64(29)
                mixed *= np.uint64(SECOND)
                mixed ^= mixed >> np.uint64(32)
                left, right = right, left ^ (mixed & mask)
            values[walking] = left << half | right
            walking = walking[values[walking] >= np.uint64(self.n)]
        return values.astype(np.int64)


def _mixed(value: int, key: int) -> int:
    mixed = (value ^ key) * FIRST & WORD
    mixed ^= mixed >> 29
    mixed = mixed * SECOND & WORD
    return mixed ^ mixed >> 32
