"""Links and what hangs together through them, against dictionaries and a plain search."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.text.similarity.union_find import Forest, links, number_repeats


def together(pairs: list[tuple[int, int]], count: int) -> list[int]:
    """Return the smallest number each number reaches: widen until nothing changes."""
    least = list(range(count))
    while True:
        before = list(least)
        for one, other in pairs:
            least[one] = least[other] = min(least[one], least[other])
        if least == before:
            return least


@given(st.lists(st.integers(0, 40), max_size=200))
def test_links_lead_from_each_hash_to_its_first(values: list[int]) -> None:
    hashes = np.array(values, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    members, heads = links(hashes, np.arange(len(values)) + 100)
    first: dict[int, int] = {}
    expected = []
    for number, value in enumerate(values):
        if value in first:
            expected.append((number + 100, first[value] + 100))
        first.setdefault(value, number)
    assert sorted(zip(members.tolist(), heads.tolist(), strict=True)) == expected


def test_links_of_many_hashes_in_many_cells() -> None:
    chance = np.random.default_rng(2)
    hashes = chance.integers(0, 150_000, 300_000).astype(
        np.uint64
    )  # small numbers: the cells must not rely on high bits
    members, heads = links(hashes, np.arange(hashes.size))
    assert members.size == hashes.size - np.unique(hashes).size
    assert (hashes[members] == hashes[heads]).all()
    assert (heads == np.unique(hashes, return_index=True)[1][np.searchsorted(np.unique(hashes), hashes[members])]).all()


def test_links_of_one_hot_bucket_are_one_less_than_its_documents() -> None:
    members, heads = links(np.full(100_000, 7, np.uint64), np.arange(100_000))
    assert (members.tolist(), set(heads.tolist())) == (list(range(1, 100_000)), {0})


def test_links_a_number_is_not_linked_to_itself() -> None:
    assert links(np.zeros(4, np.uint64), np.array([5, 5, 6, 5]))[0].tolist() == [6]


def test_links_of_nothing() -> None:
    assert [part.size for part in links(np.zeros(0, np.uint64), np.zeros(0, np.int64))] == [0, 0]


@given(st.data())
def test_forest_roots_are_the_smallest_that_hang_together(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 30))
    pairs = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=40))
    forest = Forest(count)
    for start in range(0, len(pairs), 3):
        some = np.array(pairs[start : start + 3], np.int64)
        forest.link(some[:, 0].copy(), some[:, 1].copy())
    numbers, roots = forest.roots(0, count)
    expected = together(pairs, count)
    assert numbers.tolist() == sorted({number for pair in pairs for number in pair})
    assert roots.tolist() == [expected[number] for number in numbers.tolist()]


def test_forest_a_long_chain_stays_linear() -> None:
    count = 300_000
    for step in (1, -1):
        forest = Forest(count)
        forest.link(np.arange(1, count)[::step].copy(), np.arange(count - 1)[::step].copy())
        assert not forest.roots(0, count)[1].any()


def test_forest_a_link_to_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="a link to 9 among 3 numbers"):
        Forest(3).link(np.array([9]), np.array([0]))


@given(
    st.lists(st.lists(st.integers(0, 60), max_size=40), max_size=8),
    st.sampled_from([np.int32, np.int64]),
    st.integers(0, 5),
)
def test_number_repeats_any_pieces_are_those_of_a_counter(
    pieces: list[list[int]], kind: type[np.signedinteger], start: int
) -> None:
    values = [value for piece in pieces for value in piece]
    places = np.random.default_rng(len(values)).permutation(len(values)).astype(np.int64)
    ends = np.cumsum([0, *map(len, pieces)])
    hashes = np.array(values, np.uint64) << np.uint64(40)  # far apart: the low bits say nothing
    given = [(hashes[low:high], places[low:high]) for low, high in itertools.pairwise(ends)]
    numbers = np.full(len(values), -1, kind)
    total = number_repeats(given, numbers, start)
    counts, known, expected = Counter(values), dict[int, int](), [-1] * len(values)
    for value, place in zip(values, places.tolist(), strict=True):
        if counts[value] > 1:
            expected[place] = int(numbers[place])
            assert known.setdefault(value, int(numbers[place])) == numbers[place]
    assert numbers.tolist() == expected
    assert sorted(known.values()) == list(range(start, total))


def test_number_repeats_in_a_table_that_grows_many_times() -> None:
    chance = np.random.default_rng(4)
    hashes = chance.integers(0, 1 << 63, 300_000).astype(np.uint64)
    hashes[200_000:] = hashes[100_000:200_000]
    numbers = np.full(hashes.size, -1, np.int32)
    pieces = [(hashes[at : at + 7_001], np.arange(at, min(at + 7_001, hashes.size))) for at in range(0, 300_000, 7_001)]
    assert number_repeats(pieces, numbers, 0) == 100_000
    assert (numbers[:100_000] == -1).all()
    assert (numbers[100_000:200_000] == numbers[200_000:]).all()
    assert np.array_equal(np.sort(numbers[200_000:]), np.arange(100_000))
