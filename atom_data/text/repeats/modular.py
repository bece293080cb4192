"""Hashes of runs of symbols as polynomials modulo the prime 2^61 - 1: they roll, and their collisions have stated odds.

Two different runs of at most n symbols have the same value for at most n of the 2^61 - 1 possible bases (a polynomial of
degree n has at most n zeros; Karp and Rabin 1987). With two bases, drawn independently of the text, a pair of windows
collides with odds of at most (n / 2^61)^2: for windows of 500 bytes 2^-104.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from atom_data.text.arrays import UInt64s
from atom_data.text.memory import inlined

_U64 = np.uint64
PRIME = (1 << 61) - 1
_P = _U64(PRIME)


def bases(seed: int) -> tuple[np.uint64, np.uint64]:
    """Return two bases drawn from a seed (SplitMix64), from 2^32 up to the prime."""
    found = []
    for number in (1, 2):
        value = ((2 * seed + number) * 0x9E3779B97F4A7C15) & (2**64 - 1)
        value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        value = ((value ^ value >> 27) * 0x94D049BB133111EB) & (2**64 - 1)
        found.append(_U64((value ^ value >> 31) % (PRIME - 2**32) + 2**32))
    return found[0], found[1]


def powers(base: np.uint64, count: int) -> UInt64s:
    """Return base^0 to base^count."""
    found, value = np.empty(count + 1, np.uint64), 1
    for index in range(count + 1):
        found[index] = value
        value = value * int(base) % PRIME
    return found


@intrinsic
def _multiply(_: Any, left: Any, right: Any) -> Any:  # noqa: ANN401 - types of the compiler
    """Return a product modulo the prime, as the sum of its lower 61 bits and the rest: below 2^62 for two numbers below 2^61."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        wide, narrow = ir.IntType(128), ir.IntType(64)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        low = builder.and_(builder.trunc(product, narrow), ir.Constant(narrow, PRIME))
        high = builder.trunc(builder.lshr(product, ir.Constant(wide, 61)), narrow)
        return builder.add(low, high)

    return types.uint64(types.uint64, types.uint64), generate


@inlined
def reduced(value: np.uint64) -> np.uint64:
    """Return a number below 2^62 modulo the prime."""
    return value - _P if value >= _P else value


@inlined
def times(left: np.uint64, right: np.uint64) -> np.uint64:
    """Return the product modulo the prime."""
    return reduced(_multiply(left, right))


@inlined
def coefficient(symbol: int) -> np.uint64:
    """Return a symbol as a coefficient: never zero for a byte, so that runs of different lengths differ."""
    value = _U64(symbol)
    return reduced((value & _P) + (value >> _U64(61)) + _U64(1))


@inlined
def longer(state: np.uint64, symbol: int, base: np.uint64) -> np.uint64:
    """Return the hash of a run with one symbol more, reduced to below 2^61 + 4 only: the next step waits for this one."""
    value = _multiply(state, base) + coefficient(symbol)
    return (value & _P) + (value >> _U64(61))


@inlined
def between(whole: np.uint64, before: np.uint64, power: np.uint64) -> np.uint64:
    """Return the hash of what a run has after its beginning; `power` is the base to the length of that part."""
    return reduced(reduced(whole) + _P - times(reduced(before), power))
