"""Finished token shards for other loaders: names and sidecars of theirs beside the same bytes, which are not copied.

    megatron    NAME.bin, NAME.idx                                   Megatron-core, NeMo, Megatron-Bridge
    olmo        NAME.npy (raw ids), NAME.csv.gz                      OLMo-core, dolma
    datatrove   NAME.ds, NAME.ds.index, NAME.ds.metadata             datatrove, nanotron
    offsets     NAME.bin, NAME.offsets.npy                           a memory map and where documents begin: torchtitan
    mds         index.json, NAME/index.json, NAME/shard.00000.mds    MosaicML streaming; the one that copies (mds.py)

A folder holds exports of one source, each format once; its atom-data.json says what was made (storage/made.py).

Layouts: megatron/core/datasets/indexed_dataset.py, olmo_core/data/utils.py (`iter_document_indices`) and dolma's memmap
writer, datatrove/pipeline/tokens/tokenizer.py (`TokenizedFile`), torchtitan/components/data/README.md.
"""

import csv
import gzip
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from atom_data.errors import ConfigError, DataError
from atom_data.storage.made import Made, link_file, making, write_file
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import Hashed, create, is_remote, join, local
from atom_data.tokens.exports import note_export, refuse_inside_run
from atom_data.tokens.manifest import manifest
from atom_data.tokens.mds import join_indexes, mds_names, write_mds
from atom_data.tokens.megatron import Index, read_pair

TOKEN = "export"
SIDECAR_ROWS = 65_536
MASK = "masked"
"""Beside a shard in which a takedown masked documents: int64, a row a range, first token and token after the last."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export made."""

    kind: str
    shards: int
    tokens: int
    linked: int
    """Files that share their bytes with the shards."""
    written_bytes: int
    """Of sidecars, or of copies."""
    noted: bool
    """The run's folder knows of it (exports.py); not where that folder may not be written."""


class _File(NamedTuple):
    """A file of an export."""

    path: str
    """Below the target."""
    bytes: int
    sha256: str
    linked: bool = False

    def line(self) -> dict[str, Any]:
        return {"path": self.path, "bytes": self.bytes, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class _Shard:
    """One shard on its way out."""

    out: str
    target: Path
    found: dict[str, Any]
    entry: dict[str, Any]
    length: int

    @property
    def name(self) -> str:
        return str(self.entry["name"])

    @property
    def binary(self) -> Path:
        return local(join(self.out, self.entry["bin"]["path"]))

    def index(self) -> Index:
        return read_pair(str(self.binary.with_suffix("")))


def export(
    folder: str,
    target: str,
    kind: str,
    *,
    length: int = 0,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Exported:
    """Write the shards of a finished tokens folder for another loader into `target`. ConfigError when it cannot be.

    Ids are hard links, or symbolic ones where the file system has no hard links or is another one; where an export is
    to be moved, copy what the links point to. `length` is the tokens of a sample, for "mds" alone. Shards without a
    document are left out: no other loader takes an empty file. Memory: 20 bytes per document of a shard.

    A folder that holds an export of the same source in the same format is brought up to date, and shards that are no
    more are removed; any other folder that is not empty is refused (storage/made.py).
    """
    _check(folder, target, kind, length)
    path, place = local(folder).absolute(), local(target).absolute()
    refuse_inside_run("export", target, path)
    found = manifest(str(path.parent), path.name)
    shards = [entry for entry in found["shards"] if entry["tokens"]]
    claim = Made(
        by=f"export {kind}",
        of=os.path.realpath(path),
        fingerprint=found["fingerprint"],
        options={"length": length} if length else {},
        reads=READS[kind],
        files=tuple({"path": name} for name in _names(kind, shards, found, length)),
    )
    files: list[_File] = []
    with making(place, claim) as made:
        noted = note_export(path, place)
        for number, entry in enumerate(shards):
            shard = _Shard(str(path.parent), place, found, entry, length)
            files += KINDS[kind](shard)
            files += [_linked(shard, "mask", MASK)] if "mask" in entry and kind != "mds" else []
            progress(number + 1, len(shards))
        if kind == "mds":
            files += [_File(**join_indexes(place, [entry["name"] for entry in shards]))]
        made.files += [file.line() for file in files]
    linked, written = sum(file.linked for file in files), sum(file.bytes for file in files if not file.linked)
    return Exported(kind, len(shards), found["tokens"], linked, written, noted)


def _check(folder: str, target: str, kind: str, length: int) -> None:
    if kind not in KINDS:
        raise ConfigError(f"export: no format '{kind}'; there are {', '.join(KINDS)}. Name one of them.")
    if is_remote(folder) or is_remote(target):
        raise ConfigError(
            f"export: {folder} to {target}: links are made on local or mounted folders only. Copy them first."
        )
    if (kind == "mds") != (length > 0):
        raise ConfigError(f"export: a sample's length is {length}; only and always 'mds' has one. Correct --length.")


def _names(kind: str, shards: list[dict[str, Any]], found: dict[str, Any], length: int) -> list[str]:
    """Return what an export writes, before it is written."""
    if kind != "mds":
        names = [f"{entry['name']}.{ending}" for entry in shards for ending in ENDINGS[kind]]
        return [*names, *(f"{entry['name']}.{MASK}" for entry in shards if "mask" in entry)]
    itemsize = np.dtype(found["dtype"]).itemsize
    names = [
        f"{entry['name']}/{name}"
        for entry in shards
        for name in mds_names(entry["tokens"], found["dtype"], itemsize, length)
    ]
    return ["index.json", *names]


def _linked(shard: _Shard, of: str, ending: str) -> _File:
    """Give a file of the shard another name; bytes and hash are those of its receipt."""
    item, name = shard.entry[of], f"{shard.name}.{ending}"
    link_file(local(join(shard.out, item["path"])), shard.target / name, TOKEN)
    return _File(name, item["bytes"], item["sha256"], linked=True)


def _megatron(shard: _Shard) -> list[_File]:
    return [_linked(shard, ending, ending) for ending in ENDINGS["megatron"]]


def _olmo(shard: _Shard) -> list[_File]:
    """Lines of start, end, id, source, row in the source: the first two are read, the rest is for people."""
    index = shard.index()
    name = f"{shard.name}.csv.gz"
    starts, ends, first = index.starts, index.starts + index.lengths, 0
    with create(str(shard.target / name), TOKEN) as stream:
        hashed: Any = Hashed(stream)
        with gzip.GzipFile("", "wb", 6, hashed, mtime=0) as packed:
            for rows in _documents(shard, ("id", "shard", "row")):
                text = io.StringIO(newline="")
                last = first + len(rows)
                lines = zip(starts[first:last].tolist(), ends[first:last].tolist(), rows, strict=True)
                csv.writer(text, lineterminator="\n").writerows(
                    (start, end, row["id"], row["shard"], row["row"]) for start, end, row in lines
                )
                packed.write(text.getvalue().encode())
                first = last
    if first != len(starts):
        raise DataError(
            f"{shard.name}: {first:,} rows in its docs.parquet and {len(starts):,} documents in its .idx. Rebuild it."
        )
    return [_linked(shard, "bin", "npy"), _File(name, hashed.bytes, hashed.hexdigest())]


def _datatrove(shard: _Shard) -> list[_File]:
    index = shard.index()
    ends = (index.starts + index.lengths).astype("<u8").tobytes()
    count = int(shard.entry["tokens"])
    # The last line is for people alone, in datatrove's words.
    about = f"{shard.found['tokenizer']}|{index.dtype.itemsize}\n{count}\n{_short(count)}T"
    sidecars = [_write(shard, "ds.index", ends), _write(shard, "ds.metadata", about.encode())]
    return [_linked(shard, "bin", "ds"), *sidecars]


def _offsets(shard: _Shard) -> list[_File]:
    index = shard.index()
    stream = io.BytesIO()
    np.save(stream, np.append(index.starts, index.tokens).astype("<i8"))
    return [_linked(shard, "bin", "bin"), _write(shard, "offsets.npy", stream.getvalue())]


def _mds(shard: _Shard) -> list[_File]:
    index = shard.index()
    files = write_mds(shard.binary, index.dtype, shard.target, shard.name, shard.length)
    return [_File(**file) for file in files]


KINDS: dict[str, Callable[[_Shard], list[_File]]] = {
    "megatron": _megatron,
    "olmo": _olmo,
    "datatrove": _datatrove,
    "offsets": _offsets,
    "mds": _mds,
}
"""What makes each from a shard, and returns its files."""
ENDINGS = {
    "megatron": ("bin", "idx"),
    "olmo": ("npy", "csv.gz"),
    "datatrove": ("ds", "ds.index", "ds.metadata"),
    "offsets": ("bin", "offsets.npy"),
}
READS = {"megatron": ".bin", "olmo": ".npy", "datatrove": ".ds", "offsets": ".bin", "mds": ""}
"""What a run is started with: all files of a folder that end so. MDS has an index of its own."""


def _documents(shard: _Shard, columns: tuple[str, ...]) -> Iterator[list[dict[str, Any]]]:
    for batch in read_parquet(join(shard.out, shard.entry["docs"]["path"]), columns):
        yield batch.to_pylist()


def _write(shard: _Shard, ending: str, data: bytes) -> _File:
    return _File(**write_file(shard.target, f"{shard.name}.{ending}", data, TOKEN))


def _short(count: int) -> str:
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return f"{count} "
