"""Text to token ids with a fast encoder, and the check of a sample of documents against `tokenizers`.

All are built from the same definition, and take text that spells a special token for ordinary text.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastokens import Tokenizer

from atom_data.assets import version_of
from atom_data.errors import ConfigError
from atom_data.tokens.tokenizer.definition import definition_files
from atom_data.tokens.tokenizer.reference import PROBES, Encoded, Reference, is_engine_error, short
from atom_data.tokens.tokenizer.vocabulary import Vocabulary, load_vocabulary

logger = logging.getLogger(__name__)

BACKENDS = ("fastokens", "gigatoken", "tokenizers")

PROBED = 64
"""Names of special tokens that are tried."""


Encode = Callable[[Sequence[str]], Encoded]


class Encoder:
    """Token ids by a fast encoder, exact, and close to linear in the length of a text, also where it is one word.

    Backends: "fastokens" (its cache of words takes 450 MB at most); "gigatoken", which may be faster and whose cache
    has no bound in 0.10, so it is made anew for each shard (`pip install 'atom-data[gigatoken]'`); "tokenizers", the
    reference itself at a fiftieth of the speed, for kinds that neither knows (SentencePiece's).

    Workers are processes, so each encodes on one thread; the environment variable FASTOKENS_BPE_THREADS allows more.

    Memory besides the cache: the texts and their ids; for one unbroken word about 60 bytes per byte of it.
    """

    def __init__(self, vocabulary: Vocabulary, backend: str = "fastokens", checked: bool = False) -> None:
        """Build the encoder and the reference. ConfigError when one of them cannot work with the definition.

        With `checked` they are not compared: it is known that they agree.
        """
        self.vocabulary, self.backend = vocabulary, backend
        made = {"fastokens": _fastokens, "gigatoken": _gigatoken}.get(backend)
        fast = made(vocabulary) if made else None
        self.reference = Reference(vocabulary, backend)
        self._encode: Encode = fast or self.reference.encode_all
        if fast is not None and not checked:
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
                return number, short(error)
        return len(texts), "together with others only"


Texts = list[str | None]
"""Of a batch; null where there is none that can be encoded."""


def load_encoder(
    tokenizer: Path,
    eos: str | None = None,
    backend: str = "fastokens",
    *,
    bos: str | None = None,
    encoding: str | None = None,
    checked: bool = False,
) -> Encoder:
    """Return an encoder for a tokenizer (see `load_vocabulary`); with `checked`, of files of which it is known that they are right.

    The last one is kept while its files are unchanged, as every task of a worker needs it and a large one takes seconds;
    not so gigatoken's, whose cache would grow from shard to shard.
    """
    stamps = tuple((str(file), _stamp(file)) for file in definition_files(tokenizer))
    vocabulary = _vocabulary(tokenizer, stamps, eos, bos, encoding, checked)
    make = Encoder if backend == "gigatoken" else _encoder
    return make(vocabulary, backend, checked)


@lru_cache(maxsize=64)
def say(sentence: str) -> None:
    """Log as a warning what text a tokenizer loses, once in a process."""
    logger.warning("%s", sentence)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return 0, 0  # reading it says what is wrong
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1)
def _vocabulary(
    tokenizer: Path, stamps: object, eos: str | None, bos: str | None, encoding: str | None, checked: bool
) -> Vocabulary:
    return load_vocabulary(tokenizer, eos, bos=bos, encoding=encoding, checked=checked)


@lru_cache(maxsize=1)
def _encoder(vocabulary: Vocabulary, backend: str, checked: bool) -> Encoder:
    return Encoder(vocabulary, backend, checked)


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
    """Return the backend, with its version where it is an extra: the versions of the others count in the code."""
    if backend != "gigatoken":
        return backend
    version = version_of("gigatoken")
    return backend if version is None else f"gigatoken {version}"


def _unknown(vocabulary: Vocabulary, backend: str, error: BaseException) -> ConfigError:
    return ConfigError(
        f"{vocabulary.file}: {backend} cannot use this tokenizer ({short(error)}). Use the slow backend 'tokenizers'."
    )


def texts_of(column: pa.Array) -> list[str | None]:
    """Return the values of a text column; null where there is none, or where it is not UTF-8."""
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


def pieces(batch: pa.RecordBatch, limit: int) -> Iterator[pa.RecordBatch]:
    """Yield the batch in slices of at most `limit` bytes of text, or of one row that is longer."""
    lengths = pc.fill_null(pc.binary_length(batch.column("text")), 0).to_numpy(zero_copy_only=False)
    ends = np.cumsum(lengths, dtype=np.int64)
    first = 0
    while first < batch.num_rows:
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + limit, "right")))
        yield batch.slice(first, last - first)
        first = last
