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
from atom_data.storage.paths import create

SIZE_LIMIT = 1 << 26
"""Of a file: what streaming's own writer takes."""
NAMES = {"uint16": "uint16", "uint32": "int32"}
"""Of the stored types, in MDS; ids are below 2**31, and torch knows no uint32 to speak of."""


def write_mds(binary: Path, dtype: np.dtype[Any], target: Path, length: int) -> int:
    """Write windows of `length` ids of a .bin, without overlap, and return the bytes; the rest of the .bin is left out.

    DataError when there is not one window. Memory: one file of about 64 MB.
    """
    ids = np.memmap(binary, dtype, "r")
    windows, sample_bytes = len(ids) // length, length * dtype.itemsize
    if not windows:
        raise DataError(f"{binary}: {len(ids):,} tokens make no sample of {length:,}. Take a shorter length.")
    columns = {
        "column_encodings": [f"ndarray:{NAMES[dtype.name]}:{length}"],
        "column_names": ["tokens"],
        "column_sizes": [sample_bytes],
    }
    config = {**columns, "compression": None, "format": "mds", "hashes": [], "size_limit": SIZE_LIMIT, "version": 2}
    header = json.dumps(config, sort_keys=True).encode()
    each = max(1, (SIZE_LIMIT - len(header) - 8) // (sample_bytes + 4))
    shards: list[dict[str, Any]] = []
    for start in range(0, windows, each):
        count = min(each, windows - start)
        name = f"shard.{len(shards):05}.mds"
        first = 4 + 4 * (count + 1) + len(header)
        offsets = (first + sample_bytes * np.arange(count + 1)).astype("<u4")
        with create(str(target / name), "export") as stream:
            stream.write(np.uint32(count).tobytes() + offsets.tobytes() + header)
            stream.write(ids[start * length : (start + count) * length].tobytes())
        raw = {"basename": name, "bytes": int(offsets[-1]), "hashes": {}}
        shards.append({**config, "raw_data": raw, "samples": count, "zip_data": None})
    with create(str(target / "index.json"), "export") as stream:
        stream.write(json.dumps({"shards": shards, "version": 2}, sort_keys=True).encode())
    return sum(int(shard["raw_data"]["bytes"]) for shard in shards)


def join_indexes(target: Path, names: Sequence[str]) -> None:
    """Write one index.json over those of the folders below, as streaming's own `merge_index` does."""
    shards: list[dict[str, Any]] = []
    for name in names:
        for shard in json.loads((target / name / "index.json").read_bytes())["shards"]:
            shard["raw_data"]["basename"] = f"{name}/{shard['raw_data']['basename']}"
            shards.append(shard)
    with create(str(target / "index.json"), "export") as stream:
        stream.write(json.dumps({"shards": shards, "version": 2}, sort_keys=True).encode())
