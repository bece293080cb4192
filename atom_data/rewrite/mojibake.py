"""What text that was broken on its way looks like, by the tables of ftfy: what a kernel looks for in every line."""

import re
import sys
import unicodedata
from functools import cache

from ftfy.badness import MOJIBAKE_CATEGORIES
from ftfy.chardata import CONTROL_CHARS

from atom_data.text.cleaning.suspects import CONTROLS, LINE_BREAKS, MARKED, MOST_MARKS, RUNS, Suspects, build_suspects

# Of each alternative of ftfy's expression for mojibake (ftfy.badness.BADNESS_RE, version 6.3), two characters that follow
# each other: names of its categories, and characters of their own after a bar.
_PAIRS = """
bad lower_accented upper_accented box start_punctuation end_punctuation currency numeric law lower_common upper_common > bad
bad > lower_accented upper_accented box start_punctuation end_punctuation currency numeric law
lower_accented lower_common box end_punctuation currency numeric > upper_accented
box end_punctuation currency numeric > lower_accented
lower_accented upper_accented box end_punctuation > currency
upper_accented box > numeric law
start_punctuation > numeric
end_punctuation > start_punctuation
currency numeric box upper_accented > start_punctuation
box > kaomoji
lower_accented upper_accented currency numeric start_punctuation end_punctuation law > box
box > end_punctuation
lower_accented upper_accented > start_punctuation end_punctuation
upper_accented > |°
|ÂÃÎÐ > start_punctuation end_punctuation |€œŠš¢£Ÿž\u00a0\u00ad®©°·»–—´¡
|× > |²³
|ØÙ > common currency bad numeric start_punctuation |ŸŠ®°µ»
|à > |²µ¹¼½¾
|√ > |±∂†≠®™´≤≥¥µø
|≈ > |°¢
|‚ > |Äâó
|в > |Ђ
|Г > |ў
|ВГРСΒΓΞΟ > c1 bad start_punctuation end_punctuation currency |°µ
|β > |€
|ā > |€
"""


@cache
def long_runs() -> re.Pattern[str]:
    """Return a pattern that finds long runs of combining marks."""
    return re.compile(f"([{_combining(sys.maxunicode)}]{{{MOST_MARKS + 1},}})")


def _combining(last: int) -> str:
    return "".join(map(chr, filter(lambda code: unicodedata.combining(chr(code)), range(last + 1))))


@cache
def suspects_of(marked: str) -> Suspects:
    """Return what a repair looks for; `marked` are the characters that it changes wherever they stand."""
    sides = (line.partition(" > ") for line in _PAIRS.strip().splitlines())
    pairs = [(_signs(before), _signs(after)) for before, _, after in sides]
    ascii_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    others = "".join(chr(code) for code in range(0x10000) if chr(code) not in ascii_letters)
    pairs += [("Œœ", others), ("ÂÃ", " ")]
    alone = {
        CONTROLS: "".join(map(chr, (code for code in CONTROL_CHARS if code < 0x10000))) + _signs("c1"),
        LINE_BREAKS: "\r\x85\u2028\u2029",
        MARKED: marked,
    }
    return build_suspects(pairs, alone)


@cache
def suspects_from(first: str) -> Suspects:
    """Return a search for any character from the first on, and for long runs of marks."""
    every = "".join(map(chr, range(ord(first), 0x10000)))
    return build_suspects([], {MARKED: every, RUNS: _combining(0xFFFF) + "\uffff"})


def _signs(words: str) -> str:
    """Return the characters of some categories of ftfy, and those after a bar."""
    signs: list[str] = []
    for word in words.split(" "):
        if word[0] == "|":
            signs.append(word[1:])
            continue
        category = MOJIBAKE_CATEGORIES[word]
        for place, sign in enumerate(category):
            if sign == "-":
                signs += map(chr, range(ord(category[place - 1]), ord(category[place + 1]) + 1))
            else:
                signs.append(sign)
    return "".join(signs)
