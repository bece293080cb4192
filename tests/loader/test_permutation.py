"""The keyed permutation: a bijection of any size, its inverse, and an order without a pattern."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.loader import Permutation


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 16, 17, 1_000, 65_536, 65_537])
def test_permutation_every_index_once(n: int) -> None:
    for seed in range(3):
        places = Permutation(n, seed).many(np.arange(n))
        assert np.array_equal(np.sort(places), np.arange(n))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 1_000, 65_537, 1_831_054_687, 2**62])
def test_permutation_one_by_one_equals_many_and_inverse_leads_back(n: int) -> None:
    permutation = Permutation(n, 5, "source", "a")
    indices = sorted({0, n - 1, n // 2, n // 3, *(i * 7_919 % n for i in range(300))})
    places = [permutation(index) for index in indices]
    assert places == permutation.many(indices).tolist()
    assert [permutation.inverse(place) for place in places] == indices


@given(n=st.integers(1, 2**62), seed=st.integers(), data=st.data())
def test_permutation_inverse_any_size_and_key(n: int, seed: int, data: st.DataObject) -> None:
    permutation = Permutation(n, seed)
    index = data.draw(st.integers(0, n - 1))
    place = permutation(index)
    assert 0 <= place < n
    assert permutation.inverse(place) == index


def test_permutation_known_values_never_change() -> None:
    # A run that is going on depends on these: a change here needs a new version of the loader's state.
    assert [Permutation(1_000, 0, "source", "tokens", 0)(i) for i in range(8)] == [381, 49, 459, 122, 435, 698, 87, 526]
    assert Permutation(2**40, 1, "block", 65_536)(12_345) == 125_492_104_590


def test_permutation_another_key_another_order() -> None:
    orders = {
        tuple(Permutation(1_000, *key).many(np.arange(1_000))) for key in [(0,), (1,), (0, "a"), (0, "b"), ("0",)]
    }
    assert len(orders) == 5


def test_permutation_has_no_linear_pattern() -> None:
    n = 1_831_054_687
    share = Permutation(n, 42).many(np.arange(100_000)) / n
    assert abs(np.corrcoef(share[:-1], share[1:])[0, 1]) < 0.02
    counts = np.bincount((share * 100).astype(int), minlength=100)
    assert 0.5 < ((counts - 1_000) ** 2 / 1_000).sum() / 99 < 1.6
    batches = np.array([np.bincount(part, minlength=10) for part in (share.reshape(-1, 1_000) * 10).astype(int)])
    assert 0.8 < batches.var() / (1_000 * 0.1 * 0.9) < 1.2


@pytest.mark.parametrize("n", [0, -1, 2**62 + 1])
def test_permutation_of_nothing_or_too_much_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="cannot permute"):
        Permutation(n)


def test_permutation_index_outside_is_refused() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError):
            Permutation(3)(index)
        with pytest.raises(IndexError):
            Permutation(3).inverse(index)
