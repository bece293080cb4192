"""A finished folder of tokens as windows of a fixed length: read with `pread`, or by ranges from an object store."""

from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from atom_data.errors import ConfigError, DataError
from atom_data.loader.files import Files, Seen
from atom_data.loader.masks import Masks, Ranges
from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.paths import is_remote, join, local, sha256
from atom_data.tokens.manifest import manifest, require_tokenizer
from atom_data.tokens.megatron import Index, read_header, read_index, read_tokens

INDEXES = 4
"""How many are kept in memory."""
THREADS = 16
GROUP = 32
"""Threads that check shards when a folder is opened, and shards per batch."""


class Window(NamedTuple):
    """`sequence_length` + 1 ids from token `start` of a shard: inputs and labels overlap in all but one."""

    ids: npt.NDArray[np.uint32]
    shard: str
    start: int


ENDINGS = ("bin", "idx", "docs")
"""The files of a shard, in the order of their numbers: file 3 * s + e is `ENDINGS[e]` of shard s."""
BIN, IDX, DOCS = range(3)

Spans = tuple[int, list[tuple[int, int]]]
"""The number of a shard, and ranges [start, stop) of its tokens."""


class TokenShards:
    """The windows of one source. Windows don't overlap, never cross shards, and leave out the rest of a shard.

    Memory: about 3 kB a shard; at most 64 files and 4 indexes are open. It can be used from several threads, and can be
    sent to other processes.

    It is these tokens for good: a file that is rebuilt or changed while this is open is a DataError at the next read,
    in whatever process, unless its bytes are the same (see `atom_data.loader.files`).
    """

    def __init__(
        self,
        folder: str,
        *,
        sequence_length: int,
        tokenizer: Path | None = None,
        encoding: str | None = None,
        check_content: bool = False,
    ) -> None:
        """Open the folder of a finished Tokenize, `OUT/tokens`. DataError when a file is missing, cut, or does not fit.

        Sizes and headers are checked here, so that nothing fails at the first batch: about 40 us a shard. Content is
        read and checked against its hashes only with `check_content`, as `atom-data verify` does, at about 1 GB/s.
        `tokenizer` is the model's: ConfigError when the tokens are of another. Of a folder on an object store only the
        last byte of every .bin is asked for; a cut file, or one that is missing, is found by that too.
        """
        if sequence_length < 1:
            raise ConfigError(f"{folder}: sequence_length is {sequence_length}. Give a number above 0.")
        self.remote = is_remote(folder)
        path = folder.rstrip("/") if self.remote else str(local(folder).absolute())
        self.out, _, self.name = path.rpartition("/")
        self.sequence_length = sequence_length
        self.folder = join(self.out, self.name)
        found = manifest(self.out, self.name)
        if tokenizer is not None:
            require_tokenizer(folder, found, tokenizer, encoding)
        self.eos_id = int(found["eos_id"])
        self.vocabulary = int(found["vocabulary"])
        self.dtype = np.dtype(found["dtype"]).newbyteorder("<")
        self.tokens, self.documents_there = int(found["tokens"]), int(found["documents"])
        self.tokenizer, self.fingerprint = str(found["tokenizer"]), str(found["fingerprint"])
        self.shards: list[dict[str, Any]] = found["shards"]
        self._seen = Seen(self.out, [shard[ending] for shard in self.shards for ending in ENDINGS])
        self._check_all(self._check)
        if check_content:
            self._check_all(self._check_content)
        windows = [max(0, shard["tokens"] - 1) // sequence_length for shard in self.shards]
        self._ends = list(accumulate(windows))
        if not len(self):
            longest = max(shard["tokens"] for shard in self.shards)
            raise DataError(
                f"{folder}: no shard holds {sequence_length + 1:,} tokens; the longest has {longest:,}. "
                "Tokenize more text, or take a shorter sequence_length."
            )
        self.masks = Masks(self.shards)
        self._files = Files(self._seen)
        self._index = lru_cache(maxsize=INDEXES)(read_index)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without open files."""
        return {key: value for key, value in self.__dict__.items() if key != "_index"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Unpickle without open files."""
        self.__dict__.update(state)
        self._index = lru_cache(maxsize=INDEXES)(read_index)

    def __len__(self) -> int:
        """How many windows there are."""
        return self._ends[-1] if self._ends else 0

    def address(self, index: int) -> tuple[int, int]:
        """Return the shard's number and the first token of window `index`."""
        if not 0 <= index < len(self):
            raise IndexError(f"window {index} of {len(self)}")
        number = bisect_right(self._ends, index)
        before = self._ends[number - 1] if number else 0
        return number, (index - before) * self.sequence_length

    def window(self, index: int) -> Window:
        """Return the ids of window `index`. DataError when the file has become shorter since it was opened."""
        number, start = self.address(index)
        shard = self.shards[number]
        return Window(self.read(number, start, start + self.sequence_length + 1), shard["name"], start)

    def fill(self, index: int, inputs: npt.NDArray[np.uint32], labels: npt.NDArray[Any]) -> None:
        """Write window `index` as a sample into two rows: labels are the ids one further, of the next document too.

        What was read counts only after `settle`, which looks at each file once for many windows.
        """
        number, start = self.address(index)
        size, stop = self.dtype.itemsize, start + self.sequence_length + 1
        ids = np.frombuffer(self._files.read_ahead(3 * number + BIN, start * size, stop * size), self.dtype)
        inputs[:], labels[:] = ids[:-1], ids[1:]

    def masked(self, index: int) -> Ranges:
        """Return the ranges of window `index` that a takedown masked, from 0 to `sequence_length` + 1."""
        number, start = self.address(index)
        return self.masks.within(number, start, start + self.sequence_length + 1, start)

    def settle(self) -> bool:
        """Tell whether what `fill` read is of files as they were; False: they were touched, so fill again.

        DataError when a file has been replaced.
        """
        return self._files.settle()

    def spans(self, index: int) -> Spans:
        """Return the shard's number and the token range of the inputs of window `index`."""
        number, start = self.address(index)
        return number, [(start, start + self.sequence_length)]

    def read(self, number: int, start: int, stop: int) -> npt.NDArray[np.uint32]:
        """Return tokens [start, stop) of shard `number`."""
        return self._ids(number, start, stop).astype(np.uint32)

    def _ids(self, number: int, start: int, stop: int) -> npt.NDArray[Any]:
        """Return the same as they are stored, in bytes that cannot be written to."""
        size = self.dtype.itemsize
        return np.frombuffer(self._files.read(3 * number + BIN, start * size, stop * size), self.dtype)

    def documents(self, number: int, start: int, stop: int) -> list[dict[str, Any]]:
        """Return the documents that tokens [start, stop) of shard `number` come from, in order.

        Each is its row of docs.parquet, with `first_token` and `last_token` + 1 = `stop_token` in the shard.
        """
        index = self._index_of(number)
        first, last = index.documents(start, min(stop, index.tokens))
        file = 3 * number + DOCS
        self._seen.require(file)
        rows = _rows(self._seen.path(file), first, last)
        lengths = index.lengths[first:last].tolist()
        if [row["tokens"] for row in rows] != lengths:
            raise DataError(
                f"{self._seen.path(file)}: its rows {first:,} to {last:,} are not of the documents in the .idx beside it. They "
                "are not of one run: rebuild the shard."
            )
        return [
            {**row, "first_token": int(begin), "stop_token": int(begin + length)}
            for row, begin, length in zip(rows, index.starts[first:last], lengths, strict=True)
        ]

    def _index_of(self, number: int) -> Index:
        """Return the .idx of a shard. DataError when it is not the one that was opened, or is of another .bin."""
        file, shard = 3 * number + IDX, self.shards[number]
        self._seen.require(file)
        index: Index = self._index(self._seen.path(file))
        if (index.tokens, len(index.lengths)) != (shard["tokens"], shard["documents"]):
            raise _not_of_one_run(self._seen.path(file), len(index.lengths), index.tokens, shard)
        return index

    def find(self, identity: str) -> tuple[int, dict[str, Any]] | None:
        """Return the shard's number and the row of a document, as `documents` gives it, or None where it is not.

        Reads the ids of all shards, so its time grows with the documents. DataError when two documents have the id, as
        they can in tokens of before passes refused that.
        """
        found: list[tuple[int, int]] = []
        for number, shard in enumerate(self.shards):
            before = 0
            for batch in read_parquet(join(self.out, shard["docs"]["path"]), ["id"]):
                same = pc.indices_nonzero(pc.equal(batch.column("id"), identity)).to_pylist()
                found += [(number, before + place) for place in same]
                before += batch.num_rows
        if len(found) > 1:
            places = ", ".join(f"document {place:,} of {self.shards[number]['name']}" for number, place in found[:5])
            raise DataError(
                f"{self.folder}: {len(found):,} documents have the id '{identity}': {places}. It is unclear which is meant. "
                'Give the source ids="file" or ids="row" and tokenize again.'
            )
        if not found:
            return None
        ((number, place),) = found
        start = int(self._index_of(number).starts[place])
        return number, self.documents(number, start, start + 1)[0]

    def samples_of(self, number: int, start: int, stop: int) -> range:
        """Return the windows whose inputs hold a token of [start, stop) of shard `number`; none in the rest it leaves out."""
        before, end = self._ends[number - 1] if number else 0, self._ends[number]
        first, last = start // self.sequence_length, -(-stop // self.sequence_length)
        return range(min(before + first, end), min(before + last, end))

    def _check_all(self, check: Callable[[int], None]) -> None:
        """Check every shard, many at a time: a network file system takes its time for each. The first error counts."""
        numbers = range(len(self.shards))
        groups = [numbers[start : start + GROUP] for start in range(0, len(numbers), GROUP)]

        def check_group(group: range) -> None:
            for number in group:
                check(number)

        with ThreadPoolExecutor(min(THREADS, len(groups)) or 1) as pool:
            for _ in pool.map(check_group, groups):
                pass

    def _check(self, number: int) -> None:
        shard, first = self.shards[number], 3 * number
        if self.remote:
            self._seen.note_remote(first + BIN)
            return
        for file in range(first, first + 3):
            self._seen.note(file)
        path = self._seen.path(first + IDX)
        dtype, documents = read_header(path, shard["idx"]["bytes"])
        if dtype != self.dtype or documents != shard["documents"]:
            raise DataError(
                f"{path}: speaks of {documents:,} documents of {dtype.name}, its receipt of {shard['documents']:,} of "
                f"{self.dtype.name}. They are not of one run: rebuild the shard."
            )
        tokens = read_tokens(path, documents, dtype)
        if tokens != shard["tokens"]:
            raise _not_of_one_run(path, documents, tokens, shard)

    def _check_content(self, number: int) -> None:
        for ending in ENDINGS:
            entry = self.shards[number][ending]
            path, wanted = join(self.out, entry["path"]), entry["sha256"]
            if sha256(path) != wanted:
                raise DataError(
                    f"{path}: its content is not what its receipt says (SHA-256 differs). Rebuild the shard."
                )


def _not_of_one_run(path: str, documents: int, tokens: int, shard: dict[str, Any]) -> DataError:
    return DataError(
        f"{path}: speaks of {tokens:,} tokens in {documents:,} documents, its receipt of {shard['tokens']:,} in "
        f"{shard['documents']:,}. It is the .idx of another .bin: rebuild the shard."
    )


def _rows(path: str, first: int, last: int) -> list[dict[str, Any]]:
    """Return rows [first, last) of a Parquet file, reading only the row groups that hold them."""
    rows: list[dict[str, Any]] = []
    file, before = open_parquet(path), 0
    try:
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            start, stop = max(first - before, 0), min(last - before, count)
            if start < stop:
                rows += file.read_row_group(group).slice(start, stop - start).to_pylist()
            before += count
    finally:
        file.close()
    return rows
