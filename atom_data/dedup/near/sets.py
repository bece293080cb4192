"""The distinct shingle sets among the candidates of a task, with their bands: what is compared, each set once.

Candidates with one and the same set are copies of the best of them whatever else there is, so no more than one of each
set is held: ten million copies of a page are one set. What does not fit the memory goes to scratch files.
"""

import mmap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.text.memory import read_only
from atom_data.text.similarity.shingles import digests
from atom_data.text.similarity.union_find import links, number_repeats

Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_RANGES = 32
_RANGE_SHIFT = np.uint64(59)
_PIECE = 1 << 17


class Same(NamedTuple):
    """Which candidates have the same set."""

    sets: npt.NDArray[Any]
    """The number of the set of each candidate: sets are numbered as they first come."""
    is_first: npt.NDArray[np.bool_]
    """Whether a candidate is the first of its set."""


class Digests:
    """128 bits of the set of every candidate. Memory: 16 bytes a candidate, 80 while they are compared."""

    def __init__(self) -> None:
        """Begin with none."""
        self._highs, self._lows, self._count = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)], 0

    def add(self, shingles: Hashes, offsets: Integers) -> None:
        """Take in the sets of some candidates."""
        highs, lows = digests(read_only(shingles), read_only(offsets))
        # An empty set is like no other: a text without shingles is not a copy of anything.
        empty = np.flatnonzero(np.diff(offsets) == 0)
        highs[empty] = (empty + self._count).astype(np.uint64)
        self._highs.append(highs)
        self._lows.append(lows)
        self._count += len(highs)

    def same(self) -> Same:
        """Compare all of them."""
        highs, own = np.concatenate(self._highs), np.arange(self._count)
        members, heads = links(np.concatenate(self._lows), own)
        equal = highs[members] == highs[heads]
        first = own.copy()
        first[members[equal]] = heads[equal]
        is_first = first == own
        number = (np.cumsum(is_first) - 1).astype(np.int32 if self._count < 2**31 else np.int64)
        return Same(number[first], is_first)


class Values:
    """Numbers that come some at a time: in memory, or, with a path, in a file. Memory, then: a piece."""

    def __init__(self, stack: ExitStack, path: Path | None) -> None:
        """Keep them in a new file at `path`, which the stack closes, or nowhere but here."""
        self._stack, self._path = stack, path
        self._file = stack.enter_context(path.open("w+b", buffering=1 << 18)) if path else None
        self._kept = [np.zeros(0, np.uint64)]

    def add(self, values: Hashes) -> None:
        """Take in some."""
        if self._file:
            self._file.write(np.ascontiguousarray(values).data)
        else:
            self._kept.append(values)

    def pieces(self) -> Iterator[Hashes]:
        """Yield them in order, an even number at a time."""
        if not self._file:
            yield from self._kept
            return
        self._file.seek(0)
        while len(piece := np.fromfile(self._file, np.uint64, 2 * _PIECE)):
            yield piece

    def whole(self) -> tuple[Hashes, mmap.mmap | None]:
        """Return all of them as one array, and the map of the file when it is one."""
        if not self._file:
            return np.concatenate(self._kept), None
        self._file.flush()
        if self._file.tell() == 0:
            return np.zeros(0, np.uint64), None
        mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, np.uint64), mapped


class Sets:
    """Shingles and bands of the distinct sets, in the order in which they come.

    Memory: 8 bytes a set, 4 per band of it, and about 2 per band while buckets are numbered, more in a range of hashes that
    has more distinct ones; and without a folder for the rest, 8 a shingle and 16 per band.
    """

    def __init__(self, stack: ExitStack, folder: Path | None) -> None:
        """Keep what is many in files of a folder, or in memory."""
        self._shingles = Values(stack, folder / "shingles" if folder else None)
        self._bands = [Values(stack, folder / f"bands-{cell}" if folder else None) for cell in range(_RANGES)]
        self._lengths = [np.zeros(1, np.int64)]
        self.count, self.width = 0, 1

    def add(self, shingles: Hashes, offsets: Integers, bands: Hashes) -> None:
        """Take in some sets: their shingles, and a row of bands for each."""
        self._shingles.add(shingles[offsets[0] : offsets[-1]])
        self._lengths.append(np.diff(offsets))
        self.width = bands.shape[1]
        flat = bands.ravel()
        places = np.arange(flat.size, dtype=np.uint64) + np.uint64(self.count * self.width)
        cells = (flat >> _RANGE_SHIFT).astype(np.uint8)
        order = np.argsort(cells, kind="stable")
        pairs = np.stack([flat[order], places[order]], axis=1)
        ends = np.cumsum(np.bincount(cells, minlength=_RANGES)).tolist()
        for cell, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            if end > start:
                self._bands[cell].add(pairs[start:end].ravel())
        self.count += len(bands)

    def shingles(self) -> tuple[Hashes, Integers, mmap.mmap | None]:
        """Return all shingles, where those of each set begin and end, and the map of the file when they are in one."""
        shingles, mapped = self._shingles.whole()
        return shingles, np.cumsum(np.concatenate(self._lengths), dtype=np.int64), mapped

    def buckets(self) -> tuple[npt.NDArray[Any], int]:
        """Return the bucket of every band of every set, -1 where a set is alone in it, and how many buckets there are."""
        kind: type[np.signedinteger[Any]] = (
            np.int32 if self.count * self.width < 2**32 else np.int64
        )  # a bucket has two bands or more
        buckets, total = np.full(self.count * self.width, -1, kind), 0
        for values in self._bands:
            pairs = (piece.reshape(-1, 2) for piece in values.pieces())
            total = number_repeats(((pair[:, 0], pair[:, 1].view(np.int64)) for pair in pairs), buckets, total)
        return buckets.reshape(self.count, self.width), total
