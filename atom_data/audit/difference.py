"""Where two texts differ, word by word, to check that one is a copy of the other."""

import difflib
import re
from typing import NamedTuple

WORDS = 4_000
"""Of each text that is compared: difflib's time grows with the product of what differs."""
AROUND = 3
"""Words shown on either side of a change."""


class Change(NamedTuple):
    """One place where the texts differ."""

    before: str
    kept: str
    """What stands there in the text that was kept."""
    dropped: str
    """And in the one that was dropped."""
    after: str


class Difference(NamedTuple):
    """All places where two texts differ."""

    changes: tuple[Change, ...]
    words: int
    """Of the longer text."""
    differing: int
    """Words that only one of the texts has at its place."""
    cut: bool
    """Whether only the first WORDS words of each were compared."""


def difference(kept: str, dropped: str) -> Difference:
    """Compare two texts word by word, up to WORDS words of each. Equal texts have no change."""
    ours, theirs = (re.findall(r"\S+", text) for text in (kept, dropped))
    cut = max(len(ours), len(theirs)) > WORDS
    some, others = ours[:WORDS], theirs[:WORDS]
    changes, differing = [], 0
    for tag, first, last, start, stop in difflib.SequenceMatcher(None, some, others, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        differing += max(last - first, stop - start)
        changes.append(
            Change(
                " ".join(some[max(0, first - AROUND) : first]),
                " ".join(some[first:last]),
                " ".join(others[start:stop]),
                " ".join(some[last : last + AROUND]),
            )
        )
    return Difference(tuple(changes), max(len(ours), len(theirs)), differing, cut)
