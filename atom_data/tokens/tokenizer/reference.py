"""The same tokenizer in `tokenizers`, slow and trusted: what the fast ones are compared with."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tokenizers

from atom_data.errors import ConfigError, DataError
from atom_data.tokens.tokenizer.losses import BLANK, Losses, characters, find_changes, find_losses
from atom_data.tokens.tokenizer.vocabulary import Vocabulary

PROBES = ("a", " a  b", "a \n\n\tb ", "naïve Ｆｕｌｌ 漢字 👩‍👩‍👧", "it's 1,234.50")
"""A tokenizer that gives these back as they were is one whose ids must decode to the document's bytes."""


class Encoded(NamedTuple):
    """The ids of every text, one after the other: those of text i are `ids[offsets[i]:offsets[i + 1]]`."""

    ids: npt.NDArray[np.uint32]
    offsets: npt.NDArray[np.int64]


class Reference:
    """The same tokenizer in `tokenizers`, slow and trusted."""

    def __init__(self, vocabulary: Vocabulary, backend: str = "fastokens") -> None:
        """Build it, and find out whether its ids can be decoded to what was encoded; `backend` is what it checks."""
        self._backend = backend
        try:
            self._slow = tokenizers.Tokenizer.from_str(vocabulary.plain)
            self._slow.encode_special_tokens = True
            whole = [*PROBES, "".join(characters())]
            self.decodes = all(self.decode(self.encode(text)) == self.normalize(text) for text in whole)
            """Whether ids give back the text (after the tokenizer's own normalizer, such as NFC), as byte-level BPE does."""
            self.blank = self._blank(vocabulary.unknown_id)
            """Ids that stand for no more than spaces."""
            self.losses = self._losses(vocabulary.unknown_id)
        except BaseException as error:  # tokenizers raises no class of its own, and its panics are not Exceptions
            if not is_engine_error(error):
                raise
            raise ConfigError(
                f"{vocabulary.file}: tokenizers cannot use this tokenizer ({short(error)}). Give a tokenizer.json."
            ) from error
        self._require_ids(vocabulary)

    def _blank(self, unknown: int | None) -> frozenset[int]:
        letters = {self._slow.token_to_id(letter) for letter in (*BLANK, "\u0120")}
        return frozenset(one for one in {*self.encode(" "), *letters} if one is not None and one != unknown)

    def _losses(self, unknown: int | None) -> Losses:
        changed = find_changes(self.normalize) if self._slow.normalizer is not None else ()
        if self.decodes:
            return Losses(changed=changed)
        vanished, not_known, garbled = find_losses(self.encode, self._comes_back, unknown, self.blank)
        return Losses(vanished=vanished, unknown=not_known, garbled=garbled, changed=changed)

    def _comes_back(self, text: str, ids: Sequence[int]) -> bool:
        """Tell whether ids decode to a text, spaces apart; without a decoder this cannot be told."""
        return self._slow.decoder is None or _letters(self.decode(ids)) == _letters(self.normalize(text))

    def _require_ids(self, vocabulary: Vocabulary) -> None:
        """Raise ConfigError where the library gives an added token another id than the file: a gap stands before it."""
        for name, number in vocabulary.ordinary:
            found = self._slow.token_to_id(name)
            if found != number:
                raise ConfigError(
                    f"{vocabulary.file}: the added token {name!r:.60} has id {number:,}, and tokenizers gives it "
                    f"{found}: the ids before it have a gap. Give the tokenizer.json as its maker wrote it."
                )

    def encode(self, text: str) -> list[int]:
        """Return the ids of one text; the encoder of many is a quarter faster, as it notes no places in the text."""
        return list(self._slow.encode_batch_fast([text], add_special_tokens=False)[0].ids)

    def encode_all(self, texts: Sequence[str]) -> Encoded:
        """Return the ids of many."""
        each = [np.array(self.encode(text), "<u4") for text in texts]
        offsets = np.cumsum([0, *map(len, each)], dtype=np.int64)
        return Encoded(np.concatenate([np.zeros(0, "<u4"), *each]), offsets)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, special tokens included."""
        return str(self._slow.decode(list(ids), skip_special_tokens=False))

    def normalize(self, text: str) -> str:
        """Return the text as the tokenizer's normalizer leaves it."""
        normalizer = self._slow.normalizer
        return str(normalizer.normalize_str(text)) if normalizer is not None else text

    def check(self, where: str, document: str, text: str, ids: Sequence[int]) -> bool:
        """Raise DataError unless `ids` are what `tokenizers` makes of the text, and decode to it.

        False where they decode to another text, spaces apart, and the tokenizer is known to lose some.
        """
        expected = self.encode(text)
        if list(ids) != expected:
            position = _first_difference(ids, expected)
            raise DataError(
                f"{where}: document {document} differs from the reference at token {position}: {self._backend} gives "
                f"{_at(ids, position)} of {len(ids):,} ids, tokenizers {_at(expected, position)} of {len(expected):,}. "
                "Don't train on these tokens; report the document, and try another backend."
            )
        wanted, decoded = self.normalize(text), self.decode(ids)
        if not self.decodes:
            return _letters(decoded) == _letters(wanted)
        if decoded != wanted:
            position = _first_difference(decoded, wanted)
            raise DataError(
                f"{where}: document {document} does not decode to itself: character {position} is "
                f"{decoded[position : position + 10]!r} and was {wanted[position : position + 10]!r}. "
                "The tokenizer loses text; use a byte-level one."
            )
        return True


def _first_difference(left: Sequence[object], right: Sequence[object]) -> int:
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _at(ids: Sequence[int], position: int) -> str:
    return str(ids[position]) if position < len(ids) else "nothing"


def _letters(text: str) -> str:
    return "".join(text.replace(BLANK[1], " ").split())


def is_engine_error(error: BaseException) -> bool:
    """Tell whether an error is an engine's: a Rust panic is a BaseException, of a class that cannot be imported."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def short(error: BaseException) -> str:
    """Return what an error says, on one line of at most 200 characters."""
    return " ".join(str(error).split())[:200]
