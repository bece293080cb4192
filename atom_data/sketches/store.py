"""Where sketches stand: STAGE/sketches/SHARD.json.gz, beside the receipts, and no part of the result.

A sketch belongs to the shard whose hash it names. One of another shard, or one that cannot be read, counts as none: it is
made from documents that are there no more, and a report is not worth an error.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any

from atom_data.errors import DataError
from atom_data.storage.paths import PARTIAL, create, is_remote, join, local, plain, read_bytes, write_errors
from atom_data.workspace import Workspace

SKETCHES = "sketches"
"""The folder of a stage's sketches, which `verify` knows and `fingerprint` leaves out."""
FORMAT = 1
LEVEL = 4
"""Of compression: 6 takes three times as long for a twentieth less."""
LARGEST = 1 << 26
"""Bytes of JSON that are read; ours have a few kB, and a small file can hold gigabytes of zeros."""


def sketch_path(folder: str, shard: str) -> str:
    """Return where the sketch of a shard stands, relative to the output folder."""
    return join(folder, SKETCHES, f"{shard}.json.gz")


def write_sketch(workspace: Workspace, folder: str, shard: str, value: Mapping[str, Any]) -> None:
    """Write the sketch of a shard; the same bytes for the same counts.

    It is not waited for until it is on disk, which would take as long as all the counting of a small shard: one that a power
    failure cuts off cannot be read, and counts as none.
    """
    body = json.dumps({"format": FORMAT, **value}, ensure_ascii=False, separators=(",", ":")).encode()
    data, path = gzip.compress(body, LEVEL, mtime=0), workspace.path(sketch_path(folder, shard))
    if is_remote(path):
        with create(path, workspace.token) as stream:
            stream.write(data)
        return
    with write_errors(path):
        try:
            _new(path, data)
        except FileNotFoundError:
            local(path).parent.mkdir(parents=True, exist_ok=True)
            _new(path, data)
        except FileExistsError:  # the shard was made before, and a copy of the folder may hold the same file
            partial = f"{path}.{workspace.token}{PARTIAL}"
            local(partial).write_bytes(data)
            local(partial).replace(local(path))


def _new(path: str, data: bytes) -> None:
    with open(plain(path), "xb", buffering=0) as stream:  # noqa: PTH123 - a Path takes as long as the file
        stream.write(data)


def read_sketch(workspace: Workspace, folder: str, shard: str, sha256: str | None) -> dict[str, Any] | None:
    """Return the sketch of a shard whose first file has this hash; None where there is none that fits."""
    path = workspace.path(sketch_path(folder, shard))
    try:
        value = json.loads(_unpacked(read_bytes(path) if is_remote(path) else local(path).read_bytes()))
    except (OSError, DataError, ValueError, zlib.error):
        return None
    fits = isinstance(value, dict) and value.get("format") == FORMAT and value.get("sha256") == sha256
    return value if fits else None


def _unpacked(data: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(data, LARGEST)


def remove_sketch(workspace: Workspace, folder: str, shard: str) -> None:
    """Remove the sketch of a shard that is no longer as it was; it may name domains of documents that are gone."""
    if not workspace.is_remote:
        workspace.local(sketch_path(folder, shard)).unlink(missing_ok=True)
