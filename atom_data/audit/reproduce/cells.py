"""The first value in which two files of one shard differ."""

from itertools import zip_longest

import pyarrow as pa

from atom_data.errors import DataError
from atom_data.storage.parquet import read_parquet, schema_of
from atom_data.storage.receipts import OutputFile, Receipt
from atom_data.workspace import Workspace

SHOWN = 60
"""Characters of a value."""


def first_cell(workspace: Workspace, new: Workspace, before: Receipt, after: Receipt) -> str:
    """Say which is the first file of a shard that differs, and of a Parquet file the first row and column. Memory: a batch."""
    theirs = {item.path: item for item in after.outputs}
    for item in before.outputs:
        other = theirs.pop(item.path, None)
        if other is None:
            return f"{item.path}: is not made any more"
        if other.sha256 != item.sha256:
            return _in_file(workspace.path(item.path), new.path(item.path), item, other)
    return next((f"{path}: was not made before" for path in sorted(theirs)), "")


def _in_file(one: str, other: str, before: OutputFile, after: OutputFile) -> str:
    if not before.path.endswith(".parquet"):
        return f"{before.path}: {after.bytes:,} bytes, was {before.bytes:,}"
    try:
        return f"{before.path}: {_in_tables(one, other)}"
    except DataError as error:  # cleaned, or lost
        return f"{before.path}: cannot be compared ({error})"


def _in_tables(one: str, other: str) -> str:
    schemas = [schema_of(path) for path in (one, other)]
    if not schemas[0].equals(schemas[1]):
        return f"its columns are {', '.join(schemas[1].names)}, were {', '.join(schemas[0].names)}"
    row, names = 0, schemas[0].names
    pairs = zip_longest(read_parquet(one, names, batch_bytes=1 << 20), read_parquet(other, names, batch_bytes=1 << 20))
    for mine, theirs in pairs:
        if mine is None or theirs is None:
            return f"it has {'more' if mine is None else 'fewer'} rows than before, from row {row:,} on"
        if not mine.equals(theirs):
            return _in_batches(mine, theirs, row)
        row += mine.num_rows
    return "the same rows, in other bytes: the library that writes Parquet is another"


def _in_batches(mine: pa.RecordBatch, theirs: pa.RecordBatch, row: int) -> str:
    for number, (before, after) in enumerate(zip(mine.to_pylist(), theirs.to_pylist(), strict=False)):
        for name, value in before.items():
            if value != after[name] and not (value != value and after[name] != after[name]):
                of = f" of document '{before['id']}'" if "id" in before and name != "id" else ""
                return f"row {row + number:,}, {name}{of} is {_shown(after[name])}, was {_shown(value)}"
    return f"other rows from row {row + min(mine.num_rows, theirs.num_rows):,} on"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
