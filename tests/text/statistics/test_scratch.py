"""Words handed from step to step: the same words, and never those of another text."""

import pyarrow as pa
from hypothesis import given, strategies as st

from atom_data.batch import with_columns
from atom_data.text.statistics.scratch import words_of
from tests.text.reference import texts


def spelled(batch: pa.RecordBatch) -> list[list[str]]:
    """The words of each row."""
    _, buffers, words = words_of(batch)
    data = bytes(buffers.data)
    every = [data[start:end].decode() for start, end in zip(words.starts, words.ends, strict=True)]
    return [every[words.offsets[row] : words.offsets[row + 1]] for row in range(batch.num_rows)]


def expected(batch: pa.RecordBatch) -> list[list[str]]:
    return [(text or "").split() for text in batch.column("text").to_pylist()]


@given(st.lists(st.one_of(st.none(), texts), max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_words_of_slices_and_selections_are_those_of_their_rows(
    documents: list[str | None], start: int, length: int
) -> None:
    batch, _, _ = words_of(pa.RecordBatch.from_pydict({"text": pa.array(documents, pa.string())}))
    part = batch.slice(start, length)
    assert spelled(part) == expected(part)
    chosen = batch.take(pa.array(range(0, batch.num_rows, 2), pa.int64()))
    assert spelled(chosen) == expected(chosen)


def test_words_of_a_second_call_are_taken_from_the_batch() -> None:
    batch, _, first = words_of(pa.RecordBatch.from_pydict({"text": ["one two", None, "three"]}))
    again, _, second = words_of(batch)
    assert again is batch
    assert second.starts.ctypes.data == batch.column("_words").values.field("starts").buffers()[1].address
    assert second.hashes.tolist() == first.hashes.tolist()


def test_words_of_a_rewritten_text_are_found_anew() -> None:
    batch, _, _ = words_of(pa.RecordBatch.from_pydict({"text": ["one two", "three"]}))
    rewritten = with_columns(batch, text=pa.array(["two one", "eerht"]))
    assert spelled(rewritten) == [["two", "one"], ["eerht"]]
    assert spelled(words_of(rewritten)[0]) == [["two", "one"], ["eerht"]]


def test_words_of_another_batch_with_the_same_text_length_are_found_anew() -> None:
    one, _, _ = words_of(pa.RecordBatch.from_pydict({"text": ["a b", "c"]}))
    # The scratch columns of one batch beside the text of another: only the memory tells them apart.
    other = pa.RecordBatch.from_arrays([pa.array(["x y", "z"]), *one.columns[1:]], names=one.schema.names)
    assert spelled(other) == [["x", "y"], ["z"]]
