"""Edits: the same as cutting and joining Python bytes."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.errors import DataError
from atom_data.text.buffers import string_array, string_buffers
from atom_data.text.edits import Places, counts_of, replaced
from tests.text.reference import texts


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[str | None], list[tuple[int, int, int, str]]]:
    """Some texts, and places in them in order: document, start and end in characters, what comes there."""
    documents = draw(st.lists(st.one_of(st.none(), texts), max_size=4))
    edits = []
    for number, text in enumerate(documents):
        cuts = sorted(draw(st.lists(st.integers(0, len(text or "")), max_size=6)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            edits.append((number, start, end, draw(st.text(max_size=5))))
    return documents, edits


def places_of(
    buffers_offsets: list[int], documents: list[str | None], edits: list[tuple[int, int, int, str]]
) -> Places:
    """The places of edits in bytes."""
    sizes = [[len((documents[n] or "")[:at].encode()) for at in (start, end)] for n, start, end, _ in edits]
    starts = [buffers_offsets[n] + size[0] for (n, *_), size in zip(edits, sizes, strict=True)]
    ends = [buffers_offsets[n] + size[1] for (n, *_), size in zip(edits, sizes, strict=True)]
    kinds = [n % 2 for n, *_ in edits]
    return Places(*(np.array(values, np.int64) for values in (starts, ends, kinds, [n for n, *_ in edits])))


@given(edited())
def test_replaced_any_places_are_the_plain_joins(
    case: tuple[list[str | None], list[tuple[int, int, int, str]]],
) -> None:
    documents, edits = case
    array = pa.array(["before", *documents, "after"], pa.string()).slice(1, len(documents))
    buffers = string_buffers(array)
    places = places_of(buffers.offsets.tolist(), documents, edits)
    found = replaced(array, buffers, places, [text.encode() for *_, text in edits])
    expected = []
    for number, text in enumerate(documents):
        parts, position = [], 0
        for _, start, end, new in (edit for edit in edits if edit[0] == number):
            parts += [(text or "")[position:start], new]
            position = end
        whole = "".join([*parts, (text or "")[position:]])
        expected.append(None if text is None else whole)
    assert found.to_pylist() == expected
    assert found.type == array.type
    found.validate(full=True)


def test_replaced_nothing_is_the_same_memory() -> None:
    array = pa.array(["a", None])
    none = Places(*(np.zeros(0, np.int64) for _ in Places._fields))
    assert replaced(array, string_buffers(array), none, []) is array


def test_counts_of_kinds_are_by_document() -> None:
    places = Places(*(np.array(values) for values in ([0, 1, 5], [1, 2, 6], [1, 1, 0], [0, 0, 2])))
    assert counts_of(places, 2, 3).tolist() == [[0, 2], [0, 0], [1, 0]]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()])
def test_string_array_keeps_type_and_nulls(kind: pa.DataType) -> None:
    like = pa.array(["x", None, "y", None], kind).slice(1)
    found = string_array(np.frombuffer(b"abc", np.uint8), np.array([0, 0, 3, 3]), like)
    assert found.equals(pa.array([None, "abc", None], kind))


def test_string_array_too_large_says_what_to_do() -> None:
    with pytest.raises(
        DataError, match=r"grew to 2,147,483,648 bytes; string holds 2,147,483,647\. Read smaller batches"
    ):
        string_array(np.zeros(1, np.uint8), np.array([0, 2**31]), pa.array(["x"]))
