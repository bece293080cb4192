"""What a deduplication pass leaves: for each shard the few rows that have copies, read back beside the rows themselves."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from atom_data.batch import with_columns
from atom_data.errors import DataError
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import join
from atom_data.storage.receipts import read_receipt
from atom_data.storage.shards import Input, Intake, Reads, Shard

TASK = "copies"
"""The one task of a pass that compares documents of all shards."""


def copies_path(name: str, shard: str) -> str:
    """Return where a shard's copies stand, relative to the output folder."""
    return join(name, f"{shard}.parquet")


def copies_input(name: str, shard: Shard, out: str) -> Input:
    """Return a shard's copies as an input: by the receipt of the pass; a shard without copies has no file."""
    receipt = read_receipt(out, name, TASK)
    if receipt is None:
        raise DataError(f"{name}: there is no receipt, so the pass is not finished. Run '{name}' first.")
    path = copies_path(name, shard.name)
    for item in receipt["outputs"]:
        if item["path"] == path:
            return Input(path=path, bytes=item["bytes"], sha256=item["sha256"])
    return Input(path=path, bytes=0, sha256="no copies")


def read_with_copies(
    source: Reads, name: str, shard: Shard, out: str, columns: Collection[str], added: pa.Schema, intake: Intake
) -> Iterator[pa.RecordBatch]:
    """Yield the source's batches with the columns `added`: rank 0, count 1 and nulls where a document has no copy.

    The ids of both sides are compared, so a pass can never be applied to other rows than those it saw.
    Memory: the copies of one shard (about 100 bytes a copy).
    """
    found = copies_input(name, shard, out)
    intake.inputs.append(found)
    table = pa.Table.from_batches([], pa.schema([("row", pa.int64()), ("id", pa.string()), *added]))
    if found.bytes:
        table = pa.Table.from_batches(read_parquet(join(out, found.path), table.schema.names), table.schema)
    rows = table.column("row").to_numpy()
    start = 0
    for batch in source.read(shard, out, {*columns, "id"} - set(added.names), intake):
        first, last = np.searchsorted(rows, [start, start + batch.num_rows])
        here = table.slice(first, last - first)
        where = rows[first:last] - start
        if here.column("id").to_pylist() != batch.column("id").take(pa.array(where)).to_pylist():
            raise DataError(
                f"{name}/{shard.name}: the copies belong to other documents than the shard. Run '{name}' again."
            )
        start += batch.num_rows
        yield with_columns(batch, **{field.name: _spread(here, field, where, batch.num_rows) for field in added})


def _spread(here: pa.Table, field: pa.Field, where: np.ndarray[Any, Any], rows: int) -> pa.Array:
    if pa.types.is_integer(field.type):
        values = np.full(rows, 1 if field.name.endswith("_count") else 0, field.type.to_pandas_dtype())
        values[where] = here.column(field.name).to_numpy()
        return pa.array(values, field.type)
    positions = np.full(rows, -1, np.int64)
    positions[where] = np.arange(len(where))
    return here.column(field.name).combine_chunks().take(pa.array(positions, mask=positions < 0))
