"""Merkle trees as RFC 6962, section 2.1, has them: one hash over many entries, and short proofs that an entry is among them.

leaf     SHA-256(0x00 || entry)
node     SHA-256(0x01 || left || right)
split    n entries: the largest power of two below n to the left, the rest to the right
nothing  SHA-256 of no bytes
"""

import hashlib
from collections.abc import Sequence

LEAF, NODE = b"\x00", b"\x01"


def leaf(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(LEAF + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash over two."""
    return hashlib.sha256(NODE + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the hash over all leaves, in their order."""
    whole: list[tuple[int, bytes]] = []
    for one in leaves:
        count, found = 1, one
        while whole and whole[-1][0] == count:
            count, found = 2 * count, node(whole.pop()[1], found)
        whole.append((count, found))
    if not whole:
        return hashlib.sha256(b"").digest()
    found = whole.pop()[1]
    while whole:
        found = node(whole.pop()[1], found)
    return found


def path(leaves: Sequence[bytes], number: int) -> list[bytes]:
    """Return the audit path of leaf `number`: the hashes that, with it, make the root; the lowest first."""
    if len(leaves) < 2:
        return []
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    if number < cut:
        return [*path(leaves[:cut], number), root(leaves[cut:])]
    return [*path(leaves[cut:], number - cut), root(leaves[:cut])]


def root_of_path(entry: bytes, number: int, count: int, hashes: Sequence[bytes]) -> bytes:
    """Return the root that an entry has by its audit path, where it is entry `number` of `count` (RFC 9162, 2.1.3.2)."""
    found, last = leaf(entry), count - 1
    for other in hashes:
        if number % 2 or number == last:
            found = node(other, found)
            while not number % 2 and number:
                number, last = number // 2, last // 2
        else:
            found = node(found, other)
        number, last = number // 2, last // 2
    return found
