"""The helpers every step is written with: take a column, add columns, take rows."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import MissingColumn, meant

REPLACED = "replaced_characters"
"""The column of every step that decodes pages: U+FFFD in the text for bytes that are none in the page's encoding."""

PROVENANCE = ("url", "date", "source", "file", "offset", "row")
"""The columns that say where a document came from: readers make them, stages carry them along."""

DAMAGE = ("documents", "damaged_documents", "characters", "replaced_characters")
"""What receipts count of a decoding, under `damage` in their notes: its share is the fourth of the third."""


def column(batch: pa.RecordBatch, name: str) -> pa.Array:
    """Return the column `name`; a ConfigError names the columns there are."""
    position = batch.schema.get_field_index(name)
    if position < 0:
        there = ", ".join(visible(batch.schema.names)) or "none"
        raise MissingColumn(
            f"no column '{name}'; columns here: {there}.{meant(name, batch.schema.names)} "
            "Add the step that makes it before the step that needs it.",
            (name,),
        )
    return batch.column(position)


def with_columns(batch: pa.RecordBatch, **columns: pa.Array | np.ndarray) -> pa.RecordBatch:
    """Return the batch with `columns` added, or replaced in place where the name exists. Order of the rest is kept."""
    arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name, values in columns.items():
        array = values if isinstance(values, pa.Array) else pa.array(values)
        if len(array) != batch.num_rows:
            raise ValueError(f"column '{name}' has {len(array)} values for {batch.num_rows} rows")
        arrays[name] = array
    return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))


def visible(names: Iterable[str]) -> list[str]:
    """Return the names without scratch columns: those that start with `_` are computed once and never written."""
    return [name for name in names if not name.startswith("_")]


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch of zero rows, with which `check` tries a recipe before a document is read."""
    # Not `pa.array([])`: with the first list it takes, Arrow imports pandas where that is installed, a third of a second.
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def damage(batch: pa.RecordBatch) -> dict[str, int]:
    """Return the counts of DAMAGE over the rows of a batch with the columns `text` and REPLACED; nulls are not documents."""
    replaced, characters = batch.column(REPLACED), pc.sum(pc.utf8_length(column(batch, "text"))).as_py()
    lost = pc.sum(replaced).as_py()
    damaged = pc.sum(pc.greater(replaced, 0)).as_py() if lost else 0
    sums = (len(replaced) - replaced.null_count, damaged, characters, lost)
    return dict(zip(DAMAGE, (value or 0 for value in sums), strict=True))
