"""Promise 3, every token has an address: from a document in a token shard back through each stage to its source record."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from atom_data.errors import DataError
from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.paths import join
from atom_data.storage.receipts import Receipt, read_receipt


@dataclass(frozen=True, slots=True)
class Station:
    """A stage that the document passed, and its row there."""

    stage: str
    columns: dict[str, Any]


def stations(folder: str, token_shard: str, row: dict[str, Any]) -> list[Station]:
    """Return the stages that a document passed, last first, by following the inputs in the receipts of its shard."""
    path = Path(folder).absolute()
    out, found = str(path.parent), list[Station]()
    receipt, seen = read_receipt(out, path.name, token_shard), {path.name}
    while receipt is not None:
        names = [name for name in _folders(receipt) if name not in seen]
        seen.update(names)
        upstream = [(name, read_receipt(out, name, row["shard"])) for name in names]
        receipt = None
        for name, before in upstream:
            if before is not None and not _is_of_a_pass(before):
                found.append(Station(name, _row(out, before, row["id"])))
                receipt = before
    if not found:
        raise DataError(f"{folder}: the stages before it are not in {out}. Trace in the folder of the whole run.")
    return found


def _folders(receipt: Receipt) -> list[str]:
    """Return the folders of the jobs that a receipt read: `near` for near/x.parquet, `near/links` for near/links/receipts."""
    return sorted({item.path.rpartition("/")[0] for item in receipt.inputs if "/" in item.path and item.path[0] != "/"})


def _is_of_a_pass(receipt: Receipt) -> bool:
    """Tell whether a receipt is of a pass, made of what the jobs in its folder found: its documents are in what it reads."""
    return any(item.path.startswith(f"{receipt.stage}/") or item.path.endswith("/receipts") for item in receipt.inputs)


def _row(out: str, receipt: Receipt, identity: str) -> dict[str, Any]:
    """Return what stands of a document. DataError when two have its id: stages of before passes refused that may."""
    path = join(out, receipt.outputs[0].path)
    found: list[dict[str, Any]] = []
    for batch in read_parquet(path, _columns(path)):
        found += batch.filter(pc.equal(batch.column("id"), identity)).to_pylist()
    if len(found) > 1:
        raise DataError(
            f"{path}: {len(found):,} documents have the id '{identity}'. It is unclear which is meant. "
            'Give the source ids="file" or ids="row" and run again.'
        )
    return found[0] if found else {}


def _columns(path: str) -> list[str]:
    file = open_parquet(path)
    try:
        return [name for name in file.schema_arrow.names if name != "text"]
    finally:
        file.close()
