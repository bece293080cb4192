"""Repeated substrings against brute force, and the example of the paper."""

import random
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from atom_data import Repeats, Substrings
from tests.dedup.repeats.repeated import NO_TEXT, cut, execute, marked, page, shards


def brute_substrings(texts: list[bytes], length: int) -> list[bytes]:
    """Mark every window whose content came earlier and ended before it begins."""
    first: dict[bytes, tuple[int, int]] = {}
    found = []
    for number, text in enumerate(texts):
        flags = bytearray(len(text))
        for place in range(len(text) - length + 1):
            window = text[place : place + length]
            document, before = first.setdefault(window, (number, place))
            if document != number or place - before >= length:
                flags[place : place + length] = b"\1" * length
        found.append(bytes(flags))
    return found


def in_characters(text: bytes, flags: bytes) -> bytes:
    """Return the flags without the runs' parts of characters."""
    kept = bytearray(len(text))
    for run in re.finditer(b"\1+", flags):
        first, last = run.span()
        edges = [place for place in range(first, last + 1) if place == len(text) or text[place] & 0xC0 != 0x80]
        if edges:
            kept[edges[0] : edges[-1]] = b"\1" * (edges[-1] - edges[0])
    return bytes(kept)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    length=st.sampled_from([16, 17, 24, 33, 50]),
    partitions=st.sampled_from([1, 2, 8]),
    memory=st.sampled_from(["1B", "1MB"]),
)
def test_substrings_are_those_of_brute_force(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int, partitions: int, memory: str
) -> None:
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("brute")
    texts = [page(chance) for _ in range(12)]
    by = Substrings(length=length, seed=seed)
    repeats = Repeats(of=shards(folder / "in", [*texts, *NO_TEXT]), by=by, partitions=partitions, memory=memory)
    rows = execute(repeats, folder / "out")
    raw = [text.encode() for text in texts]
    expected = [in_characters(text, flags) for text, flags in zip(raw, brute_substrings(raw, length), strict=True)]
    assert marked(rows, "repeated_span") == [*expected, b"", b""]
    shutil.rmtree(folder)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), length=st.sampled_from([4, 5, 8]))
def test_substrings_of_words_are_those_of_brute_force(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int
) -> None:
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("words")
    words = [f"w{number}" for number in range(40)]
    texts = []
    for _ in range(10):
        run = [chance.choice(words[: chance.choice([1, 2, 40])]) for _ in range(chance.randint(0, 60))]
        run[5:5] = words[(place := chance.randrange(30)) : place + chance.randint(1, 12)]
        texts.append(chance.choice(["", " "]) + "".join(word + chance.choice([" ", "\n", " \t "]) for word in run))
    repeats = Repeats(of=shards(folder / "in", texts), by=Substrings(length=length, unit="words"), partitions=2)
    rows = execute(repeats, folder / "out")
    numbered = [bytes(int(word[1:]) for word in text.split()) for text in texts]
    expected = []
    for text, flags in zip(texts, brute_substrings(numbered, length), strict=True):
        places = [match.start() for match in re.finditer(r"\S+", text)] + [len(text)]
        kept = bytearray(len(text))
        for number, flag in enumerate(flags):
            kept[places[number] : places[number + 1]] = bytes([flag]) * (places[number + 1] - places[number])
        expected.append(bytes(kept))
    assert marked(rows, "repeated_span") == expected
    shutil.rmtree(folder)


def test_substrings_leave_the_first_of_three_and_one_window_of_a_text_that_repeats_itself(tmp_path: Path) -> None:
    """The example of Lee et al. 2021, section 4.1: what two documents share of enough tokens is kept in one of them."""
    shared = "a sentence that three documents have in common"
    texts = [f"one {shared}.", f"two {shared}!", f"{shared} three", "-" * 100, "漢" * 40]
    texts += [
        "é" + "x" * 38 + "ö",
        "ĩ" + "x" * 38 + "Ã",
    ]  # the bytes in the middle are the same, from within a character
    rows = execute(Repeats(of=shards(tmp_path / "in", texts, 2), by=Substrings(length=40)), tmp_path / "out")
    left = cut(rows, "repeated_spans")
    assert left == [texts[0], "two!", " three", "-" * 40, "漢" * 14, texts[5], "ĩÃ"]
