"""A finished folder of tokens as the samples of a packing: documents that fit into a sample are never cut."""

import hashlib
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError, DataError
from atom_data.identity import canonical
from atom_data.loader.files import Files, Seen
from atom_data.loader.masks import IGNORED
from atom_data.loader.tokens import Spans, TokenShards
from atom_data.storage.paths import is_remote, local, sha256
from atom_data.tokens.pack import PLAN, read_packing

BYTES = 8
"""Of a number in a plan."""


class PackedShards:
    """The samples of a packing, by number: pieces of documents one after the other, and padding at the end.

    `atom-data pack OUT/TOKENS --to FOLDER` makes the packing. A place of padding has the end token and the label -100;
    so has the last token of a document, because what follows it in the sample is another one. A piece that ends inside its
    document has the next token of the document as its last label. Padding counts as a document of its own.

    Memory: about 3 kB a shard; at most 64 files of tokens and as many of the plan are open.
    """

    def __init__(
        self,
        folder: str,
        *,
        packing: str,
        tokenizer: Path | None = None,
        encoding: str | None = None,
        check_content: bool = False,
    ) -> None:
        """Open a folder of tokens, as TokenShards does, and its packing. DataError when the two do not fit together."""
        self.whole = whole = TokenShards(
            folder, sequence_length=1, tokenizer=tokenizer, encoding=encoding, check_content=check_content
        )
        self.folder, self.shards, self.remote = whole.folder, whole.shards, whole.remote
        self.eos_id, self.vocabulary, self.tokenizer = whole.eos_id, whole.vocabulary, whole.tokenizer
        self.packing = packing.rstrip("/") if is_remote(packing) else str(local(packing).absolute())
        page = read_packing(self.packing)
        names = [shard["name"] for shard in self.whole.shards]
        self._sizes = [int(one["bytes"]) for one in page["shards"]]
        plans = [{**one, "path": f"{name}{PLAN}"} for name, one in zip(names, page["shards"], strict=False)]
        self._seen = Seen(self.packing, plans, "packing.json", "pack again")
        self._check(page, check_content)
        self.sequence_length = int(page["length"])
        self.fingerprint = hashlib.sha256(
            canonical(
                [self.whole.fingerprint, self.sequence_length, [one["sha256"] for one in page["shards"]]]
            ).encode()
        ).hexdigest()
        self._counts = [int(one["samples"]) for one in page["shards"]]
        self._ends = list(accumulate(self._counts))
        self._files = Files(self._seen)

    def __len__(self) -> int:
        """How many samples there are."""
        return self._ends[-1]

    def spans(self, index: int) -> Spans:
        """Return the shard's number and the token ranges of a sample, in the order of the sample."""
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        number = bisect_right(self._ends, index)
        place = index - (self._ends[number - 1] if number else 0)
        first, stop = self._numbers(number, place, 2).tolist()
        pieces = self._numbers(number, self._counts[number] + 1 + 2 * first, 2 * (stop - first)).reshape(-1, 2)
        return number, [(start, start + count) for start, count in pieces.tolist()]

    def fill(self, index: int, inputs: npt.NDArray[np.uint32], labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Write a sample into two rows, and return where its parts begin, and its length."""
        number, spans = self.spans(index)
        end = self.whole.shards[number]["tokens"]
        inputs[:], labels[:] = self.eos_id, IGNORED
        bounds = [0]
        for start, stop in spans:
            at, count = bounds[-1], stop - start
            ids = self.whole.read(number, start, min(stop + 1, end))
            inputs[at : at + count] = ids[:count]
            inside = count - 1 if ids[count - 1] == self.eos_id else count
            labels[at : at + inside] = ids[1 : inside + 1]
            for first, last in self.whole.masks.within(number, start, stop + 1, start):
                labels[at + max(first - 1, 0) : at + min(last - 1, count)] = IGNORED
            bounds.append(at + count)
        padded = [self.sequence_length] if bounds[-1] < self.sequence_length else []
        return np.array([*bounds, *padded], np.int32)

    def settle(self) -> bool:
        """True: what `fill` read is settled already."""
        return True

    def documents(self, number: int, start: int, stop: int) -> list[dict[str, Any]]:
        """Return the documents of tokens [start, stop) of a shard, as TokenShards does."""
        return self.whole.documents(number, start, stop)

    def find(self, identity: str) -> tuple[int, dict[str, Any]] | None:
        """Return the shard's number and the row of a document, as TokenShards does."""
        return self.whole.find(identity)

    def samples_of(self, number: int, start: int, stop: int) -> list[int]:
        """Return the samples that hold a token of [start, stop) of shard `number`. Reads the plan of the shard."""
        count = self._counts[number]
        whole = self._numbers(number, 0, self._sizes[number] // BYTES)
        bounds, pieces = whole[: count + 1], whole[count + 1 :].reshape(-1, 2)
        found = np.flatnonzero((pieces[:, 0] < stop) & (pieces[:, 0] + pieces[:, 1] > start))
        before = self._ends[number] - count
        return sorted({before + int(place) for place in np.searchsorted(bounds, found, "right") - 1})

    def _numbers(self, number: int, first: int, count: int) -> npt.NDArray[np.int64]:
        data = self._files.read(number, first * BYTES, (first + count) * BYTES)
        return np.frombuffer(data, "<i8")

    def _check(self, page: dict[str, Any], check_content: bool) -> None:
        """Raise DataError for a packing of other tokens, or one whose files are not what it says."""
        if page["fingerprint"] != self.whole.fingerprint:
            raise DataError(
                f"{self.packing}: is a packing of other tokens ({page['fingerprint'][:16]}...); those of {self.folder} are "
                f"{self.whole.fingerprint[:16]}.... Pack this folder again."
            )
        for number, one in enumerate(page["shards"]):
            path = self._seen.path(number)
            if is_remote(path):
                self._seen.note_remote(number)
            else:
                self._seen.note(number)
            if check_content and sha256(path) != one["sha256"]:
                raise DataError(f"{path}: its content is not what packing.json says (SHA-256 differs). Pack again.")
        if not page["samples"]:
            raise ConfigError(f"{self.packing}: holds no sample. Tokenize text first.")
