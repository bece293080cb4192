"""What a job says of documents that it leaves out: a line in its ledger for one dropped, a dead letter for one unreadable."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.errors import DataError
from atom_data.job import Table, Work, commonest
from atom_data.storage.parquet import integers, strings
from atom_data.storage.receipts import Receipt
from atom_data.storage.removals import LIST, REASON, Removals, read_removals
from atom_data.storage.shards import Intake, Shard
from atom_data.workspace import Workspace

RAW_BYTES = 1 << 16
Rows = npt.NDArray[np.int64]

LEDGER = pa.schema(
    [
        *strings("id", "url", "reason"),
        ("rules", pa.list_(pa.string())),
        ("numbers", pa.string()),
    ]
)
"""One line a dropped document: `reason` is the one counted, `rules` are all that failed, `numbers` (JSON) decided it. `url` is
null where the source has none."""
DEAD = pa.schema([*strings("file"), *integers("position"), *strings("reason", "detail"), ("raw", pa.binary())])
"""One line per record that could not be read: the shard in `file`, the byte or row in `position`, and its first bytes (64 kB) in
`raw`."""


def ledger_lines(gone: pa.RecordBatch, reasons: pa.Array, rules: pa.Array, numbers: pa.Array) -> pa.RecordBatch:
    """Return the ledger's lines of dropped documents; `url` is null where there is no such column."""
    urls = gone.column("url") if "url" in gone.schema.names else pa.nulls(gone.num_rows, pa.string())
    columns = [gone.column("id"), urls, reasons, rules, numbers]
    arrays = [array.cast(field.type) for array, field in zip(columns, LEDGER, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=LEDGER)


def intake_of(shard: Shard, dead: Table, work: Work, removals: Removals) -> Intake:
    """Return what a source reports to while a task reads a shard: unreadable records are counted and get a dead letter.

    One of a document on the removal list says no more than where it was.
    """

    def reject(reason: str, position: int, detail: str, raw: bytes) -> None:
        raw = raw[:RAW_BYTES]
        detail, raw = ("", b"") if removals and removals.names_in(raw) else (detail, raw)
        work.reject(reason, detail)
        line = dict(zip(DEAD.names, (shard.name, position, reason, detail, raw), strict=True))
        dead.write(pa.RecordBatch.from_pylist([line], DEAD))

    return Intake(reject=reject)


def removals_in(workspace: Workspace) -> Removals:
    """Return what must not come back into an output folder: its removal list, read once."""
    found: Removals = workspace.keep(
        "removals", lambda: read_removals(workspace.path(LIST)) if workspace.root else Removals()
    )
    return found


def without_removed(
    batches: Iterator[pa.RecordBatch], removals: Removals, columns: Collection[str], intake: Intake
) -> Iterator[pa.RecordBatch]:
    """Yield what is read from files without the documents of the removal list, which `intake` is told of."""
    for batch in batches:
        names = removals.removed(batch.column("id"), batch.column("url") if "url" in batch.schema.names else None)
        gone = [name for name in names if name is not None]
        if gone:
            intake.removed += gone
            batch = batch.filter(pa.array([name is None for name in names], pa.bool_()))
        yield batch.drop_columns(["url"]) if "url" in batch.schema.names and "url" not in columns else batch


class Drops:
    """Ledger lines of the documents of one batch, which are written in the order of the documents."""

    def __init__(self, documents: int) -> None:
        """Begin with all documents of a batch."""
        self._rows, self._gone, self._lines = np.arange(documents), list[Rows](), list[pa.RecordBatch]()

    def add(self, kept: pa.Array, lines: pa.RecordBatch) -> None:
        """Take the lines of those of the documents left so far that are not kept."""
        is_kept = np.asarray(kept)
        self._gone.append(self._rows[~is_kept])
        self._lines.append(lines)
        self._rows = self._rows[is_kept]

    def write(self, ledger: Table) -> None:
        """Write all lines."""
        if self._lines:
            order = np.argsort(np.concatenate(self._gone), kind="stable")
            for line in pa.Table.from_batches(self._lines).take(pa.array(order)).combine_chunks().to_batches():
                ledger.write(line)


def removed_lines(names: Sequence[str]) -> pa.RecordBatch:
    """Return the ledger's lines of documents that are on the removal list: no id and no URL, a keyed hash of the id."""
    rows = [{"id": name, "reason": REASON, "rules": [REASON]} for name in sorted(names)]
    return pa.RecordBatch.from_pylist(rows, LEDGER)


def note_removed(names: Sequence[str], ledger: Table, work: Work) -> None:
    """Count documents on the removal list as read and dropped; their lines end the ledger."""
    if names:
        work.rows_in += len(names)
        work.dropped[REASON] += len(names)
        ledger.write(removed_lines(names))


def refuse_unreadable(who: str, folder: str, receipts: Sequence[Receipt], allowed: float) -> None:
    """Raise DataError where more than the allowed share of all records could not be read."""
    read = sum(receipt.rows_in for receipt in receipts)
    broken = sum(sum(receipt.unreadable.values()) for receipt in receipts)
    if broken > allowed * (read + broken):
        raise DataError(
            f"{who}: {broken:,} of {read + broken:,} records were unreadable{commonest(receipts)}; allowed are {allowed:.0%}. "
            f"Look into {folder}/dead, or set allow_unreadable in the recipe."
        )
