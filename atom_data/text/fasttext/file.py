"""fastText's model files, read into arrays: `.bin` with plain matrices, `.ftz` with quantized and pruned ones.

The format is the library's, release 0.9.2, file versions 11 and 12. Nothing in it is code, and every size in it is
checked against the bytes there are before memory is taken.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError, DataError
from atom_data.text.arrays import Bytes, Float32s, Int8s, Int32s, Int64s, UInt32s, UInt64s
from atom_data.text.fasttext.arrays import Weights
from atom_data.text.fasttext.hashing import hash_bytes, same
from atom_data.text.fasttext.lanes import aligned
from atom_data.text.fasttext.output import HIERARCHICAL, MOST_COUNTED, ONE_VS_ALL, Output, build_output
from atom_data.text.memory import kernel, read_only

_MAGIC = 793712314
_VERSIONS = (11, 12)
_SUPERVISED = 3
_CENTROIDS = 256
_ENTRY_BYTES = 10
_ROWS_AT_A_TIME = 1 << 16
_LONGEST_SUBWORD, _LONGEST_WORD_NGRAM, _LARGEST_DIMENSION, _MOST_BUCKETS = 256, 64, 1 << 16, 1 << 28
_PREFIX = "__label__"
_SENTENCE_END = b"</s>"


@dataclass(slots=True)
class _File:
    """The bytes of a model file, and how far they are read."""

    path: Path
    data: Bytes
    position: int = 0

    def broken(self, what: str) -> DataError:
        return DataError(f"fastText model {self.path}: {what}. Download or train it again.")

    def require(self, right: bool, what: str) -> None:
        if not right:
            raise self.broken(what)

    def require_finite(self, numbers: Float32s) -> None:
        parts = (numbers[start : start + _ROWS_AT_A_TIME] for start in range(0, len(numbers), _ROWS_AT_A_TIME))
        self.require(all(np.isfinite(part).all() for part in parts), "numbers that are not finite")

    def take(self, kind: str, count: int) -> npt.NDArray[Any]:
        size, left = np.dtype(kind).itemsize * count, self.data.size - self.position
        self.require(0 <= size <= left, f"{size} bytes should follow byte {self.position}, there are {left}")
        self.position += size
        return self.data[self.position - size : self.position].view(kind)

    def values(self, kinds: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{kinds}", self.take("u1", struct.calcsize(f"<{kinds}")).tobytes())


class _Arguments(NamedTuple):
    dimension: int
    word_ngrams: int
    loss: int
    buckets: int
    shortest: int
    longest: int


class _Dictionary(NamedTuple):
    words: int
    labels: tuple[str, ...]
    counts: Int64s
    spelling: Bytes
    starts: Int64s
    ends: Int64s
    kept: Int32s | None
    """Pairs of a bucket and its row, for a pruned model."""


def read_file(path: Path) -> tuple[tuple[str, ...], Weights, Output]:
    """Return the labels and the arrays of the classifier in a file; errors are those of `read_model`."""
    if not path.is_file():
        raise ConfigError(f"fastText model {path}: no such file. Give the path of a .bin or .ftz file.")
    file = _File(path, np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8))
    arguments = _read_arguments(file)
    dictionary = _read_dictionary(file)
    (quantized,) = file.values("?")
    file.require(quantized or dictionary.kept is None, "pruned, but not quantized")
    rows = _read_matrix(file, quantized)
    (quantized_output,) = file.values("?")
    matrix = _read_matrix(file, quantized and quantized_output)
    width, labels = arguments.dimension, len(dictionary.labels)
    columns = f"matrices of {rows.shape[1]} and {matrix.shape[1]} columns for {width} dimensions"
    file.require(rows.shape[1] == matrix.shape[1] == width, columns)
    file.require(len(matrix) == labels, f"an output of {len(matrix)} rows for {labels} labels")
    counts = dictionary.counts.tolist()
    file.require(
        min(counts) >= 0 and sum(counts) < MOST_COUNTED, f"labels counted {min(counts)} to {max(counts)} times"
    )
    return dictionary.labels, _weights(file, arguments, dictionary, rows), build_output(arguments.loss, matrix, counts)


def _read_arguments(file: _File) -> _Arguments:
    if file.data.size < struct.calcsize("<2i") or file.values("i") != (_MAGIC,):
        raise ConfigError(f"fastText model {file.path}: not a fastText model. Give a .bin or .ftz file.")
    (version,) = file.values("i")
    if version not in _VERSIONS:
        raise ConfigError(f"fastText model {file.path}: file version {version}; 11 and 12 can be read. Convert it.")
    dimension, _, _, _, _, word_ngrams, loss, kind, buckets, shortest, longest, _, _ = file.values("12id")
    if kind != _SUPERVISED:
        raise ConfigError(f"fastText model {file.path}: word vectors, not a classifier. Give a supervised model.")
    longest = max(longest, 0) if version == _VERSIONS[-1] else 0
    file.require(0 < dimension <= _LARGEST_DIMENSION, f"{dimension} dimensions")
    file.require(HIERARCHICAL <= loss <= ONE_VS_ALL, f"an unknown loss {loss}")
    file.require(longest <= _LONGEST_SUBWORD, f"subwords of up to {longest} characters")
    file.require(word_ngrams <= _LONGEST_WORD_NGRAM, f"n-grams of up to {word_ngrams} words")
    hashed = longest > 0 or word_ngrams > 1
    file.require(hashed <= buckets <= _MOST_BUCKETS, f"{buckets} buckets")
    return _Arguments(dimension, word_ngrams, loss, buckets, max(shortest, 1), longest)


def _read_dictionary(file: _File) -> _Dictionary:
    size, words, labels, _, kept = file.values("3i2q")
    right = words >= 0 and labels > 0 and size == words + labels
    file.require(right, f"a dictionary of {size} entries, {words} words and {labels} labels")
    begin = file.position
    left = file.data.size - begin
    file.require(_ENTRY_BYTES * size <= left, f"a dictionary of {size} entries in {left} bytes")
    starts, ends, counts = (np.empty(size, np.int64) for _ in range(3))
    kinds = np.empty(size, np.int8)
    end = _scan_entries(read_only(np.asarray(file.data)), begin, starts, ends, counts, kinds)
    file.require(end > 0, "ends in the middle of the dictionary")
    file.require(not kinds[:words].any() and bool((kinds[words:] == 1).all()), "words and labels are not in order")
    file.position = end
    spelling = np.array(file.data[begin:end])
    starts -= begin
    ends -= begin
    file.require(kept >= -1, f"{kept} pruned buckets")
    pairs = np.array(file.take("<i4", 2 * kept)).reshape(kept, 2) if kept >= 0 else None
    try:
        names = [spelling[starts[entry] : ends[entry]].tobytes().decode() for entry in range(words, size)]
    except UnicodeDecodeError as error:
        raise file.broken("a label is not UTF-8") from error
    named = tuple(name.removeprefix(_PREFIX) for name in names)
    return _Dictionary(words, named, counts[words:], spelling, starts, ends, pairs)


@kernel
def _scan_entries(data: Bytes, position: int, starts: Int64s, ends: Int64s, counts: Int64s, kinds: Int8s) -> int:
    """Read entries: a word up to a zero byte, its count (8 bytes), its kind (1). Return the place after, or -1."""
    for entry in range(starts.size):
        starts[entry] = position
        while position < data.size and data[position] != 0:
            position += 1
        ends[entry] = position
        if position + _ENTRY_BYTES > data.size:
            return -1
        count = np.uint64(0)
        for index in range(8):
            count |= np.uint64(data[position + 1 + index]) << np.uint64(8 * index)
        counts[entry] = np.int64(count)
        kinds[entry] = np.int8(data[position + 9])
        position += _ENTRY_BYTES
    return position


def _read_matrix(file: _File, quantized: bool) -> Float32s:
    """Return a matrix; a quantized one is written out, row for row what the library adds up."""
    if not quantized:
        rows, columns = file.values("2q")
        file.require(rows >= 0 < columns, f"a matrix of {rows} rows and {columns} columns")
        matrix = file.take("<f4", rows * columns).reshape(rows, columns)
        file.require_finite(matrix)
        return matrix
    has_norms, rows, columns, size = file.values("?2qi")
    file.require(rows >= 0 < columns <= _LARGEST_DIMENSION, f"a matrix of {rows} rows and {columns} columns")
    codes = file.take("u1", size)
    centroids, parts, part, last = _read_centroids(file, columns)
    file.require(size == rows * parts, f"{size} codes for {rows} rows of {parts} parts")
    codes = codes.reshape(rows, parts)
    matrix = np.empty((rows, columns), np.float32)
    for index in range(parts):
        width = last if index == parts - 1 else part
        first = index * _CENTROIDS * part
        table = centroids[first : first + _CENTROIDS * width].reshape(_CENTROIDS, width)
        matrix[:, index * part : index * part + width] = table[codes[:, index]]
    if has_norms:
        norms = file.take("u1", rows)
        with np.errstate(over="ignore"):
            matrix *= _read_centroids(file, 1)[0][norms][:, None]
    file.require_finite(matrix)
    return matrix


def _read_centroids(file: _File, columns: int) -> tuple[Float32s, int, int, int]:
    """Return the centroids of a product quantizer, how many parts a row has, the width of a part and of the last."""
    width, parts, part, last = file.values("4i")
    right = width == columns and 0 < last <= part and (parts - 1) * part + last == width
    file.require(right, f"rows of {width} in {parts} parts of {part} and the last of {last}, for {columns} columns")
    centroids = np.array(file.take("<f4", _CENTROIDS * width), np.float32)
    file.require_finite(centroids)
    return centroids, parts, part, last


def _weights(file: _File, arguments: _Arguments, dictionary: _Dictionary, rows: Float32s) -> Weights:
    words, buckets, kept, width = dictionary.words, arguments.buckets, dictionary.kept, arguments.dimension
    hashed = buckets if arguments.longest or arguments.word_ngrams > 1 else 0
    members, ranks = np.zeros(0, np.uint32), np.zeros(0, np.int32)
    if kept is None:
        file.require(words + hashed <= len(rows), f"{len(rows)} rows for {words} words and {hashed} buckets")
        matrix = aligned(words + hashed, width)
        matrix[:, :width] = rows[: len(matrix)]
    else:
        order, members, ranks = _buckets_in_order(file, kept, buckets, len(rows) - words)
        matrix = aligned(words + len(order), width)
        matrix[:words, :width] = rows[:words]
        matrix[words:, :width] = rows[words + order]
    power = max(buckets, 1).bit_length() - 1
    return Weights(
        rows=read_only(matrix),
        words=words,
        buckets=np.uint32(buckets),
        multiplier=np.uint32(min((1 << (32 + power)) // max(buckets, 1), 0xFFFFFFFF)),
        shift=np.uint64(32 + power),
        members=read_only(members),
        ranks=read_only(ranks),
        shortest=arguments.shortest,
        longest=arguments.longest,
        word_ngrams=arguments.word_ngrams,
        vocabulary=read_only(_vocabulary(dictionary)),
        spelling=read_only(dictionary.spelling),
        starts=read_only(dictionary.starts),
        ends=read_only(dictionary.ends),
        sentence_end=_sentence_end(dictionary),
    )


def _vocabulary(dictionary: _Dictionary) -> UInt64s:
    vocabulary = np.zeros(1 << (2 * len(dictionary.starts)).bit_length(), np.uint64)
    _fill_vocabulary(
        vocabulary, *(read_only(part) for part in (dictionary.spelling, dictionary.starts, dictionary.ends))
    )
    return vocabulary


@kernel
def _fill_vocabulary(vocabulary: UInt64s, spelling: Bytes, starts: Int64s, ends: Int64s) -> None:
    """Fill the open addressing of `Weights.vocabulary`; of equal words the last one counts."""
    mask = np.uint64(vocabulary.size - 1)
    for entry in range(starts.size):
        size = ends[entry] - starts[entry]
        code = np.uint64(hash_bytes(spelling, starts[entry], ends[entry]))
        at = code & mask
        while vocabulary[at] != 0:
            other = np.int64(vocabulary[at] & np.uint64(0xFFFFFFFF)) - 1
            if ends[other] - starts[other] == size and same(spelling, starts[other], spelling, starts[entry], size):
                break
            at = (at + np.uint64(1)) & mask
        vocabulary[at] = code << np.uint64(32) | np.uint64(entry + 1)


def _sentence_end(dictionary: _Dictionary) -> int:
    starts, ends = dictionary.starts[: dictionary.words], dictionary.ends[: dictionary.words]
    candidates = np.flatnonzero(ends - starts == len(_SENTENCE_END))
    letters = dictionary.spelling[starts[candidates][:, None] + np.arange(len(_SENTENCE_END))]
    matching = candidates[(letters == np.frombuffer(_SENTENCE_END, np.uint8)).all(axis=1)]
    return int(matching[-1]) if len(matching) else -1


def _buckets_in_order(file: _File, kept: Int32s, buckets: int, rows: int) -> tuple[Int64s, UInt32s, Int32s]:
    """Return the rows in the order of their buckets, a bit for each bucket that has one, and how many come before."""
    inside = rows >= 0 and (kept >= 0).all() and (kept < (buckets, rows)).all()
    file.require(bool(inside), f"a kept bucket that is not among {buckets} buckets and {rows} rows")
    numbers, first = np.unique(kept[:, 0], return_index=True)
    file.require(len(numbers) == len(kept), "a kept bucket that comes twice")
    members = np.zeros(max(-(-buckets // 32), 1), np.uint32)
    np.bitwise_or.at(members, numbers >> 5, np.uint32(1) << (numbers & 31).astype(np.uint32))
    per_cell = np.bincount(numbers >> 5, minlength=len(members))
    return kept[first, 1].astype(np.int64), members, (np.cumsum(per_cell) - per_cell).astype(np.int32)
