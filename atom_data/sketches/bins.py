"""Fixed bins for numbers: sixteen to a doubling, the same for every column, so that histograms of any shards add up.

A bin is the exponent of a float64 and the first four bits of its fraction: no logarithm, so no rounding, on any machine.
Whole numbers up to 31 have a bin each; beyond, a bin is 3 to 6 % wide.
"""

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]

NOTHING, ZERO, FIRST = 0, 1, 2
"""The bins of null and NaN, of zero, and the first of the positive numbers."""
FRACTION_BITS = 4
SHIFT = 52 - FRACTION_BITS
SMALLEST, LARGEST = -20, 43
"""Powers of two: what is smaller or larger in size falls into the first or last bin."""
SPAN = (LARGEST - SMALLEST) << FRACTION_BITS
NEGATIVE = FIRST + SPAN
"""The first bin of the negative numbers, by size."""
BINS = 2048
"""Room for all of them, as a power of two."""
_OFFSET = (1023 + SMALLEST) << FRACTION_BITS


def is_binned(kind: pa.DataType) -> bool:
    """Tell whether a column is one of numbers or truth values."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def bins_of(values: pa.Array) -> Integers:
    """Return the bin of each value of a column of numbers or truth values; NOTHING for null and NaN."""
    numbers = values.cast(pa.int8()) if pa.types.is_boolean(values.type) else values
    plain = pc.fill_null(pc.cast(numbers, pa.float64(), safe=False), math.nan)
    return bins_of_numbers(np.asarray(plain, np.float64))


def bins_of_numbers(values: npt.NDArray[np.float64]) -> Integers:
    """Return the bin of each number."""
    size = np.abs(values)
    found: Integers = np.minimum(np.maximum((size.view(np.int64) >> SHIFT) - _OFFSET, 0), SPAN - 1)
    found += np.where(values < 0, NEGATIVE, FIRST)
    found[size == 0] = ZERO
    found[np.isnan(values)] = NOTHING
    return found


def start_of(number: int) -> float:
    """Return the number of smallest size that falls into a bin; 0 for ZERO."""
    if number <= ZERO:
        return 0.0
    place = number - (NEGATIVE if number >= NEGATIVE else FIRST)
    size = math.ldexp(1 + (place % 16) / 16, SMALLEST + (place >> FRACTION_BITS))
    return -size if number >= NEGATIVE else size


def edges_of(number: int) -> tuple[float, float]:
    """Return where a bin begins and ends on the axis, the smaller number first."""
    if number <= ZERO:
        return 0.0, 0.0
    place = number - (NEGATIVE if number >= NEGATIVE else FIRST)
    low, high = (math.ldexp(1 + (at % 16) / 16, SMALLEST + (at >> FRACTION_BITS)) for at in (place, place + 1))
    return (-high, -low) if number >= NEGATIVE else (low, high)
