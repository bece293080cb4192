"""MinHash signatures with the values of datatrove 0.10, so that the same pairs share a bucket as there, and the same survive.

Read from `pipeline/dedup/minhash.py`, `utils/text.py` and `utils/hashes/sha1.py`, with `HashConfig(hash_fc="sha1", precision=64)`
as in `examples/fineweb.py`. A text is simplified: lower case, numbers to 0, signs to blanks, marks off their letters. Its
words are the tokens of spaCy's English tokenizer. A shingle is `ngram` of them with a blank between, its hash the first eight
bytes, little-endian, of their SHA-1 (FIPS 180-4); a place of the signature is the least (a * x + b) modulo 2 ** 61 - 1, where
the product wraps at 2 ** 64, with a and b drawn from NumPy's `RandomState(seed)`.
"""

import functools
import re
import unicodedata

import numpy as np
import pyarrow as pa

from atom_data.text.arrays import Bytes, Int64s, UInt64s
from atom_data.text.buffers import string_buffers
from atom_data.text.characters import Characters, characters
from atom_data.text.datatrove.spacy_english import split_ink
from atom_data.text.datatrove.spacy_table import English, english
from atom_data.text.memory import called, inlined, item, kernel, put, read_only
from atom_data.text.similarity.sha1 import schedule, sha1
from atom_data.text.similarity.shingles import checked_ngram
from atom_data.text.similarity.union_find import larger_roots
from atom_data.text.words import next_words, start_document, word_edges, word_state

NO_PLACE = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Every place of the signature of a text of fewer words than a shingle has; places of others are below 2 ** 61 - 1."""

_NUMBERS = re.compile(r"\d+([.,\u060c\u066b\u2396\u2397\u2398]\d+)?")
_SIGNS = (
    "!/\u2014\u201d:\uff05\uff11\u3008&(\u3001\u2501\\\u3010#%\u300c\u300d\uff0c\u3011\uff1b+^]~\u201c\u300a\u201e';\u2019{|\u2236\u00b4[=-`*"
    '\uff0e\uff08\u2013\uff1f\uff01\uff1a$\uff5e\u00ab\u3009,><\u300b)?\uff09\u3002\u2026@_."}\u25ba\u00bb'
)
_BLANKS = str.maketrans(dict.fromkeys([*_SIGNS, *map(chr, (*range(9), *range(11, 32), *range(127, 160)))], " "))
_MERSENNE = np.uint64((1 << 61) - 1)
_BITS = np.uint64(61)


def datatrove_signatures(text: pa.Array, ngram: int = 5, permutations: int = 112, seed: int = 1) -> UInt64s:
    """Return a row of `permutations` numbers a text: datatrove's signature, its buckets one after the other.

    A null, and a text of fewer words than `ngram`, has a row of NO_PLACE: datatrove has no signature of it. Memory: the
    batch's texts once more, and 18 bytes for each of the longest.
    """
    buffers = string_buffers(pa.array([simplified(value or "") for value in text.to_pylist()], pa.large_string()))
    rows = np.full((buffers.offsets.size - 1, permutations), NO_PLACE, np.uint64)
    if rows.size:
        room = int(np.diff(buffers.offsets).max())
        joined, starts = np.empty(2 * room + 16, np.uint8), np.empty(room + 2, np.int64)
        data, offsets = read_only(buffers.data), read_only(buffers.offsets)
        _sign(
            data,
            offsets,
            checked_ngram(ngram),
            english(),
            characters(),
            *_orders(permutations, seed),
            joined,
            starts,
            rows,
        )
    return rows


def simplified(text: str) -> str:
    """Return the text as datatrove's `simplify_text` makes it before it is cut into words."""
    text = " ".join(_NUMBERS.sub("0", text.lower()).translate(_BLANKS).split())
    if not text.isascii():
        text = "".join(sign for sign in unicodedata.normalize("NFD", text) if unicodedata.category(sign) != "Mn")
    return text.strip()


@functools.cache
def _orders(permutations: int, seed: int) -> tuple[UInt64s, UInt64s]:
    random = np.random.RandomState(seed)
    most = int(_MERSENNE)
    factors = random.randint(1, most, permutations, dtype=np.uint64)
    return read_only(factors), read_only(random.randint(0, most, permutations, dtype=np.uint64))


@kernel
def _sign(
    data: Bytes, offsets: Int64s, ngram: int, table: English, spaces: Characters, factors: UInt64s, terms: UInt64s,
    joined: Bytes, starts: Int64s, rows: UInt64s,
) -> None:  # fmt: skip
    most = 0
    for document in range(offsets.size - 1):
        most = max(most, offsets[document + 1] - offsets[document])
    cuts, edges, state, room = np.empty(most + 2, np.int64), word_edges(), word_state(), schedule()
    for document in range(offsets.size - 1):
        words = _join(data, offsets[document], offsets[document + 1], table, spaces, state, edges, cuts, joined, starts)
        row = rows[document]
        for first in range(words - ngram + 1):
            lower, upper = sha1(joined, item(starts, first), item(starts, first + ngram) - 1, room)
            value = np.uint64(upper) << np.uint64(32) | np.uint64(lower)
            for order in range(row.size):
                row[order] = min(row[order], _modulo(factors[order] * value + terms[order]))


@inlined
def _modulo(value: np.uint64) -> np.uint64:
    """Return the remainder by 2 ** 61 - 1 without a division."""
    value = (value & _MERSENNE) + (value >> _BITS)
    return value - _MERSENNE if value >= _MERSENNE else value


@called
def _join(
    data: Bytes, start: int, end: int, table: English, spaces: Characters, state: Int64s, edges: Int64s, cuts: Int64s,
    joined: Bytes, starts: Int64s,
) -> int:  # fmt: skip
    """Write a text's words, a blank after each, and where each begins; return how many."""
    words, total = 0, 0
    start_document(state, start)
    while True:
        count = next_words(data, end, False, spaces, state, edges)
        if count < 0:
            break
        for word in range(count):
            pieces = split_ink(data, item(edges, 2 * word), item(edges, 2 * word + 1), table, cuts)
            for piece in range(pieces):
                put(starts, words, total)
                words += 1
                for position in range(item(cuts, piece), item(cuts, piece + 1)):
                    put(joined, total, item(data, position))
                    total += 1
                put(joined, total, 0x20)
                total += 1
    put(starts, words, total)
    return words


def datatrove_roots(signatures: UInt64s, bands: int) -> Int64s:
    """Return, for each of some texts in their order, the number of the one that datatrove keeps of its cluster.

    Its third step joins, bucket by bucket, each signature with the one before it in the order of the bucket's numbers where
    they are equal, always the smaller set to the larger: which text stays depends on that order. Clusters do not touch each
    other, so those of a part have the roots that they have among all. `signatures` are `bands` buckets of equal length.
    """
    count, rows = len(signatures), signatures.shape[1] // bands
    return larger_roots(count, (_neighbors(signatures[:, band * rows : (band + 1) * rows]) for band in range(bands)))


def _neighbors(bucket: UInt64s) -> tuple[Int64s, Int64s]:
    """Return the pairs of texts with equal numbers that stand side by side in the order of these: the firsts and the seconds."""
    order = np.lexsort(bucket.T[::-1]).astype(np.int64)  # stable: equal ones stay in the order of the texts
    same = (bucket[order[1:]] == bucket[order[:-1]]).all(axis=1)
    return order[:-1][same], order[1:][same]
