"""Templates of wikitext whose words can be told without expanding them; their names are those of the English Wikipedia."""

from collections.abc import Callable, Mapping

SHOWN_ARGUMENT = {
    "lang": 2, "transl": 2, "transliteration": 2, "resize": 2, "nowrap": 1, "nobr": 1, "nobold": 1, "small": 1, "smaller": 1,
    "big": 1, "smallcaps": 1, "sc": 1, "abbr": 1, "tooltip": 1, "em": 1, "strong": 1, "sub": 1, "sup": 1, "math": 1, "mvar": 1,
    "var": 1, "val": 1, "nts": 1, "code": 1, "tt": 1, "quote": 1, "blockquote": 1, "nihongo": 1, "flag": 1, "vanchor": 1,
    "visible anchor": 1, "keypress": 1, "key press": 1, "linktext": 1,
}  # fmt: skip
"""Templates that only give form to an argument, by the argument's number; any other template is left out."""
SIGNS = {
    "!": "|", "=": "=", "'": "'", "'s": "'s", "nbsp": " ", "spaces": " ", "thinsp": " ", "·": " · ", "•": " • ", "pipe": "|",
    "ndash": "–", "mdash": "—", "snd": " – ", "spnd": " – ", "spaced ndash": " – ", "mdashb": "—",
}  # fmt: skip
"""Templates that stand for signs."""
BETWEEN = {"to": "to", "and": "and", "or": "or", "by": "by", "x": "by", "-": "–", "–": "–"}
"""Words between two numbers that are converted."""


def template_text(name: str, shown: Mapping[str, int], argument: Callable[[str], str | None]) -> str | None:
    """Return the words of a template, None where they cannot be told; `argument` gives arguments as text by name or number."""
    if name in SIGNS:
        return SIGNS[name]
    if name.startswith("formatnum:"):
        return name.removeprefix("formatnum:")
    if name.startswith("lang-"):
        return argument("1")
    if name in COMPOSED:
        words = [word for number in range(1, 13) if (word := argument(str(number))) is not None]
        return COMPOSED[name](words) if words else None
    if name == "as of" and (year := argument("1")):
        return f"{'as' if argument('lc') else 'As'} of {year}"
    return argument(str(shown[name])) if name in shown else None


def _converted(words: list[str]) -> str | None:
    if len(words) > 3 and words[1] in BETWEEN:
        return f"{words[0]} {BETWEEN[words[1]]} {words[2]} {words[3]}".replace(" – ", "–")
    return " ".join(words[:2]) if len(words) > 1 else None


def _fraction(words: list[str]) -> str:
    return f"1/{words[0]}" if len(words) == 1 else " ".join([*words[:-2], "/".join(words[-2:])])


COMPOSED: dict[str, Callable[[list[str]], str | None]] = {
    "convert": _converted,
    "cvt": _converted,
    "frac": _fraction,
    "sfrac": _fraction,
    "chem": "".join,
    "angbr": lambda words: f"⟨{words[0]}⟩",
    "ipa": lambda words: words[0] if len(words) == 1 else None,
    "circa": lambda words: f"c. {words[0]}",
}
"""Templates whose words are made of several arguments."""
