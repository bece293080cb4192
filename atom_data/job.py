"""Tasks of a job, what they did, and what other jobs need to know of finished ones."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from atom_data.errors import DataError
from atom_data.storage.manifest import read_manifest
from atom_data.storage.parquet import Output, ParquetShard, create_parquet
from atom_data.storage.paths import join
from atom_data.storage.receipts import plan_path, read_json, read_receipt, read_receipts
from atom_data.storage.shards import Input, Intake, Shard, file_name


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

    def take(self, shard: Shard, intake: Intake) -> None:
        """Note what reading a shard of a source reported."""
        self.inputs += intake.inputs
        self.skipped.update(intake.skipped)
        intake.note_damage(self.notes)
        if intake.span is not None:
            self.spans.append((file_name(shard.name), *intake.span))


class Table:
    """A Parquet file of a task that appears with its first row, so that an empty ledger costs no file."""

    def __init__(self, path: str, schema: pa.Schema, out: str, token: str, stack: ExitStack, work: Work) -> None:
        """Name the file, relative to `out`; nothing is opened yet."""
        self._arguments = (join(out, path), schema, token)
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


class Finished(NamedTuple):
    """What another job needs to know of a finished shard."""

    output: Input
    """Its first file, as an input of the job that reads it."""
    text_bytes: int


_REMEMBERED: dict[tuple[str, str], dict[str, Finished]] | None = None
"""While a job is planned: the finished shards of the jobs before it, by folder."""


@contextmanager
def remembering() -> Iterator[None]:
    """Answer `finished_shard` from one reading of all receipts of a job, or of its manifest: one by one takes too long.

    Memory: about 500 bytes a shard of every job asked for, until the end of the block.
    """
    global _REMEMBERED
    before, _REMEMBERED = _REMEMBERED, {}
    try:
        yield
    finally:
        _REMEMBERED = before


def finished_shard(folder: str, shard: str, out: str) -> Finished:
    """Return what the receipt of a shard says, as far as other jobs ask. DataError when there is no receipt."""
    if _REMEMBERED is not None:
        if (out, folder) not in _REMEMBERED:
            _REMEMBERED[out, folder] = _finished(folder, out)
        found = _REMEMBERED[out, folder].get(shard)
        if found is not None:
            return found
    return _of_receipt(receipt_of(folder, shard, out))


def receipt_of(folder: str, shard: str, out: str) -> dict[str, Any]:
    """Return the receipt of a finished shard. DataError when there is none."""
    receipt = read_receipt(out, folder, shard)
    if receipt is None:
        raise DataError(
            f"{folder}/{shard}: there is no receipt, so the shard is not finished. Run the stage '{folder}' first."
        )
    return receipt


def receipts_of(folder: str, shards: Sequence[str], out: str) -> list[dict[str, Any]]:
    """Return the receipts of many finished shards, in their order, read many at a time. DataError when one is missing."""
    found = []
    for shard, receipt in read_receipts(out, folder, shards):
        # One that is missing or was edited is read once more, for the words that say which.
        found.append(receipt or receipt_of(folder, shard, out))
    return found


def receipt_inputs(folder: str, shards: Sequence[str], out: str) -> tuple[Input, ...]:
    """Return many finished shards as inputs of the jobs after, from the manifest or one reading of all receipts."""
    if _REMEMBERED is None:
        with remembering():
            return receipt_inputs(folder, shards, out)
    return tuple(receipt_input(folder, shard, out) for shard in shards)


def receipt_input(folder: str, shard: str, out: str) -> Input:
    """Return a finished shard of another job as an input, by what its receipt says. DataError when there is none."""
    return finished_shard(folder, shard, out).output


def _finished(folder: str, out: str) -> dict[str, Finished]:
    found = read_manifest(out, folder)
    if found is not None:
        columns = (found.table.column(name).to_pylist() for name in ("shard", "path", "bytes", "sha256", "text_bytes"))
        return {
            shard: Finished(Input(path, size, sha256), text)
            for shard, path, size, sha256, text in zip(*columns, strict=True)
            if path is not None
        }
    plan = read_json(join(out, plan_path(folder))) or {}
    receipts = read_receipts(out, folder, plan.get("shards", ()))
    return {shard: _of_receipt(receipt) for shard, receipt in receipts if receipt and receipt["outputs"]}


def _of_receipt(receipt: dict[str, Any]) -> Finished:
    data = receipt["outputs"][0]
    return Finished(Input(data["path"], data["bytes"], data["sha256"]), receipt["text_bytes"])
