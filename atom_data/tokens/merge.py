"""Few large Megatron prefixes out of many shards: Megatron opens and indexes every prefix, so it wants 10 GB each.

(megatron docs/user-guide/data-loading.md: "Target at least 10 GB per file".) Bytes are copied, indexes are joined; the
folder also gets what a training run is started with:

    NAME.bin, NAME.idx       shards one after the other
    NAME.shards.json         which shards, from which token on: the way back to their docs.parquet
    blend.txt                weight and prefix of each, for --data-args-path
    sequences.json           sequences and documents of each, for --per-dataset-sequences-path
    merged.json              sizes, SHA-256, and the fingerprint of the tokens that all of it was made from
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError, DataError
from atom_data.storage.parquet import Output
from atom_data.storage.paths import is_remote, join, local, sha256
from atom_data.storage.receipts import read_json, write_json
from atom_data.tokens.manifest import manifest
from atom_data.tokens.megatron import create_megatron, read_pair

TARGET_BYTES = 10_000_000_000
PIECE_TOKENS = 1 << 23
TOKEN = "merge"

Progress = Callable[[int, int], None]
"""Called with bytes copied and bytes in all."""


@dataclass(frozen=True, slots=True)
class Merged:
    """One prefix that was made, or was there already."""

    name: str
    documents: int
    tokens: int
    bytes: int
    shards: int
    kept: bool
    """It was there already, whole."""


def merge(
    folder: str, target: str, target_bytes: int = TARGET_BYTES, progress: Progress = lambda done, of: None
) -> list[Merged]:
    """Copy the shards of a finished tokens folder into prefixes of at least `target_bytes`. DataError for bad shards.

    Only the last prefix may hold less, where all shards together are too few. Every byte is checked against the hashes
    of the receipts on its way; what an interrupted merge finished is kept. Memory: 32 MB, and 20 bytes a document of a
    prefix.
    """
    if is_remote(folder) or is_remote(target):
        raise ConfigError(f"merge: {folder} to {target}: only local or mounted folders are merged. Copy them first.")
    if target_bytes < 1:
        raise ConfigError(f"merge: a prefix of {target_bytes:,} bytes cannot be. Give a size above 0.")
    path, place = local(folder).absolute(), local(target).absolute()
    if place == path or path in place.parents:
        raise ConfigError(
            f"merge: {target} is inside the tokens folder, where verify calls it an orphan. Take another."
        )
    found = manifest(str(path.parent), path.name)
    groups = list(_groups([shard for shard in found["shards"] if shard["tokens"]], target_bytes))
    total, done = sum(shard["bin"]["bytes"] for group in groups for shard in group), 0
    made: list[Merged] = []
    for number, group in enumerate(groups):
        name = f"{path.name}-{number:05}-of-{len(groups):05}"
        made.append(_prefix(str(path.parent), str(place), name, group, found))
        done += made[-1].bytes
        progress(done, total)
    _describe(place, made, found)
    return made


def _groups(shards: list[dict[str, Any]], target_bytes: int) -> Iterator[list[dict[str, Any]]]:
    """Yield consecutive shards that come to at least `target_bytes`; what is left over joins the last."""
    groups: list[list[dict[str, Any]]] = []
    size = target_bytes
    for shard in shards:
        if size >= target_bytes:
            groups.append([])
            size = 0
        groups[-1].append(shard)
        size += shard["bin"]["bytes"]
    if len(groups) > 1 and size < target_bytes:
        groups[-2] += groups.pop()
    yield from groups


def _prefix(out: str, place: str, name: str, group: list[dict[str, Any]], found: dict[str, Any]) -> Merged:
    starts = np.cumsum([0, *(shard["tokens"] for shard in group)])
    parts = [
        {"shard": shard["name"], "first_token": int(start), "sha256": shard["sha256"]}
        for shard, start in zip(group, starts, strict=False)
    ]
    path, documents = join(place, f"{name}.shards.json"), sum(shard["documents"] for shard in group)
    record = read_json(path)
    whole = int(starts[-1]) * np.dtype(found["dtype"]).itemsize
    if record is not None and record.get("parts") == parts and _whole(place, record, whole):
        return Merged(name, documents, int(starts[-1]), whole, len(group), kept=True)
    binary, index = Output(f"{name}.bin"), Output(f"{name}.idx")
    with create_megatron(join(place, name), np.dtype(found["dtype"]).newbyteorder("<"), TOKEN, binary, index) as shard:
        for entry in group:
            for ids, lengths in _documents(out, entry):
                shard.write(ids, lengths)
    files = [{"path": item.path, "bytes": item.bytes, "sha256": item.sha256} for item in (binary, index)]
    write_json(path, {"parts": parts, "files": files}, TOKEN)
    return Merged(name, documents, int(starts[-1]), whole, len(group), kept=False)


def _whole(place: str, record: dict[str, Any], whole: int) -> bool:
    files = record.get("files") or []
    paths = [(local(join(place, item["path"])), item["bytes"]) for item in files]
    there = all(path.is_file() and path.stat().st_size == size for path, size in paths)
    return len(files) == 2 and there and files[0]["bytes"] == whole


def _documents(out: str, entry: dict[str, Any]) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[np.int64]]]:
    """Yield whole documents of a shard, many at a time. DataError when its bytes are not those of its receipt."""
    path = join(out, entry["bin"]["path"])
    index = read_pair(path.removesuffix(".bin"))
    if sha256(path) != entry["sha256"]:
        raise DataError(f"{path}: its content is not what its receipt says (SHA-256 differs). Make the shard again.")
    ids = np.memmap(local(path), index.dtype, "r")
    ends = index.starts + index.lengths
    first = 0
    while first < len(ends):
        start = int(index.starts[first])
        last = max(first + 1, int(np.searchsorted(ends, start + PIECE_TOKENS, "right")))
        yield np.asarray(ids[start : int(ends[last - 1])]), index.lengths[first:last].astype(np.int64)
        first = last


def _describe(place: Path, made: list[Merged], found: dict[str, Any]) -> None:
    lines = [f"{item.tokens} {place / item.name}" for item in made]
    (place / "blend.txt").write_text("\n".join(lines) + "\n")
    sequences = {str(place / item.name): [item.documents, item.documents + 1] for item in made}
    (place / "sequences.json").write_text(json.dumps(sequences, indent=1) + "\n")
    kept = ("tokenizer", "vocabulary", "eos", "eos_id", "bos", "bos_id", "dtype", "documents", "tokens", "fingerprint")
    prefixes = [{"name": item.name, **(read_json(str(place / f"{item.name}.shards.json")) or {})} for item in made]
    write_json(str(place / "merged.json"), {**{key: found[key] for key in kept}, "prefixes": prefixes}, TOKEN)
