"""Parquet files without some of their rows, as they would have been made had these never been there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.ledger import LEDGER, removed_lines
from atom_data.storage.parquet import Output, create_parquet, open_parquet, read_parquet, schema_of
from atom_data.storage.receipts import OutputFile
from atom_data.storage.removals import REASON, Removals
from atom_data.takedown.journal import FILES
from atom_data.workspace import Workspace

Values = Mapping[str, Mapping[str, Any]]
"""Columns to be said anew, by id."""


@dataclass(slots=True)
class Rest:
    """What is left of a file."""

    file: OutputFile | None
    """None where no row is left and the file goes."""
    positions: list[int] = field(default_factory=list)
    text_bytes: int = 0
    texts: list[pa.Array] = field(default_factory=list)
    """Those that go."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Of a ledger: the lines that went, by reason."""


def holds(path: str, ids: pa.Array, patched: pa.Array) -> bool:
    """Tell whether a table has rows of documents that go, or of which something is said anew."""
    if "id" not in open_parquet(path).schema_arrow.names:
        return False
    both = pa.concat_arrays([ids, patched])
    return any(pc.any(pc.is_in(batch.column("id"), both)).as_py() for batch in read_parquet(path, ("id",)))


def staged(path: str) -> str:
    """Return where the new file for a path lies until all are ready."""
    return f"{FILES}/{path}"


def output_of(item: Output, path: str) -> OutputFile:
    """Return a new file as a receipt has it."""
    return OutputFile(path, item.bytes, item.sha256, item.rows)


def without(item: OutputFile, ids: pa.Array, values: Values, workspace: Workspace) -> Rest:
    """Write the rows of a stage's shard that stay, with columns said anew where these are written.

    Memory: a batch, and the texts that go.
    """
    path, new = workspace.path(item.path), Output(staged(item.path))
    schema, rest, row = schema_of(path), Rest(None), 0
    with create_parquet(workspace.path(new.path), schema, workspace.token, new) as table:
        for batch in read_parquet(path, schema.names):
            gone = pc.fill_null(pc.is_in(batch.column("id"), ids), False)
            where = np.flatnonzero(gone.to_numpy(zero_copy_only=False))
            rest.positions += (where + row).tolist()
            if "text" in schema.names:
                texts = batch.column("text").filter(gone)
                rest.text_bytes += pc.sum(pc.binary_length(texts)).as_py() or 0
                rest.texts += [texts] if len(texts) else []
            table.write(patched(batch.filter(pc.invert(gone)), values))
            row += batch.num_rows
    rest.file = output_of(new, item.path)
    return rest


def patched(batch: pa.RecordBatch, values: Values) -> pa.RecordBatch:
    """Return a batch with columns said anew of some ids."""
    if not values or not batch.num_rows:
        return batch
    ids = batch.column("id").to_pylist()
    rows = [row for row, identity in enumerate(ids) if identity in values]
    for number, field_ in enumerate(batch.schema):
        mine = [row for row in rows if field_.name in values[ids[row]]]
        if mine:
            column = batch.column(number).to_pylist()
            for row in mine:
                column[row] = values[ids[row]][field_.name]
            batch = batch.set_column(number, field_, pa.array(column, field_.type))
    return batch


def ledger_without(
    item: OutputFile | None,
    path: str,
    ids: pa.Array,
    values: Values,
    names: Sequence[str],
    workspace: Workspace,
    gone_rows: Mapping[str, Sequence[int]] | None = None,
) -> Rest:
    """Write the lines of a ledger that stay; `names` stand for documents that are dropped for being removed, and end it.

    `gone_rows` are rows of the source that go, by its shards, for ledgers that say where each document stood.
    Memory: the lines of the ledger.
    """
    rest = Rest(None)
    table = pa.Table.from_batches(read_parquet(workspace.path(item.path), LEDGER.names) if item else (), LEDGER)
    gone = pc.fill_null(pc.is_in(table.column("id"), ids), False)
    for reason in table.column("reason").filter(gone).to_pylist():
        rest.reasons[reason] = rest.reasons.get(reason, 0) + 1
    rest.positions = np.flatnonzero(gone.to_numpy()).tolist()
    table = table.filter(pc.invert(gone))
    before = pc.equal(table.column("reason"), REASON)
    names = sorted([*names, *table.column("id").filter(before).to_pylist()])
    lines = [
        _moved(_said(batch, values), gone_rows or {})
        for batch in table.filter(pc.invert(before)).combine_chunks().to_batches()
    ]
    lines += [removed_lines(names)] if names else []
    if not sum(batch.num_rows for batch in lines):
        return rest
    new = Output(staged(path))
    with create_parquet(workspace.path(new.path), LEDGER, workspace.token, new) as ledger:
        for batch in lines:
            ledger.write(batch)
    rest.file = output_of(new, path)
    return rest


def _said(lines: pa.RecordBatch, values: Values) -> pa.RecordBatch:
    """Return lines of a ledger whose numbers are those of now."""
    ids = lines.column("id").to_pylist()
    rows = [row for row, identity in enumerate(ids) if identity in values]
    if not rows:
        return lines
    numbers = lines.column("numbers").to_pylist()
    for row in rows:
        said = json.loads(numbers[row] or "{}")
        said |= {name: value for name, value in values[ids[row]].items() if name in said}
        numbers[row] = json.dumps(said)
    return lines.set_column(lines.schema.get_field_index("numbers"), "numbers", pa.array(numbers, pa.string()))


def _moved(lines: pa.RecordBatch, gone: Mapping[str, Sequence[int]]) -> pa.RecordBatch:
    """Return lines of a token pass's ledger with the rows that documents have once others are out of the source."""
    if not gone:
        return lines
    numbers = [json.loads(one) for one in lines.column("numbers").to_pylist()]
    for number in numbers:
        rows = np.array([number["row"]], np.int64)
        number["row"] = int(renumbered(rows, gone.get(number["shard"], ()))[0])
    column = pa.array([json.dumps(number) for number in numbers], pa.string())
    return lines.set_column(lines.schema.get_field_index("numbers"), "numbers", column)


def rows_in_ledger(path: str, ids: pa.Array) -> dict[str, list[int]]:
    """Return where documents that go stood in the source, by its shards, as the ledger of a token pass says it."""
    found: dict[str, list[int]] = {}
    for batch in read_parquet(path, ("id", "numbers")):
        gone = pc.fill_null(pc.is_in(batch.column("id"), ids), False)
        for text in batch.column("numbers").filter(gone).to_pylist():
            number = json.loads(text or "{}")
            if "row" in number:
                found.setdefault(number["shard"], []).append(number["row"])
    return found


def dead_without(item: OutputFile, removals: Removals, workspace: Workspace) -> OutputFile | None:
    """Write dead letters again where some are of documents on the removal list: these keep file, position and reason alone.

    None where no letter is of one. Memory: a batch.
    """
    path, new, found = workspace.path(item.path), Output(staged(item.path)), 0
    schema = schema_of(path)
    with create_parquet(workspace.path(new.path), schema, workspace.token, new) as table:
        for batch in read_parquet(path, schema.names):
            rows = batch.to_pylist()
            for row in rows:
                if row["raw"] and removals.names_in(row["raw"]):
                    row |= {"raw": b"", "detail": ""}
                    found += 1
            table.write(pa.RecordBatch.from_pylist(rows, schema))
    if found:
        return output_of(new, item.path)
    workspace.local(new.path).unlink()
    return None


def renumbered(rows: npt.NDArray[np.int64], gone: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return row numbers as they are once the rows `gone`, which are sorted, are out."""
    found: npt.NDArray[np.int64] = rows - np.searchsorted(np.asarray(gone, np.int64), rows, "left")
    return found
