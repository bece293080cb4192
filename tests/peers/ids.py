"""Ids of real tokenizers on 75 MB of real text: every backend against `tokenizers`, and tiktoken where it is its own.

    make test-readers        the reference encodes 2 MB/s, so this takes some minutes; MB=5 for a part of the text

Needs the project's shared data beside the checkout.
"""

import base64
import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiktoken
import tokenizers

from atom_data.tokens.tokenizer.encode import Encoder, load_encoder
from atom_data.tokens.tokenizer.ranks import ENCODINGS
from tests.tokens.vocabularies import SHARED, needs_vocabularies, vocabularies

LIMIT = int(os.environ.get("MB", "1000")) * 1_000_000
BATCH_BYTES = 4 << 20
FILES = sorted(SHARED.glob("mixed-*.parquet"))

pytestmark = [needs_vocabularies, pytest.mark.skipif(not FILES, reason="no shared/data/mixed-*.parquet here")]


@cache
def encoder(name: str, backend: str = "fastokens") -> Encoder:
    ranks = vocabularies() / "tiktoken-ranks"
    place: dict[str, tuple[Path, str | None]] = {
        "gpt2": (vocabularies() / "gpt2", None),
        "cl100k": (ranks / "cl100k_base.tiktoken", "cl100k"),
        "qwen3": (vocabularies() / "qwen3", None),
    }
    path, encoding = place[name]
    return load_encoder(path, backend=backend, encoding=encoding)


def texts() -> Iterator[str | None]:
    """Yield the texts of all files of the mixed corpus."""
    for path in FILES:
        for batch in pq.ParquetFile(path).iter_batches(64, columns=["text"]):
            yield from batch.column("text").to_pylist()
    for path in sorted(SHARED.glob("mixed-*.jsonl.zst")):
        with pa.input_stream(path, compression="zstd") as lines:
            yield from (json.loads(line)["text"] for line in lines.read().splitlines())


def batches() -> Iterator[list[str]]:
    """Yield the texts that are not empty, some MB at a time."""
    waiting, size, total = list[str](), 0, 0
    for text in texts():
        if text and total < LIMIT:
            waiting.append(text)
            size, total = size + len(text.encode()), total + len(text.encode())
        if size >= BATCH_BYTES:
            yield waiting
            waiting, size = [], 0
    yield waiting


def count_differing(one: Encoder, other: Callable[[list[str]], list[list[int]]]) -> tuple[int, int]:
    """Return how many texts were compared, and how many of them have other ids."""
    compared = differing = 0
    for texts in batches():
        ids, offsets = one.encode(texts)
        for number, theirs in enumerate(other(texts)):
            compared += 1
            differing += not np.array_equal(ids[offsets[number] : offsets[number + 1]], theirs)
    return compared, differing


@pytest.mark.parametrize("name", ["gpt2", "cl100k", "qwen3"])
def test_ids_of_the_mixed_corpus_are_those_of_tokenizers(name: str) -> None:
    reference = tokenizers.Tokenizer.from_str(encoder(name).vocabulary.definition)
    reference.encode_special_tokens = True

    def theirs(texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in reference.encode_batch_fast(texts, add_special_tokens=False)]

    compared, differing = count_differing(encoder(name), theirs)
    assert differing == 0 and compared > 100
    print(f"{name}: {compared:,} documents, the same ids as tokenizers")


@pytest.mark.parametrize("name", ["gpt2", "cl100k"])
def test_ids_of_the_mixed_corpus_are_those_of_tiktoken(name: str) -> None:
    file = {"gpt2": "r50k_base", "cl100k": "cl100k_base"}[name]
    raw = (vocabularies() / "tiktoken-ranks" / f"{file}.tiktoken").read_bytes()
    tokens = {base64.b64decode(line.split()[0]): int(line.split()[1]) for line in raw.splitlines()}
    split = ENCODINGS[name].split or r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    theirs = tiktoken.Encoding(name, pat_str=split, mergeable_ranks=tokens, special_tokens=ENCODINGS[name].special)
    compared, differing = count_differing(encoder(name), theirs.encode_ordinary_batch)
    assert differing == 0 and compared > 100
    print(f"{name}: {compared:,} documents, the same ids as tiktoken")


@pytest.mark.parametrize("name", ["gpt2", "cl100k", "qwen3"])
def test_ids_of_the_mixed_corpus_are_the_same_from_gigatoken(name: str) -> None:
    pytest.importorskip("gigatoken", reason="an extra")
    other = encoder(name, "gigatoken")

    def theirs(texts: list[str]) -> list[list[int]]:
        ids, offsets = other.encode(texts)
        return [ids[offsets[number] : offsets[number + 1]].tolist() for number in range(len(texts))]

    compared, differing = count_differing(encoder(name), theirs)
    assert differing == 0 and compared > 100
    print(f"{name}: {compared:,} documents, the same ids as gigatoken")
