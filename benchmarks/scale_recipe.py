"""The recipes that `scale.py` runs: documents drawn with known copies, as many as SCALE_DOCUMENTS says.

`signatures`: MinHash signatures are drawn, not computed, so that all that comes after them can be measured at a size for
which there is no text here. `template`: real texts, all the same but for two words, so that they all share buckets.
`same`: one text. `large`: the documents of SCALE_FILE.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data import Copies, MinHash, Parquet, SameText
from atom_data.batch import column, with_columns
from atom_data.dedup.minhash import BANDS, ROWS
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.text.minhash import bands

DOCUMENTS = int(os.environ.get("SCALE_DOCUMENTS", "1000000"))
WHAT = os.environ.get("SCALE_WHAT", "signatures")
MEMORY = os.environ.get("SCALE_MEMORY", "1GB")
SHARD_ROWS = 1_000_000
BATCH_ROWS = 65_536

# Of all documents, so many are in clusters of this size; the rest are alone. The last is one bucket.
SIZES = ((2, 0.10), (5, 0.10), (100, 0.09), (0, 0.01))
ALONE = 1 - sum(share for _, share in SIZES)
LONGEST_CHAIN = 1000
STRIDE = 982_451_653  # a prime: number * STRIDE modulo the count scatters the members of a cluster over all shards


def layout(count: int) -> npt.NDArray[np.int64]:
    """Return [size, first place, places] for each kind of cluster; places are numbers after the scattering."""
    lines, first = [(1, 0, int(ALONE * count))], int(ALONE * count)
    for size, share in SIZES:
        places = int(share * count)
        size = size or max(count - first, 1)
        places = places // size * size if size < places else count - first
        lines.append((size, first, places))
        first += places
    lines.append((1, first, count - first))
    return np.array(lines, np.int64)


@numba.njit(cache=True, nogil=True)
def clusters(numbers: npt.NDArray[np.int64], count: int, kinds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return, for each document, the first place of its cluster, its own place in it, and the cluster's size."""
    found = np.empty((numbers.size, 3), np.int64)
    for index in range(numbers.size):
        place = numbers[index] * STRIDE % count
        for kind in range(kinds.shape[0]):
            size, first, places = kinds[kind]
            if first <= place < first + places:
                member = (place - first) % size
                found[index] = place - member, member, size
    return found


@numba.njit(cache=True, nogil=True, inline="always")
def _random(one: int, other: int, third: int) -> np.uint64:
    state = np.uint64(one) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(other) * np.uint64(0xD1B54A32D192ED03)
    value = state + np.uint64(third) * np.uint64(0x8CB92BA72F3D8DD7)
    value = (value ^ value >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ value >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return value ^ value >> np.uint64(31)


@numba.njit(cache=True, nogil=True)
def draw(numbers: npt.NDArray[np.int64], found: npt.NDArray[np.int64], rows: npt.NDArray[np.uint32]) -> None:
    """Fill signatures of BANDS * ROWS places.

    Clusters of even first place, and the largest, are stars: all share band 0, and each some more by chance. The others
    are chains: a member shares one band with the next one and another with the one before, and none with the rest.
    """
    for index in range(numbers.size):
        cluster, member, size = found[index]
        star = cluster % 2 == 0 or size > LONGEST_CHAIN
        more = np.int64(_random(numbers[index], 1, 2) % np.uint64(BANDS))
        for band in range(BANDS):
            name, other = -1 - numbers[index], 0
            if size > 1 and star and (band == 0 or band <= more):
                name, other = cluster, 0
            elif size > 1 and not star and band == member % BANDS:
                name, other = cluster, member
            elif size > 1 and not star and member > 0 and band == (member - 1) % BANDS:
                name, other = cluster, member - 1
            for row in range(ROWS):
                place = band * ROWS + row
                rows[index, place] = np.uint32(_random(name, 1_000_003 * other + 7, place + 11) >> np.uint64(32))


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A source of numbered documents."""

    count: int
    text: str = ""
    """The text of every document, with the number modulo 7 and modulo 11 in its braces."""
    name: str = "numbers"

    def schema(self) -> pa.Schema:
        """Id, source and number; a text where that is asked for."""
        more = [("text", pa.string())] if self.text else []
        return pa.schema([("id", pa.string()), ("source", pa.string()), ("number", pa.int64()), *more])

    def shards(self, out: str) -> tuple[Shard, ...]:
        """Shards of a million."""
        starts = range(0, self.count, SHARD_ROWS)
        return tuple(
            Shard(f"{start // SHARD_ROWS:05}", "", min(SHARD_ROWS, self.count - start) * 8) for start in starts
        )

    def current(self, shard: Shard, out: str) -> tuple[Input, ...]:
        """Nothing but the number of documents decides."""
        return (Input(path=f"{self.count}/{shard.name}", bytes=shard.bytes, sha256="drawn"),)

    def read(self, shard: Shard, out: str, columns: Collection[str], intake: Intake) -> Iterator[pa.RecordBatch]:
        """Yield the documents of a shard."""
        intake.inputs.extend(self.current(shard, out))
        first = int(shard.name) * SHARD_ROWS
        last = min(first + SHARD_ROWS, self.count)
        for start in range(first, last, BATCH_ROWS):
            numbers = np.arange(start, min(start + BATCH_ROWS, last))
            given = {
                "id": pa.array([f"{number:011}" for number in numbers.tolist()]),
                "source": pa.array(["drawn"] * len(numbers)),
                "number": pa.array(numbers),
            }
            if self.text:
                given["text"] = pa.array([self.text.format(number % 7, number % 11) for number in numbers.tolist()])
            intake.bytes_read += 8 * len(numbers)
            yield pa.RecordBatch.from_pydict({name: array for name, array in given.items() if name in columns})

    def identity(self) -> dict[str, object]:
        """How many."""
        return {"numbers": self.count, "text": self.text}


TEMPLATE = (
    "Sorry, the page {} that you asked for is not there any more; go back to the front page or look at page {} instead"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """Add `band_hashes` of drawn signatures, through the band kernel that real ones go through."""

    count: int

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Draw."""
        numbers = column(batch, "number").to_numpy()
        rows = np.empty((len(numbers), BANDS * ROWS), np.uint32)
        draw(numbers, clusters(numbers, self.count, layout(self.count)), rows)
        hashes = bands(rows, BANDS, ROWS)
        offsets = pa.array(np.arange(len(hashes) + 1, dtype=np.int32) * BANDS)
        lists = pa.ListArray.from_arrays(offsets, pa.array(hashes.ravel()))
        return with_columns(batch, band_hashes=lists, text_bytes=pa.array(np.zeros(len(hashes), np.int64)))


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnMinHash(MinHash):
    """MinHash, but for how the signatures come about."""

    count: int = 0

    @property
    def measure(self) -> Drawn:
        """Draw instead of reading."""
        return Drawn(count=self.count)


def stages() -> tuple[object, ...]:
    """Return the pass that is measured."""
    limits = {"allow_loss": 1.0, "memory": MEMORY}
    if WHAT == "template":
        return (Copies(of=Numbers(count=DOCUMENTS, text=TEMPLATE), by=MinHash(min_jaccard=0.5), **limits),)
    if WHAT == "same":
        return (Copies(of=Numbers(count=DOCUMENTS, text="The same text every time."), by=SameText(), **limits),)
    if WHAT == "large":
        distinct = Copies(of=Parquet(os.environ["SCALE_FILE"]), by=SameText(), **limits)
        return (Copies(of=distinct, by=MinHash(), **limits),)
    by = DrawnMinHash(count=DOCUMENTS, bands=BANDS, rows=ROWS, confirm=False)
    return (Copies(of=Numbers(count=DOCUMENTS), by=by, **limits),)
