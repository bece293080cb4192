"""Segments of a text: where they end, and that nothing is lost between them."""

import itertools

import pytest
from hypothesis import given, strategies as st

from atom_data.text.statistics.segments import cut_segments
from tests.text.reference import broken, buffers_of


def cut(values: list[bytes], size: int) -> list[list[bytes]]:
    """The segments of each value."""
    segments = cut_segments(buffers_of(values), size)
    data, offsets, firsts = segments.buffers.data.tobytes(), segments.buffers.offsets, segments.firsts
    pieces = [data[start:end] for start, end in itertools.pairwise(offsets)]
    return [pieces[start:end] for start, end in itertools.pairwise(firsts)]


@pytest.mark.parametrize(
    ("value", "pieces"),
    [
        (b"", []),
        (b"short", [b"short"]),
        (b"x" * 19, [b"x" * 19]),
        (b"x" * 12 + b"\n" + b"y" * 12, [b"x" * 12 + b"\n", b"y" * 12]),
        (b"x" * 10 + b" " + b"y" * 5 + b"\n" + b"z" * 12, [b"x" * 10 + b" " + b"y" * 5 + b"\n", b"z" * 12]),
        (b"x" * 12 + b" " + b"y" * 12, [b"x" * 12 + b" ", b"y" * 12]),
        (b"x" * 40, [b"x" * 20, b"x" * 20]),
        (b"x" * 39, [b"x" * 20, b"x" * 19]),
        (b"x" * 25, [b"x" * 25]),
        ("é".encode() * 9 + b"x" + "é".encode() * 9, ["é".encode() * 9 + b"x", "é".encode() * 9]),
    ],
)
def test_segments_end_at_lines_then_at_spaces_then_at_characters(value: bytes, pieces: list[bytes]) -> None:
    assert cut([value], 10) == [pieces]


def test_no_values() -> None:
    assert cut([], 10) == []
    assert cut([b"", b""], 10) == [[], []]


@given(
    st.lists(
        st.one_of(
            broken, st.binary(max_size=300), st.lists(st.sampled_from([b"a", b" ", b"\n", b"\x80"])).map(b"".join)
        )
    ),
    st.integers(1, 40),
)
def test_segments_are_the_values(values: list[bytes], size: int) -> None:
    for value, pieces in zip(values, cut(values, size), strict=True):
        assert b"".join(pieces) == value
        assert all(len(piece) < 3 * size for piece in pieces)
        assert all(len(piece) >= size for piece in pieces if len(value) >= size)
