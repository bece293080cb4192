"""The table of first occurrences against a dictionary, also when it is far too small for its keys."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.text.repeats.bloom import BLOCK_BYTES, add_and_test, blocks_for, false_positive_rate
from atom_data.text.repeats.first_seen import WHOLE, Keys, Seen, bucket_of

pieces = st.one_of(
    st.lists(st.tuples(st.integers(0, most), st.integers(0, 12), st.integers(0, 40)), min_size=least, max_size=200)
    for most, least in ((20, 0), (300, 80))  # the smaller table holds 42 keys
)
"""Key, document, start."""


def keys_of(values: list[tuple[int, int, int]], grouped: bool = False) -> Keys:
    ordered = sorted(values, key=lambda value: value[1:])
    numbers = np.array(ordered or np.empty((0, 3)), np.int64)
    count = len(ordered)
    keys = numbers[:, 0].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    groups = (numbers[:, 0] // 3).astype(np.uint64) if grouped else np.empty(0, np.uint64)
    once = np.ones(count, np.int64)
    return Keys(keys, keys + np.uint64(1), groups, numbers[:, 1].astype(np.uint64), numbers[:, 2].copy(), once, once)


def judged(keys: Keys, room: int, **rule: object) -> tuple[list[int], list[bool]]:
    seen = Seen(room, 2 * len(keys.highs))
    staying, several = np.full(len(keys.highs), -1), np.zeros(len(keys.highs), bool)
    laps = 0
    while True:
        laps += 1
        half = len(keys.highs) // 2
        for part in (slice(0, half), slice(half, None)):
            seen.note(keys.take(np.arange(len(keys.highs))[part]), bool(rule["documents"]))
        now, others = seen.judge(keys, int(rule["distance"]), int(rule["at_most"]), bool(rule["keep_first"]))
        assert not (staying[now >= 0] >= 0).any(), "a key was judged in two laps"
        staying = np.where(now >= 0, now, staying)
        several |= others
        if not seen.next_round():
            assert (staying >= 0).all()
            return staying.tolist(), several.tolist()


@given(pieces, st.sampled_from([0, 1 << 20]), st.integers(1, 3), st.booleans(), st.sampled_from([1, 7, 1 << 62]))
def test_seen_judges_as_a_dictionary_does(
    values: list[tuple[int, int, int]], room: int, at_most: int, keep_first: bool, distance: int
) -> None:
    keys = keys_of(values)
    rows = list(zip(keys.highs.tolist(), keys.documents.tolist(), keys.starts.tolist(), strict=True))
    documents = distance == 1 << 62
    counts = Counter(key for key, _ in {row[:2] for row in rows}) if documents else Counter(row[0] for row in rows)
    first = {key: min(row[1:] for row in rows if row[0] == key) for key in counts}
    expected = []
    for key, document, start in rows:
        near = document == first[key][0] and start - first[key][1] < distance
        expected.append(int(counts[key] <= at_most or (keep_first and near)))
    rule = {"distance": distance, "at_most": at_most, "keep_first": keep_first, "documents": documents}
    assert judged(keys, room, **rule)[0] == expected


@given(pieces, st.sampled_from([0, 1 << 20]))
def test_seen_tells_which_groups_have_several_keys(values: list[tuple[int, int, int]], room: int) -> None:
    keys = keys_of(values, grouped=True)
    members = {(group, high) for group, high in zip(keys.groups.tolist(), keys.highs.tolist(), strict=True)}
    sizes = Counter(group for group, _ in members)
    rule = {"distance": 1, "at_most": 1, "keep_first": True, "documents": False}
    assert judged(keys, room, **rule)[1] == [sizes[group] > 1 for group in keys.groups.tolist()]


def test_seen_cuts_a_group_that_is_larger_than_the_table() -> None:
    """500 keys of one group, in a table of 42: no round sees them all, and still the group has several."""
    keys = keys_of([(number, number % 7, number) for number in range(500)])
    keys = keys._replace(groups=np.where(np.arange(500) % 10 == 0, np.arange(500), 9).astype(np.uint64))
    rule = {"distance": 1, "at_most": 1, "keep_first": True, "documents": False}
    staying, several = judged(keys, 0, **rule)
    assert staying == [1] * 500
    assert several == (keys.groups == 9).tolist()


def test_seen_counts_a_group_that_a_round_cuts_as_several() -> None:
    """Two keys of a group, and a round that ends between them: each round sees one key, and must not think it alone."""
    keys = keys_of([(1, 0, 0), (2, 0, 1)])._replace(groups=np.array([9, 9], np.uint64))
    seen, low, high = Seen(0, 2), 0, WHOLE
    while (inside := (seen.judge(keys, 1, 1, True)[0] >= 0)).sum() != 1:
        low, high = (seen.upper, high) if not inside.any() else (low, seen.upper)
        seen.upper = (low + high) // 2
    found = np.zeros(2, bool)
    for _ in range(2):
        seen.note(keys, False)
        found |= seen.judge(keys, 1, 1, True)[1]
        seen.next_round()
    assert found.all()


def test_seen_of_a_million_equal_keys_takes_one_slot() -> None:
    count = 1_000_000
    same = np.full(count, 5, np.uint64)
    places, once = np.arange(count), np.ones(count, np.int64)
    keys = Keys(same, same, np.empty(0, np.uint64), np.zeros(count, np.uint64), places, once, once)
    seen = Seen(0, count)
    seen.note(keys, False)
    staying, _ = seen.judge(keys, 1, 1, True)
    assert seen.used[0] == 1
    assert staying.tolist() == [1] + [0] * (count - 1)


def test_bloom_finds_all_that_came_before_and_few_others() -> None:
    count = 200_000
    draw = np.random.default_rng(3)
    keys, others = draw.integers(0, 2**63, (2, 2, count), dtype=np.uint64)
    documents = np.arange(count, dtype=np.uint64)
    blocks = blocks_for(count, 1e-3)
    words = np.zeros((blocks, 8), np.uint32)
    assert add_and_test(words, 0, *keys, documents, True).mean() < 1e-3
    assert add_and_test(words.copy(), 0, *keys, documents, True).all()
    expected = false_positive_rate(count, blocks)
    alone = [
        add_and_test(words.copy(), 0, *others[:, i : i + 1000], documents[:1000], False)[:1]
        for i in range(0, count, 1000)
    ]
    assert len(alone) == 200
    wrong = sum(int(found[0]) for found in alone)
    assert wrong <= 3
    assert 0 < expected <= 1e-3


def test_bloom_cut_into_parts_answers_as_the_whole() -> None:
    draw = np.random.default_rng(4)
    highs = draw.integers(0, 200_000, 400_000).astype(np.uint64)
    lows = highs * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
    documents = np.arange(400_000, dtype=np.uint64)
    whole = add_and_test(np.zeros((4096, 8), np.uint32), 0, highs, lows, documents, True)
    buckets, parts = bucket_of(highs, 8), np.zeros(400_000, bool)
    for part in range(8):
        mine = buckets == part
        words = np.zeros((512, 8), np.uint32)
        parts[mine] = add_and_test(words, 3, highs[mine], lows[mine], documents[mine], True)
    first = np.unique(highs, return_index=True)[1]
    assert np.array_equal(whole, parts)
    assert whole[np.setdiff1d(np.arange(400_000), first)].all()
    assert 0.001 < whole[first].mean() < 0.5, "so small a filter takes new keys for known: these must be the same"


@pytest.mark.parametrize(("keys", "rate"), [(1, 0.5), (10**6, 1e-2), (10**6, 1e-6), (10**9, 1e-4)])
def test_bloom_is_the_smallest_that_keeps_its_rate(keys: int, rate: float) -> None:
    blocks = blocks_for(keys, rate)
    assert false_positive_rate(keys, blocks) <= rate
    assert blocks == 4096 or false_positive_rate(keys, blocks // 2) > rate
    assert blocks * BLOCK_BYTES < 64 << 30
