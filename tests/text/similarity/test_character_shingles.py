"""Shingles of characters: against plain strings, which are runs of code points, and their signatures."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.errors import ConfigError
from atom_data.text.similarity.character_shingles import character_shingle_set, character_signatures
from atom_data.text.similarity.minhash import EMPTY, orders
from atom_data.text.words import CHUNK
from tests.text.reference import broken, buffers_of, texts

MASK = 2**64 - 1
spaced = st.text(st.sampled_from("ab \t\n\u00a0\u3000é漢🙂"), max_size=30)


def scatter(value: int) -> int:
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & MASK
    return value ^ value >> 29


def reference(text: str, ngram: int) -> list[int]:
    folded = re.sub(r"\s+", " ", text).strip(" ")
    runs = [folded[start : start + ngram] for start in range(max(len(folded) - ngram + 1, 1))] if folded else []
    found = set()
    for run in runs:
        total = 0
        for character in run:
            total = (total * 0xC2B2AE3D27D4EB4F + scatter(ord(character) + 1)) & MASK
        found.add(scatter(total))
    return sorted(found)


def sets(documents: list[str | None] | list[bytes], ngram: int) -> list[list[int]]:
    hashes, offsets = character_shingle_set(buffers_of(documents), ngram)
    return [hashes[s:e].tolist() for s, e in itertools.pairwise(offsets)]


@given(st.lists(st.one_of(st.none(), texts, spaced), max_size=5), st.integers(1, 9))
def test_any_text_is_the_sorted_set_of_the_reference(documents: list[str | None], ngram: int) -> None:
    assert sets(documents, ngram) == [reference(text or "", ngram) for text in documents]


@given(broken)
def test_broken_bytes_are_those_of_the_repaired_text(document: bytes) -> None:
    assert sets([document], 3) == sets([document.decode(errors="replace").encode()], 3)


@pytest.mark.parametrize("ngram", [1, 5, 24, 1000])
def test_many_chunks_are_those_of_the_reference(ngram: int) -> None:
    text = " ".join(f"w{number % 997}{' ' * (number % 3)} 漢" for number in range(CHUNK))
    blank = "a" + " " * (3 * CHUNK) + "b"
    assert sets([text, blank, "", text], ngram) == [reference(each, ngram) for each in (text, blank, "", text)]


def test_white_space_is_one_space_and_few_characters_are_one_shingle() -> None:
    one, other, short, blank = sets([" a  b\n\nc ", "a b c", "ab", " \n "], 5)
    assert one == other
    assert len(short) == 1
    assert blank == []


@given(st.lists(st.one_of(st.none(), spaced), max_size=4), st.integers(1, 6))
def test_signatures_are_the_least_of_every_order(documents: list[str | None], ngram: int) -> None:
    factors, terms = orders(7, 3)
    found = character_signatures(buffers_of(documents), ngram, 7, 3)
    for row, text in zip(found, documents, strict=True):
        values = np.array(reference(text or "", ngram), np.uint64) >> np.uint64(32)
        expected = [
            min(((int(x) * int(a) + int(b)) % 2**32 for x in values), default=int(EMPTY))
            for a, b in zip(factors, terms, strict=True)
        ]
        assert row.tolist() == expected


@pytest.mark.parametrize("ngram", [0, 1001])
def test_size_without_sense_is_refused(ngram: int) -> None:
    with pytest.raises(ConfigError, match=f"ngram: {ngram}"):
        character_shingle_set(buffers_of(["a"]), ngram)
