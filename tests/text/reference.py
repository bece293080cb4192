"""Words, shingles, signatures and copies written plainly, to hold against the kernels."""

from collections.abc import Sequence

import pyarrow as pa
from hypothesis import strategies as st

from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.characters import LETTER, MARK, NUMBER, UNSPACED, kind_of

MASK = 2**64 - 1

SAMPLES = (
    "The quick brown fox, the lazy dog; e-mail and don't. " * 3,
    "Ünïcödé ÉTÉ straße İstanbul ẞ Ⱥ K Ω Å ΑΒΓ ДЕЖ Ａ",
    "日本語のテキスト、ガギグ。東京2025年 カタカナー ﾊﾝｶｸ",
    "ภาษาไทยไม่มีช่องว่าง ພາສາລາວ ភាសាខ្មែរ မြန်မာဘာသာ",
    "हिन्दी में संयुक्ताक्षर क्षत्रिय می‌خواهم नमस्ते",
    "a\u0301e\u0301 \u0301 x\u200dy \u200d zero\u200cwidth",
    "no\u00a0break\u2028line\u3000wide\x85next\x1cfile\u1680ogham\u205fmath\u200bzero",
    "😀 family 👩‍👩‍👧 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠀀𠮷 \U000e0041 \U0010ffff",
    "aกaกaก 漢a漢1漢 1漢\u0301漢",
    "",
    " ",
    "x",
    "漢",
)

_pieces = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60),
    st.sampled_from(SAMPLES),
    st.sampled_from([" ", "\n", "the ", "漢", "\u0301", "A" * 8, "b" * 17]),
)
texts = st.lists(_pieces, max_size=6).map("".join)
"""Text of all planes, with much that is near the edges of words, lanes and blocks."""

broken = st.lists(st.one_of(texts.map(lambda text: text.encode(errors="replace")), st.binary(max_size=6))).map(b"".join)
"""Bytes that are text in parts."""


def buffers_of(values: Sequence[str | bytes | None]) -> Buffers:
    """The buffers of a column of these values."""
    kind = pa.binary() if any(isinstance(value, bytes) for value in values) else pa.string()
    return string_buffers(pa.array(values, kind))


def unicode_words(text: str) -> list[str]:
    """Runs of letters, numbers and marks; an unspaced letter is a word of its own with its marks."""
    words: list[str] = []
    inside = single = False
    for character in text:
        kind = kind_of(character)
        if kind in (LETTER, NUMBER, UNSPACED, MARK):
            if kind == MARK and inside:
                words[-1] += character
                continue
            if inside and kind != UNSPACED and not single:
                words[-1] += character
            else:
                words.append(character)
            inside, single = True, kind == UNSPACED
        else:
            inside = single = False
    return words


def folded(word: str) -> str:
    """Lower case, of the characters whose lower case takes as many bytes."""
    lower = (character.lower() for character in word)
    return "".join(
        small if len(small) == 1 and len(small.encode()) == len(big.encode()) else big
        for small, big in zip(lower, word, strict=True)
    )


def hash_of(word: bytes) -> int:
    """The hash of a word's bytes, eight at a time."""

    def mix(value: int) -> int:
        value = value * 0x9E3779B97F4A7C15 & MASK
        return value ^ value >> 32

    lanes = [int.from_bytes(word[start : start + 8], "little") for start in range(0, len(word), 8)]
    state = (0x243F6A8885A308D3 + len(word) * 0xD6E8FEB86659FD93) & MASK
    for lane in lanes:
        state = mix(state ^ lane)
    return state


def shingles_of(text: str, ngram: int) -> list[int]:
    """The hash of every shingle, in order, repeats included."""
    words = [hash_of(folded(word).encode()) for word in unicode_words(text)]
    runs = [words[start : start + ngram] for start in range(max(len(words) - ngram + 1, 1))] if words else []
    return [_scattered(run) for run in runs]


def _scattered(run: list[int]) -> int:
    total = 0
    for word in run:
        total = (total * 0xC2B2AE3D27D4EB4F + word) & MASK
    value = (total ^ total >> 33) * 0xFF51AFD7ED558CCD & MASK
    return value ^ value >> 29


def signature_of(shingles: list[int], permutations: int, seed: int) -> list[int]:
    """The smallest place in every order; SplitMix64 gives the orders."""
    places = []
    state = (seed * 0x9E3779B97F4A7C15) & MASK
    for _ in range(permutations):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        value = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
        value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
        value ^= value >> 31
        factor, term = value >> 32 | 1, value & 0xFFFFFFFF
        places.append(min(((factor * (x >> 32) + term) % 2**32 for x in shingles), default=2**32 - 1))
    return places
