"""MinHash: exact against a plain reference, unbiased against the truth, and a band curve as theory has it."""

import random

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash as SketchMinHash
from hypothesis import given, strategies as st

from atom_data.errors import ConfigError
from atom_data.text.buffers import string_buffers
from atom_data.text.similarity.minhash import EMPTY, bands, has_shingles, signatures
from atom_data.text.similarity.shingles import jaccard, shingle_set
from atom_data.text.words import CHUNK
from tests.text.reference import buffers_of, shingles_of, signature_of, texts


@given(st.lists(st.one_of(st.none(), texts), max_size=4), st.integers(1, 7), st.integers(1, 40), st.integers(0, 2**70))
def test_signatures_any_text_are_those_of_the_reference(
    documents: list[str | None], ngram: int, permutations: int, seed: int
) -> None:
    found = signatures(buffers_of(documents), ngram, permutations, seed)
    assert found.shape == (len(documents), permutations)
    assert found.tolist() == [signature_of(shingles_of(text or "", ngram), permutations, seed) for text in documents]


@pytest.mark.parametrize("ngram", [1, 5, 999])
def test_signatures_many_chunks_are_those_of_the_reference(ngram: int) -> None:
    text = " ".join(f"w{number % 997} the 漢" for number in range(CHUNK // 3))
    found = signatures(buffers_of(["a b", text, "", text]), ngram, 3, 7)
    assert found[1].tolist() == found[3].tolist() == signature_of(shingles_of(text, ngram), 3, 7)
    assert has_shingles(found).tolist() == [True, True, False, True]
    assert (found[2] == EMPTY).all()


def test_signatures_no_rows_keep_their_width() -> None:
    found = signatures(string_buffers(pa.array([], pa.string())))
    assert (found.shape, found.dtype, bands(found).shape) == ((0, 112), np.uint32, (0, 14))


@pytest.mark.parametrize(("permutations", "count", "rows"), [(0, 1, 1), (112, 15, 8), (112, 0, 8), (112, 14, 0)])
def test_signatures_and_bands_numbers_without_sense_are_refused(permutations: int, count: int, rows: int) -> None:
    with pytest.raises(ConfigError):
        bands(signatures(buffers_of(["a"]), 5, permutations), count, rows)


def test_bands_equal_only_where_number_and_places_are_equal() -> None:
    row = np.arange(12, dtype=np.uint32)
    other = row.copy()
    other[7] = 99
    same = np.tile(np.arange(3, dtype=np.uint32), 4)
    one, two, three = bands(np.stack([row, other, same]), 4, 3).tolist()
    assert [a == b for a, b in zip(one, two, strict=True)] == [True, True, False, True]
    assert len(set(three)) == 4


def pairs(generator: random.Random, count: int, words: int, similarity: float) -> list[tuple[str, str]]:
    """Pairs of texts with about this similarity of their single words."""
    shared = round(2 * words * similarity / (1 + similarity))
    found = []
    for _ in range(count):
        names = [f"{number:x}" for number in generator.sample(range(1 << 30), 2 * words - shared)]
        found.append((" ".join(names[:words]), " ".join(names[words - shared :])))
    return found


def test_signatures_estimate_is_unbiased() -> None:
    generator = random.Random(5)
    permutations = 128
    errors, variances = [], []
    for similarity, words in [(0.2, 60), (0.5, 200), (0.8, 30), (0.9, 400)]:
        for left, right in pairs(generator, 60, words, similarity):
            buffers = buffers_of([left, right])
            found = signatures(buffers, 1, permutations, generator.getrandbits(32))
            hashes, offsets = shingle_set(buffers, 1)
            truth = jaccard(hashes[: offsets[1]], hashes[offsets[1] :])
            errors.append(float((found[0] == found[1]).mean()) - truth)
            variances.append(truth * (1 - truth) / permutations)
    assert abs(sum(errors)) < 3 * sum(variances) ** 0.5
    # The places are independent of one another: the spread is that of as many draws, not more.
    assert 0.8 < sum(error**2 for error in errors) / sum(variances) < 1.25


def test_bands_propose_as_often_as_theory_and_datasketch() -> None:
    generator = random.Random(11)
    count, rows, tries = 14, 8, 400
    for similarity in (0.6, 0.75, 0.9):
        planted = pairs(generator, tries, 80, similarity)
        ours = signatures(buffers_of([text for pair in planted for text in pair]), 1, count * rows)
        hashes = bands(ours, count, rows)
        hits = float((hashes[::2] == hashes[1::2]).any(axis=1).mean())
        theory = 1 - (1 - similarity**rows) ** count
        assert abs(hits - theory) < 4 * (theory * (1 - theory) / tries) ** 0.5 + 0.02
    sketches = [SketchMinHash(count * rows, seed=1) for _ in range(2)]
    for sketch, text in zip(sketches, planted[0], strict=True):
        sketch.update_batch([word.encode() for word in text.split()])
    assert abs(sketches[0].jaccard(sketches[1]) - float((ours[0] == ours[1]).mean())) < 0.15
