"""What a tokenizer does not keep of a text, found out by trying it: letters that vanish, are unknown, or are changed."""

import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

STEP = 41
"""Of the characters beyond U+024F every 41st is tried."""
SHOWN = 5
BLANK = " \u2581"
"""Space, and the letter that SentencePiece writes for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Losses:
    """Characters, of those tried, that a tokenizer does not keep."""

    vanished: tuple[str, ...] = ()
    """They make no id."""
    unknown: tuple[str, ...] = ()
    """They make the unknown token."""
    garbled: tuple[str, ...] = ()
    """Their ids decode to something else: a byte of theirs vanishes."""
    changed: tuple[tuple[str, str], ...] = ()
    """The normalizer makes others of them than Unicode's NFC does, and not only spaces."""

    def sentence(self, where: str) -> str | None:
        """Return what is lost, for a warning; None where nothing is."""
        said = []
        if self.vanished:
            said.append(f"{len(self.vanished):,} vanish, such as {_shown(self.vanished)}")
        if self.unknown:
            said.append(f"{len(self.unknown):,} become the unknown token, such as {_shown(self.unknown)}")
        if self.garbled:
            said.append(f"{len(self.garbled):,} do not come back whole, such as {_shown(self.garbled)}")
        if self.changed:
            pairs = ", ".join(f"{before!r} to {after!r}" for before, after in self.changed[:SHOWN])
            said.append(f"{len(self.changed):,} are changed by its normalizer, such as {pairs}")
        if not said:
            return None
        return (
            f"{where}: this tokenizer loses text: of {len(characters()):,} characters tried {'; '.join(said)}. "
            "Documents of which no token is left go to the ledger as tokens.no_tokens; take a byte-level tokenizer to keep all."
        )


@cache
def characters() -> tuple[str, ...]:
    """Return the characters that are tried: Latin ones all, of the others that are assigned every 41st; no spaces.

    At the end stand control characters and one of every plane, so that together they hold all bytes of UTF-8.
    """
    numbers = {*range(0x21, 0x250), *range(0x250, 0x30000, STEP), *range(0x1F300, 0x1F680, 7)}
    found = (chr(number) for number in sorted(numbers))
    written = [
        one for one in found if unicodedata.category(one) not in ("Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp")
    ]
    hidden = [chr(number) for number in (*range(1, 9), *range(0x0E, 0x1C), 0x7F)]
    return (*written, *hidden, *(chr((plane << 16) + 1) for plane in range(3, 17)))


def find_changes(normalize: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """Return the characters that a normalizer makes others of than NFC does, spaces apart."""
    pairs = ((letter, normalize(letter).strip(BLANK)) for letter in characters())
    return tuple((one, after) for one, after in pairs if after not in (one, unicodedata.normalize("NFC", one)))


def find_losses(
    encode: Callable[[str], Sequence[int]],
    comes_back: Callable[[str, Sequence[int]], bool],
    unknown: int | None,
    blank: Collection[int],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the characters that alone make no id, those that make the unknown one, and those that do not come back.

    `blank` ids stand for spaces.
    """
    vanished, not_known, garbled = list[str](), list[str](), list[str]()
    for letter in characters():
        ids = encode(letter)
        left = {*ids}.difference(blank)
        if not left:
            vanished.append(letter)
        elif unknown in left:
            not_known.append(letter)
        elif not comes_back(letter, ids):
            garbled.append(letter)
    return tuple(vanished), tuple(not_known), tuple(garbled)


def _shown(letters: Sequence[str]) -> str:
    return ", ".join(repr(letter) for letter in letters[:SHOWN])
