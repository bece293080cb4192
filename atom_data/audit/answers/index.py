"""Which shard an id or URL is in: a sidecar of sorted 64-bit keys that grows with the corpus, shard by shard.

    OUT/lookup/index.json    {"format", "folders": {folder: digest of its manifest}, "items": file, "segments": [[keys, rows], ...]}
    OUT/lookup/items-HASH.pq     a row a shard of a folder: `folder`, `shard`, `state` (what its receipt said; null: out of date)
    OUT/lookup/keys-HASH.npy     keys, sorted; at most SEGMENT a file
    OUT/lookup/rows-HASH.npy     for each key the row of its shard among the items

Kept are the keys of ids and URLs where documents come in (kept, dropped, unread), of ids in token shards, and for a copy the
key of the document that was kept instead. 12 bytes per key, about 40 per document. A shard whose receipt changes is read again.
Memory: SEGMENT keys three times (600 MB), less where there are fewer, and 100 bytes per shard of each folder.
"""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from atom_data.audit.answers.folders import Folders
from atom_data.audit.answers.keys import Keys, key_of
from atom_data.audit.answers.noted import noted
from atom_data.errors import DataError
from atom_data.storage.beside import LOOKUP
from atom_data.storage.manifest import manifest_path, manifest_row
from atom_data.storage.paths import create, join, local, read_bytes, sha256
from atom_data.storage.receipts import read_json, write_json
from atom_data.workspace import Workspace

FORMAT = 1
SEGMENT = 1 << 24
INDEX = "index.json"
ITEMS = pa.schema([("folder", pa.string()), ("shard", pa.string()), ("state", pa.string())])
STATE = ("sha256", "output_bytes", "rows_in", "rows_out", "dropped", "unreadable")
"""Of a receipt: while these are as they were, so are the ids in the shard."""

Numbers = npt.NDArray[np.uint32]
Say = Callable[[int, int], None]
"""Called with shards read and shards to read."""


class Place(NamedTuple):
    """A shard of a folder."""

    folder: str
    shard: str


@dataclass
class Index:
    """The index of an output folder, as it lies on disk."""

    root: str
    """The folder of its files."""
    items: list[tuple[str, str, str | None]] = field(default_factory=list)
    folders: dict[str, str] = field(default_factory=dict)
    segments: list[tuple[str, str]] = field(default_factory=list)
    file: str = ""
    """The file of its items; read when one is asked for."""

    def find(self, name: str) -> list[Place]:
        """Return the shards that may hold an id, a URL, or what else has a key; in the order of folders and shards."""
        key, found = np.array([key_of(name)], np.uint64), set[int]()
        for keys_file, rows_file in self.segments:
            keys = np.load(local(join(self.root, keys_file)), mmap_mode="r")
            first, last = (int(np.searchsorted(keys, key, side)[0]) for side in ("left", "right"))
            if last > first:
                rows = np.load(local(join(self.root, rows_file)), mmap_mode="r")
                found.update(rows[first:last].tolist())
        items = self._items_at(sorted(found))
        return sorted({Place(folder, shard) for folder, shard, state in items if state is not None})

    def _items_at(self, rows: list[int]) -> list[tuple[str, str, str | None]]:
        if not rows:
            return []
        if not self.items:
            self.items = _read_items(self.root, self.file)
        return [self.items[row] for row in rows]


def open_index(folders: Folders, place: str, token: str, say: Say = lambda done, whole: None) -> Index:
    """Return the index of what is there now, in the folder `place`; what is new or has changed is read first."""
    index = _load(place)
    digests = {name: _digest(folders.workspace, name) for name in folders.found}
    if index.folders == digests and all(digests.values()):
        return index
    index.items = index.items or (_read_items(place, index.file) if index.file else [])
    before = {(folder, shard): row for row, (folder, shard, state) in enumerate(index.items) if state is not None}
    new, gone = [], set(before.values())
    for name in folders.found:
        for shard, state in _states(folders, name, index, before, digests):
            row = before.get((name, shard))
            if row is not None and index.items[row][2] == state:
                gone.discard(row)
            else:
                new.append((name, shard, state))
    if new or gone:
        _update(index, folders, new, gone, token, say)
    index.folders = digests
    _save(index, token)
    return index


def index_place(workspace: Workspace) -> str:
    """Return where the index of an output folder lies."""
    return workspace.path(LOOKUP)


def _digest(workspace: Workspace, name: str) -> str:
    """Return the hash of the manifest of a finished folder, in which all its receipts are; empty while it is not finished."""
    path = workspace.path(manifest_path(name))
    with contextlib.suppress(DataError, OSError):
        return sha256(path)
    return ""


def _states(
    folders: Folders, name: str, index: Index, before: dict[tuple[str, str], int], digests: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield each finished shard of a folder with what its receipt says, from its manifest where there is one."""
    shards, workspace = folders.found[name].shards, folders.workspace
    if digests[name] and index.folders.get(name) == digests[name]:
        known = [(shard, index.items[before[name, shard]][2]) for shard in shards if (name, shard) in before]
        yield from ((shard, state) for shard, state in known if state is not None)
        return
    manifest = workspace.manifest(name)
    if manifest is not None:
        for row in manifest.table.select(["shard", *STATE]).to_pylist():
            yield row["shard"], _state(row)
        return
    for found in workspace.receipts(name, shards):
        if found.receipt is not None:
            yield found.shard, _state(manifest_row(found.receipt))


def _state(row: dict[str, Any]) -> str:
    said = "|".join(str(row[name]) for name in STATE)
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def _update(
    index: Index, folders: Folders, new: Sequence[tuple[str, str, str]], gone: set[int], token: str, say: Say
) -> None:
    """Take out the keys of shards that are gone or others now, and put in those of new ones."""
    drawer = _Drawer(index.root, token)
    lost = np.zeros(len(index.items) + len(new), bool)
    lost[list(gone)] = True
    before, index.segments = index.segments, []
    for names in before:
        keys, rows = (np.load(local(join(index.root, name))) for name in names)
        if len(keys) >= SEGMENT // 2 and not (gone and lost[rows].any()):
            index.segments.append(names)
        else:
            drawer.add(keys[~lost[rows]], rows[~lost[rows]])
    index.items = [(one, two, None if row in gone else state) for row, (one, two, state) in enumerate(index.items)]
    start = len(index.items)
    index.items += new
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        places = [folders.found[folder] for folder, _, _ in new]
        found = pool.map(
            lambda pair: noted(folders.workspace, *pair), zip(places, (item[1] for item in new), strict=True)
        )
        for row, keys in enumerate(found):
            drawer.add(keys, np.full(len(keys), start + row, np.uint32))
            say(row + 1, len(new))
    index.segments += drawer.close()
    index.file = ""


class _Drawer:
    """Collects keys until they are a segment, and writes them sorted."""

    def __init__(self, root: str, token: str) -> None:
        self._root, self._token = root, token
        self._waiting: list[tuple[Keys, Numbers]] = []
        self._count = 0
        self._written: list[tuple[str, str]] = []

    def add(self, keys: Keys, rows: Numbers) -> None:
        self._waiting.append((keys, rows.astype(np.uint32)))
        self._count += len(keys)
        while self._count >= SEGMENT:
            self._write(SEGMENT)

    def _write(self, most: int) -> None:
        keys = np.concatenate([keys for keys, _ in self._waiting])
        rows = np.concatenate([rows for _, rows in self._waiting])
        self._waiting = [(keys[most:], rows[most:])]
        self._count = len(keys) - min(most, len(keys))
        keys, rows = keys[:most], rows[:most]
        order = np.lexsort((rows, keys))
        names = tuple(
            _write_array(self._root, kind, array[order], self._token)
            for kind, array in (("keys", keys), ("rows", rows))
        )
        self._written.append((names[0], names[1]))

    def close(self) -> list[tuple[str, str]]:
        if self._count:
            self._write(SEGMENT)
        return self._written


def _write_array(root: str, kind: str, array: npt.NDArray[Any], token: str) -> str:
    name = f"{kind}-{hashlib.blake2b(array.tobytes(), digest_size=8).hexdigest()}.npy"
    with create(join(root, name), token) as stream:
        np.save(stream, array)
    return name


def _load(place: str) -> Index:
    """Return the index that lies in a folder; an empty one where there is none, or what lies there is none."""
    index = Index(place)
    with contextlib.suppress(DataError, KeyError, TypeError, ValueError):
        page = read_json(join(place, INDEX))
        if page is not None and page["format"] == FORMAT:
            segments = [(str(keys), str(rows)) for keys, rows in page["segments"]]
            if all(local(join(place, name)).is_file() for pair in (*segments, (page["items"],)) for name in pair):
                index.folders, index.segments, index.file = dict(page["folders"]), segments, str(page["items"])
    return index


def _read_items(root: str, name: str) -> list[tuple[str, str, str | None]]:
    with pq.ParquetFile(pa.BufferReader(read_bytes(join(root, name)))) as file:
        columns = file.read().to_pydict()
    return list(zip(*(columns[field.name] for field in ITEMS), strict=True))


def _save(index: Index, token: str) -> None:
    """Write the page of the index, and remove files that it names no more."""
    if not index.file:
        stream, columns = io.BytesIO(), list(zip(*index.items, strict=True)) or [(), (), ()]
        pq.write_table(pa.Table.from_arrays([pa.array(one, pa.string()) for one in columns], schema=ITEMS), stream)
        index.file = f"items-{hashlib.blake2b(stream.getvalue(), digest_size=8).hexdigest()}.pq"
        with create(join(index.root, index.file), token) as target:
            target.write(stream.getvalue())
    page = {
        "format": FORMAT,
        "folders": index.folders,
        "items": index.file,
        "segments": [list(pair) for pair in index.segments],
    }
    write_json(join(index.root, INDEX), page, token)
    named = {INDEX, index.file, *(name for pair in index.segments for name in pair)}
    for path in local(index.root).iterdir():
        if path.name not in named and not path.name.endswith(".partial"):
            path.unlink(missing_ok=True)
