"""The order of a run: complete epochs, exact mixtures, and mixtures that change without repeating anything."""

import itertools
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest

from atom_data.errors import ConfigError
from atom_data.loader import Mixture, Order, Place

BLOCK = 64


def places(order: Order, count: int, start: int = 0) -> list[Place]:
    return [order(number) for number in range(start, start + count)]


def windows(order: Order, source: str, count: int) -> list[tuple[int, int]]:
    """Return epoch and window of every sample of a source, in the order of the run."""
    return [place[1:] for place in places(order, count) if place.source == source]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 100, 1_000])
def test_order_one_source_each_epoch_is_complete_before_the_next(n: int) -> None:
    found = places(Order({"a": n}, seed=3), 3 * n)
    for epoch in range(3):
        part = found[epoch * n : (epoch + 1) * n]
        assert {place.epoch for place in part} == {epoch}
        assert sorted(place.window for place in part) == list(range(n))
    if n > 10:
        assert len({tuple(place.window for place in found[epoch * n : (epoch + 1) * n]) for epoch in range(3)}) == 3


def test_order_mixture_each_source_runs_through_its_epochs_without_repeating() -> None:
    order = Order({"a": 50, "b": 7, "c": 1_000}, [Mixture(weights={"a": 0.5, "b": 0.2, "c": 0.3})], block=BLOCK)
    for source, n in (("a", 50), ("b", 7), ("c", 1_000)):
        found = windows(order, source, 40 * BLOCK)
        assert [epoch for epoch, _ in found] == [number // n for number in range(len(found))]
        for _, epoch in itertools.groupby(found, key=lambda item: item[0]):
            seen = [window for _, window in epoch]
            assert len(set(seen)) == len(seen)
            assert len(seen) == n or found[-1][1] == seen[-1]


def test_order_mixture_every_block_has_its_quota_at_shuffled_places() -> None:
    weights = {"a": 0.501, "b": 0.2, "c": 0.299}
    order = Order({"a": 50, "b": 7, "c": 1_000}, [Mixture(weights=weights)], block=BLOCK)
    patterns = set()
    for block in range(20):
        sources = [place.source for place in places(order, BLOCK, block * BLOCK)]
        assert Counter(sources) == {"a": 32, "b": 13, "c": 19}
        patterns.add(tuple(sources))
    assert len(patterns) == 20


def test_order_seed_changes_everything() -> None:
    mixture = [Mixture(weights={"a": 1, "b": 1})]
    one, two = (places(Order({"a": 500, "b": 500}, mixture, seed, BLOCK), 2 * BLOCK) for seed in (0, 1))
    assert [place.source for place in one] != [place.source for place in two]
    assert [place.window for place in one] != [place.window for place in two]
    assert one == places(Order({"b": 500, "a": 500}, mixture, 0, BLOCK), 2 * BLOCK)


def test_order_appended_mixture_keeps_the_past_and_repeats_nothing() -> None:
    sizes = {"a": 300, "b": 300, "new": 300}
    first = Mixture(weights={"a": 3, "b": 1})
    before = Order({"a": 300, "b": 300}, [first], block=BLOCK)
    second = Mixture(start=4 * BLOCK, weights={"a": 1, "new": 1})
    third = Mixture(start=6 * BLOCK, weights={"b": 1, "new": 3})
    after = Order(sizes, [first, second, third], block=BLOCK)
    assert places(after, 4 * BLOCK) == places(before, 4 * BLOCK)
    for source in sizes:
        found = windows(after, source, 10 * BLOCK)
        assert [epoch for epoch, _ in found] == [number // 300 for number in range(len(found))]
        epochs = [[window for _, window in part] for _, part in itertools.groupby(found, key=lambda item: item[0])]
        assert all(len(set(part)) == len(part) for part in epochs)
        assert all(sorted(part) == list(range(300)) for part in epochs[:-1])
    assert Counter(place.source for place in places(after, BLOCK, 4 * BLOCK)) == {"a": 32, "new": 32}
    assert Counter(place.source for place in places(after, BLOCK, 9 * BLOCK)) == {"b": 16, "new": 48}


def test_order_one_source_goes_on_as_a_mixture() -> None:
    alone = Order({"tokens": 100}, block=BLOCK)
    mixtures = [Mixture(weights={"tokens": 1}), Mixture(start=2 * BLOCK, weights={"tokens": 1, "new": 1})]
    mixed = Order({"tokens": 100, "new": 9}, mixtures, block=BLOCK)
    assert places(mixed, 2 * BLOCK) == places(alone, 2 * BLOCK)
    assert windows(mixed, "tokens", 4 * BLOCK) == [place[1:] for place in places(alone, 3 * BLOCK)]


def test_order_number_leads_back_to_the_sample() -> None:
    first = Mixture(weights={"a": 3, "b": 1})
    order = Order({"a": 30, "b": 300, "c": 5}, [first, Mixture(start=2 * BLOCK, weights={"b": 1})], block=BLOCK)
    for number in range(5 * BLOCK):
        assert order.number(order(number)) == number
    last_of_a = max(order(number) for number in range(2 * BLOCK) if order(number).source == "a")
    assert order.number(Place("a", last_of_a.epoch + 1, 0)) is None
    assert order.number(Place("c", 0, 0)) is None
    alone = Order({"a": 30})
    assert [alone.number(alone(number)) for number in range(90)] == list(range(90))


def test_order_travels_to_another_process() -> None:
    order = Order({"a": 30, "b": 300}, [Mixture(weights={"a": 3, "b": 1})], 7, BLOCK)
    assert places(pickle.loads(pickle.dumps(order)), 3 * BLOCK) == places(order, 3 * BLOCK)


def test_order_trillions_of_windows_need_no_memory() -> None:
    order = Order({"a": 10**12, "b": 10**13}, [Mixture(weights={"a": 1, "b": 9})])
    place = order(10**12 + 7)
    assert 0 <= place.window < 10**13
    assert order.number(place) == 10**12 + 7


@pytest.mark.parametrize(
    ("windows", "mixtures", "says"),
    [
        ({"a": 1, "b": 1}, [], "no mixture, and 2 sources: a, b"),
        ({}, [], "0 sources: none"),
        ({"a": 1}, [Mixture(start=64, weights={"a": 1})], "first mixture starts at sample 64"),
        (
            {"a": 1},
            [Mixture(weights={"a": 1}), Mixture(start=65, weights={"a": 1})],
            "starts at sample 65, after one at 0.*multiples of 64",
        ),
        (
            {"a": 1},
            [Mixture(weights={"a": 1}), Mixture(start=0, weights={"a": 1})],
            "starts at sample 0, after one at 0",
        ),
        ({"a": 1}, [Mixture(weights={"b": 1})], "no source 'b'; sources there: a"),
        ({"a": 1}, [Mixture(weights={"a": -1})], "the weight of 'a' is -1"),
        ({"a": 1}, [Mixture(weights={"a": float("nan")})], "the weight of 'a' is nan"),
        ({"a": 1}, [Mixture(weights={"a": 0})], "no source has a weight above 0"),
        ({"a": 1}, [Mixture(weights={})], "no source has a weight above 0"),
        ({"a": 0}, [Mixture(weights={"a": 1})], "source 'a' has no window"),
        (
            {"a": 1, "b": 1},
            [Mixture(weights={"a": 1, "b": 0.001})],
            "'b' weighs 0.001 of all, less than one sample in a block of 64",
        ),
    ],
)
def test_order_mixture_that_cannot_be_is_refused(windows: dict[str, int], mixtures: list[Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Order(windows, mixtures, block=BLOCK)


def test_order_negative_sample_is_refused() -> None:
    with pytest.raises(IndexError, match="sample -1"):
        Order({"a": 1})(-1)


def test_order_of_a_mixture_is_uniform_and_has_no_memory() -> None:
    """Chi-square over the windows of each source, and lag-1 correlation of windows and of sources; in the middle of a run."""
    windows = {"a": 1_000_003, "b": 200_003}
    order = Order(windows, [Mixture(weights={"a": 0.7, "b": 0.3})], seed=11)
    places = [order(number) for number in range(3_000_000, 3_060_000)]
    for name, count in windows.items():
        share = np.array([place.window for place in places if place.source == name]) / count
        bins = np.bincount((share * 100).astype(int), minlength=100)
        chi_square = ((bins - len(share) / 100) ** 2 / (len(share) / 100)).sum()
        assert 57 < chi_square < 158, "outside of what 99 degrees of freedom give in all but 1 of 5,000 draws"
        assert abs(np.corrcoef(share[:-1], share[1:])[0, 1]) < 0.03
    sources = np.array([place.source == "a" for place in places], float)
    assert abs(np.corrcoef(sources[:-1], sources[1:])[0, 1]) < 0.02
    parts = sources.reshape(-1, 100).sum(axis=1)
    assert 0.8 < parts.var() / (100 * 0.7 * 0.3) < 1.2


@pytest.mark.parametrize(
    "mixtures",
    [
        [Mixture(weights={"a": 1.0})],
        [Mixture(weights={"a": 0.5, "b": 0.5}), Mixture(start=192, weights={"b": 0.9, "c": 0.1})],
    ],
)
def test_order_many_equals_one_by_one(mixtures: list[Mixture]) -> None:
    order = Order({"a": 37, "b": 100, "c": 5}, mixtures, seed=3, block=64)
    numbers = [*range(0, 700, 3), 5, 5, 10_000_000_019, 0]
    assert order.many(numbers) == [order(number) for number in numbers]
    assert order.many([]) == []
    with pytest.raises(IndexError, match="sample -1"):
        order.many([3, -1])
