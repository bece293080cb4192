"""Signatures against the library datasketch, value by value."""

from typing import Any

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings, strategies as st

from atom_data.errors import ConfigError
from atom_data.text.similarity.datasketch import Scheme, datasketch_signatures
from atom_data.text.similarity.minhash import EMPTY
from atom_data.text.words import CHUNK
from tests.text.reference import SAMPLES, buffers_of, folded, texts, unicode_words

SCHEMES: tuple[Scheme, ...] = ("affine32", "legacy")


def shingles(text: str, ngram: int) -> list[bytes]:
    words = [folded(word) for word in unicode_words(text)]
    runs = [words[start : start + ngram] for start in range(max(len(words) - ngram + 1, 1))] if words else []
    return [" ".join(run).encode() for run in runs]


def of_datasketch(text: str, ngram: int, permutations: int, seed: int, scheme: Scheme) -> Any:
    sketch = MinHash(permutations, seed, scheme=scheme)
    if values := shingles(text, ngram):
        sketch.update_batch(values)
    return sketch.hashvalues


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(deadline=None)
@given(
    documents=st.lists(st.one_of(st.none(), texts), max_size=3),
    ngram=st.integers(1, 7),
    permutations=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_signatures_any_text_are_those_of_datasketch(
    scheme: Scheme, documents: list[str | None], ngram: int, permutations: int, seed: int
) -> None:
    found = datasketch_signatures(buffers_of(documents), ngram, permutations, seed, scheme)
    assert found.dtype == np.uint32
    theirs = [of_datasketch(text or "", ngram, permutations, seed, scheme).tolist() for text in documents]
    assert found.tolist() == theirs


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 3000])
def test_signatures_every_padding_of_sha1_is_right(scheme: Scheme, size: int) -> None:
    found = datasketch_signatures(buffers_of(["x" * size]), 5, 3, 1, scheme)
    assert found[0].tolist() == of_datasketch("x" * size, 5, 3, 1, scheme).tolist()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ngram", [1, 5, 999])
def test_signatures_many_chunks_and_documents_are_those_of_datasketch(scheme: Scheme, ngram: int) -> None:
    long = " ".join(f"w{number % 997} The 漢ก漢" for number in range(CHUNK // 3))
    documents = ["a b", long, "", *SAMPLES, long]
    found = datasketch_signatures(buffers_of(documents), ngram, 128, 1, scheme)
    for row, text in zip(found, documents, strict=True):
        assert row.tolist() == of_datasketch(text, ngram, 128, 1, scheme).tolist()
    assert (found[2] == EMPTY).all()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"scheme": "affine64"}, "scheme: 'affine64'; datasketch has affine32"),
        ({"seed": -1}, "seed: -1; NumPy's RandomState takes"),
        ({"permutations": 0}, "permutations: 0 places"),
        ({"ngram": 0}, "ngram: 0 words"),
    ],
)
def test_numbers_without_sense_are_refused(given: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        datasketch_signatures(buffers_of(["a"]), **given)


def test_no_rows_keep_their_width() -> None:
    assert datasketch_signatures(buffers_of([])).shape == (0, 112)
