"""Near copies: of all documents that share a MinHash bucket, those whose shingles confirm it.

MinHash only proposes. A document is a copy only of a document that is kept and that really shares its shingles.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError
from atom_data.text.arrays import Float32s, Int64s, UInt64s
from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.similarity.shingles import common

NEVER = 2.0
"""A bound that no share reaches."""
_STEP = 1 << 18


class Copies(NamedTuple):
    """What `confirm` found, one value per document: a kept document has no `copy_of` (-1) and NaN for the rest."""

    copy_of: Int64s
    jaccard: Float32s
    containment: Float32s
    """The share of the copy's shingles that the kept document has."""
    compared: int
    """How many pairs were looked at."""


def confirm(
    order: npt.NDArray[np.signedinteger],
    buckets: npt.NDArray[np.signedinteger],
    bucket_count: int,
    shingles: UInt64s,
    offsets: Int64s,
    min_jaccard: float | None,
    cap: int,
    min_containment: float | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> Copies:
    """Return, for each document, the first kept document in `order` that shares a bucket and enough of it.

    Enough is a Jaccard index of `min_jaccard`, or `min_containment` of the document's own shingles; None asks for no such.

    `order` has the documents' numbers, best first: a document is compared only with better ones that are kept.
    `buckets[document]` has a bucket number per band, -1 where the document is alone; `shingles` are the sorted sets of
    `shingle_set` (a memory map will do). Each bucket remembers its first `cap` kept documents, so that time stays
    linear in a bucket; a later copy of a document beyond them can be missed. Equal documents in equal order give equal
    results, however documents and buckets are numbered. Memory: four bytes for each bucket of a document (at most
    `cap` a bucket; eight from 2 ** 31 documents on), 16 a bucket and 16 per document. `done` is called now and then with how many
    documents were looked at.
    """
    bounds = [bound for bound in (min_jaccard, min_containment) if bound is not None]
    if cap < 1 or not bounds or not all(0 < bound <= 1 for bound in bounds):
        raise ConfigError(
            f"confirm: cap {cap}, min_jaccard {min_jaccard}, min_containment {min_containment}; "
            "cap is at least 1, the others are in (0, 1], one of them may be None."
        )
    count = order.size
    if count != buckets.shape[0] or count != offsets.size - 1 or buckets.max(initial=-1) >= bucket_count:
        raise ValueError(
            f"{count} documents in order, {buckets.shape} buckets below {bucket_count}, {offsets.size} offsets"
        )
    copies = Copies(
        np.full(count, -1, np.int64), np.full(count, np.nan, np.float32), np.full(count, np.nan, np.float32), 0
    )
    places, sizes = _room(read_only(buckets), bucket_count, cap), np.zeros(bucket_count, np.int64)
    members = np.empty(int(places[-1]), np.int32 if count < 2**31 else np.int64)
    given = [read_only(np.ascontiguousarray(array)) for array in (order, buckets, shingles, offsets)]
    enough = [NEVER if bound is None else bound for bound in (min_jaccard, min_containment)]
    compared = 0
    for start in range(0, count, _STEP):
        stop = min(start + _STEP, count)
        compared += int(_confirm(start, stop, *given, *enough, places, sizes, members, *copies[:3]))
        done(stop)
    return copies._replace(compared=compared)


@kernel
def _room(buckets: Int64s, bucket_count: int, cap: int) -> Int64s:
    """Return where the members of each bucket begin, with room for at most `cap` in each."""
    places = np.zeros(bucket_count + 1, np.int64)
    for document in range(buckets.shape[0]):
        for band in range(buckets.shape[1]):
            bucket = buckets[document, band]
            if bucket >= 0 and places[bucket + 1] < cap:
                places[bucket + 1] += 1
    for bucket in range(bucket_count):
        places[bucket + 1] += places[bucket]
    return places


@kernel
def _confirm(
    first: int,
    last: int,
    order: Int64s,
    buckets: Int64s,
    shingles: UInt64s,
    offsets: Int64s,
    min_jaccard: float,
    min_containment: float,
    places: Int64s,
    sizes: Int64s,
    members: Int64s,
    copy_of: Int64s,
    jaccards: Float32s,
    containments: Float32s,
) -> int:
    compared = 0
    cursors = np.zeros(buckets.shape[1], np.int64)
    for rank in range(first, last):
        document = order[rank]
        own, start, end = buckets[document], offsets[document], offsets[document + 1]
        cursors[:] = 0
        while True:
            best = _next_member(own, places, sizes, members, cursors)
            if best < 0:
                break
            compared += 1
            kept = order[best]
            other_start, other_end = offsets[kept], offsets[kept + 1]
            least, most = min(end - start, other_end - other_start), max(end - start, other_end - other_start)
            if least < min_jaccard * most and least < min_containment * (end - start):
                continue
            shared = common(shingles, start, end, shingles, other_start, other_end)
            jaccard, containment = shared / max(least + most - shared, 1), shared / max(end - start, 1)
            if shared and (jaccard >= min_jaccard or containment >= min_containment):
                copy_of[document], jaccards[document], containments[document] = kept, jaccard, containment
                break
        if copy_of[document] < 0:
            _remember(rank, own, places, sizes, members)
    return compared


@inlined
def _next_member(own: Int64s, places: Int64s, sizes: Int64s, members: Int64s, cursors: Int64s) -> int:
    """Return the next best rank in any of a document's buckets, each rank once; -1 after the last.

    Members are remembered in order, so the next one is the lowest under the cursors.
    """
    best = -1
    for band in range(own.size):
        bucket = item(own, band)
        if bucket >= 0 and item(cursors, band) < item(sizes, bucket):
            rank = item(members, item(places, bucket) + item(cursors, band))
            if best < 0 or rank < best:
                best = rank
    for band in range(own.size):
        bucket = item(own, band)
        if bucket >= 0 and item(cursors, band) < item(sizes, bucket):
            rank = item(members, item(places, bucket) + item(cursors, band))
            put(cursors, band, item(cursors, band) + np.int64(rank == best))
    return best


@inlined
def _remember(rank: int, own: Int64s, places: Int64s, sizes: Int64s, members: Int64s) -> None:
    for band in range(own.size):
        bucket = item(own, band)
        if bucket >= 0 and item(sizes, bucket) < item(places, bucket + 1) - item(places, bucket):
            put(members, item(places, bucket) + item(sizes, bucket), rank)
            put(sizes, bucket, item(sizes, bucket) + 1)
