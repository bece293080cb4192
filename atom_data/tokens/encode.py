"""Text to token ids with fastokens, and the check of a sample of documents against `tokenizers`.

Both are built from the same definition, and take text that spells a special token for ordinary text.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tokenizers
from fastokens import Tokenizer

from atom_data.errors import ConfigError, DataError
from atom_data.tokens.vocabulary import Vocabulary, load_vocabulary

BACKENDS = ("fastokens", "tokenizers")

PROBES = ("a", " a  b", "a \n\n\tb ", "naïve Ｆｕｌｌ 漢字 👩‍👩‍👧", "it's 1,234.50")
"""A tokenizer that gives these back as they were is one whose ids must decode to the document's bytes."""


class Encoded(NamedTuple):
    """The ids of every text, one after the other: those of text i are `ids[offsets[i]:offsets[i + 1]]`."""

    ids: npt.NDArray[np.uint32]
    offsets: npt.NDArray[np.int64]


class Encoder:
    """Token ids by fastokens: exact, and linear in the length of a text (a line of 4 MB takes about 2 s).

    Memory: the texts, their ids, and a cache of words that fastokens bounds (about 450 MB measured). The backend
    "tokenizers" takes tokenizers that fastokens does not know (SentencePiece's), at a fiftieth of the speed.
    """

    def __init__(self, vocabulary: Vocabulary, backend: str = "fastokens") -> None:
        """Build both encoders. ConfigError when one of them cannot work with the definition."""
        self.vocabulary = vocabulary
        self._fast = _fast(vocabulary) if backend == "fastokens" else None
        self.reference = Reference(vocabulary)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Return the ids of the texts, without special tokens around or inside them."""
        if self._fast is None:
            each = [np.array(self.reference.encode(text), "<u4") for text in texts]
            offsets = np.cumsum([0, *map(len, each)], dtype=np.int64)
            return Encoded(np.concatenate([np.zeros(0, "<u4"), *each]), offsets)
        ids, ends = self._fast.encode_batch_flat(list(texts), add_special_tokens=False, split_special_tokens=True)
        return Encoded(np.frombuffer(ids, "<u4"), np.frombuffer(ends, "<u8").astype(np.int64))


class Reference:
    """The same tokenizer in `tokenizers`, slow and trusted."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Build it, and find out whether its ids can be decoded to what was encoded."""
        try:
            self._slow = tokenizers.Tokenizer.from_str(vocabulary.definition)
        except Exception as error:  # tokenizers raises no class of its own
            raise ConfigError(
                f"{vocabulary.file}: tokenizers cannot use this tokenizer ({_short(error)}). Give a tokenizer.json."
            ) from error
        self._slow.encode_special_tokens = True
        self.decodes = all(self.decode(self.encode(text)) == self.normalize(text) for text in PROBES)
        """Whether ids give back the text (after the tokenizer's own normalizer, such as NFC), as byte-level BPE does."""

    def encode(self, text: str) -> list[int]:
        """Return the ids of one text."""
        return list(self._slow.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, special tokens included."""
        return str(self._slow.decode(list(ids), skip_special_tokens=False))

    def normalize(self, text: str) -> str:
        """Return the text as the tokenizer's normalizer leaves it."""
        normalizer = self._slow.normalizer
        return str(normalizer.normalize_str(text)) if normalizer is not None else text

    def check(self, where: str, document: str, text: str, ids: Sequence[int]) -> None:
        """Raise DataError unless `ids` are what `tokenizers` makes of the text, and decode to it."""
        expected = self.encode(text)
        if list(ids) != expected:
            position = _first_difference(ids, expected)
            raise DataError(
                f"{where}: document {document} differs from the reference at token {position}: fastokens gives "
                f"{_at(ids, position)} of {len(ids):,} ids, tokenizers {_at(expected, position)} of {len(expected):,}. "
                "Don't train on these tokens; report the document, and try another version of fastokens."
            )
        if not self.decodes:
            return
        wanted, decoded = self.normalize(text), self.decode(ids)
        if decoded != wanted:
            position = _first_difference(decoded, wanted)
            raise DataError(
                f"{where}: document {document} does not decode to itself: character {position} is "
                f"{decoded[position : position + 10]!r} and was {wanted[position : position + 10]!r}. "
                "The tokenizer loses text; use a byte-level one."
            )


def load_encoder(tokenizer: Path, eos: str | None = None, backend: str = "fastokens") -> Encoder:
    """Return an encoder for a tokenizer.json; `eos` names the token that ends a document, or the usual ones are tried."""
    return _encoder(load_vocabulary(tokenizer, eos), backend)


@lru_cache(maxsize=1)  # a large vocabulary takes seconds to build, and every task of a worker needs the same
def _encoder(vocabulary: Vocabulary, backend: str) -> Encoder:
    return Encoder(vocabulary, backend)


def _fast(vocabulary: Vocabulary) -> Any:  # noqa: ANN401 - fastokens has no types
    try:
        return Tokenizer.from_json_str(vocabulary.definition)
    except Exception as error:  # fastokens raises no class of its own
        raise ConfigError(
            f"{vocabulary.file}: fastokens cannot use this tokenizer ({_short(error)}). Use the slow backend 'tokenizers'."
        ) from error


def texts_of(column: pa.Array) -> list[str | None]:
    """Return the values of a text column; null where there is none, or where it is no UTF-8."""
    try:
        values: list[str | None] = column.to_pylist()
    except UnicodeDecodeError:
        raw = column.cast(pa.large_binary()).to_pylist()
        values = [_text(value) for value in raw]
    return values


def _text(value: bytes | None) -> str | None:
    try:
        return value.decode() if value is not None else None
    except UnicodeDecodeError:
        return None


def _first_difference(left: Sequence[object], right: Sequence[object]) -> int:
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _at(ids: Sequence[int], position: int) -> str:
    return str(ids[position]) if position < len(ids) else "nothing"


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
