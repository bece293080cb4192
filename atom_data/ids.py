"""Ids that repeat: found among all documents of a pass, in bounded memory, before anything is decided by them.

The job that reads the documents writes 64 bits of each id, dealt by range of hash (12 bytes per document on disk); the
job that checks a range sees all its hashes (48 bytes per document in memory). Where two are equal the ids are read and
compared, so two ids of one hash are not a repeat.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.errors import DataError
from atom_data.storage.parquet import Output
from atom_data.storage.pieces import PiecesFile, create_pieces, hash_places, read_pieces
from atom_data.text.buffers import string_buffers
from atom_data.text.hashes import hash_values
from atom_data.text.memory import read_only
from atom_data.workspace import Workspace

RECORD = pa.schema([("hash", pa.uint64()), ("row", pa.uint32())])
SUFFIX = ".ids"
HASH_BYTES = 48
"""Memory for the hash of an id while its range is looked at."""
LOOKED_AT = 1_000
"""Pairs of one hash whose ids are read at a time. The first of them is nearly always a repeat."""

Pair = tuple[int, int]
"""The number of a document, and of the first one before it with the same hash."""


@runtime_checkable
class ChecksIds(Protocol):
    """A source that is complete only when no two of its documents have one id."""

    checks_ids: ClassVar[bool]


class IdHashes:
    """The hashes of the ids of one shard, on their way into a file. A null id is none, and repeats nothing."""

    def __init__(self, pieces: PiecesFile) -> None:
        """Write to an open file."""
        self._pieces, self._rows = pieces, 0

    def add(self, ids: pa.Array) -> None:
        """Add the ids of the rows that come next."""
        rows = np.arange(self._rows, self._rows + len(ids), dtype=np.uint32)
        self._rows += len(ids)
        buffers = string_buffers(ids)
        hashes = hash_values(read_only(buffers.data), read_only(buffers.offsets))
        batch = pa.RecordBatch.from_arrays([pa.array(hashes), pa.array(rows)], schema=RECORD)
        places = hash_places(hashes)
        if ids.null_count:
            valid = ids.is_valid()
            batch, places = batch.filter(valid), places[np.asarray(valid)]
        self._pieces.write(batch, places)


@contextmanager
def create_id_hashes(path: str, workspace: Workspace) -> Iterator[tuple[IdHashes, Output]]:
    """Open the file of a shard; on success it appears whole, and its Output knows its size and hash. `path`: below the folder."""
    output = Output(path)
    with create_pieces(workspace.path(path), RECORD, workspace.token, output) as pieces:
        yield IdHashes(pieces), output


@dataclass(frozen=True, kw_only=True)
class Shards:
    """All documents of a pass: shards in order, the number of the first document of each, their hashes and their ids."""

    where: str
    """The pass, for errors."""
    names: Sequence[str]
    bases: npt.NDArray[np.int64]
    """The number of the first document of each shard, and of all."""
    paths: Sequence[str]
    """Of the files of hashes."""
    read: Callable[[int], Iterable[pa.Array]]
    """Gives the ids of a shard again, by its place in `names`: only asked where hashes are equal."""

    def refuse_repeats(self, first: int, last: int, progress: Callable[[int], None] = lambda read: None) -> None:
        """Raise DataError when two documents whose hash is in this range of places have one id; it names both."""
        hashes, numbers, read = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], 0
        for base, path in zip(self.bases.tolist(), self.paths, strict=False):
            for batch in read_pieces(path, first, last):
                own = batch.column("hash").to_numpy()
                inside = (hash_places(own) >= first) & (hash_places(own) < last)
                hashes.append(own[inside])
                numbers.append(batch.column("row").to_numpy()[inside].astype(np.int64) + base)
                read += batch.nbytes
                progress(read)
        members, heads = _pairs(np.concatenate(hashes), np.concatenate(numbers))
        self._look(zip(members.tolist(), heads.tolist(), strict=True), len(members))

    def _look(self, pairs: Iterator[Pair], count: int) -> None:
        """Read the ids of pairs with one hash, all of a head in turn, and raise at the first two that are equal."""
        known: dict[str, int] = {}
        head_now = -1
        while some := list(islice(pairs, LOOKED_AT)):
            ids = self._ids(sorted({number for pair in some for number in pair}))
            for number, head in some:
                if head != head_now:
                    head_now, known = head, {ids[head]: head}
                before = known.setdefault(ids[number], number)
                if before != number:
                    raise DataError(self._said(ids[number], before, number, count))

    def _said(self, identity: str, before: int, number: int, count: int) -> str:
        (one, row), (other, other_row) = self._place(before), self._place(number)
        more = f"; in this part of the corpus {count:,} ids repeat" if count > 1 else ""
        return (
            f"{self.where}: two documents have the id '{identity[:200]}': row {row:,} of shard {self.names[one]} and row "
            f"{other_row:,} of shard {self.names[other]}{more}. A ledger, a trace or a takedown could not tell them apart. "
            'Let the source put the file before each id by ids="file" or, where a file itself repeats them, take places '
            'by ids="row" (dedup-index add: --ids); or take out what is in the source twice.'
        )

    def _place(self, number: int) -> tuple[int, int]:
        shard = int(np.searchsorted(self.bases, number, "right")) - 1
        return shard, number - int(self.bases[shard])

    def _ids(self, numbers: list[int]) -> dict[int, str]:
        """Return the ids of some documents. Memory: the ids of one batch, and these."""
        found: dict[int, str] = {}
        wanted = np.array(numbers, np.int64)
        for shard in sorted({self._place(number)[0] for number in numbers}):
            start, stop = int(self.bases[shard]), int(self.bases[shard + 1])
            for ids in self.read(shard):
                if start >= stop:
                    break
                some = wanted[slice(*np.searchsorted(wanted, [start, start + len(ids)]))]
                found.update(zip(some.tolist(), ids.take(pa.array(some - start)).to_pylist(), strict=True))
                start += len(ids)
        return found


def _pairs(
    hashes: npt.NDArray[np.uint64], numbers: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return each number whose hash a smaller one has too, and the smallest with it, in the order of the smallest."""
    ordered = np.sort(hashes)
    values = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(values):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    group = np.minimum(np.searchsorted(values, hashes), len(values) - 1)
    some = np.flatnonzero(values[group] == hashes)
    group, members = group[some], numbers[some]
    firsts = np.full(len(values), np.iinfo(np.int64).max)
    np.minimum.at(firsts, group, members)
    heads = firsts[group]
    order = np.lexsort((members, heads))
    members, heads = members[order], heads[order]
    return members[members != heads], heads[members != heads]
