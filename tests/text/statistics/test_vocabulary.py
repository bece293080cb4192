"""Different words and their entropy, against `collections.Counter`."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.text.statistics.vocabulary import vocabulary


def plain(words: list[int]) -> tuple[int, float]:
    """The different words, and the sum of -p log p."""
    counts = Counter(words).values()
    return len(counts), -sum(times / len(words) * math.log(times / len(words)) for times in counts)


@given(st.lists(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=40), max_size=5))
def test_vocabulary_any_words_is_the_plain_one(documents: list[list[int]]) -> None:
    hashes = np.array([word for words in documents for word in words], np.uint64)
    offsets = np.cumsum([0, *map(len, documents)])
    different, entropy = vocabulary(hashes, offsets)
    assert different.tolist() == [plain(words)[0] for words in documents]
    assert entropy == pytest.approx([plain(words)[1] for words in documents], abs=1e-9)


def test_vocabulary_hashes_made_to_collide_are_told_apart() -> None:
    hashes = np.arange(20_000, dtype=np.uint64) << np.uint64(32)
    different, entropy = vocabulary(hashes, np.array([0, hashes.size]))
    assert different.tolist() == [20_000]
    assert entropy == pytest.approx([math.log(20_000)])
