"""Numbers drawn by hash: the same for the same key and name in every run, on every machine, in any order."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def hash_64(name: bytes) -> int:
    """Return the first 64 bits of BLAKE2b of a name, as a number: of many names, those with the smallest are a sample."""
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")


def keyed_hashes(key: str, ids: Sequence[bytes | None]) -> npt.NDArray[np.uint64]:
    """Return 64 bits for each id, the same for the same key and id everywhere; a null id counts as the empty one."""
    secret = hashlib.blake2b(key.encode(), digest_size=32).digest()
    digests = [hashlib.blake2b(value or b"", digest_size=8, key=secret).digest() for value in ids]
    return np.frombuffer(b"".join(digests), "<u8")
