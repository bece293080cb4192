"""Repeats, against a plain reading."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.text.memory import kernel
from atom_data.text.statistics.repetition import DUPLICATE_NGRAMS, TOP_NGRAMS, find_first, repetition_counts
from tests.text.reference import hash_of


def plain(words: list[str]) -> list[int]:
    """Characters of the most frequent runs, and of words in runs that were there before."""
    found = []
    for size in TOP_NGRAMS:
        runs = [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
        run, times = Counter(runs).most_common(1)[0] if runs else ((), 0)
        found.append(times * sum(map(len, run)))
    for size in DUPLICATE_NGRAMS:
        seen: set[tuple[str, ...]] = set()
        covered: set[int] = set()
        for start in range(len(words) - size + 1):
            run = tuple(words[start : start + size])
            if run in seen:
                covered |= set(range(start, start + size))
            seen.add(run)
        found.append(sum(len(words[place]) for place in covered))
    return found


def counted(documents: list[list[str]]) -> list[list[int]]:
    """The kernel's row for each document."""
    every = [word for words in documents for word in words]
    hashes = np.array([hash_of(word.encode()) for word in every], np.uint64)
    sizes = np.array([len(word) for word in every], np.int64)
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    return repetition_counts(hashes, sizes, offsets).tolist()


words = st.sampled_from(["a", "bb", "ccc", "d", "eeee"])
phrases = st.lists(words, min_size=1, max_size=12).flatmap(lambda run: st.integers(1, 4).map(lambda times: run * times))
texts = st.lists(phrases, max_size=8).map(lambda runs: [word for run in runs for word in run])


@settings(deadline=None)
@given(st.lists(texts, max_size=4))
def test_repetition_any_words_are_the_plain_counts(documents: list[list[str]]) -> None:
    assert counted(documents) == [plain(words) for words in documents]


def test_repetition_one_word_over_and_over_is_all_repeated() -> None:
    row = counted([["a"] * 10_000])[0]
    assert row[0] == 2 * 9_999
    assert row[len(TOP_NGRAMS) :] == [9_999] * len(DUPLICATE_NGRAMS)


@kernel
def _first(keys, first, table):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    find_first(keys, keys.size, first, table)


@pytest.mark.parametrize("step", [1, 2**40])
def test_find_first_keys_made_to_collide_are_still_told_apart(step: int) -> None:
    # With a step of 2**40, all keys want the same slot: hashing alone would take 2 * 10**10 steps.
    count = 200_000
    keys = np.concatenate([np.arange(count, dtype=np.uint64) * np.uint64(step), np.array([5 * step, 7], np.uint64)])
    first, table = np.empty(keys.size, np.int32), np.empty(2**19, np.int32)
    _first(keys, first, table)
    expected = [*range(count), 5, 7 if step == 1 else count + 1]
    assert first.tolist() == expected
