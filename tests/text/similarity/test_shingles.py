"""Shingles: against a plain reading, as sets, and what two sets share."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.errors import ConfigError
from atom_data.text.buffers import string_buffers
from atom_data.text.similarity.shingles import containment, digests, jaccard, shingle_set
from atom_data.text.words import CHUNK
from tests.text.reference import broken, buffers_of, shingles_of, texts


def sets(documents: list[str | None] | list[bytes], ngram: int) -> list[list[int]]:
    """The shingles of each document as lists."""
    hashes, offsets = shingle_set(buffers_of(documents), ngram)
    return [hashes[s:e].tolist() for s, e in itertools.pairwise(offsets)]


@given(st.lists(st.one_of(st.none(), texts), max_size=5), st.integers(1, 9))
def test_shingle_set_any_text_is_the_sorted_set_of_the_reference(documents: list[str | None], ngram: int) -> None:
    assert sets(documents, ngram) == [sorted(set(shingles_of(text or "", ngram))) for text in documents]


@given(broken)
def test_shingle_set_broken_bytes_is_that_of_the_repaired_text(document: bytes) -> None:
    assert sets([document], 3) == sets([document.decode(errors="replace").encode()], 3)


@pytest.mark.parametrize("ngram", [1, 2, 5, 1000])
def test_shingle_set_many_chunks_is_that_of_the_reference(ngram: int) -> None:
    text = " ".join(f"w{number % 997} the 漢" for number in range(CHUNK // 3))
    expected = sorted(set(shingles_of(text, ngram)))
    assert sets([text, "", text], ngram) == [expected, [], expected]


def test_shingle_set_few_words_is_one_shingle_of_all() -> None:
    assert sets(["a b c", "A, b; C!", "a b", "", "...", None], 5) == [
        *[shingles_of("a b c", 5)] * 2,
        shingles_of("a b", 5),
        [],
        [],
        [],
    ]
    assert shingles_of("a b c", 5) != shingles_of("a b", 5)


def test_shingle_set_no_rows_is_empty() -> None:
    hashes, offsets = shingle_set(string_buffers(pa.array([], pa.string())), 5)
    assert (hashes.size, hashes.dtype, offsets.tolist()) == (0, np.uint64, [0])


@pytest.mark.parametrize("ngram", [0, -1, 1001])
def test_shingle_set_size_without_sense_is_refused(ngram: int) -> None:
    with pytest.raises(ConfigError, match=f"ngram: {ngram} words"):
        shingle_set(buffers_of(["a"]), ngram)


values = st.sets(st.one_of(st.integers(0, 12), st.integers(0, 2**64 - 1)), max_size=30)


@given(values, values)
def test_jaccard_and_containment_are_those_of_sets(left: set[int], right: set[int]) -> None:
    one, other = (np.array(sorted(side), np.uint64) for side in (left, right))
    assert jaccard(one, other) == len(left & right) / max(len(left | right), 1)
    assert containment(one, other) == len(left & right) / max(len(left), 1)


@given(st.lists(st.frozensets(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=6), max_size=30))
def test_digests_are_equal_where_the_sets_are(sets: list[frozenset[int]]) -> None:
    hashes = np.array([value for one in sets for value in sorted(one)], np.uint64)
    highs, lows = digests(hashes, np.cumsum([0, *map(len, sets)], dtype=np.int64))
    for half in (highs, lows):
        assert len(set(zip(half.tolist(), sets, strict=True))) == len(set(sets)) == len(set(half.tolist()))


def test_digests_of_a_hundred_thousand_small_sets_differ_in_either_half() -> None:
    """Pairs and triples of small numbers, of which the first or the last is changed: what a weak chain would not part."""
    pairs = np.stack(np.divmod(np.arange(50_000, dtype=np.uint64), np.uint64(250)), axis=1)
    triples = np.concatenate([pairs, np.full((50_000, 1), 999, np.uint64)], axis=1)
    offsets = np.concatenate([np.arange(0, 100_000, 2), np.arange(100_000, 250_001, 3)])
    for half in digests(np.concatenate([pairs.ravel(), triples.ravel()]), offsets):
        assert len(np.unique(half)) == 100_000
