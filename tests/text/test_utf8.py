"""Whether texts are UTF-8, held against Python's own decoder."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.text.buffers import string_buffers
from atom_data.text.utf8 import ASCII, BLOCK, BROKEN, UTF_8, is_utf8, utf8_kind


def ours(*texts: bytes | None) -> bool:
    buffers = string_buffers(pa.array(texts, pa.large_binary()))
    found, is_ascii = is_utf8(buffers), all((text or b"").isascii() for text in texts)
    assert utf8_kind(buffers) == (BROKEN if not found else ASCII if is_ascii else UTF_8)
    return found


def plain(*texts: bytes | None) -> bool:
    try:
        for text in texts:
            (text or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def test_every_character_is_right() -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    assert ours(every.encode())
    assert ours(*(character.encode() for character in every[::7]))


@pytest.mark.parametrize("before", [b"", b"a", "é".encode(), b"ab" * BLOCK])
def test_every_beginning_of_two_bytes(before: bytes) -> None:
    """With what could complete it: 65,536 pairs before none to two continuing bytes."""
    step = 1 if len(before) < 3 else 97
    for pair in range(0, 1 << 16, step):
        for after in (b"", b"\x80", b"\xbf\x80"):
            text = before + pair.to_bytes(2, "big") + after
            assert ours(text) == plain(text), text[-8:]


@pytest.mark.parametrize("wrong", [b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xff"])
def test_one_wrong_place_is_found_wherever_it_stands(wrong: bytes) -> None:
    for before in (*range(9), *range(BLOCK - 6, BLOCK + 9)):
        assert not ours(b"a" * before + wrong)
        assert not ours(b"a" * before + wrong + b"b" * 70)
        assert not ours(b"a" * before, wrong, b"b" * 5)


def test_character_must_not_go_on_in_the_next_text() -> None:
    assert ours("é".encode())
    assert not ours(b"\xc3", b"\xa9")
    assert not ours("aaaaé".encode()[:-1], "é".encode()[-1:] + b"aaaaaa")


def test_nothing_is_right() -> None:
    assert ours()
    assert ours(b"")
    assert ours(None, None)


def test_slice_looks_at_nothing_outside() -> None:
    array = pa.array([b"\xff", "né".encode(), b"", None, b"\xff"], pa.binary())
    assert is_utf8(string_buffers(array.slice(1, 3)))
    assert not is_utf8(string_buffers(array.slice(1, 4)))


pieces = st.one_of(
    st.binary(max_size=6),
    st.text(max_size=6).map(str.encode),
    st.sampled_from([b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xf0\x90\x80\x80", b"\xe0\x80\x80", b"\xc0\x80", b"a" * 40]),
)


@given(st.lists(st.lists(pieces, max_size=4).map(b"".join), max_size=5), st.integers(0, 4))
def test_as_python_decodes(texts: Sequence[bytes], cut: int) -> None:
    texts = [text[: len(text) - cut] if number % 2 else text for number, text in enumerate(texts)]
    assert ours(*texts) == plain(*texts)


def test_bytes_at_random() -> None:
    chance = np.random.default_rng(5)
    for _ in range(2_000):
        text = bytearray("naïve 漢字 👩‍👩‍👧 text ".encode() * 3)
        text[chance.integers(len(text))] = chance.integers(256)
        assert ours(bytes(text)) == plain(bytes(text))
