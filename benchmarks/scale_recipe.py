"""The recipes that `scale.py` runs: documents drawn with known copies, as many as SCALE_DOCUMENTS says.

`signatures`: MinHash signatures are drawn, not computed, so that all that comes after them can be measured at a size for
which there is no text here. `texts`: texts of 150 words, clusters as of the signatures, confirmed. `template`: a template
with two numbers that have few values, `pages`: a longer one with two that no other page has; all share buckets.
`same`: one text. `large` and `odd`: the documents of SCALE_FILE.
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


TEXT_WORDS, TEXT_CHANGED = 150, 2
VOCABULARY = 50_000
LETTERS = 7


@numba.njit(cache=True, nogil=True)
def write_texts(found: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> None:
    """Fill TEXT_WORDS words of LETTERS letters and a space for each document, rare words more seldom.

    The words are those of its cluster, but for TEXT_CHANGED of its own: two members differ in at most twice as many, which
    leaves a Jaccard index of 126 / 166 = 0.76 of their 146 shingles of five words, or more.
    """
    position = 0
    for index in range(numbers.size):
        cluster, _, size = found[index]
        begin = position
        for place in range(TEXT_WORDS):
            position = _write_word(_random(cluster, size, place), data, position)
        for change in range(TEXT_CHANGED):
            where = _random(numbers[index], 5, change) % np.uint64(TEXT_WORDS)
            start = begin + np.int64(where) * (LETTERS + 1)
            _write_word(_random(numbers[index], 6, change), data, start)


@numba.njit(cache=True, nogil=True, inline="always")
def _write_word(chance: np.uint64, data: npt.NDArray[np.uint8], position: int) -> int:
    share = np.float64(chance >> np.uint64(11)) / 9007199254740992.0
    state = _random(np.int64(VOCABULARY**share), 3, 4)  # the chance of a word falls as its rank rises (Zipf)
    for letter in range(LETTERS):
        data[position + letter] = 97 + np.int64((state >> np.uint64(8 * letter)) % np.uint64(26))
    data[position + LETTERS] = 32
    return position + LETTERS + 1


def texts(numbers: npt.NDArray[np.int64], count: int) -> pa.Array:
    """Return the texts of documents."""
    width = TEXT_WORDS * (LETTERS + 1)
    data = np.empty(len(numbers) * width, np.uint8)
    write_texts(clusters(numbers, count, layout(count)), numbers, data)
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(width)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(data))


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A source of numbered documents."""

    count: int
    text: str = ""
    """The text of every document, with numbers for its braces; `drawn` for `texts`; nothing for no text."""
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
            if self.text == "drawn":
                given["text"] = texts(numbers, self.count)
            elif self.text:
                given["text"] = pa.array(
                    [self.text.format(a=n % 7, b=n % 11, own=n, other=n * 7919) for n in numbers.tolist()]
                )
            intake.bytes_read += 8 * len(numbers)
            yield pa.RecordBatch.from_pydict({name: array for name, array in given.items() if name in columns})

    def identity(self) -> dict[str, object]:
        """How many."""
        return {"numbers": self.count, "text": self.text}


TEMPLATE = "Sorry, the page {a} that you asked for is not there any more; go back to the front page or look at page {b} instead"
PAGE = (
    "Item {own}: this product is not for sale at the moment, and we do not know when it will be. If you leave your address "
    "with us we shall write to you as soon as it is back, and not for any other reason. In the meantime others have looked "
    "at what we have on the pages beside this one, and most of them found there what they wanted. Number {other}"
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
    if WHAT in ("template", "pages"):
        source = Numbers(count=DOCUMENTS, text=TEMPLATE if WHAT == "template" else PAGE)
        return (Copies(of=source, by=MinHash(min_jaccard=0.5), **limits),)
    if WHAT == "texts":
        return (Copies(of=Numbers(count=DOCUMENTS, text="drawn"), by=MinHash(), **limits),)
    if WHAT == "same":
        return (Copies(of=Numbers(count=DOCUMENTS, text="The same text every time."), by=SameText(), **limits),)
    if WHAT in ("large", "odd"):
        distinct = Copies(of=Parquet(os.environ["SCALE_FILE"]), by=SameText(), **limits)
        return (Copies(of=distinct, by=MinHash(), **limits),)
    by = DrawnMinHash(count=DOCUMENTS, bands=BANDS, rows=ROWS, confirm=False)
    return (Copies(of=Numbers(count=DOCUMENTS), by=by, **limits),)
