"""Text to token ids with a fast encoder, and the check of a sample of documents against `tokenizers`.

All are built from the same definition, and take text that spells a special token for ordinary text.
"""

import importlib.metadata
import json
import logging
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tokenizers
from fastokens import Tokenizer

from atom_data.errors import ConfigError, DataError
from atom_data.tokens.definition import definition_files
from atom_data.tokens.losses import BLANK, Losses, characters, find_changes, find_losses
from atom_data.tokens.vocabulary import Vocabulary, load_vocabulary

logger = logging.getLogger(__name__)

BACKENDS = ("fastokens", "gigatoken", "tokenizers")

PROBES = ("a", " a  b", "a \n\n\tb ", "naïve Ｆｕｌｌ 漢字 👩‍👩‍👧", "it's 1,234.50")
"""A tokenizer that gives these back as they were is one whose ids must decode to the document's bytes."""

PROBED = 64
"""Names of special tokens that are tried."""


class Encoded(NamedTuple):
    """The ids of every text, one after the other: those of text i are `ids[offsets[i]:offsets[i + 1]]`."""

    ids: npt.NDArray[np.uint32]
    offsets: npt.NDArray[np.int64]


Encode = Callable[[Sequence[str]], Encoded]


class Encoder:
    """Token ids by a fast encoder, exact, and close to linear in the length of a text, also where it is one word.

    Backends: "fastokens" (its cache of words takes 450 MB at most); "gigatoken", which may be faster and whose cache
    has no bound in 0.10, so it is made anew for each shard (`pip install 'atom-data[gigatoken]'`); "tokenizers", the
    reference itself at a fiftieth of the speed, for kinds that neither knows (SentencePiece's).

    Workers are processes, so each encodes on one thread; the environment variable FASTOKENS_BPE_THREADS allows more.

    Memory besides the cache: the texts and their ids; for one unbroken word about 60 bytes a byte of it.
    """

    def __init__(self, vocabulary: Vocabulary, backend: str = "fastokens") -> None:
        """Build the encoder and the reference. ConfigError when one of them cannot work with the definition."""
        self.vocabulary, self.backend = vocabulary, backend
        made = {"fastokens": _fastokens, "gigatoken": _gigatoken}.get(backend)
        fast = made(vocabulary) if made else None
        self.reference = Reference(vocabulary, backend)
        self._encode: Encode = fast or self.reference.encode_all
        if fast is not None:
            self._compare(fast)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Return the ids of the texts, without special tokens around or inside them."""
        return self._encode(texts)

    def _compare(self, fast: Encode) -> None:
        """Raise ConfigError where the fast encoder takes names of special tokens or bytes otherwise than the reference."""
        names = [*self.vocabulary.special_names[:PROBED], "<0x41>", "<s>", "</s>", "<unk>", "[CLS]"]
        texts = [*PROBES, *names, *(f"a{name}b" for name in names), *(f" {name} ." for name in names), "".join(names)]
        try:
            found = fast(texts)
        except BaseException as error:
            raise _unknown(self.vocabulary, self.backend, error) if is_engine_error(error) else error from error
        for number, text in enumerate(texts):
            ids = found.ids[found.offsets[number] : found.offsets[number + 1]].tolist()
            expected = self.reference.encode(text)
            if ids != expected:
                raise ConfigError(
                    f"{self.vocabulary.file}: {self.backend} makes the ids {ids[:8]} of {text[:40]!r}, and tokenizers "
                    f"{expected[:8]}. Use the slow backend 'tokenizers' for this tokenizer."
                )

    def first_failure(self, texts: Sequence[str]) -> tuple[int, str]:
        """Return the first text that cannot be encoded, and why; after the last one where each can be."""
        for number, text in enumerate(texts):
            try:
                self._encode([text])
            except BaseException as error:
                if not is_engine_error(error):
                    raise
                return number, _short(error)
        return len(texts), "together with others only"


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
        except BaseException as error:  # tokenizers raises no class of its own, and its panics are no Exception
            if not is_engine_error(error):
                raise
            raise ConfigError(
                f"{vocabulary.file}: tokenizers cannot use this tokenizer ({_short(error)}). Give a tokenizer.json."
            ) from error
        self._require_ids(vocabulary)

    def _blank(self, unknown: int | None) -> frozenset[int]:
        letters = {self._slow.token_to_id(letter) for letter in (*BLANK, "\u0120")}
        return frozenset(one for one in {*self.encode(" "), *letters} if one is not None and one != unknown)

    def _losses(self, unknown: int | None) -> Losses:
        vanished, not_known = ((), ()) if self.decodes else find_losses(self.encode, unknown, self.blank)
        changed = find_changes(self.normalize) if self._slow.normalizer is not None else ()
        return Losses(vanished=vanished, unknown=not_known, changed=changed)

    def _require_ids(self, vocabulary: Vocabulary) -> None:
        """Raise ConfigError where the library gives an added token another id than the file: a gap stands before it."""
        for entry in json.loads(vocabulary.plain).get("added_tokens") or []:
            found = self._slow.token_to_id(entry["content"])
            if found != entry["id"] and not entry.get("special"):  # no text makes a special one
                raise ConfigError(
                    f"{vocabulary.file}: the added token {entry['content']!r:.60} has id {entry['id']:,}, and tokenizers gives it "
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


def load_encoder(
    tokenizer: Path,
    eos: str | None = None,
    backend: str = "fastokens",
    *,
    bos: str | None = None,
    encoding: str | None = None,
) -> Encoder:
    """Return an encoder for a tokenizer (see `load_vocabulary`).

    The last one is kept while its files are unchanged, as every task of a worker needs it and a large one takes seconds;
    not so gigatoken's, whose cache would grow from shard to shard.
    """
    stamps = tuple((str(file), _stamp(file)) for file in definition_files(tokenizer))
    vocabulary = _vocabulary(tokenizer, stamps, eos, bos, encoding)
    return Encoder(vocabulary, backend) if backend == "gigatoken" else _encoder(vocabulary, backend)


def say_losses(encoder: Encoder) -> None:
    """Log as a warning what text a tokenizer loses, once in a process."""
    sentence = encoder.reference.losses.sentence(encoder.vocabulary.file)
    if sentence is not None:
        _say(sentence)


@lru_cache(maxsize=64)
def _say(sentence: str) -> None:
    logger.warning("%s", sentence)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return 0, 0  # reading it says what is wrong
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1)
def _vocabulary(tokenizer: Path, stamps: object, eos: str | None, bos: str | None, encoding: str | None) -> Vocabulary:
    return load_vocabulary(tokenizer, eos, bos=bos, encoding=encoding)


@lru_cache(maxsize=1)
def _encoder(vocabulary: Vocabulary, backend: str) -> Encoder:
    return Encoder(vocabulary, backend)


def _fastokens(vocabulary: Vocabulary) -> Encode:
    # It reads this when it encodes for the first time. Each thread has a cache of words of its own to fill and to hold.
    os.environ.setdefault("FASTOKENS_BPE_THREADS", "1")
    try:
        fast = Tokenizer.from_json_str(vocabulary.plain)
    except BaseException as error:  # fastokens raises no class of its own
        raise _unknown(vocabulary, "fastokens", error) if is_engine_error(error) else error from error

    def encode(texts: Sequence[str]) -> Encoded:
        ids, ends = fast.encode_batch_flat(list(texts), add_special_tokens=False, split_special_tokens=True)
        return Encoded(np.frombuffer(ids, "<u4"), np.frombuffer(ends, "<u8").astype(np.int64))

    return encode


def _gigatoken(vocabulary: Vocabulary) -> Encode:
    try:
        import gigatoken  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "backend 'gigatoken': the package is not installed. pip install 'atom-data[gigatoken]', or use 'fastokens'."
        ) from error
    page = json.loads(vocabulary.plain)
    # It has no option that leaves special tokens in text alone, so it must not know them.
    page["added_tokens"] = [entry for entry in page.get("added_tokens") or [] if not entry.get("special")]
    try:
        fast = gigatoken.Tokenizer.from_json(json.dumps(page, ensure_ascii=False))
    except BaseException as error:
        raise _unknown(vocabulary, "gigatoken", error) if is_engine_error(error) else error from error

    def encode(texts: Sequence[str]) -> Encoded:
        if not texts:
            return Encoded(np.zeros(0, "<u4"), np.zeros(1, np.int64))
        # One thread: workers are processes, as for every other backend.
        layout = fast.encode_batch(list(texts), parallel=False).layout
        offsets = np.asarray(layout.offsets.data, np.int64)
        return Encoded(np.asarray(layout.content.data)[offsets[0] : offsets[-1]], offsets - offsets[0])

    return encode


def backend_identity(backend: str) -> str:
    """Return the backend, with its version where it is an extra: the versions of the others count everywhere."""
    if backend != "gigatoken":
        return backend
    try:
        return f"gigatoken {importlib.metadata.version('gigatoken')}"
    except importlib.metadata.PackageNotFoundError:
        return backend


def _unknown(vocabulary: Vocabulary, backend: str, error: BaseException) -> ConfigError:
    return ConfigError(
        f"{vocabulary.file}: {backend} cannot use this tokenizer ({_short(error)}). Use the slow backend 'tokenizers'."
    )


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


def _letters(text: str) -> str:
    return "".join(text.replace(BLANK[1], " ").split())


def is_engine_error(error: BaseException) -> bool:
    """Tell whether an error is an engine's: a Rust panic is a BaseException, of a class that cannot be imported."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
