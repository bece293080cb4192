"""fastText's classifiers, asked about whole Arrow columns: the library's answers, more than ten times as fast."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Float32s, Float64s, Int32s, Int64s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.fasttext.arrays import Block, Stream, Vectors, Weights
from atom_data.text.fasttext.file import read_file
from atom_data.text.fasttext.kernel import BLOCK, CHUNK, embed_documents
from atom_data.text.fasttext.lanes import LANES, aligned
from atom_data.text.fasttext.ngrams import STREAM
from atom_data.text.fasttext.output import Output, best_labels, label_scores, top_labels
from atom_data.text.memory import read_only

CACHE_BYTES = 1 << 19
"""What the vectors of words seen before take, a part of the second-level cache of a core; at least 4,096 words."""


class Predictions(NamedTuple):
    """For each document the number of its label, -1 where the library returns none, and the score it has."""

    labels: Int32s
    scores: Float32s


class _Workspace(NamedTuple):
    keys: UInt64s
    vectors: Vectors
    block: Block
    stream: Stream


@dataclass(frozen=True, slots=True)
class Model:
    """A classifier in memory: rows * dimension * 4 bytes, the words of its dictionary, and a bit for each bucket.

    Each thread that predicts at the same time takes a workspace of about 2 MB; they are kept for the next call.
    """

    labels: tuple[str, ...]
    weights: Weights
    output: Output
    idle: list[_Workspace] = field(default_factory=list, repr=False, compare=False)


def read_model(path: Path) -> Model:
    """Return the classifier in a `.bin` or `.ftz` file.

    A ConfigError says that there is no such file, that it is not a fastText model, or one that does not classify; a
    DataError says what is damaged.
    """
    return Model(*read_file(path))


def predict(model: Model, buffers: Buffers) -> Predictions:
    """Return the best label and score of every value, as `model.predict(text.replace("\\n", " "))` of the library.

    Scores are within 1e-4 of the library's for values up to 1 MB; beyond, the library's own sums go wrong by more. An
    empty value has the label of the empty text. The answer depends on the value alone, never on its neighbors or on what
    came before.
    """
    totals, rows = _embedded(model, buffers)
    found = Predictions(np.empty(rows.size, np.int32), np.empty(rows.size, np.float32))
    best_labels(totals, rows, model.output, *found)
    return found


def predict_top(model: Model, buffers: Buffers, count: int) -> Predictions:
    """Return the `count` best labels and scores of every value, best first, as `model.predict(text, k=count)`.

    Two dimensions: a row per value. Where the library returns fewer, the rest is -1 and 0.
    """
    totals, rows = _embedded(model, buffers)
    shape = rows.size, min(count, len(model.labels))
    found = Predictions(np.empty(shape, np.int32), np.empty(shape, np.float32))
    top_labels(totals, rows, model.output, *found)
    return found


def score_label(model: Model, buffers: Buffers, label: int) -> Float32s:
    """Return the score of one label, by its number, for every value, as `model.predict(text, k=-1)` gives it.

    It is 0 where the library leaves the label out: below a share of about 1e-5, and for a value of which it says nothing.
    """
    totals, rows = _embedded(model, buffers)
    scores = np.empty(rows.size, np.float32)
    label_scores(totals, rows, model.output, label, scores)
    return scores


def _embedded(model: Model, buffers: Buffers) -> tuple[Float64s, Int64s]:
    """Return the sum of the rows of each value's words and n-grams, and how many rows they are."""
    count = buffers.offsets.size - 1
    totals, rows = np.zeros((count, model.weights.rows.shape[1])), np.zeros(count, np.int64)
    try:
        workspace = model.idle.pop()
    except IndexError:
        workspace = _workspace(model.weights)
    embed_documents(read_only(buffers.data), read_only(buffers.offsets), model.weights, *workspace, totals, rows)
    model.idle.append(workspace)
    return totals, rows


def _workspace(weights: Weights) -> _Workspace:
    width = weights.rows.shape[1]
    words = BLOCK + CHUNK // 2 + 2
    keyed = 1 << max(12, (CACHE_BYTES // (4 * width)).bit_length() - 1)
    columns = STREAM + weights.longest + LANES
    return _Workspace(
        keys=np.zeros((keyed + 1, 4), np.uint64),
        vectors=Vectors(
            sums=aligned(keyed + words, width),
            counts=np.zeros(keyed + words, np.int32),
            hashes=np.zeros(keyed + words, np.uint32),
        ),
        block=Block(
            cuts=np.zeros(2 * words, np.int64),
            places=np.zeros(words, np.int32),
            missing=np.zeros(words, np.int32),
            spaces=np.zeros(CHUNK + 1, np.bool_),
        ),
        stream=Stream(
            bytes=np.zeros((4, columns), np.uint8),
            sizes=np.zeros(columns, np.uint8),
            inner=np.zeros(columns, np.bool_),
            owners=np.zeros(columns, np.int32),
            hashes=np.zeros(columns, np.uint32),
            buckets=np.zeros(columns, np.uint32),
            inside=np.zeros(columns, np.bool_),
            found=np.zeros(columns, np.int32),
        ),
    )
