"""How many control characters stand in bytes that should be text."""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.memory import inlined, item, kernel, read_only


def control_count(data: Bytes, codes: int, parts: int, size: int) -> int:
    """Count the bytes below 32 whose bit is set in `codes`, in so many parts of so many bytes that are spread over the data.

    All of it is looked at where it is not longer than the parts together.
    """
    return int(_count_parts(read_only(data), np.uint32(codes), parts, size))


@kernel
def _count_parts(data: Bytes, codes: np.uint32, parts: int, size: int) -> int:
    if data.size <= parts * size:
        return _count_in(data, 0, data.size, codes)
    count = 0
    for part in range(parts):
        start = (part * (data.size - size) // (parts - 1)) & ~1
        count += _count_in(data, start, start + size, codes)
    return count


@inlined
def _count_in(data: Bytes, start: int, stop: int, codes: np.uint32) -> int:
    count = np.uint32(0)
    for place in range(start, stop):
        byte = np.uint32(item(data, place))
        count += (codes >> (byte & np.uint32(31))) & np.uint32(byte < 32)
    return count
