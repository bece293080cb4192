"""Bytes looked for many at a time are found where a plain search finds them, and text is copied as byte by byte."""

import numpy as np
from hypothesis import given, settings, strategies as st
from numba import njit

from atom_data.text.html.blocks import KINDS, _copy_plain
from atom_data.text.html.lookup import name_hash
from atom_data.text.html.page import CLASS_HASHES
from atom_data.text.html.scan import scan
from atom_data.text.html.search import near_byte, next_byte
from atom_data.text.html.tape import PLAIN

ODD = st.lists(st.sampled_from(b'ab<&>\xc2\xa0\xa1\x80\x81\x7f\xff\x00\x01 !"='), max_size=60).map(bytes)
BYTES = st.builds(lambda plain, odd: b"a" * plain + odd, st.integers(0, 140), ODD)
"""Long enough for several turns of 32 and of 64 bytes before something is found, or nothing."""


@njit
def near(data: np.ndarray, position: int, byte: int) -> int:
    return near_byte(data, position, data.size, byte)


@njit
def far(data: np.ndarray, position: int, byte: int) -> int:
    return next_byte(data, position, data.size, byte)


@njit
def copied(data: np.ndarray, position: int, text: np.ndarray) -> tuple[int, int]:
    return _copy_plain(data, position, data.size, text, 0)


@settings(deadline=None)
@given(BYTES, st.sampled_from(b'<>"\x80\x81\x00\xc2'), st.integers(0, 20))
def test_a_byte_is_found_where_it_stands_first(data: bytes, byte: int, position: int) -> None:
    position = min(position, len(data))
    place = data.find(bytes([byte]), position)
    for found in (near, far):
        assert found(np.frombuffer(data, np.uint8), position, byte) == (place if place >= 0 else len(data))


@settings(deadline=None)
@given(BYTES, st.integers(0, 20))
def test_text_is_copied_up_to_what_is_not_plain(data: bytes, position: int) -> None:
    position = min(position, len(data))
    end = position
    while end < len(data) and KINDS[data[end]] == PLAIN:
        end += 1
    text = np.zeros(len(data) + 8, np.uint8)
    assert copied(np.frombuffer(data, np.uint8), position, text) == (end, end - position)
    assert text[: end - position].tobytes() == data[position:end]


def plain_words(value: str) -> list[str]:
    """Return runs of letters, cut before a capital behind a small one."""
    words, word = [], ""
    for letter in f"{value} ":
        is_letter = letter.isascii() and letter.isalpha()
        if word and (not is_letter or (letter.isupper() and word[-1].islower())):
            words, word = [*words, word.lower()], ""
        word += letter if is_letter else ""
    return words


@settings(deadline=None)
@given(st.text("aBcDe-_ 1\u00e9", max_size=40))
def test_words_of_a_class_are_hashed(value: str) -> None:
    found = scan(f'<p class="{value}">'.encode()).class_words.tolist()
    hashes = [name_hash(word) for word in plain_words(value) if 1 < len(word) < 24]
    assert found == [(state ^ state >> 29) & (CLASS_HASHES - 1) for state in hashes]
