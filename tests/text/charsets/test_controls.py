"""Control characters are counted where and as a plain loop counts them."""

import numpy as np
import pytest

from atom_data.text.charsets.controls import control_count


@pytest.mark.parametrize("size", [0, 1, 31, 64, 79, 80, 81, 500, 1001])
def test_controls_are_counted_in_parts(size: int) -> None:
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    data[::3] &= 31
    codes = 0b1010_0000_0000_1111_0000_0000_1111_0001
    starts = [0] if size <= 80 else [part * (size - 10) // 7 & ~1 for part in range(8)]
    parts = [data[start : start + (size if size <= 80 else 10)] for start in starts]
    plain = sum(byte < 32 and codes >> byte & 1 for part in parts for byte in part.tolist())
    assert control_count(data, codes, 8, 10) == plain
