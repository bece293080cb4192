"""Makes atom_data/text/datatrove/english.npz: what spaCy's English tokenizer and datatrove's filters know about characters.

    python tests/text/datatrove/make_english.py     in an environment with spacy==3.8.18 and datatrove==0.10.1

The rules themselves are in `atom_data/text/datatrove/spacy_english.py`. The forms and character classes are spaCy's (MIT License,
copyright ExplosionAI GmbH), the signs are datatrove's (Apache License 2.0).
"""

import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import spacy
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION
from spacy.attrs import ORTH
from spacy.lang import char_classes as classes
from spacy.pipeline import Sentencizer

PLACE = Path(__file__).parents[3] / "atom_data" / "text" / "datatrove" / "english.npz"
PAGE = 128
OTHER_PREFIXES, OTHER_SUFFIXES = "§%=—–", "—–"
"""Of `spacy.lang.punctuation`, beside the lists that prefixes and suffixes share. Signs with conditions are in the code."""


def single(signs: list[str]) -> set[str]:
    """Return the signs of one character, without the backslash that regular expressions need."""
    return {sign.replace("\\", "") for sign in signs if len(sign.replace("\\", "")) == 1}


def matching(pattern: str) -> set[str]:
    """Return the characters that a class of a regular expression matches."""
    return {chr(code) for code in range(sys.maxunicode + 1) if re.match(pattern, chr(code))}


def main() -> None:
    """Write the table."""
    icons = matching(classes.LIST_ICONS[0])
    shared = single(classes.LIST_PUNCT) | {"…"} | single(classes.LIST_QUOTES) | icons
    quotes = matching(f"[{classes.CONCAT_QUOTES}]")
    lower = matching(f"[{classes.ALPHA_LOWER}]")
    dotted = matching(rf"[0-9{classes.ALPHA_LOWER}%²\-\+{classes.PUNCT}(?:{classes.CONCAT_QUOTES})]")
    every = {chr(code) for code in range(sys.maxunicode + 1)}
    bits = [
        matching(f"[{classes.ALPHA}]"),
        lower,
        matching(f"[{classes.ALPHA_UPPER}]"),
        shared | set(OTHER_PREFIXES) | single(classes.LIST_CURRENCY),
        shared | set(OTHER_SUFFIXES),
        icons | {"…"},
        quotes,
        dotted,
        PUNCTUATION_SET,
        set(Sentencizer.default_punct_chars),
        {sign for sign in every if unicodedata.category(sign)[0] == "P"},
        {sign for sign in every if sign.isalpha()},
        TERMINAL_PUNCTUATION,
    ]
    flags = np.zeros(sys.maxunicode + 1, np.uint16)
    for bit, signs in enumerate(bits):
        for sign in signs:
            flags[ord(sign)] |= 1 << bit
    kinds, cells = np.unique(flags, return_inverse=True)
    unique, pages = np.unique(cells.reshape(-1, PAGE), axis=0, return_inverse=True)
    tokenizer = spacy.blank("en").tokenizer
    forms = {form: [piece[ORTH] for piece in pieces] for form, pieces in tokenizer.rules.items() if not form.isspace()}
    inside = [
        bool(tokenizer.find_prefix(form) or tokenizer.find_infix(form) or tokenizer.find_suffix(form)) for form in forms
    ]
    sizes = [([len(piece.encode()) for piece in pieces] + [0, 0, 0])[:3] for pieces in forms.values()]
    units = sorted(
        {unit.replace("\\", "") for unit in classes.split_chars(classes._units + " " + classes._currency)} | {"+"}
    )
    np.savez_compressed(
        PLACE,
        pages=pages.astype(np.uint8),
        cells=unique.astype(np.uint8).reshape(-1),
        flags=kinds,
        forms=np.array("\n".join(forms)),
        inside=np.array(inside),
        sizes=np.array(sizes, np.uint8),
        units=np.array("\n".join(units)),
    )
    sys.stdout.write(
        f"{PLACE.name}: {len(forms)} forms, {len(units)} units, {kinds.size} kinds, {unique.shape[0]} pages\n"
    )


if __name__ == "__main__":
    main()
