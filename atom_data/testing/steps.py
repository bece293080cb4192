"""The contract of a step."""

from collections.abc import Callable

import pyarrow as pa

from atom_data.batch import empty, visible
from atom_data.identity import canonical, describe, label
from atom_data.testing.said import broken, differs, require, try_travel

ROW_BY_ROW = 50

Step = Callable[[pa.RecordBatch], pa.RecordBatch]


def check_step(step: Step, batch: pa.RecordBatch) -> None:
    """Try the contract of a step on a batch with `id` and the columns that it reads.

    Same ids in the same order, the same result each time, the batch left as it was; the same columns for no rows and for
    nulls; each row alone as among others (the first few); an identity, the same for a copy in another process.
    AssertionError with a sentence for what does not hold.
    """
    where = label(step)
    before = pa.RecordBatch.from_pylist(batch.to_pylist(), batch.schema)
    made = _made(step, batch, where)
    require(
        before.equals(batch) or not differs(_table(before), _table(batch)),
        f"{where}: it changes the batch it is given.",
    )
    again = differs(_table(made), _table(_made(step, batch, where)))
    require(not again, f"{where}: given the same batch twice it makes something else: {again}.")
    nulls = [column if name == "id" else pa.nulls(len(column), column.type) for name, column in _columns(batch)]
    for rows, what in ((empty(batch.schema), "no rows"), (_like(batch, nulls), "rows of nulls")):
        schema = _made(step, rows, f"{where}, given {what}").schema
        require(
            schema.equals(made.schema),
            f"{where}: given {what} it makes the columns {_said(schema)}; else {_said(made.schema)}. They must be the same.",
        )
    _try_rows(step, batch, made, where)
    copy = try_travel(step, where)
    with broken(where):
        identities = {canonical(describe(one)) for one in (step, copy, step)}
    require(
        len(identities) == 1,
        f"{where}: a copy has another identity. Let a step hold plain values and frozen dataclasses.",
    )


def _made(step: Step, batch: pa.RecordBatch, where: str) -> pa.RecordBatch:
    with broken(where):
        made = step(batch)
    require(isinstance(made, pa.RecordBatch), f"{where}: it returned a {type(made).__name__}. Return a RecordBatch.")
    ids = made.column("id") if "id" in made.schema.names else None
    require(
        ids is not None and ids.equals(batch.column("id")),
        f"{where}: it was given {batch.num_rows:,} rows and returned {made.num_rows:,}, not the same ids in the same order. "
        "To drop rows, add a column and a card that bounds it.",
    )
    return made


def _try_rows(step: Step, batch: pa.RecordBatch, made: pa.RecordBatch, where: str) -> None:
    names = visible(made.schema.names)
    for row in range(min(batch.num_rows, ROW_BY_ROW)):
        alone = _made(step, batch.slice(row, 1), where).select(names)
        found = differs(_table(alone), _table(made.select(names).slice(row, 1)))
        require(
            not found,
            f"{where}: row {row} alone gives another {found} than among others. Rows must not know of each other.",
        )


def _columns(batch: pa.RecordBatch) -> list[tuple[str, pa.Array]]:
    return list(zip(batch.schema.names, batch.columns, strict=True))


def _like(batch: pa.RecordBatch, columns: list[pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _table(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch])


def _said(schema: pa.Schema) -> str:
    return ", ".join(f"{item.name} {item.type}" for item in schema)
