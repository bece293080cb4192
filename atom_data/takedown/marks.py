"""What a pass says of a shard, without documents that go: ranks, counts, row numbers, and what its groups would lose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.dedup.documents import DOCUMENTS, documents_of
from atom_data.dedup.marks import GROUPS, LOSS, loss_of
from atom_data.errors import DataError
from atom_data.storage.parquet import Output, create_parquet, read_parquet, schema_of
from atom_data.storage.receipts import OutputFile, Receipt
from atom_data.takedown.clusters import Marks
from atom_data.takedown.folder import data_file, part_of
from atom_data.takedown.rows import Values, output_of, patched, renumbered, staged
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Source:
    """The documents that a pass looked at in a shard, in order."""

    path: str
    """A file with a row for each of them, as it is before the takedown."""
    new: str
    """The same without those that go; the same file where nothing goes."""


def marks_without(
    receipt: Receipt, ids: pa.Array, values: Values, alone: set[str], gone: Sequence[int], workspace: Workspace
) -> tuple[pa.Table | None, OutputFile | None]:
    """Write the rows of a pass that stay; `alone` are ids without a copy by now. Memory: the copies of a shard."""
    item = data_file(receipt)
    if item is None:
        return None, None
    path = workspace.path(item.path)
    schema = schema_of(path)
    table = pa.Table.from_batches(read_parquet(path, schema.names), schema)
    out = pc.is_in(table.column("id"), pa.concat_arrays([ids, pa.array(sorted(alone), pa.string())]))
    table = table.filter(pc.invert(pc.fill_null(out, False)))
    rows = renumbered(table.column("row").to_numpy(), gone)
    table = table.set_column(schema.get_field_index("row"), schema.field("row"), pa.array(rows))
    batches = [patched(batch, values) for batch in table.combine_chunks().to_batches()]
    table = pa.Table.from_batches(batches, schema)
    if not table.num_rows:
        return table, None
    new = Output(staged(item.path))
    with create_parquet(workspace.path(new.path), schema, workspace.token, new) as written:
        for batch in batches:
            written.write(batch)
    return table, output_of(new, item.path)


def loss_without(
    receipt: Receipt, table: pa.Table | None, source: Source, ids: pa.Array, workspace: Workspace
) -> OutputFile | None:
    """Write what the groups of a shard lose to copies, of the documents that stay. None where the pass notes no loss."""
    item = next((one for one in receipt.outputs if part_of(one.path, receipt.stage) == "loss"), None)
    if item is None:
        return None
    marks = Marks.of_names(table.schema.names) if table is not None else None
    documents = _documents(source, ids, workspace)
    ranks = table.column(marks.rank).to_numpy() if table is not None and marks else np.zeros(0, np.int32)
    rows = table.column("row").to_numpy()[ranks > 0] if table is not None else np.zeros(0, np.int64)
    kept = (
        table.column(marks.of).combine_chunks().drop_null()
        if table is not None and marks
        else pa.array([], pa.string())
    )
    new = Output(staged(item.path))
    with create_parquet(workspace.path(new.path), LOSS, workspace.token, new) as written:
        for batch in loss_of(documents, rows, kept).to_batches():
            written.write(batch)
    return output_of(new, item.path)


def _documents(source: Source, ids: pa.Array, workspace: Workspace) -> pa.Table:
    wanted = {"id", "source", "language", "domain", "url"}
    there = set(schema_of(workspace.path(source.new)).names)
    names = [name for name in ("id", *GROUPS) if name in DOCUMENTS.names]
    columns = wanted & there - ({"url"} if "domain" in there else set())
    batches = []
    for batch in read_parquet(workspace.path(source.new), columns):
        stays = pc.invert(pc.fill_null(pc.is_in(batch.column("id"), ids), False))
        batches.append(documents_of(batch.filter(stays)).select(names))
    return pa.Table.from_batches(batches, pa.schema([DOCUMENTS.field(name) for name in names]))


def positions_in(path: str, ids: pa.Array, workspace: Workspace) -> list[int]:
    """Return the rows of a table that go."""
    found, row = list[int](), 0
    for batch in read_parquet(workspace.path(path), ("id",)):
        gone = pc.fill_null(pc.is_in(batch.column("id"), ids), False)
        found += (np.flatnonzero(gone.to_numpy(zero_copy_only=False)) + row).tolist()
        row += batch.num_rows
    return found


def source_of(receipt: Receipt, staged_paths: set[str], workspace: Workspace) -> Source:
    """Return the documents behind a shard of a pass: the shard of the stage that it reads, or what the pass noted of them.

    DataError where the pass reads files itself and what it noted is gone.
    """
    stage = receipt.stage
    read = [item.path for item in receipt.inputs if item.path.endswith(".parquet")]
    own = [path for path in read if path.startswith(f"{stage}/")]
    others = [path for path in read if path not in own and workspace.local(path).is_file()]
    for path in (*others, *own):
        if workspace.local(path).is_file():
            return Source(path, staged(path) if path in staged_paths else path)
    raise DataError(
        f"{stage}/{receipt.shard}: which rows its copies are in cannot be told, for '{stage}' reads files and what it noted of "
        f"them was cleaned. Remove the folder {stage}, take the documents down, and run the recipe again."
    )
