"""Token shards as MosaicML's MDS, by copy: samples of a fixed length, which that format needs.

A shard file: uint32 N, uint32 offset[N + 1] from the start of the file, the JSON of the columns, the samples; index.json
lists the files (streaming/base/format/mds/writer.py and reader.py of streaming 0.13). The one column `tokens` has a type
and shape of its own, so that a sample is its bytes and nothing else.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from atom_data.errors import DataError
from atom_data.storage.made import write_file
from atom_data.storage.paths import Hashed, create

SIZE_LIMIT = 1 << 26
"""Of a file: what streaming's own writer takes."""
TOKEN = "export"
NAMES = {"uint16": "uint16", "uint32": "int32"}
"""Of the stored types, in MDS; ids are below 2**31, and torch knows no uint32 to speak of."""


def _config(dtype: str, itemsize: int, length: int) -> dict[str, Any]:
    columns = {
        "column_encodings": [f"ndarray:{NAMES[dtype]}:{length}"],
        "column_names": ["tokens"],
        "column_sizes": [length * itemsize],
    }
    return {**columns, "compression": None, "format": "mds", "hashes": [], "size_limit": SIZE_LIMIT, "version": 2}


def _header(dtype: str, itemsize: int, length: int) -> bytes:
    return json.dumps(_config(dtype, itemsize, length), sort_keys=True).encode()


def _each(dtype: str, itemsize: int, length: int) -> int:
    """Return how many samples a file has."""
    return max(1, (SIZE_LIMIT - len(_header(dtype, itemsize, length)) - 8) // (length * itemsize + 4))


def mds_names(tokens: int, dtype: str, itemsize: int, length: int) -> list[str]:
    """Return the names of the files that `write_mds` makes of this many tokens."""
    count = -(-(tokens // length) // _each(dtype, itemsize, length))
    return ["index.json", *(f"shard.{number:05}.mds" for number in range(count))]


def write_mds(binary: Path, dtype: np.dtype[Any], target: Path, folder: str, length: int) -> list[dict[str, Any]]:
    """Write windows of `length` ids of a .bin, without overlap, into TARGET/FOLDER; the rest of the .bin is left out.

    Return path below `target`, bytes and SHA-256 of each file. DataError when there is not one window. Memory: one file
    of about 64 MB.
    """
    ids = np.memmap(binary, dtype, "r")
    windows, sample_bytes = len(ids) // length, length * dtype.itemsize
    if not windows:
        raise DataError(f"{binary}: {len(ids):,} tokens make no sample of {length:,}. Take a shorter length.")
    kind = (dtype.name, dtype.itemsize, length)
    config, header, each = _config(*kind), _header(*kind), _each(*kind)
    shards: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    for start in range(0, windows, each):
        count = min(each, windows - start)
        name = f"shard.{len(shards):05}.mds"
        first = 4 + 4 * (count + 1) + len(header)
        offsets = (first + sample_bytes * np.arange(count + 1)).astype("<u4")
        with create(str(target / folder / name), TOKEN) as stream:
            hashed = Hashed(stream)
            hashed.write(np.uint32(count).tobytes() + offsets.tobytes() + header)
            hashed.write(ids[start * length : (start + count) * length].tobytes())
        files.append({"path": f"{folder}/{name}", "bytes": hashed.bytes, "sha256": hashed.hexdigest()})
        raw = {"basename": name, "bytes": int(offsets[-1]), "hashes": {}}
        shards.append({**config, "raw_data": raw, "samples": count, "zip_data": None})
    return [*files, write_file(target, f"{folder}/index.json", _index(shards), TOKEN)]


def join_indexes(target: Path, names: Sequence[str]) -> dict[str, Any]:
    """Write one index.json over those of the folders below, as streaming's own `merge_index` does; return what it is."""
    shards: list[dict[str, Any]] = []
    for name in names:
        for shard in json.loads((target / name / "index.json").read_bytes())["shards"]:
            shard["raw_data"]["basename"] = f"{name}/{shard['raw_data']['basename']}"
            shards.append(shard)
    return write_file(target, "index.json", _index(shards), TOKEN)


def _index(shards: list[dict[str, Any]]) -> bytes:
    return json.dumps({"shards": shards, "version": 2}, sort_keys=True).encode()
