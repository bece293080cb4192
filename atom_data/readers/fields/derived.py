"""Columns of a batch that are made of others: what lies in a struct, several joined, messages as a text."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import DataError
from atom_data.readers.fields.mapping import Field, Unfit, names_of, said, text_of
from atom_data.storage.paths import reason


def behind(name: str, there: Sequence[str]) -> str:
    """Return the column that a name looks into: itself where there is one, else what stands before its first dot."""
    top = name.partition(".")[0]
    return name if name in there or top not in there else top


def type_at(name: str, schema: pa.Schema) -> pa.DataType | None:
    """Return the type of a column, or of a field of a struct (`doc.text`); None where there is none."""
    if name in schema.names:
        return schema.field(name).type
    top, *parts = name.split(".")
    kind = schema.field(top).type if top in schema.names else None
    for part in parts:
        if kind is None or not pa.types.is_struct(kind) or kind.get_field_index(part) < 0:
            return None
        kind = kind.field(part).type
    return kind


def with_nested(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    """Return a batch with a column for each name that goes into a struct of it; null where the struct is."""
    for name in names:
        if name not in batch.schema.names and type_at(name, batch.schema) is not None:
            top, *parts = name.split(".")
            array = batch.column(top)
            for part in parts:
                array = pc.struct_field(array, part)
            batch = batch.append_column(name, array)
    return batch


def is_made(field: Field) -> bool:
    """Tell whether a text is made row by row: of several columns, or of messages."""
    return not isinstance(field, str)


def with_made(batch: pa.RecordBatch, field: Field, where: str) -> tuple[pa.RecordBatch, dict[int, str]]:
    """Return a batch with a column of the texts that a field makes, named as `said`; and why rows have none.

    DataError for strings below a column that are not UTF-8.
    """
    columns = dict.fromkeys(behind(name, batch.schema.names) for name in names_of(field))
    texts: list[str | None] = []
    unfit: dict[int, str] = {}
    try:
        records = batch.select([name for name in columns if name in batch.schema.names]).to_pylist()
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: a column of its text is not UTF-8 ({reason(error)}). Write it as UTF-8.") from error
    for row, record in enumerate(records):
        try:
            texts.append(text_of(record, field))
        except Unfit as error:
            unfit[row] = error.args[1]
            texts.append(None)
    return batch.append_column(said(field), pa.array(texts, pa.string())), unfit
