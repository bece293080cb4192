"""Removing documents from the sketches of an index."""

from collections.abc import Collection
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.dedup.index.series import SKETCHES
from atom_data.storage.parquet import Output, create_parquet, open_parquet, read_parquet
from atom_data.storage.receipts import OutputFile
from atom_data.workspace import Workspace


def purge(workspace: Workspace, shard: str, removed: Collection[str]) -> None:
    """Rewrite a sketch without some documents, and its receipt as if they had never been there."""
    receipt = workspace.receipt(SKETCHES, shard)
    path = workspace.local(SKETCHES) / f"{shard}.parquet"
    if receipt is None or not path.exists():
        return
    workspace.remove_manifest(SKETCHES)
    gone, there, found = pa.array(sorted(removed), pa.string()), 0, 0
    for batch in read_parquet(str(path), ["id"]):
        there += batch.num_rows
        found += pc.sum(pc.is_in(batch.column("id"), gone)).as_py() or 0
    if not found and there == receipt.rows_out:
        return
    file = open_parquet(str(path))
    schema = file.schema_arrow
    file.close()
    output = Output(receipt.outputs[0].path)
    with create_parquet(str(path), schema, workspace.token, output) as table:
        for batch in read_parquet(str(path), schema.names):
            table.write(batch.filter(pc.invert(pc.is_in(batch.column("id"), gone))))
    rest = [item for item in receipt.outputs if item.path != output.path]
    own = OutputFile(output.path, output.bytes, output.sha256, output.rows)
    workspace.write_receipt(replace(receipt, outputs=(own, *rest), rows_in=output.rows, rows_out=output.rows))
