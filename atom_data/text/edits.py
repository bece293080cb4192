"""Edits of texts: places and what stands there afterwards, put into effect in one pass over Arrow bytes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from atom_data.text.arrays import Bytes, Int32s, Int64s
from atom_data.text.buffers import Buffers, string_array
from atom_data.text.memory import inlined, item, kernel, put, read_only


class Places(NamedTuple):
    """Places in the bytes of a batch, in order and without overlap, each inside one document."""

    starts: Int64s
    ends: Int64s
    kinds: Int64s
    """What was found there; the numbers belong to who looked."""
    documents: Int64s


def replaced(array: pa.Array, buffers: Buffers, places: Places, texts: Sequence[bytes]) -> pa.Array:
    """Return the texts of `buffers` with `texts[i]` at the i-th place; type and nulls are those of `array`.

    Without places it is `array` itself. The memory is that of the new texts.
    """
    if not places.starts.size:
        return array
    added = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=added[1:])
    offsets = _new_offsets(buffers, places, added)
    data = np.empty(int(offsets[-1]), np.uint8)
    _copy(
        read_only(buffers.data),
        read_only(buffers.offsets),
        read_only(places.starts),
        read_only(places.ends),
        read_only(np.frombuffer(b"".join(texts), np.uint8)),
        read_only(added),
        data,
    )
    return string_array(data, offsets, array)


def counts_of(places: Places, kinds: int, documents: int) -> Int32s:
    """Return how many places of each kind a document has, a row per document."""
    flat = np.bincount(places.documents * kinds + places.kinds, minlength=documents * kinds)
    return flat.reshape(documents, kinds).astype(np.int32)


def _new_offsets(buffers: Buffers, places: Places, added: Int64s) -> Int64s:
    growth = np.diff(added) - (places.ends - places.starts)
    sizes = np.diff(buffers.offsets)
    np.add.at(sizes, places.documents, growth)
    offsets = np.zeros(buffers.offsets.size, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


@kernel
def _copy(
    data: Bytes, offsets: Int64s, starts: Int64s, ends: Int64s, texts: Bytes, text_offsets: Int64s, target: Bytes
) -> None:
    position, to = offsets[0], 0
    for place in range(starts.size):
        to = copied(data, position, starts[place], target, to)
        to = copied(texts, text_offsets[place], text_offsets[place + 1], target, to)
        position = ends[place]
    copied(data, position, offsets[offsets.size - 1], target, to)


@inlined
def copied(source: Bytes, start: int, end: int, target: Bytes, to: int) -> int:
    """Copy `source[start:end]` to `target[to:]`; return where the copy ends."""
    for index in range(end - start):
        put(target, to + index, item(source, start + index))
    return to + end - start
