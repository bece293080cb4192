"""Steps and cards on a table in memory: what a stage does to a shard, without a stage."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import visible
from atom_data.errors import AtomDataError, DataError, MissingColumn
from atom_data.identity import label
from atom_data.library.catalog import mend
from atom_data.library.tables import Data, as_table, batches_of
from atom_data.rules import REASON, RULES, Keep
from atom_data.signals import FastTextLanguage
from atom_data.stage import Step

ROW = "_row"
DROPPED_FOR, FAILED = "drop_reason", "failed_rules"


def apply(data: Data, steps: Step | Sequence[Step], *, filter: bool = False) -> pa.Table:  # noqa: A002
    """Return the table with what steps add or change, rows in their order.

    `data` is a pyarrow Table or RecordBatch, anything with the Arrow PyCapsule interface (polars, pandas, DuckDB), or a list
    of texts. Steps read columns by name, most of them `text`.

    A card (`keep("gopher_quality")`) marks rows as it does in a stage: later steps see only what earlier cards left. With it
    the table gets `drop_reason` (string: the first rule that failed, null where a row is kept) and `failed_rules` (list of
    strings: all of the card's rules that failed); columns of later steps are null in dropped rows. With `filter=True` only
    kept rows are returned, without these two.

    Zero rows give the same columns. Memory: the result, and a batch of 8 MB. Errors: ConfigError for a missing column or
    card and for data that holds no columns; DataError for a step that loses or turns around rows.
    """
    chosen = tuple(steps) if isinstance(steps, (list, tuple)) else (steps,)
    parts = [_applied(batch, chosen, filter) for batch in _numbered(as_table(data, "apply"))]
    table = pa.concat_tables([part for pair in parts for part in pair], promote_options="permissive")
    if any(isinstance(step, Keep) for step in chosen) and not filter:
        table = table.take(pc.sort_indices(table, sort_keys=[(ROW, "ascending")]))
    return table.select(visible(table.column_names)).combine_chunks()


def identify_languages(texts: Data) -> pa.Table:
    """Return `language` (string) and `language_score` (float32) of texts: see `atom_data.signals.FastTextLanguage`.

    `texts` is a list of texts, or a table with a column `text`. A null or empty text has a null.
    """
    return apply(texts, FastTextLanguage()).select(["language", "language_score"])


def _numbered(table: pa.Table) -> list[pa.RecordBatch]:
    start, batches = 0, []
    for batch in batches_of(table):
        batches.append(batch.append_column(ROW, pa.array(np.arange(start, start + batch.num_rows))))
        start += batch.num_rows
    return batches


def _applied(batch: pa.RecordBatch, steps: tuple[Step, ...], only_kept: bool) -> list[pa.Table]:
    """Return the rows that are kept, and those that each card dropped with the columns they had by then."""
    dropped = []
    for number, step in enumerate(steps, 1):
        batch = _call(number, step, batch)
        if isinstance(step, Keep):
            gone = batch.filter(pc.is_valid(batch.column(REASON)))
            names = {REASON: DROPPED_FOR, RULES: FAILED}
            dropped.append(_table(gone.rename_columns([names.get(name, name) for name in gone.schema.names])))
            batch = batch.filter(pc.is_null(batch.column(REASON))).drop_columns([REASON, RULES])
    return [_table(batch)] if only_kept else [_table(batch), *dropped]


def _table(batch: pa.RecordBatch) -> pa.Table:
    scratch = [name for name in batch.schema.names if name.startswith("_") and name != ROW]
    return pa.Table.from_batches([batch.drop_columns(scratch)])


def _call(number: int, step: Step, batch: pa.RecordBatch) -> pa.RecordBatch:
    try:
        after = step(batch)
    except MissingColumn as error:
        said = f"apply, step {number} ({label(step)}): {error}{mend(error.columns)}"
        raise MissingColumn(said, error.columns) from error
    except AtomDataError as error:
        raise type(error)(f"apply, step {number} ({label(step)}): {error}") from error
    if ROW not in after.schema.names or not after.column(ROW).equals(batch.column(ROW)):
        raise DataError(
            f"apply, step {number} ({label(step)}): it was given {batch.num_rows} rows and returned {after.num_rows}, not the "
            "same in the same order. A step measures or rewrites; to drop rows, add a column and a card that bounds it."
        )
    return after
