"""Documents by some words of their text: a scan over the texts of a run, as fast as they are read."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from atom_data.audit.answers.folders import DEAD, Folder, Folders
from atom_data.audit.answers.keys import letter_name
from atom_data.storage.parquet import read_parquet
from atom_data.text.buffers import string_buffers

BATCH_BYTES = 8 << 20
SPACE = re.compile(rb"\s+")

Progress = Callable[[int, int], None]
"""Called with bytes of files scanned, and of all that there are."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document or record whose text has the words."""

    id: str
    shard: str
    folder: str


class Words:
    """Some words, that may stand in a text with other white space between them."""

    def __init__(self, text: str) -> None:
        """Take them as they are given."""
        parts = SPACE.split(text.strip().encode())
        self._longest = max(parts, key=len)
        self._whole = b" ".join(parts)
        self._pattern = re.compile(rb"\s+".join(map(re.escape, parts)))

    def places(self, data: bytes) -> Iterator[int]:
        """Yield where they begin in some bytes."""
        if data.find(self._longest) < 0:  # no kernel of ours is faster than this one
            return
        if self._whole == self._longest:
            start = data.find(self._whole)
            while start >= 0:
                yield start
                start = data.find(self._whole, start + 1)
            return
        found = self._pattern.search(data)
        while found:  # also from inside what was found: that may lie across two documents
            yield found.start()
            found = self._pattern.search(data, found.start() + 1)

    def rows(self, texts: pa.Array) -> list[int]:
        """Return the numbers of the values that have them, in order."""
        buffers = string_buffers(texts)
        first = int(buffers.offsets[0])
        data = buffers.data[first : int(buffers.offsets[-1])].tobytes()
        found: dict[int, None] = {}
        for place in self.places(data):
            row = int(np.searchsorted(buffers.offsets, place + first, "right")) - 1
            if self._pattern.search(data, place, int(buffers.offsets[row + 1]) - first):  # not across two documents
                found[row] = None
        return list(found)


def search(folders: Folders, text: str, most: int, progress: Progress) -> list[Hit]:
    """Return up to `most` documents and unread records whose text has some words, documents first, by shard and row.

    The first stage that writes texts is scanned, with the dead letters; the stages after it only where nothing was found, for
    a rewrite may have made the words. What a stage dropped before there was a text has none here.
    Memory: for each core a batch of 8 MB, and a copy of it.
    """
    words = Words(text)
    for number, folder in enumerate(folders.texts):
        hits = _scan(folders, folder, words, most, progress)
        dead = _scan(folders, folder, words, most, progress, dead=True) if number == 0 or not folder.reads else []
        if hits or dead:
            return [*hits, *dead][:most]
    return []


def _scan(
    folders: Folders, folder: Folder, words: Words, most: int, progress: Progress, dead: bool = False
) -> list[Hit]:
    """Scan the shards of a folder, some at a time; stop when there is enough of the first ones."""
    files = [
        (found.shard, item.path, item.bytes)
        for found in folders.workspace.receipts(folder.name, folder.shards)
        for place, item in enumerate(found.receipt.outputs if found.receipt else ())
        if (item.path.startswith(f"{folder.name}/{DEAD}/") if dead else place == 0)
    ]
    whole, done, hits = sum(size for *_, size in files), 0, list[Hit]()
    at_once = len(os.sched_getaffinity(0))
    waiting: deque[tuple[int, Future[list[Hit]]]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        for shard, path, size in files:
            if len(hits) >= most:
                break
            path = folders.workspace.path(path)
            waiting.append((size, pool.submit(_in_file, path, folder.name, shard, words, most, dead)))
            if len(waiting) > at_once:
                done += _next(waiting, hits)
                progress(done, whole)
        while waiting:
            done += _next(waiting, hits)
            progress(done, whole)
    return hits[:most]


def _next(waiting: deque[tuple[int, Future[list[Hit]]]], hits: list[Hit]) -> int:
    """Take the hits of the shard that is next in order, so that the same ones are found each time; return its size."""
    size, future = waiting.popleft()
    hits += future.result()
    return size


def _in_file(path: str, folder: str, shard: str, words: Words, most: int, dead: bool) -> list[Hit]:
    hits: list[Hit] = []
    for batch in read_parquet(path, ("file", "position", "raw") if dead else ("id", "text"), batch_bytes=BATCH_BYTES):
        name = "raw" if dead else "text"
        if name not in batch.schema.names:
            return []
        for row in words.rows(batch.column(name)):
            if dead:
                identity = letter_name(batch.column("file")[row].as_py(), batch.column("position")[row].as_py())
            else:
                identity = batch.column("id")[row].as_py()
            hits.append(Hit(identity, shard, folder))
            if len(hits) == most:
                return hits
    return hits
