"""SipHash against the vectors that its authors publish."""

import numpy as np
import pytest

from atom_data.text.memory import kernel, read_only
from atom_data.text.repeats.siphash import siphash

# vectors_sip128 of the reference implementation: key 00 01 .. 0f, input 00 01 .. of the given size. OpenSSL 3 gives the same.
VECTORS = {
    0: "a3817f04ba25a8e66df67214c7550293",
    1: "da87c1d86b99af44347659119b22fc45",
    15: "5493e99933b0a8117e08ec0f97cfc3d9",
    63: "5150d1772f50834a503e069a973fbd7c",
}


@kernel
def _whole(data: object, low: object, high: object) -> object:
    return siphash(data, 0, data.size, low, high)


@pytest.mark.parametrize("size", sorted(VECTORS))
def test_siphash_gives_the_published_vectors(size: int) -> None:
    key = bytes(range(16))
    halves = [np.uint64(int.from_bytes(key[start : start + 8], "little")) for start in (0, 8)]
    found = _whole(read_only(np.arange(size, dtype=np.uint8)), *halves)
    assert b"".join(int(half).to_bytes(8, "little") for half in found).hex() == VECTORS[size]
