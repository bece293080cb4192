"""Ranges of windows and their hashes, against plain polynomials; and the guarantee that equal windows share an anchor."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.text.buffers import Buffers
from atom_data.text.repeats.anchors import Ranges, gram_of, window_ranges
from atom_data.text.repeats.modular import PRIME, bases, powers
from atom_data.text.repeats.windows import hashed_windows
from tests.text.reference import buffers_of

pieces = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"a" * 40, b"ab" * 25, b"abcabcabd" * 6, b"\0" * 30, bytes(range(60)), b"the quick brown fox "]),
)
documents = st.lists(st.lists(pieces, max_size=8).map(b"".join), max_size=5)


def polynomial(symbols: bytes, base: int) -> int:
    value = 0
    for symbol in symbols:
        value = (value * base + symbol + 1) % PRIME
    return value


def ranges_of(buffers: Buffers, length: int) -> Ranges:
    return window_ranges(buffers.data, buffers.offsets, length, 7)


@given(documents, st.integers(4, 24))
def test_ranges_hold_every_window_once_in_order_with_the_hash_of_their_bytes(texts: list[bytes], length: int) -> None:
    high, low = map(int, bases(7))
    covered = defaultdict(list)
    for row, start, step, times, one, other, _ in zip(*ranges_of(buffers_of(texts), length), strict=True):
        for turn in range(times):
            first = start + turn * step
            content = texts[row][first : first + step - 1 + length]
            assert (polynomial(content, high), polynomial(content, low)) == (one, other)
            covered[int(row)] += range(first, first + step)
    assert all(covered[row] == list(range(max(0, len(text) - length + 1))) for row, text in enumerate(texts))


@given(documents, st.integers(4, 24))
def test_equal_windows_are_in_ranges_of_one_group(texts: list[bytes], length: int) -> None:
    """The guarantee of winnowing: without it, a repeat could be missed."""
    groups: dict[bytes, set[int]] = defaultdict(set)
    for row, start, step, times, _, _, group in zip(*ranges_of(buffers_of(texts), length), strict=True):
        for place in range(start, start + step * times):
            groups[texts[row][place : place + length]].add(int(group))
    assert all(len(found) == 1 for found in groups.values())


@given(documents, st.integers(4, 24), st.randoms(use_true_random=False))
def test_windows_have_the_hash_of_their_bytes_also_where_ranges_are_left_out(
    texts: list[bytes], length: int, chance: object
) -> None:
    high, low = map(int, bases(7))
    buffers = buffers_of(texts)
    ranges = ranges_of(buffers, length)
    chosen = [index for index in range(len(ranges.rows)) if chance.random() < 0.5]
    windows = hashed_windows(
        buffers.data, buffers.offsets, *(values[chosen] for values in ranges[:4]), length=length, seed=7
    )
    assert len(windows.rows) == ranges.steps[chosen].sum()
    for row, start, _, _, one, other in zip(*windows, strict=True):
        content = texts[row][start : start + length]
        assert (polynomial(content, high), polynomial(content, low)) == (one, other)


def test_ranges_of_a_text_that_repeats_itself_are_few() -> None:
    """A letter 10 million times, and two in turn: one range that says how often, not ten million."""
    for text in (b"a" * 10_000_000, b"ab" * 5_000_000):
        ranges = ranges_of(buffers_of([text]), 100)
        assert len(ranges.rows) <= 3
        assert int((ranges.steps * ranges.times).sum()) == len(text) - 99


def test_ranges_of_random_bytes_are_as_many_as_winnowing_says() -> None:
    """Schleimer et al. 2003, section 3: of windows of w hashes, 2 / (w + 1) are chosen."""
    text = np.random.default_rng(1).integers(0, 256, 400_000, np.uint8).tobytes()
    found = len(ranges_of(buffers_of([text]), 100).rows) / len(text)
    assert found == pytest.approx(2 / (100 - gram_of(100) + 2), rel=0.03)


def test_powers_and_bases_are_of_the_field() -> None:
    high, low = map(int, bases(0))
    assert 2**32 <= high < PRIME
    assert 2**32 <= low < PRIME
    assert high != low
    assert powers(np.uint64(high), 5).tolist() == [pow(high, exponent, PRIME) for exponent in range(6)]
