"""The listing of a source, kept with a run: a thousand tasks of an array must not each list a folder of 90,000 files.

Whoever starts the array lists once and writes it down; its tasks read that. Everywhere else a source is listed anew each
time, so that a changed folder is noticed. URLs are never listed, and may hold a password: they are not written down.
"""

import hashlib
import json
from collections.abc import Callable

from atom_data.errors import DataError
from atom_data.storage.paths import create, is_remote, join
from atom_data.storage.receipts import read_json
from atom_data.storage.shards import Shard

FOLDER = "cluster/listings"

ANEW, WRITE, READ = "anew", "write", "read"

_mode, _token = ANEW, ""
_known: dict[str, tuple[Shard, ...]] = {}


def use_listings(mode: str, token: str = "") -> None:
    """Say what this process does with listings: makes them ANEW (as at first), WRITEs them down too, or READs them."""
    global _mode, _token
    _mode, _token = mode, token
    _known.clear()


def listing(out: str, source: str, make: Callable[[], tuple[Shard, ...]]) -> tuple[Shard, ...]:
    """Return the shards of a source: what `make` lists, or what was written down for this `source`, its whole repr."""
    if _mode == ANEW:
        return make()
    path = join(out, FOLDER, f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.json")
    if path not in _known:
        _known[path] = _read(path) if _mode == READ else _write(path, make())
    return _known[path] or make()


def _write(path: str, shards: tuple[Shard, ...]) -> tuple[Shard, ...]:
    rows = [] if any(is_remote(shard.path) for shard in shards) else [_row(shard) for shard in shards]
    with create(path, _token) as stream:
        stream.write(json.dumps({"shards": rows}).encode())
    return shards


def _row(shard: Shard) -> tuple[str, str, int, int, int | None]:
    return shard.name, shard.path, shard.bytes, shard.start, shard.stop


def _read(path: str) -> tuple[Shard, ...]:
    found = read_json(path)
    if found is None:
        raise DataError(f"{path}: the listing of a source is not there. Start the array with atom-data run --on slurm.")
    return tuple(Shard(*row) for row in found["shards"])
