"""Confirmed copies: against a plain walk, and the same however documents and buckets are numbered."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, strategies as st

from atom_data.errors import ConfigError
from atom_data.text.similarity.confirm import Copies, confirm

Sets = list[set[int]]


def plain(order: list[int], buckets: list[list[int]], sets: Sets, least: float, cap: int) -> tuple[list[int], int]:
    """Walk in order; compare with kept documents of the same buckets; the first that is near enough is the original."""
    members: dict[int, list[int]] = {}
    copy_of, compared = [-1] * len(order), 0
    for document in order:
        own = [bucket for bucket in buckets[document] if bucket >= 0]
        candidates = {kept for bucket in own for kept in members.get(bucket, [])}
        for kept in sorted(candidates, key=order.index):
            compared += 1
            shared = len(sets[document] & sets[kept])
            if shared and shared / len(sets[document] | sets[kept]) >= least:
                copy_of[document] = kept
                break
        else:
            for bucket in own:
                if len(members.setdefault(bucket, [])) < cap:
                    members[bucket].append(document)
    return copy_of, compared


def run(order: list[int], buckets: list[list[int]], sets: Sets, least: float, cap: int) -> Copies:
    """The kernel over the same things."""
    flat = np.array([value for one in sets for value in sorted(one)], np.uint64)
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.int64)
    table = np.array(buckets, np.int64).reshape(len(order), len(buckets[0]) if buckets else 1)
    return confirm(np.array(order, np.int64), table, int(table.max(initial=-1)) + 1, flat, offsets, least, cap)


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[int], list[list[int]], Sets, float, int]:
    """An order, buckets that are a document's own in each band, shingle sets, a bound and a cap."""
    count, bands = draw(st.integers(0, 14)), draw(st.integers(1, 4))
    order = draw(st.permutations(range(count)))
    row = st.tuples(*(st.sampled_from([-1, *range(4 * band, 4 * band + 3)]) for band in range(bands)))
    buckets = [list(draw(row)) for _ in range(count)]
    sets = [draw(st.sets(st.integers(0, 6), max_size=6)) for _ in range(count)]
    return list(order), buckets, sets, draw(st.sampled_from([0.2, 0.5, 0.75, 1.0])), draw(st.integers(1, 4))


@given(corpora())
def test_confirm_any_corpus_is_the_plain_walk(corpus: tuple[list[int], list[list[int]], Sets, float, int]) -> None:
    order, buckets, sets, least, cap = corpus
    found = run(order, buckets, sets, least, cap)
    assert (found.copy_of.tolist(), found.compared) == plain(order, buckets, sets, least, cap)
    for document, kept in enumerate(found.copy_of.tolist()):
        if kept < 0:
            assert np.isnan(found.jaccard[document])
            assert np.isnan(found.containment[document])
        else:
            own, other = sets[document], sets[kept]
            assert found.copy_of[kept] == -1
            assert found.jaccard[document] == np.float32(len(own & other) / len(own | other))
            assert found.containment[document] == np.float32(len(own & other) / len(own))


@given(corpora(), st.randoms(use_true_random=False))
def test_confirm_other_numbers_for_the_same_documents_same_answer(
    corpus: tuple[list[int], list[list[int]], Sets, float, int], chance: object
) -> None:
    order, buckets, sets, least, cap = corpus
    number = list(range(len(order)))
    chance.shuffle(number)  # type: ignore[attr-defined]
    old = sorted(range(len(order)), key=number.__getitem__)
    names = list(range(20))
    chance.shuffle(names)  # type: ignore[attr-defined]
    renamed = [[names[bucket] if bucket >= 0 else -1 for bucket in buckets[one]] for one in old]
    other = run([number[one] for one in order], renamed, [sets[one] for one in old], least, cap)
    first = run(order, buckets, sets, least, cap)
    expected = [number[kept] if kept >= 0 else -1 for kept in first.copy_of.tolist()]
    assert [int(other.copy_of[number[one]]) for one in range(len(order))] == expected
    assert other.compared == first.compared


def test_confirm_hot_bucket_stays_linear_in_its_cap() -> None:
    count, cap = 2000, 8
    sets = [{2 * number, 2 * number + 1} for number in range(count)]
    found = run(list(range(count)), [[0, 1]] * count, sets, 0.5, cap)
    assert (found.copy_of == -1).all()
    assert found.compared <= count * cap


def test_confirm_a_chain_of_neighbors_keeps_what_no_kept_document_confirms() -> None:
    chain: Sets = [set(range(start, start + 10)) for start in range(4)]
    found = run([0, 1, 2, 3], [[0]] * 4, chain, 0.8, 64)
    assert found.copy_of.tolist() == [-1, 0, -1, 2]


def test_confirm_a_memory_map_will_do(tmp_path: object) -> None:
    path = f"{tmp_path}/shingles"
    np.array([1, 2, 3, 1, 2, 3], np.uint64).tofile(path)
    mapped: npt.NDArray[np.uint64] = np.memmap(path, np.uint64, mode="r")
    buckets = np.zeros((2, 1), np.int64)
    found = confirm(np.array([1, 0]), buckets, 1, mapped, np.array([0, 3, 6]), 0.75, 4)
    assert (found.copy_of.tolist(), found.jaccard[0]) == ([1, -1], 1.0)


@pytest.mark.parametrize(("least", "cap"), [(0.0, 4), (1.5, 4), (0.5, 0)])
def test_confirm_bounds_without_sense_are_refused(least: float, cap: int) -> None:
    with pytest.raises(ConfigError, match="confirm: cap"):
        run([0], [[0]], [{1}], least, cap)


def test_confirm_a_bucket_beyond_the_count_is_refused() -> None:
    with pytest.raises(ValueError, match="buckets below 1"):
        confirm(np.array([0]), np.array([[5]]), 1, np.zeros(0, np.uint64), np.zeros(2, np.int64), 0.5, 4)
