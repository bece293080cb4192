"""A byte-level BPE tokenizer trained on a sample of a corpus: the same corpus and seed, the same file."""

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import tokenizers
from tokenizers import pre_tokenizers, trainers

from atom_data.errors import ConfigError, DataError
from atom_data.graph import Source
from atom_data.storage.shards import Intake
from atom_data.text.hashes import keyed_hashes
from atom_data.tokens.tokenizer.encode import texts_of
from atom_data.tokens.tokenizer.ranks import ENCODINGS, byte_level_definition
from atom_data.workspace import Workspace

SMALLEST = 256
Seen = Callable[[int, int], None]
"""Called after each batch with documents and bytes of text read so far."""


@dataclass(slots=True)
class Sample:
    """Texts drawn from a corpus, and what they were drawn from."""

    texts: list[str]
    documents: int = 0
    text_bytes: int = 0
    """Of the whole corpus."""
    unreadable: int = 0

    @property
    def sampled_bytes(self) -> int:
        """Bytes of the texts drawn."""
        return sum(len(text.encode()) for text in self.texts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """What decides a tokenizer besides the texts: ids, split and special tokens."""

    size: int = 32_768
    """Ids in all: special tokens, 256 bytes, and merges."""
    split: str = "cl100k"
    """Whose regular expression cuts text before merging: that of "gpt2", "cl100k" or "o200k"."""
    special: tuple[str, ...] = ("<|endoftext|>",)
    """Ids from 0 on, in this order."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a tokenizer."""
        if self.split not in ENCODINGS:
            raise ConfigError(
                f"train-tokenizer: no split '{self.split}'; there are {', '.join(ENCODINGS)}. Name one of them."
            )
        double = [name for name, count in Counter(self.special).items() if count > 1 or not name]
        if not self.special or double:
            raise ConfigError(
                f"train-tokenizer: special tokens {list(self.special)}. Give at least one to end documents with, each once."
            )
        if self.size <= SMALLEST + len(self.special):
            raise ConfigError(
                f"train-tokenizer: {self.size:,} ids, of which {SMALLEST} are bytes and {len(self.special)} special: "
                "nothing is left to learn. Give more."
            )


def draw(
    source: Source, workspace: Workspace, sample_bytes: int, seed: int = 0, seen: Seen = lambda documents, size: None
) -> Sample:
    """Draw whole documents of about `sample_bytes`: those whose hash of (seed, id) is smallest, so in any order alike.

    A document that alone is more than a hundredth of the sample is left out, so that one file cannot be the tokenizer.
    Memory: the sample, twice. DataError when the corpus has no text.
    """
    waiting: list[tuple[int, int, str]] = []  # a heap with the largest hash on top
    held, sample = 0, Sample([])

    def reject(reason: str, position: int, detail: str, raw: bytes) -> None:
        sample.unreadable += 1

    for shard in source.shards(workspace):
        for batch in source.read(shard, workspace, ("id", "text"), Intake(reject=reject)):
            texts = texts_of(batch.column("text"))
            hashes = keyed_hashes(f"vocabulary {seed}", batch.column("id").cast("large_binary").to_pylist())
            for key, text in zip(hashes.tolist(), texts, strict=True):
                size = len(text.encode()) if text else 0
                sample.documents, sample.text_bytes = sample.documents + 1, sample.text_bytes + size
                if text and size <= max(sample_bytes // 100, 1 << 16):
                    heapq.heappush(waiting, (-key, -size, text))
                    held += size
                # What goes has enough before it whatever else comes: so the sample does not depend on the order.
                while waiting and held + waiting[0][1] >= sample_bytes:
                    held += heapq.heappop(waiting)[1]
            seen(sample.documents, sample.text_bytes)
    if not waiting:
        raise DataError(
            f"{source.name}: no text in {sample.documents:,} documents to learn from. Look into what it reads."
        )
    sample.texts = [text for _, _, text in sorted(waiting, reverse=True)]
    return sample


def train(texts: Iterable[str], training: Training) -> str:
    """Return the tokenizer.json learned from texts. DataError when they are too few for so many ids."""
    start = byte_level_definition({}, [], ENCODINGS[training.split].split, {}, whole=False)
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(start))
    trainer = trainers.BpeTrainer(
        vocab_size=training.size,
        special_tokens=list(training.special),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_pieces(texts), trainer)
    got = tokenizer.get_vocab_size()
    if got < training.size:
        raise DataError(
            f"train-tokenizer: the texts gave {got:,} ids of {training.size:,}: they hold no more pairs to merge. "
            "Give more text, or ask for fewer ids."
        )
    return str(tokenizer.to_str(pretty=True)) + "\n"


def _pieces(texts: Iterable[str], characters: int = 1 << 20) -> Iterator[str]:
    """Yield long texts in parts, so that the trainer's batch of 256 texts stays small."""
    for text in texts:
        for start in range(0, len(text), characters):
            yield text[start : start + characters]
