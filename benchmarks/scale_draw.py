"""Drawn documents with known copies: which cluster a document is of, its signature, its text.

A module of its own, beside the recipe: kernels are cached under the name of their module, and a recipe is loaded under
another name than its own.
"""

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.dedup.near.minhash import BANDS, ROWS

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


NEAR = 0.5
"""The Jaccard index from which pages of a template are copies."""
TEMPLATE = "Sorry, the page {a} that you asked for is not there any more; go back to the front page or look at page {b} instead"
PAGE = (
    "Item {own}: this product is not for sale at the moment, and we do not know when it will be. If you leave your address "
    "with us we shall write to you as soon as it is back, and not for any other reason. In the meantime others have looked "
    "at what we have on the pages beside this one, and most of them found there what they wanted. Number {other}"
)


def page(text: str, number: int) -> str:
    """Return the text of a document, which has numbers where the text has braces."""
    return text.format(a=number % 7, b=number % 11, own=number, other=number * 7919)
