"""The documents of one token shard: encoded as they come, held as ids, written in the order of a hash."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import AtomDataError, DataError
from atom_data.storage.ahead import ahead
from atom_data.storage.parquet import Output, create_parquet
from atom_data.text.hashes import keyed_hashes
from atom_data.tokens.guard import among, count_of, runs_of, selected, with_tokens
from atom_data.tokens.megatron import create_megatron
from atom_data.tokens.tokenizer.encode import Encoder
from atom_data.tokens.tokenizer.reference import Encoded, is_engine_error
from atom_data.workspace import Workspace

CHECKED_SHARE = 1 / 2_000
"""Of the documents of a shard that are encoded again with the reference: about 130 of a shard of 1 GB of web pages. It
is 50 times as slow, so this costs about a fortieth of the encoder's time."""
CHECKED_AT_LEAST = 4
CHECKED_BYTES = 1 << 18
"""Longer texts are left out of that sample: the reference takes its time for them, and hundreds of bytes per token."""

BUFFER_TOKENS = 1 << 19
"""Tokens that are put in order, counted, written and hashed at a time: they stay in a core's cache from one to the next."""
CHUNK_TOKENS = 1 << 20
"""Tokens that are held in one piece of memory, which is not so large that it comes in pages of 2 MB."""
TABLE_ROWS = 16_384
NOTED_BATCHES = 4
"""That are encoded and not yet held, checked and in the table: a check takes as long as three are encoded."""

Waiting = tuple[int, int, bytes, str, list[int]]
"""A document that may yet be checked: its hash, its number, its id, text and ids."""


class Lost(NamedTuple):
    """Documents of a batch that are left out: their rows, bytes of text, and where they stood in the source."""

    batch: pa.RecordBatch
    sizes: list[int]
    shard: str
    rows: list[int]


class Documents:
    """Ids and rows of the documents of one shard (the bound of its memory), until they are written."""

    def __init__(self, encoder: Encoder, seed: int, schema: pa.Schema, where: str, beside: Executor) -> None:
        """Start without documents; `schema` is that of docs.parquet, `where` names the shard in errors.

        `beside`, one thread, does what the encoder need not wait for: all with ids but making them.
        """
        self._beside, self._noted, self._checks = beside, deque[Future[None]](), list[Future[bool]]()
        self._encoder, self._seed, self._schema, self._where = encoder, seed, schema, where
        self._around = 1 if encoder.vocabulary.bos_id is None else 2
        self._chunks: list[npt.NDArray[Any]] = []
        self._used = 0
        self._chunk: list[npt.NDArray[np.int64]] = []
        self._starts: list[npt.NDArray[np.int64]] = []
        self._lengths: list[npt.NDArray[np.int64]] = []
        self._keys: list[npt.NDArray[np.uint64]] = []
        self._tables: list[pa.RecordBatch] = []
        self._waiting: list[Waiting] = []
        self.count = self.text_bytes = self.checked = 0
        self._forbidden = runs_of(encoder.vocabulary.special_ids)
        self._unknown_documents = self._unknown_tokens = self._changed = 0
        self.lost: list[Lost] = []
        """Documents that no token was left of: they are not in the shard."""

    @property
    def tokens(self) -> int:
        """Tokens so far, those around each document included."""
        return sum(int(lengths.sum()) for lengths in self._lengths) + self._around * self.count

    def add(self, batch: pa.RecordBatch, texts: Sequence[str], rows: npt.NDArray[np.int64], shard: str) -> None:
        """Encode the documents of a batch, whose `text` is `texts`; `rows` are their row numbers in `shard`.

        DataError when ids are wrong, of this batch or of one before.
        """
        if texts:
            self._settle(NOTED_BATCHES - 1)
            try:
                encoded = self._encoder.encode(texts)
            except BaseException as error:
                if not is_engine_error(error) or isinstance(error, (AtomDataError, MemoryError)):
                    raise
                raise self._unencodable(batch, texts) from error
            self._noted.append(self._beside.submit(self._note, batch, texts, rows, shard, encoded))

    def _unencodable(self, batch: pa.RecordBatch, texts: Sequence[str]) -> DataError:
        number, why = self._encoder.first_failure(texts)
        name = batch.column("id")[min(number, len(texts) - 1)].as_py()
        return DataError(
            f"{self._where}: document {str(name)[:200]!r} cannot be encoded by {self._encoder.backend} ({why}). "
            "Try another backend, or drop the document."
        )

    def _settle(self, waiting: int = 0) -> None:
        """Wait until at most this many batches are encoded but not recorded; raise the error of any of them."""
        while len(self._noted) > waiting:
            self._noted.popleft().result()

    def _note(
        self, batch: pa.RecordBatch, texts: Sequence[str], rows: npt.NDArray[np.int64], shard: str, encoded: Encoded
    ) -> None:
        ids = batch.column("id").cast(pa.large_binary()).to_pylist()
        self._refuse_ids(encoded.ids, encoded.offsets, ids)
        sizes = pc.binary_length(batch.column("text")).to_numpy(zero_copy_only=False).astype(np.int64)
        whole = with_tokens(self._encoder.reference, texts, encoded)
        if not whole.all():
            self.lost.append(Lost(batch.filter(pa.array(~whole)), sizes[~whole].tolist(), shard, rows[~whole].tolist()))
            batch, rows, sizes = batch.filter(pa.array(whole)), rows[whole], sizes[whole]
            encoded = selected(encoded, whole)
            texts, ids = list(compress(texts, whole)), list(compress(ids, whole))
            if not texts:
                return
        self._count_unknown(encoded)
        lengths = np.diff(encoded.offsets)
        keys = keyed_hashes(f"order {self._seed}", ids)
        self._sample(keys, ids, texts, sizes, encoded)
        self._starts.append(encoded.offsets[:-1] + self._hold(encoded.ids))
        self._lengths.append(lengths)
        self._chunk.append(np.full(len(texts), len(self._chunks) - 1, np.int64))
        self._keys.append(keys)
        own = [
            batch.column("id"),
            pa.array(lengths + self._around),
            pa.array(sizes),
            pa.repeat(shard, len(texts)),
            pa.array(rows),
        ]
        kept = [batch.column(field.name) for field in list(self._schema)[len(own) :]]
        arrays = [array.cast(field.type) for array, field in zip(own + kept, self._schema, strict=True)]
        self._tables.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self.count += len(texts)
        self.text_bytes += int(sizes.sum())

    def _hold(self, ids: npt.NDArray[np.uint32]) -> int:
        """Copy ids to the end of the last chunk, or to a new one, and return where they begin."""
        if not self._chunks or self._used + len(ids) > len(self._chunks[-1]):
            self._chunks.append(np.empty(max(len(ids), CHUNK_TOKENS), self._encoder.vocabulary.dtype))
            self._used = 0
        start = self._used
        self._used += len(ids)
        self._chunks[-1][start : self._used] = ids
        return start

    def _refuse_ids(
        self, ids: npt.NDArray[np.uint32], offsets: npt.NDArray[np.int64], names: Sequence[bytes | None]
    ) -> None:
        """Raise DataError where the token at an end stands inside a document, or an id is outside the vocabulary."""
        vocabulary = self._encoder.vocabulary
        bad = among(ids, self._forbidden)
        if len(ids) and int(ids.max()) >= vocabulary.size:
            bad |= ids >= vocabulary.size
        wrong = np.flatnonzero(bad)
        if len(wrong):
            document = int(np.searchsorted(offsets, wrong[0], "right")) - 1
            found, token = int(ids[wrong[0]]), int(wrong[0] - offsets[document])
            if found < vocabulary.size and found not in (vocabulary.eos_id, vocabulary.bos_id):
                raise DataError(
                    f"{self._where}: document {_shown(names[document])} has id {found} at token {token}, which is a special token. "
                    "No text may make one: try another backend, or drop the document."
                )
            begins = f", as {vocabulary.bos_id} ('{vocabulary.bos}') begins one," if vocabulary.bos else ""
            raise DataError(
                f"{self._where}: document {_shown(names[document])} has id {found} at token {token}; "
                f"ids end below {vocabulary.size:,}, and {vocabulary.eos_id} "
                f"('{vocabulary.eos}') ends a document{begins} and stands nowhere else. "
                "Plain text must not make it: name another token."
            )

    def _count_unknown(self, encoded: Encoded) -> None:
        documents, tokens = count_of(self._encoder.vocabulary.unknown_id, encoded)
        self._unknown_documents += documents
        self._unknown_tokens += tokens

    def _sample(
        self,
        keys: npt.NDArray[np.uint64],
        names: Sequence[bytes | None],
        texts: Sequence[str],
        sizes: npt.NDArray[np.int64],
        encoded: Encoded,
    ) -> None:
        """Check the documents whose hash is in the share; keep the few smallest of the rest in case those are too few.

        It is the hash of their order, so the sample stands first in the shard: as good as any, and free.
        """
        small = np.flatnonzero(sizes <= CHECKED_BYTES)
        for number in small[np.argsort(keys[small], kind="stable")].tolist():
            key = int(keys[number])
            if key >= CHECKED_SHARE * 2**64 and not self._may_wait(key):
                break
            its_ids = encoded.ids[encoded.offsets[number] : encoded.offsets[number + 1]].tolist()
            item = (key, self.count + number, names[number] or b"", texts[number], its_ids)
            if key < CHECKED_SHARE * 2**64:
                self._check(item)
            else:
                self._waiting = sorted([*self._waiting, item])[:CHECKED_AT_LEAST]

    def _may_wait(self, key: int) -> bool:
        return len(self._waiting) < CHECKED_AT_LEAST or key < self._waiting[-1][0]

    def _check(self, item: Waiting) -> None:
        _, _, name, text, ids = item
        check = self._encoder.reference.check
        self._checks.append(self._beside.submit(check, self._where, _shown(name), text, ids))
        self.checked += 1

    def write(self, prefix: str, workspace: Workspace) -> list[Output]:
        """Check what is left of the sample, then write PREFIX.docs.parquet, .bin and .idx below `out`."""
        self._settle()
        while self._waiting and self.checked < CHECKED_AT_LEAST:
            self._check(self._waiting.pop(0))
        order = np.argsort(np.concatenate([np.zeros(0, np.uint64), *self._keys]), kind="stable")
        table, binary, index = (Output(f"{prefix}.{ending}") for ending in ("docs.parquet", "bin", "idx"))
        for check in self._checks:
            self._changed += not check.result()
        rows = self._beside.submit(self._write_rows, order, workspace.path(table.path), workspace.token, table)
        with create_megatron(
            workspace.path(prefix), self._encoder.vocabulary.dtype, workspace.token, binary, index
        ) as shard:
            for ids, lengths in ahead(self._in_order(order)):
                shard.write(ids, lengths)
        rows.result()
        return [table, binary, index]

    def _write_rows(self, order: npt.NDArray[np.int64], path: str, token: str, table: Output) -> None:
        with create_parquet(path, self._schema, token, table) as rows:
            whole = pa.Table.from_batches(self._tables, self._schema).combine_chunks()
            for start in range(0, self.count, TABLE_ROWS):
                for batch in whole.take(pa.array(order[start : start + TABLE_ROWS])).combine_chunks().to_batches():
                    rows.write(batch)

    def _in_order(self, order: npt.NDArray[np.int64]) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[np.int64]]]:
        """Yield ids and lengths of documents in `order`, with the tokens around each, about `BUFFER_TOKENS` at a time.

        RuntimeError when not every document has its one end token.
        """
        if not len(order):
            return
        vocabulary, around = self._encoder.vocabulary, self._around
        chunk, starts, lengths = (np.concatenate(part)[order] for part in (self._chunk, self._starts, self._lengths))
        ends = np.cumsum(lengths + around)
        first = seen = 0
        while first < len(order):
            before = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + BUFFER_TOKENS, "right")))
            ids = np.full(int(ends[last - 1]) - before, vocabulary.eos_id, vocabulary.dtype)
            if vocabulary.bos_id is not None:
                ids[ends[first:last] - before - lengths[first:last] - around] = vocabulary.bos_id
            stops = ends[first:last] - before - 1
            places = (chunk[first:last], starts[first:last], lengths[first:last], stops)
            for number, start, length, stop in zip(*(part.tolist() for part in places), strict=True):
                ids[stop - length : stop] = self._chunks[number][start : start + length]
            seen += int(np.count_nonzero(ids == vocabulary.eos_id))
            yield ids, lengths[first:last] + around
            first = last
        if seen != self.count:
            raise RuntimeError(f"{self._where}: {seen} end tokens for {self.count} documents")

    def notes(self) -> dict[str, Any]:
        """What the receipt says of the encoding: everything that a reader of the ids must know."""
        vocabulary = self._encoder.vocabulary
        return {
            "tokenizer": vocabulary.sha256,
            "vocabulary": vocabulary.size,
            "eos": vocabulary.eos,
            "eos_id": vocabulary.eos_id,
            "bos": vocabulary.bos,
            "bos_id": vocabulary.bos_id,
            "dtype": vocabulary.dtype.name,
            "checked_documents": self.checked,
            "checked_decoding": self._encoder.reference.decodes,
            "checked_and_changed": self._changed,
            "documents_without_tokens": sum(len(lost.sizes) for lost in self.lost),
            "documents_with_unknown": self._unknown_documents,
            "unknown_tokens": self._unknown_tokens,
        }


def _shown(name: bytes | None) -> str:
    return repr((name or b"").decode(errors="replace")[:200])
