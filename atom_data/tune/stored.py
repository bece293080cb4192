"""The rows that a stage has stored, as a DuckDB view: found by its receipts, read column by column, not measured again."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from atom_data.errors import DataError
from atom_data.runner.recipe import Recipe
from atom_data.stage import Stage
from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.paths import local
from atom_data.storage.receipts import Receipt
from atom_data.storage.sizes import parse_bytes
from atom_data.tokens.tokenize import BYTES_PER_TOKEN
from atom_data.tune.sql import identifier
from atom_data.workspace import Workspace

MEMORY = "2GB"
TOKEN_COLUMNS = ("token_count", "tokens")
LARGE = ("text", "html")
"""Columns that are not copied from a remote store."""
FILE, ROW, TOKENS = "_file", "_row", "_tokens"
HELD_ROWS = 4_000_000
"""Above, each scan reads its columns from the shards, so that memory does not grow with them."""


@dataclass(slots=True)
class Stored:
    """The view `stored` with the columns of a stage, and `_file` (number in `files`) and `_row` (within the file)."""

    database: duckdb.DuckDBPyConnection
    stage: str
    schema: pa.Schema
    files: list[str]
    documents: int
    """What the receipts say."""
    tokens: str
    """The expression for the tokens of a row."""
    tokens_from: str
    """Where the tokens come from, in words; counts are estimates unless a column holds them."""
    notes: list[str] = field(default_factory=list)
    """What a reader of the answer must know of the rows: shards that are missing, what was measured again."""

    def hold(self, names: Iterable[str]) -> None:
        """Decode columns once for all scans that follow, where there are few rows: about 100 MB for a million."""
        if self.documents <= HELD_ROWS:
            listed = ", ".join(identifier(name) for name in (FILE, ROW, *sorted({*names} & {*self.schema.names})))
            query = f"select {listed}, {self.tokens} as {TOKENS} from main.stored"
            self.select(f"create temp table stored as {query}")  # from now on, `stored` is this one
            self.tokens = TOKENS

    def select(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query. DataError when the shards cannot be read as they are."""
        try:
            return self.database.execute(query).fetchall()
        except duckdb.Error as error:
            what = str(error).strip().splitlines()[0]
            raise DataError(
                f"stage '{self.stage}': its shards cannot be read together ({what}). "
                "Run atom-data verify on the output; if the recipe has changed since, run it again."
            ) from error


@contextlib.contextmanager
def open_stored(
    recipe: Recipe, job: Stage, workspace: Workspace, memory: str = MEMORY, run: Workspace | None = None
) -> Iterator[Stored]:
    """Open the rows of a stage as far as it has come. `run` has the tokens of the recipe's run where that is elsewhere.

    Memory: `memory` for DuckDB, which spills the rest into a scratch folder; a local shard is read in place, of a remote
    one the columns other than text are copied there. DataError when nothing is stored.
    """
    receipts, notes = _receipts(job, workspace)
    files = [workspace.path(receipt.outputs[0].path) for receipt in receipts]
    file = open_parquet(files[0])
    schema = file.schema_arrow
    file.close()
    with tempfile.TemporaryDirectory(prefix="atom-data-tune-") as scratch:
        database = duckdb.connect()
        try:
            _limit(database, memory, scratch)
            rows = sum(receipt.rows_out for receipt in receipts)
            tokens, tokens_from = _tokens(recipe, run or workspace, schema)
            stored = Stored(database, job.name, schema, files, rows, tokens, tokens_from, notes)
            _view(stored, workspace)
            yield stored
        finally:
            database.close()


def _receipts(stage: Stage, workspace: Workspace) -> tuple[list[Receipt], list[str]]:
    plan = workspace.shard_list(stage.name)
    if plan is None:
        raise DataError(
            f"{workspace.root}: stage '{stage.name}' has not begun there. Run the recipe first, or give its --output."
        )
    found = [workspace.receipt(stage.name, shard) for shard in plan.shards]
    receipts = [receipt for receipt in found if receipt is not None]
    if not receipts:
        raise DataError(
            f"{workspace.root}: stage '{stage.name}' has finished none of its {len(found):,} shards. Run it first."
        )
    missing = len(found) - len(receipts)
    notes = [f"{missing:,} of {len(found):,} shards are not finished and not counted."] if missing else []
    return receipts, notes


def _limit(database: duckdb.DuckDBPyConnection, memory: str, scratch: str) -> None:
    database.execute(f"set memory_limit = '{parse_bytes(memory, '--memory', at_least=1_000_000)}B'")
    database.execute(f"set threads = {len(os.sched_getaffinity(0))}")
    database.execute(f"set temp_directory = '{scratch.replace(chr(39), chr(39) * 2)}'")
    database.execute("set preserve_insertion_order = false")


def _view(stored: Stored, workspace: Workspace) -> None:
    if workspace.is_remote:
        _copy(stored)
        return
    # DuckDB takes a path for a pattern; in brackets, a sign stands for itself.
    paths = [re.sub(r"([*?\[])", r"[\1]", str(local(path))) for path in stored.files]
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    stored.select(
        f"""create view stored as select * exclude (file_row_number),
        file_index as {FILE}, file_row_number as {ROW} from read_parquet([{listed}],
        hive_partitioning = false, file_row_number = true)"""
    )


def _copy(stored: Stored) -> None:
    schema = pa.schema([f for f in stored.schema if f.name not in LARGE])
    full = pa.schema([(FILE, pa.int64()), (ROW, pa.int64()), *schema])

    def batches() -> Iterator[pa.RecordBatch]:
        for number, path in enumerate(stored.files):
            row = 0
            for batch in read_parquet(path, schema.names):
                places = [pa.array([number] * batch.num_rows, pa.int64()), pa.array(range(row, row + batch.num_rows))]
                columns = [batch.column(name) for name in schema.names]
                yield pa.RecordBatch.from_arrays([*places, *columns], names=full.names)
                row += batch.num_rows

    stored.database.register("incoming", pa.RecordBatchReader.from_batches(full, batches()))
    stored.select("create table stored as select * from incoming")
    stored.database.unregister("incoming")


def _tokens(recipe: Recipe, workspace: Workspace, schema: pa.Schema) -> tuple[str, str]:
    for name in TOKEN_COLUMNS:
        if name in schema.names and pa.types.is_integer(schema.field(name).type):
            return f"coalesce({identifier(name)}, 0)", f"tokens are counted in the column '{name}'"
    ratio, where = _bytes_per_token(recipe, workspace)
    if "text_bytes" in schema.names:
        return (
            f"coalesce(round(text_bytes / {ratio!r}), 0)::bigint",
            f"tokens are estimated: text_bytes / {ratio:.2f}, {where}",
        )
    if "text" in schema.names and not workspace.is_remote:
        slow = "; with count_characters in the stage this is faster"
        return (
            f"coalesce(round(strlen(text) / {ratio!r}), 0)::bigint",
            f"tokens are estimated: bytes of text / {ratio:.2f}, {where}{slow}",
        )
    return "0", "tokens are not known: the stage writes neither token_count nor text_bytes (count_characters adds it)"


def _bytes_per_token(recipe: Recipe, workspace: Workspace) -> tuple[float, str]:
    """Return the ratio that a tokenizing pass of the same run has measured, else a round one."""
    for job in recipe.jobs:
        plan = workspace.shard_list(job.name)
        found = [workspace.receipt(job.name, shard) for shard in plan.shards] if plan else []
        tokens = sum(receipt.tokens for receipt in found if receipt)
        size = sum(receipt.text_bytes for receipt in found if receipt)
        if tokens and size:
            return size / tokens, f"as '{job.name}' has measured"
    return float(BYTES_PER_TOKEN), "a round number: no stage of this run has tokenized"
