"""What the index notes of a shard: the keys of its ids and URLs, of its dead letters, and of copies by what was kept."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.audit.answers.folders import DEAD, DOCS, DROPS, Folder
from atom_data.audit.answers.keys import Keys, copy_keys, key_of, keys_of, letter_keys
from atom_data.storage.parquet import read_parquet
from atom_data.workspace import Workspace

BATCH_BYTES = 1 << 20


def noted(workspace: Workspace, folder: Folder, shard: str) -> Keys:
    """Return the keys of one finished shard, each once, sorted. Memory: its keys and a batch."""
    receipt = workspace.receipt(folder.name, shard)
    parts = [np.zeros(0, np.uint64)]
    for place, item in enumerate(receipt.outputs if receipt else ()):
        path, inside = workspace.path(item.path), item.path.removeprefix(f"{folder.name}/")
        if inside.startswith(f"{DROPS}/"):
            parts += _dropped(path, bool(folder.reads))
        elif inside.startswith(f"{DEAD}/"):
            names = (name for batch in read_parquet(path, ("file", "position", "raw")) for name in letter_keys(batch))
            parts.append(np.array([key_of(name) for name in names if name], np.uint64))
        elif inside.endswith(DOCS) if folder.kind == "tokens" else place == 0 and not folder.reads:
            parts += _names(path, ("id",) if folder.reads else ("id", "url"))
    return np.unique(np.concatenate(parts))


def _names(path: str, columns: tuple[str, ...]) -> Iterator[Keys]:
    for batch in read_parquet(path, columns, batch_bytes=BATCH_BYTES):
        yield from (keys_of(array) for array in batch.columns if pa.types.is_string(array.type))


def _dropped(path: str, only_copies: bool) -> Iterator[Keys]:
    for batch in read_parquet(path, ("numbers",) if only_copies else ("id", "url", "numbers"), batch_bytes=BATCH_BYTES):
        if pc.any(pc.match_substring(batch.column("numbers"), 'copy_of"')).as_py():
            yield copy_keys(batch.column("numbers"))
        if not only_copies:
            yield keys_of(batch.column("id"))
            yield keys_of(batch.column("url"))
