"""Merge many shards into few large Megatron prefixes: Megatron opens and indexes every prefix, so each should have 10 GB.

(megatron docs/user-guide/data-loading.md: "Target at least 10 GB per file".) Bytes are copied, indexes are joined; the
folder also gets what a training run is started with:

    NAME.bin, NAME.idx       shards one after the other
    NAME.shards.json         which shards, from which token on: the way back to their docs.parquet; `masked`, ranges of tokens
    blend.txt                weight and prefix of each, for --data-args-path
    sequences.json           sequences and documents of each, for --per-dataset-sequences-path
    merged.json              sizes, SHA-256, and the fingerprint of the tokens that all of it was made from
    atom-data.json           what was made of which source (storage/made.py)

Several sources can be merged into one folder: blend.txt, sequences.json and merged.json speak of all that are whole there.
NAME is the source's folder; where another source has that name already, the first digits of its fingerprint follow it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError, DataError
from atom_data.storage.made import Made, making, read_made, refuse_place, write_file
from atom_data.storage.parquet import Output
from atom_data.storage.paths import join, local, sha256
from atom_data.storage.receipts import read_json
from atom_data.tokens.exports import folders_of, note_export
from atom_data.tokens.manifest import manifest
from atom_data.tokens.megatron import create_megatron, read_pair

TARGET_BYTES = 10_000_000_000
PIECE_TOKENS = 1 << 23
TOKEN = "merge"
ENDINGS = ("bin", "idx", "shards.json")
LISTS = ("blend.txt", "sequences.json", "merged.json")
"""What speaks of all sources in the folder."""
VOCABULARY = ("tokenizer", "vocabulary", "eos", "eos_id", "bos", "bos_id", "dtype")

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
    of the receipts on its way; what an interrupted merge finished is kept. A source that was merged into the folder before
    is replaced, others stay beside it. ConfigError for a folder with anything else in it (storage/made.py), and for sources
    of different tokenizers. Memory: 32 MB, and 20 bytes per document of a prefix.
    """
    path, place = folders_of("merge", "merged", folder, target)
    if target_bytes < 1:
        raise ConfigError(f"merge: a prefix of {target_bytes:,} bytes cannot be. Give a size above 0.")
    refuse_place(place)
    found = manifest(str(path.parent), path.name)
    groups = list(_groups([shard for shard in found["shards"] if shard["tokens"]], target_bytes))
    claim = _claim(path, place, found, len(groups), target_bytes)
    total, done = sum(shard["bin"]["bytes"] for group in groups for shard in group), 0
    made: list[Merged] = []
    with making(place, claim, together=True, keep=True) as record:
        note_export(path, place)
        for number, group in enumerate(groups):
            merged, files = _prefix(str(path.parent), place, _name(claim, number, len(groups)), group, found)
            made.append(merged)
            record.files += files
            done += merged.bytes
            progress(done, total)
        prefixes = [{"name": item.name, "documents": item.documents, "tokens": item.tokens} for item in made]
        sums = {key: found[key] for key in ("documents", "tokens")}
        record.about = {**{key: found[key] for key in VOCABULARY}, **sums, "prefixes": prefixes}
        others = [item for item in record.others if item.by == TOKEN and item.whole]
        record.files += _describe(place, [*others, replace(claim, about=record.about)])
    return made


def _claim(path: Path, place: Path, found: dict[str, Any], count: int, target_bytes: int) -> Made:
    """Return what a merge will make, under a name that no other source has in the folder. ConfigError: another tokenizer."""
    of = os.path.realpath(path)
    there = [item for item in read_made(str(place)) if item.by == TOKEN]
    others = [item for item in there if of != item.of and item.fingerprint != found["fingerprint"]]
    for item in others:
        if item.options["tokenizer"] != found["tokenizer"]:
            raise ConfigError(
                f"merge: {place} holds tokens of {item.of}, of the tokenizer with SHA-256 {item.options['tokenizer'][:16]}...; "
                f"those of {path} are of {found['tokenizer'][:16]}.... Give each a folder of its own."
            )
    name = path.name
    if name in [item.options["name"] for item in others]:
        name = f"{name}-{found['fingerprint'][:8]}"
    options = {"name": name, "target_bytes": target_bytes, "tokenizer": found["tokenizer"]}
    claim = Made(by=TOKEN, of=of, fingerprint=found["fingerprint"], options=options, shared=LISTS)
    names = [f"{_name(claim, number, count)}.{ending}" for number in range(count) for ending in ENDINGS]
    return replace(claim, files=tuple({"path": item} for item in (*names, *LISTS)))


def _name(claim: Made, number: int, count: int) -> str:
    return f"{claim.options['name']}-{number:05}-of-{count:05}"


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


def _prefix(
    out: str, place: Path, name: str, group: list[dict[str, Any]], found: dict[str, Any]
) -> tuple[Merged, list[dict[str, Any]]]:
    """Make one prefix, or keep it where it is whole; return what it is and its files."""
    starts = np.cumsum([0, *(shard["tokens"] for shard in group)])
    parts = [
        {"shard": shard["name"], "first_token": int(start), "sha256": shard["sha256"]}
        for shard, start in zip(group, starts, strict=False)
    ]
    path, documents = place / f"{name}.shards.json", sum(shard["documents"] for shard in group)
    record = read_json(str(path))
    whole = int(starts[-1]) * np.dtype(found["dtype"]).itemsize
    kept = record is not None and record.get("parts") == parts and _whole(str(place), record, whole)
    if record is not None and kept:
        files = record["files"]
    else:
        path.unlink(missing_ok=True)  # it must not speak of a .bin that is replaced
        binary, index = Output(f"{name}.bin"), Output(f"{name}.idx")
        dtype = np.dtype(found["dtype"]).newbyteorder("<")
        with create_megatron(join(str(place), name), dtype, TOKEN, binary, index) as shard:
            for entry in group:
                for ids, lengths in _documents(out, entry):
                    shard.write(ids, lengths)
        files = [{"path": item.path, "bytes": item.bytes, "sha256": item.sha256} for item in (binary, index)]
    masked = [
        [int(start) + first, int(start) + stop]
        for shard, start in zip(group, starts, strict=False)
        for first, stop in shard.get("masked", ())
    ]
    about = {"parts": parts, "files": files} | ({"masked": masked} if masked else {})
    page = write_file(place, path.name, _json(about), TOKEN)
    return Merged(name, documents, int(starts[-1]), whole, len(group), kept=kept), [*files, page]


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
        raise DataError(f"{path}: its content is not what its receipt says (SHA-256 differs). Rebuild the shard.")
    ids = np.memmap(local(path), index.dtype, "r")
    ends = index.starts + index.lengths
    first = 0
    while first < len(ends):
        start = int(index.starts[first])
        last = max(first + 1, int(np.searchsorted(ends, start + PIECE_TOKENS, "right")))
        yield np.asarray(ids[start : int(ends[last - 1])]), index.lengths[first:last].astype(np.int64)
        first = last


def _describe(place: Path, sources: Sequence[Made]) -> list[dict[str, Any]]:
    """Write the lists of all that is merged in a folder, in the order of names; return these files."""
    sources = sorted(sources, key=lambda item: str(item.options["name"]))
    prefixes = [prefix for item in sources for prefix in item.about["prefixes"]]
    lines = [f"{prefix['tokens']} {place / prefix['name']}" for prefix in prefixes]
    sequences = {str(place / prefix["name"]): [prefix["documents"], prefix["documents"] + 1] for prefix in prefixes}
    fingerprints = [item.fingerprint for item in sources]
    whole = fingerprints[0] if len(sources) == 1 else hashlib.sha256(" ".join(fingerprints).encode()).hexdigest()
    page = {
        **{key: sources[0].about[key] for key in VOCABULARY},
        **{key: sum(item.about[key] for item in sources) for key in ("documents", "tokens")},
        "fingerprint": whole,
        "sources": [{"name": item.options["name"], "of": item.of, "fingerprint": item.fingerprint} for item in sources],
        "prefixes": [
            {"name": prefix["name"], **(read_json(str(place / f"{prefix['name']}.shards.json")) or {})}
            for prefix in prefixes
        ],
    }
    contents = (("\n".join(lines) + "\n").encode(), _json(sequences), _json(page))
    return [write_file(place, name, data, TOKEN) for name, data in zip(LISTS, contents, strict=True)]


def _json(page: dict[str, Any]) -> bytes:
    return (json.dumps(page, indent=1, ensure_ascii=False) + "\n").encode()
