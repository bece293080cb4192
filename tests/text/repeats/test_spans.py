"""Spans put together, moved to the edges of characters, and cut out, against plain bytes."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.text.repeats.spans import Spans, cut, merged, whole_characters
from tests.text.reference import buffers_of, texts

marks = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.integers(1, 30)), max_size=12)


def marked(documents: list[bytes], spans: Spans) -> list[bytearray]:
    found = [bytearray(len(document)) for document in documents]
    for row, start, end in zip(*spans, strict=True):
        found[row][start:end] = b"\1" * (end - start)
    return found


def spans_of(values: list[tuple[int, int, int]], documents: list[bytes]) -> Spans:
    inside = [(r, s, min(s + n, len(documents[r]))) for r, s, n in values if s < len(documents[r])]
    return Spans(*(np.array([value[i] for value in inside], np.int64) for i in range(3)))


@given(st.lists(texts, min_size=3, max_size=3), marks)
def test_merged_and_cut_are_those_of_plain_bytes(values: list[str], given_marks: list[tuple[int, int, int]]) -> None:
    documents = [value.encode() for value in values]
    loose = spans_of(given_marks, documents)
    spans = merged(*loose)
    assert marked(documents, spans) == marked(documents, loose)
    assert all(
        row != other or end < start
        for row, end, other, start in zip(spans.rows, spans.ends, spans.rows[1:], spans.starts[1:], strict=False)
    )
    buffers = buffers_of(documents)
    left = cut(buffers, spans, None, pa.binary()).to_pylist()
    flags = marked(documents, spans)
    assert left == [
        bytes(byte for byte, flag in zip(document, flag_of, strict=True) if not flag)
        for document, flag_of in zip(documents, flags, strict=True)
    ]
    whole = whole_characters(spans, buffers)
    for text in cut(buffers, whole, None, pa.binary()).to_pylist():
        text.decode()
    assert all(
        inner <= outer
        for ours, all_ in zip(marked(documents, whole), flags, strict=True)
        for inner, outer in zip(ours, all_, strict=True)
    )


@pytest.mark.parametrize(("start", "end", "left"), [(0, 2, "é漢😀"), (1, 5, "a漢😀"), (2, 10, "aé"), (5, 9, "aé漢😀")])
def test_whole_characters_moves_edges_inward(start: int, end: int, left: str) -> None:
    buffers = buffers_of(["aé漢😀"])  # 1, 2, 3 and 4 bytes
    spans = whole_characters(Spans(*(np.array([value]) for value in (0, start, end))), buffers)
    assert cut(buffers, spans, None, pa.string()).to_pylist() == [left]
