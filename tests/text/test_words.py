"""Words: against `str.split`, against a plain reading of Unicode, and on bytes that are not text."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.words import CHUNK, Words, unicode_words, whitespace_words
from tests.text import reference
from tests.text.reference import SAMPLES, broken, buffers_of, texts


def spelled(found: Words, buffers: Buffers) -> list[list[str]]:
    """The words of each document as strings."""
    data = bytes(buffers.data)
    every = [data[s:e].decode(errors="replace") for s, e in zip(found.starts, found.ends, strict=True)]
    return [every[s:e] for s, e in zip(found.offsets[:-1], found.offsets[1:], strict=True)]


@given(st.lists(st.one_of(st.none(), texts), max_size=5))
def test_whitespace_words_any_text_are_those_of_split(documents: list[str | None]) -> None:
    buffers = buffers_of(documents)
    assert spelled(whitespace_words(buffers), buffers) == [(text or "").split() for text in documents]


@given(st.lists(st.one_of(st.none(), texts), max_size=5))
def test_unicode_words_any_text_are_those_of_the_reference(documents: list[str | None]) -> None:
    buffers = buffers_of(documents)
    assert spelled(unicode_words(buffers), buffers) == [reference.unicode_words(text or "") for text in documents]


@given(st.lists(broken, min_size=1, max_size=4))
def test_words_broken_bytes_are_those_of_the_repaired_text(documents: list[bytes]) -> None:
    buffers = buffers_of(documents)
    repaired = [document.decode(errors="replace") for document in documents]
    assert spelled(whitespace_words(buffers), buffers) == [text.split() for text in repaired]
    assert spelled(unicode_words(buffers), buffers) == [reference.unicode_words(text) for text in repaired]


def test_every_space_of_unicode_ends_a_word() -> None:
    spaces = [chr(code) for code in range(0x110000) if chr(code).isspace()]
    assert len(spaces) > 25
    buffers = buffers_of(["".join(f"a{space}é{space}{space}" for space in spaces)])
    assert spelled(whitespace_words(buffers), buffers) == [["a", "é"] * len(spaces)]


@pytest.mark.parametrize("plane", range(17))
def test_unicode_words_every_character_of_a_plane_as_the_reference(plane: int) -> None:
    codes = [code for code in range(plane << 16, plane + 1 << 16) if not 0xD800 <= code < 0xE000]
    text = "".join(f"x{chr(code)}y{chr(code)} " for code in codes[:: 1 if plane < 2 else 61])
    buffers = buffers_of([text])
    assert spelled(unicode_words(buffers), buffers) == [reference.unicode_words(text)]


@given(texts)
def test_word_hashes_equal_those_of_the_reference(text: str) -> None:
    buffers = buffers_of([text])
    assert whitespace_words(buffers).hashes.tolist() == [reference.hash_of(word.encode()) for word in text.split()]
    words = [reference.folded(word).encode() for word in reference.unicode_words(text)]
    assert unicode_words(buffers).hashes.tolist() == [reference.hash_of(word) for word in words]


def test_unicode_words_upper_case_hashes_as_lower_case() -> None:
    big, small = buffers_of(["STRASSE ÉTÉ ΑΒΓ Дом Ａ Ꭰ"]), buffers_of(["strasse été αβγ дом ａ ꭰ"])
    assert unicode_words(big).hashes.tolist() == unicode_words(small).hashes.tolist()
    assert whitespace_words(big).hashes.tolist() != whitespace_words(small).hashes.tolist()


def test_words_of_a_slice_with_nulls_are_those_of_its_rows() -> None:
    array = pa.array([*SAMPLES, None, "one two", None]).slice(2)
    buffers = string_buffers(array)
    assert spelled(whitespace_words(buffers), buffers) == [(text or "").split() for text in array.to_pylist()]
    same = buffers_of(array.to_pylist())
    assert unicode_words(buffers).hashes.tolist() == unicode_words(same).hashes.tolist()


@pytest.mark.parametrize("word", ["a", "é", "漢\u0301", "\u0301"])
def test_words_longer_than_every_scratch_stay_whole(word: str) -> None:
    text = f"  {word * (3 * CHUNK)}  end"
    buffers = buffers_of([text, text])
    assert spelled(whitespace_words(buffers), buffers) == [text.split()] * 2
    assert spelled(unicode_words(buffers), buffers) == [reference.unicode_words(text)] * 2


@pytest.mark.parametrize("shift", range(20))
def test_words_at_every_place_of_a_chunk_are_found(shift: int) -> None:
    text = "x" * (CHUNK - 10) + " " * shift + "漢字 ab\u00a0cd é漢" + "y z " * CHUNK
    buffers = buffers_of([text])
    assert spelled(whitespace_words(buffers), buffers) == [text.split()]
    assert spelled(unicode_words(buffers), buffers) == [reference.unicode_words(text)]


def test_words_ten_megabytes_in_one_line_are_counted() -> None:
    line = "lorem ipsum dolor 漢 " * 500_000
    found = unicode_words(buffers_of([line]))
    assert found.offsets.tolist() == [0, 2_000_000]
    assert found.hashes[:4].tolist() * 2 == found.hashes[-8:].tolist()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.null()])
def test_words_no_rows_give_empty_arrays(kind: pa.DataType) -> None:
    found = unicode_words(string_buffers(pa.array([], kind)))
    assert [len(values) for values in found] == [0, 0, 0, 1]
    assert [values.dtype for values in found] == [np.uint64, np.int64, np.int64, np.int64]


def test_marks_and_joiners_stay_in_their_word() -> None:
    buffers = buffers_of(["na\u0301 می\u200cخواهم กี่"])
    assert spelled(unicode_words(buffers), buffers) == [["na\u0301", "می\u200cخواهم", "กี่"]]
    assert unicodedata.category("ี") == "Mn"
