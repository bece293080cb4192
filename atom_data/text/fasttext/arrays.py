"""The arrays that fastText's kernels work on: a model, a block of text, and what its words come to."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Float32s, Int32s, Int64s, UInt32s, UInt64s

IGNORED = -2
"""The place of a word that is not read, and the count of what looks like a label, which is not a word at all."""


class Weights(NamedTuple):
    """A model as arrays. The rows of words come first, then those of buckets, in the order of the buckets."""

    rows: Float32s
    words: int
    buckets: np.uint32
    multiplier: np.uint32
    """With `shift`, division by `buckets` as multiplication: `hash * multiplier >> shift` is the quotient or one less."""
    shift: np.uint64
    members: UInt32s
    """A bit for each bucket that has a row; empty when all have."""
    ranks: Int32s
    """How many buckets have a row before each 32 bits of `members`."""
    shortest: int
    longest: int
    word_ngrams: int
    vocabulary: UInt64s
    """Open addressing by the word's hash: hash << 32 | entry + 1; entries from `words` on are labels."""
    spelling: Bytes
    """Entry i is spelled `spelling[starts[i]:ends[i]]`."""
    starts: Int64s
    ends: Int64s
    sentence_end: int
    """The entry of `</s>`, or -1."""


class Vectors(NamedTuple):
    """What words come to, each at its place."""

    sums: Float32s
    counts: Int32s
    """How many rows are in the sum, or IGNORED."""
    hashes: UInt32s


class Block(NamedTuple):
    """The words of a block of text, across documents."""

    cuts: Int64s
    """Start and end of each word, by turns; twice the same after the last word of a document."""
    places: Int32s
    """Where the vector of each word is."""
    missing: Int32s
    """Numbers of the words whose vector is still to be made."""
    spaces: Bools


class Stream(NamedTuple):
    """Characters to be hashed, one per column: `<word><another>`."""

    bytes: Bytes
    """A row for each byte that a character can have."""
    sizes: Bytes
    inner: Bools
    """False for the marks around a word."""
    owners: Int32s
    """The place of the character's word."""
    hashes: UInt32s
    buckets: UInt32s
    inside: Bools
    """Whether an n-gram that starts here ends in the same word."""
    found: Int32s
