"""Similar pairs against every pair compared."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.errors import ConfigError
from atom_data.text.similarity import pairs
from atom_data.text.similarity.pairs import similar_pairs
from atom_data.text.similarity.shingles import Shingles, shingle_set
from tests.text.reference import buffers_of


def stored(sets: list[set[int]]) -> Shingles:
    offsets = np.cumsum([0, *map(len, sets)])
    return Shingles(np.array([value for one in sets for value in sorted(one)], np.uint64), offsets.astype(np.int64))


def every_pair(sets: list[set[int]], least: float) -> list[tuple[int, int, float]]:
    found = []
    for (left, one), (right, other) in combinations(enumerate(sets), 2):
        union = len(one | other)
        if union and len(one & other) / union >= least:
            found.append((left, right, len(one & other) / union))
    return found


def listed(sets: list[set[int]], least: float) -> list[tuple[int, int, float]]:
    found = similar_pairs(stored(sets), least)
    return list(zip(found.left.tolist(), found.right.tolist(), found.jaccard.tolist(), strict=True))


@given(
    st.lists(st.sets(st.integers(0, 12), max_size=9), max_size=12), st.sampled_from([0.01, 0.3, 0.5, 0.75, 0.8, 1.0])
)
def test_pairs_any_sets_are_those_of_every_pair(sets: list[set[int]], least: float) -> None:
    assert listed(sets, least) == every_pair(sets, least)


def test_pairs_at_the_very_threshold_are_found() -> None:
    """3/4, 4/5, 7/10: products such as 0.7 * 10 are a little above what they stand for."""
    for shared, union in [(3, 4), (4, 5), (7, 10), (9, 10), (19, 20), (29, 100)]:
        sets = [set(range(union)), set(range(shared))]
        assert listed(sets, shared / union) == [(0, 1, shared / union)]


def test_pairs_many_documents_are_those_of_every_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for few pairs, so that the join is taken up again and again, and with a cluster of equal documents."""
    monkeypatch.setattr(pairs, "_BLOCK", 10)
    chance = random.Random(3)
    sets = [{chance.randrange(40) for _ in range(chance.randint(0, 25))} for _ in range(150)]
    sets += [set(range(20))] * 30
    found = listed(sets, 0.4)
    assert found == every_pair(sets, 0.4)
    assert len(found) > 500


def test_pairs_of_texts_take_their_shingles() -> None:
    words = [f"w{number}" for number in range(100)]
    shingles = shingle_set(buffers_of([" ".join(words), " ".join(words[:90]), "something else", None]), 5)
    found = similar_pairs(shingles, 0.5)
    assert (found.left.tolist(), found.right.tolist()) == ([0], [1])
    assert found.jaccard.tolist() == [86 / 96]


@pytest.mark.parametrize("least", [0.0, 1.1, float("nan")])
def test_pairs_without_a_threshold_are_refused(least: float) -> None:
    with pytest.raises(ConfigError, match="the minimum Jaccard index is"):
        similar_pairs(stored([{1}]), least)
