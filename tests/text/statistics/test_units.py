"""Words and signs, against the same rules applied to the pieces of a text, one after the other."""

import re
from itertools import groupby

import pytest
from hypothesis import given, strategies as st

from atom_data.text.characters import LETTER, MARK, NUMBER, SPACE, UNSPACED, kind_of
from atom_data.text.statistics.units import COLUMNS, unit_counts
from tests.text.reference import broken, buffers_of, texts

NAMES = {LETTER: "l", NUMBER: "n", MARK: "m", UNSPACED: "u", SPACE: " "}


def pieces_of(text: str) -> list[tuple[str, str]]:
    """Runs of word characters, of signs, of space, and single unspaced letters with their marks: shape and text."""
    shape = "".join(NAMES.get(kind_of(character), "s") for character in text)
    return [(match[0], text[slice(*match.span())]) for match in re.finditer(r"um*|[lnm]+|s+| +", shape)]


def plainly(text: str) -> list[int]:
    pieces = pieces_of(text)
    units = words = alphabetic = chars = 0
    shapes = ["", *(shape for shape, _ in pieces), ""]
    goes_on, has_letter = False, False
    for place, (shape, piece) in enumerate(pieces, 1):
        if shape[0] in "lnmu":
            if not goes_on:
                units, words, has_letter = units + 1, words + 1, False
            if not has_letter and ("l" in shape or "u" in shape):
                alphabetic, has_letter = alphabetic + 1, True
            chars += len(piece)
            goes_on = False
        elif shape[0] == "s":
            left, right = base(shapes[place - 1]), shapes[place + 1][:1]
            runs = [sign for sign, _ in groupby(piece)]
            if left and right and left in "lnm" and right in "lnm":
                goes_on = True
                both = left + right
                cuts = {"ll": ":<>=/,~-–—", "nn": "+-*^"}.get(both, "") if len(piece) == 1 else ""
                if both == "ll" and piece in ("'", "’"):
                    goes_on, chars = False, chars + 1
                elif (piece in cuts and cuts) or (
                    both == "ll" and len(piece) > 1 and len(runs) == 1 and runs[0] in ".-~"
                ):
                    goes_on, units = False, units + 1
                else:
                    chars += len(piece)
            else:
                alone = not (left and left in "lnm") and not (right and right in "lnm")
                units += sum(alone or sign not in "-/\\|@^~" for sign in runs)
    return [units, words, alphabetic, chars, text.count("\n")]


def base(shape: str) -> str:
    """The last letter or number before a sign, or the mark where there is none."""
    return "" if not shape else shape.rstrip("m")[-1:] or "m"


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("", [0, 0, 0, 0, 0]),
        ("L'homme, c'est 3.5 %...", [8, 5, 4, 15, 0]),
        ("aujourd’hui", [2, 2, 2, 11, 0]),
        ("a-b 1,000 1, 2", [7, 5, 2, 9, 0]),
        ("'a' 'b", [5, 2, 2, 2, 0]),
        ("-- == - -\n", [4, 0, 0, 0, 1]),
        ("http://a.b/c_d (x=y)", [8, 4, 4, 15, 0]),
        ("--all word- 1-2 1/2", [6, 5, 2, 12, 0]),
        ("well...then a),(b", [4, 3, 3, 13, 0]),
        ("日本語、テスト", [7, 6, 6, 6, 0]),
        ("ไม่ไป", [4, 4, 4, 5, 0]),
        ("हिन्दी में", [2, 2, 2, 9, 0]),
        ("e\u0301'e", [2, 2, 2, 4, 0]),
        ("a'\u0301'a", [1, 1, 1, 5, 0]),
        ("😀😀 #tag", [3, 1, 1, 3, 0]),
    ],
)
def test_units_of_a_text(text: str, counts: list[int]) -> None:
    assert plainly(text) == counts
    assert unit_counts(buffers_of([text])).tolist() == [counts]


_pieces = st.lists(st.sampled_from([*list("ab12'’.,-/#+́ \n漢กé"), "...", "l'h", "3.5"])).map("".join)


@given(st.lists(st.one_of(texts, _pieces)))
def test_units_are_those_of_the_plain_rules(documents: list[str]) -> None:
    assert unit_counts(buffers_of(documents)).tolist() == [plainly(document) for document in documents]


@given(st.lists(broken))
def test_broken_bytes_never_raise_and_lines_are_counted(documents: list[bytes]) -> None:
    found = unit_counts(buffers_of(documents))
    assert found.shape == (len(documents), len(COLUMNS))
    assert found[:, 4].tolist() == [document.count(b"\n") for document in documents]
    assert (found[:, 0] >= found[:, 1]).all()
