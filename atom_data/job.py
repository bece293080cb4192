"""Tasks of a job, and what they did."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from atom_data.storage.parquet import Output, ParquetShard, create_parquet
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Input, Intake, Shard, file_name
from atom_data.workspace import Workspace

DETAIL_CHARACTERS = 200
"""Of what is said of an unreadable record, in a receipt; the dead letter has all of it."""


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work of a job; its name is the name of the shard it makes."""

    name: str
    bytes: int
    """Size of the input, for scheduling and progress."""
    shards: tuple[Shard, ...]


@dataclass(slots=True)
class Work:
    """What a task did: everything here goes into its receipt."""

    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    rows_in: int = 0
    rows_out: int = 0
    dropped_rows: int = 0
    """Lines in the ledger, counted apart from `dropped`: the accounting must agree."""
    dropped: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    text_bytes: int = 0
    tokens: int = 0
    spans: list[tuple[str, int, int]] = field(default_factory=list)
    """Of parts of split files: the file, offset of the first record and of the first one after. Parts must meet."""
    notes: dict[str, Any] = field(default_factory=dict)
    network: Counter[str] = field(default_factory=Counter)
    """Requests to web servers, bytes received, and requests repeated: none of it is part of a result."""

    def reject(self, reason: str, detail: str) -> None:
        """Count a record that could not be read, and note what was said of the first one of each reason."""
        self.unreadable[reason] += 1
        self.notes.setdefault("unreadable", {}).setdefault(reason, detail[:DETAIL_CHARACTERS])

    def take(self, shard: Shard, intake: Intake) -> None:
        """Note what reading a shard of a source reported."""
        self.inputs += intake.inputs
        self.skipped.update(intake.skipped)
        self.network.update(intake.network)
        self.notes |= intake.notes
        intake.note_damage(self.notes)
        if intake.span is not None:
            self.spans.append((file_name(shard.name), *intake.span))


class Table:
    """A Parquet file of a task that appears with its first row, so that an empty ledger costs no file."""

    def __init__(self, path: str, schema: pa.Schema, workspace: Workspace, stack: ExitStack, work: Work) -> None:
        """Name the file, relative to the output folder; nothing is opened yet."""
        self._arguments = (workspace.path(path), schema, workspace.token)
        self._output = Output(path)
        self._stack = stack
        self._work = work
        self._shard: ParquetShard | None = None

    def open(self) -> ParquetShard:
        """Open the file now, so that it exists even without rows."""
        if self._shard is None:
            path, schema, token = self._arguments
            self._shard = self._stack.enter_context(create_parquet(path, schema, token, self._output))
            self._work.outputs.append(self._output)
        return self._shard

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        self.open().write(batch)

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return self._shard.rows if self._shard is not None else 0


Progress = Callable[[int, int, int], None]
"""Called as work goes on with documents read, input bytes read, documents kept so far in this task."""


def commonest(receipts: Sequence[Receipt]) -> str:
    """Return ` (most of them jsonl.no_text: no field 'text'; fields here: content)` of the records that were unreadable."""
    counts: Counter[str] = Counter()
    said: dict[str, str] = {}
    for receipt in receipts:
        counts.update(receipt.unreadable)
        for reason, detail in receipt.notes.get("unreadable", {}).items():
            said.setdefault(reason, detail)
    if not counts:
        return ""
    reason = max(sorted(counts), key=lambda name: counts[name])
    share = "" if len(counts) == 1 else "most of them "
    return f" ({share}{reason}: {said[reason]})" if reason in said else f" ({share}{reason})"
