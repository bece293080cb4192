"""The arrays that fastText's kernels work on: a model, a block of text, and what its words come to."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

IGNORED = -2
"""The place of a word that is not read, and the count of what looks like a label, which is no word at all."""


class Weights(NamedTuple):
    """A model as arrays. The rows of words come first, then those of buckets, in the order of the buckets."""

    rows: npt.NDArray[np.float32]
    words: int
    buckets: np.uint32
    multiplier: np.uint32
    """With `shift`, division by `buckets` as multiplication: `hash * multiplier >> shift` is the quotient or one less."""
    shift: np.uint64
    members: npt.NDArray[np.uint32]
    """A bit for each bucket that has a row; empty when all have."""
    ranks: npt.NDArray[np.int32]
    """How many buckets have a row before each 32 bits of `members`."""
    shortest: int
    longest: int
    word_ngrams: int
    vocabulary: npt.NDArray[np.uint64]
    """Open addressing by the word's hash: hash << 32 | entry + 1; entries from `words` on are labels."""
    spelling: npt.NDArray[np.uint8]
    """Entry i is spelled `spelling[starts[i]:ends[i]]`."""
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    sentence_end: int
    """The entry of `</s>`, or -1."""


class Vectors(NamedTuple):
    """What words come to, each at its place."""

    sums: npt.NDArray[np.float32]
    counts: npt.NDArray[np.int32]
    """How many rows are in the sum, or IGNORED."""
    hashes: npt.NDArray[np.uint32]


class Block(NamedTuple):
    """The words of a block of text, across documents."""

    cuts: npt.NDArray[np.int64]
    """Start and end of each word, by turns; twice the same after the last word of a document."""
    places: npt.NDArray[np.int32]
    """Where the vector of each word is."""
    missing: npt.NDArray[np.int32]
    """Numbers of the words whose vector is still to be made."""
    spaces: npt.NDArray[np.bool_]


class Stream(NamedTuple):
    """Characters to be hashed, one a column: `<word><another>`."""

    bytes: npt.NDArray[np.uint8]
    """A row for each byte that a character can have."""
    sizes: npt.NDArray[np.uint8]
    inner: npt.NDArray[np.bool_]
    """False for the marks around a word."""
    owners: npt.NDArray[np.int32]
    """The place of the character's word."""
    hashes: npt.NDArray[np.uint32]
    buckets: npt.NDArray[np.uint32]
    inside: npt.NDArray[np.bool_]
    """Whether an n-gram that starts here ends in the same word."""
    found: npt.NDArray[np.int32]
