"""Kinds of characters, against `unicodedata` character by character."""

import pytest
from hypothesis import example, given, strategies as st

from atom_data.text.characters import LETTER, MARK, NUMBER, PUNCTUATION, SPACE, UNSPACED, kind_of
from atom_data.text.statistics.kinds import kind_counts
from tests.text.reference import broken, buffers_of, folded, texts


def plain(text: str) -> list[int]:
    """Characters, letters, capital letters, numbers, punctuation, white space."""
    kinds = [kind_of(character) for character in text]
    return [
        len(text),
        sum(kind in (LETTER, MARK, UNSPACED) for kind in kinds),
        sum(kind == LETTER and folded(one) != one for one, kind in zip(text, kinds, strict=True)),
        kinds.count(NUMBER),
        kinds.count(PUNCTUATION),
        kinds.count(SPACE),
    ]


@example([chr(code) for code in range(0x250)])
@given(st.lists(st.one_of(st.none(), texts, st.text(max_size=500)), max_size=4))
def test_kind_counts_any_text_are_the_plain_ones(documents: list[str | None]) -> None:
    documents = [None if one is None else one.encode(errors="replace").decode() for one in documents]
    assert kind_counts(buffers_of(documents)).tolist() == [plain(text or "") for text in documents]


@example([b"\xe3\x80", b"a\x80", b"\xf0\x9f\x98 x", b"\xed\xa0\x80"])
@given(st.lists(broken, max_size=4))
def test_kind_counts_broken_bytes_are_what_python_replaces(documents: list[bytes]) -> None:
    # Bytes are never of a kind where they are broken: U+FFFD is a symbol.
    assert kind_counts(buffers_of(documents)).tolist() == [plain(one.decode(errors="replace")) for one in documents]


@pytest.mark.parametrize("size", [191, 192, 193, 384, 1000])
def test_kind_counts_blocks_do_not_overflow(size: int) -> None:
    for sign in "aA1. ":
        assert kind_counts(buffers_of([sign * size])).tolist() == [plain(sign * size)]
