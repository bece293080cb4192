"""Signatures, simplified texts and survivors against datatrove's own code, and numbers that it gave with spaCy."""

import hashlib
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import ngrams, simplify_text
from hypothesis import given, settings, strategies as st

from atom_data.errors import ConfigError
from atom_data.text.similarity.datatrove import NO_PLACE, datatrove_roots, datatrove_signatures, simplified
from tests.text.reference import texts

CONFIG = MinhashConfig(hash_config=HashConfig(hash_fc="sha1", precision=64), num_buckets=3, hashes_per_bucket=2)
WORDS = st.text("abcdefghijklmnopqrstuvwxyzäß漢 ", max_size=60)


@settings(deadline=None)
@given(st.one_of(texts, st.text("1²٣٫.,ǅİßΣé\u0301\u2028\x1c\xa0_«A b\n", max_size=30)))
def test_any_text_is_simplified_as_datatrove_does(text: str) -> None:
    assert simplified(text) == simplify_text(text)


def of_datatrove(text: str, ngram: int) -> list[int]:
    """Return what datatrove's own functions give for a text whose words are those between blanks."""
    step = MinhashDedupSignature.__new__(MinhashDedupSignature)
    step.config, step.num_hashes, step._parameters = CONFIG, 6, None
    hashes = [
        int.from_bytes(hashlib.sha1(" ".join(words).encode()).digest()[:8], "little")
        for words in ngrams(simplify_text(text).split(), ngram)
    ]
    if not hashes:
        return [int(NO_PLACE)] * 6
    return [place for bucket in step.get_signature(np.array(hashes, np.uint64).reshape(-1, 1)) for place in bucket]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), WORDS), max_size=4), st.integers(1, 6))
def test_signatures_of_plain_words_are_those_of_datatrove(documents: list[str | None], ngram: int) -> None:
    found = datatrove_signatures(pa.array(documents, pa.string()), ngram, 6)
    assert found.tolist() == [of_datatrove(text or "", ngram) for text in documents]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (
            "Don't panic: it's the U.S. \u2013 $4,500.75 on 12/31, e.g.\u00a0caf\u00e9s (twice)!",
            [21661321905655588, 33772748657904225, 242417483646962087, 20239864049065610],
        ),
        (
            "The year 1999 was the year before 2000, and 1,999 is a number too.",
            [126566067535075807, 309647013654089000, 197191287598736454, 153287283374578035],
        ),
        ("four words are few", [int(NO_PLACE)] * 4),
    ],
)
def test_signatures_are_those_that_datatrove_gave_with_spacy(text: str, places: list[int]) -> None:
    """MinhashDedupSignature of datatrove 0.10.1 with spaCy 3.8.18, 5-grams, seed 1, two buckets of two."""
    assert datatrove_signatures(pa.array([text]), 5, 4).tolist() == [places]


def test_a_long_text_of_many_chunks_has_the_signature_of_datatrove() -> None:
    text = " ".join(f"w{'abcdefg'[number % 7] * (number % 97)}" for number in range(5000))
    assert datatrove_signatures(pa.array(["", text, None]), 5, 6)[1].tolist() == of_datatrove(text, 5)
    with pytest.raises(ConfigError, match="ngram: 0 words in a shingle"):
        datatrove_signatures(pa.array([text]), 0, 6)


def roots_of_datatrove(signatures: list[list[int]], bands: int) -> list[int]:
    """Return the roots as the second and third step of datatrove make them, one text after the other."""
    parents: dict[int, int] = {}
    sizes: dict[int, int] = defaultdict(lambda: 1)

    def parent(text: int) -> int:
        while parents.setdefault(text, text) != text:
            text = parents[text]
        return text

    rows = len(signatures[0]) // bands if signatures else 0
    for band in range(bands):
        bucket = sorted((own[band * rows : (band + 1) * rows], text) for text, own in enumerate(signatures))
        for (before, first), (own, second) in pairwise(bucket):
            one, other = parent(first), parent(second)
            if own == before and one != other:
                if sizes[one] < sizes[other]:
                    one, other = other, one
                parents[other] = one
                sizes[one] += sizes[other]
    return [parent(text) for text in range(len(signatures))]


@given(st.integers(1, 4), st.integers(1, 2), st.data())
def test_any_signatures_have_the_roots_of_datatrove(bands: int, rows: int, data: st.DataObject) -> None:
    own = st.lists(st.integers(0, 2), min_size=bands * rows, max_size=bands * rows)
    signatures = data.draw(st.lists(own, max_size=12))
    array = np.array(signatures, np.uint64).reshape(len(signatures), bands * rows)
    assert datatrove_roots(array, bands).tolist() == roots_of_datatrove(signatures, bands)
