"""The manifest of a finished job: one file that says what all its receipts say.

A receipt per shard is right for workers, and a hundred thousand small files are wrong for everyone who reads them all: the
stages after, `status`, a passage over the whole corpus. So a job that is finished is written down once more, as Parquet
that DuckDB opens as it is. It is made from the receipts and taken away before one of them changes; without it, the
receipts are read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from atom_data.errors import DataError
from atom_data.storage.parquet import integers, strings
from atom_data.storage.paths import create, is_remote, join, local, read_bytes
from atom_data.storage.receipts import Receipt

SCHEMA = pa.schema(
    [
        *strings("shard"),
        *integers("rows_in", "rows_out"),
        *strings("dropped", "unreadable", "skipped"),
        *integers("text_bytes", "tokens", "input_bytes", "output_bytes"),
        ("wall_seconds", pa.float64()),
        ("cpu_seconds", pa.float64()),
        *integers("peak_memory_bytes"),
        *strings("path"),
        *integers("bytes"),
        *strings("sha256"),
    ]
)
"""One row per shard, in the order of the plan. `dropped`, `unreadable` and `skipped` are JSON, a count per reason; `path`,
`bytes` and `sha256` are those of the shard's first output, null for a task that makes none."""

COUNTS = ("dropped", "unreadable", "skipped")
ROWS = 1024
_IDENTITY = b"identity"
_FAILED = b"failed"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a finished job says of itself: STAGE/receipts/all.pq, with a row per shard."""

    identity: dict[str, Any]
    """Of the job and of the code, as the receipts have it."""
    table: pa.Table
    failed: tuple[str, ...] = ()
    """Shards that the job was finished without, in the metadata of the file; their rows count nothing."""


def manifest_path(folder: str) -> str:
    """Return where the manifest of a job stands, relative to the output folder."""
    return join(folder, "receipts", "all.pq")


def manifest_row(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as a row of the manifest."""
    first, measured = receipt.outputs[0] if receipt.outputs else None, receipt.measured
    return {
        "shard": receipt.shard,
        "rows_in": receipt.rows_in,
        "rows_out": receipt.rows_out,
        "text_bytes": receipt.text_bytes,
        "tokens": receipt.tokens,
        "dropped": _counts(receipt.dropped),
        "unreadable": _counts(receipt.unreadable),
        "skipped": _counts(receipt.skipped),
        "input_bytes": measured.input_bytes,
        "wall_seconds": measured.wall_seconds,
        "cpu_seconds": measured.cpu_seconds,
        "peak_memory_bytes": measured.peak_memory_bytes,
        "output_bytes": receipt.output_bytes,
        "path": first.path if first else None,
        "bytes": first.bytes if first else None,
        "sha256": first.sha256 if first else None,
    }


def _counts(counts: Mapping[str, int]) -> str:
    return json.dumps(dict(counts), sort_keys=True)


def write_manifest(
    path: str,
    identity: dict[str, Any],
    rows: Iterable[Mapping[str, Any]],
    token: str,
    failed: Sequence[str] = (),
) -> None:
    """Write the manifest of a job from `manifest_row`s. Nothing is written when the same one is there already."""
    about = {_IDENTITY: json.dumps(identity, sort_keys=True)} | ({_FAILED: json.dumps(list(failed))} if failed else {})
    schema = SCHEMA.with_metadata(about)
    table = pa.Table.from_batches(map(partial(pa.RecordBatch.from_pylist, schema=schema), _some(rows)), schema)
    before = read_manifest(path)
    same = before is not None and before.identity == identity and before.failed == tuple(failed)
    if before is None or not same or not before.table.equals(table):
        with create(path, token) as stream:
            pq.write_table(table, stream, compression="zstd")


def _some(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Yield rows in lists: as Python's objects 100,000 of them are half a gigabyte."""
    rows = iter(rows)
    while some := list(islice(rows, ROWS)):
        yield some


def read_manifest(path: str) -> Manifest | None:
    """Return the manifest of a job, or None when the job is not finished or the file is not a manifest."""
    try:
        if is_remote(path):
            source = pa.BufferReader(read_bytes(path))
        elif local(path).is_file():
            source = str(local(path))
        else:
            return None
        with pq.ParquetFile(source) as file:  # pq.read_table would load the library of data sets, 50 ms
            table = file.read()
        about = table.schema.metadata or {}
        identity, failed = json.loads(about[_IDENTITY]), tuple(json.loads(about.get(_FAILED, b"[]")))
    except (DataError, OSError, KeyError, ValueError):  # pyarrow's errors are ValueErrors and OSErrors
        return None
    return Manifest(identity, table, failed) if table.schema.equals(SCHEMA) else None


def remove_manifest(path: str) -> None:
    """Remove the manifest, because a shard is about to be rebuilt; on an object store an empty file takes its place."""
    if not is_remote(path):
        local(path).unlink(missing_ok=True)
    elif read_manifest(path) is not None:
        with create(path, "") as stream:
            stream.write(b"")
