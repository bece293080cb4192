"""Finished token shards for other loaders: names and sidecars of theirs beside the same bytes, which are not copied.

    megatron    NAME.bin, NAME.idx                                   Megatron-core, NeMo, Megatron-Bridge
    olmo        NAME.npy (raw ids), NAME.csv.gz                      OLMo-core, dolma
    datatrove   NAME.ds, NAME.ds.index, NAME.ds.metadata             datatrove, nanotron
    offsets     NAME.bin, NAME.offsets.npy                           a memory map and where documents begin: torchtitan
    mds         index.json, NAME/index.json, NAME/shard.00000.mds    MosaicML streaming; the one that copies (mds.py)

Layouts: megatron/core/datasets/indexed_dataset.py, olmo_core/data/utils.py (`iter_document_indices`) and dolma's memmap
writer, datatrove/pipeline/tokens/tokenizer.py (`TokenizedFile`), torchtitan/components/data/README.md.
"""

import csv
import errno
import gzip
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atom_data.errors import ConfigError, DataError
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import create, is_remote, join, local
from atom_data.tokens.manifest import manifest
from atom_data.tokens.mds import join_indexes, write_mds
from atom_data.tokens.megatron import Index, read_pair

TOKEN = "export"
SIDECAR_ROWS = 65_536


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
    document are left out: no other loader takes an empty file. Memory: 20 bytes a document of a shard.
    """
    if kind not in KINDS:
        raise ConfigError(f"export: no format '{kind}'; there are {', '.join(KINDS)}. Name one of them.")
    if is_remote(folder) or is_remote(target):
        raise ConfigError(
            f"export: {folder} to {target}: links are made on local or mounted folders only. Copy them first."
        )
    if (kind == "mds") != (length > 0):
        raise ConfigError(f"export: a sample's length is {length}; only and always 'mds' has one. Correct --length.")
    path = local(folder).absolute()
    found = manifest(str(path.parent), path.name)
    place = local(target).absolute()
    if place == path or path in place.parents:
        raise ConfigError(
            f"export: {target} is inside the tokens folder, where verify calls it an orphan. Take another."
        )
    place.mkdir(parents=True, exist_ok=True)
    shards = [entry for entry in found["shards"] if entry["tokens"]]
    linked = written = 0
    for number, entry in enumerate(shards):
        links, size = KINDS[kind](_Shard(str(path.parent), place, found, entry, length))
        linked, written = linked + links, written + size
        progress(number + 1, len(shards))
    if kind == "mds":
        join_indexes(place, [entry["name"] for entry in shards])
    return Exported(kind, len(shards), found["tokens"], linked, written)


def _megatron(shard: _Shard) -> tuple[int, int]:
    for ending in ("bin", "idx"):
        _link(local(join(shard.out, shard.entry[ending]["path"])), shard.target / f"{shard.name}.{ending}")
    return 2, 0


def _olmo(shard: _Shard) -> tuple[int, int]:
    """Lines of start, end, id, source, row in the source: the first two are read, the rest is for people."""
    index = shard.index()
    _link(shard.binary, shard.target / f"{shard.name}.npy")
    path = shard.target / f"{shard.name}.csv.gz"
    starts, ends, first = index.starts, index.starts + index.lengths, 0
    with create(str(path), TOKEN) as stream, gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed:
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
            f"{shard.name}: {first:,} rows in its docs.parquet and {len(starts):,} documents in its .idx. Make it again."
        )
    return 1, path.stat().st_size


def _datatrove(shard: _Shard) -> tuple[int, int]:
    index = shard.index()
    _link(shard.binary, shard.target / f"{shard.name}.ds")
    ends = (index.starts + index.lengths).astype("<u8").tobytes()
    count = int(shard.entry["tokens"])
    # The last line is for people alone, in datatrove's words.
    about = f"{shard.found['tokenizer']}|{index.dtype.itemsize}\n{count}\n{_short(count)}T"
    return 1, _write(shard.target / f"{shard.name}.ds.index", ends) + _write(
        shard.target / f"{shard.name}.ds.metadata", about.encode()
    )


def _offsets(shard: _Shard) -> tuple[int, int]:
    index = shard.index()
    _link(shard.binary, shard.target / f"{shard.name}.bin")
    stream = io.BytesIO()
    np.save(stream, np.append(index.starts, index.tokens).astype("<i8"))
    return 1, _write(shard.target / f"{shard.name}.offsets.npy", stream.getvalue())


def _mds(shard: _Shard) -> tuple[int, int]:
    index = shard.index()
    return 0, write_mds(shard.binary, index.dtype, shard.target / shard.name, shard.length)


KINDS: dict[str, Callable[[_Shard], tuple[int, int]]] = {
    "megatron": _megatron,
    "olmo": _olmo,
    "datatrove": _datatrove,
    "offsets": _offsets,
    "mds": _mds,
}
"""What makes each: it returns how many links it made and how many bytes it wrote."""


def _documents(shard: _Shard, columns: tuple[str, ...]) -> Iterator[list[dict[str, Any]]]:
    for batch in read_parquet(join(shard.out, shard.entry["docs"]["path"]), columns):
        yield batch.to_pylist()


def _write(path: Path, data: bytes) -> int:
    with create(str(path), TOKEN) as stream:
        stream.write(data)
    return len(data)


def _link(source: Path, target: Path) -> None:
    """Make `target` another name of `source`; what stood there under that name is replaced."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            raise
        target.symlink_to(source)


def _short(count: int) -> str:
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return f"{count} "
