"""Distinct sets and their bands, in memory and in files: the same, and what a dictionary says."""

import itertools
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from atom_data.dedup.near.sets import Sets


def filled(stack: ExitStack, folder: Path | None, bands: np.ndarray, lengths: np.ndarray, step: int) -> Sets:
    """Fill with some sets at a time: shingles are counted up."""
    sets, edges = Sets(stack, folder), np.cumsum([0, *lengths.tolist()])
    for start in range(0, len(bands), step):
        own = edges[start : start + step + 1]
        shingles = np.arange(own[0], own[-1], dtype=np.uint64)
        sets.add(shingles, own - own[0], bands[start : start + step])
    return sets


@pytest.mark.parametrize("kept", ["memory", "files"])
@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_bands_have_one_bucket_where_their_hash_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str, count: int
) -> None:
    """Hashes at the edges of every range, and pieces that end in the middle of one."""
    monkeypatch.setattr("atom_data.dedup.near.sets._PIECE", 101)
    chance = np.random.default_rng(5)
    edges = np.arange(33, dtype=np.float64) * 2.0**59
    near = [min(max(int(edge) + more, 0), 2**64 - 1) for edge in edges for more in range(-2, 3)]
    some = np.concatenate([np.array(near, np.uint64), chance.integers(0, 2**64, 9_000, np.uint64)])
    bands, lengths = chance.choice(some, (count, 4)), chance.integers(0, 4, count)
    with ExitStack() as stack:
        sets = filled(stack, tmp_path if kept == "files" else None, bands, lengths, 700)
        buckets, total = sets.buckets()
        shingles, offsets, mapped = sets.shingles()
        assert shingles.tolist() == list(range(int(lengths.sum())))
        assert offsets.tolist() == [0, *itertools.accumulate(lengths.tolist())]
        assert (mapped is not None) == (kept == "files" and len(shingles) > 0)
        del shingles
    _, where, times = np.unique(bands, return_inverse=True, return_counts=True)
    alone = times[where.reshape(bands.shape)] == 1
    assert ((buckets < 0) == alone[: len(buckets)].reshape(buckets.shape)).all()
    pairs = set(zip(bands[~alone].tolist(), buckets[~alone.reshape(buckets.shape)].tolist(), strict=True))
    assert len(pairs) == total == int((times > 1).sum())
    assert sorted(bucket for _, bucket in pairs) == list(range(total))


def test_sets_that_are_all_empty_are_in_a_file_without_bytes(tmp_path: Path) -> None:
    with ExitStack() as stack:
        sets = filled(stack, tmp_path, np.zeros((3, 2), np.uint64), np.zeros(3, np.int64), 2)
        shingles, offsets, mapped = sets.shingles()
        assert (shingles.size, offsets.tolist(), mapped) == (0, [0, 0, 0, 0], None)
        assert sets.buckets()[0].tolist() == [[0, 0]] * 3
