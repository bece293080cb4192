"""Batches without dictionaries: how large they would be, and their pieces."""

import contextlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc


def plain_field(field: pa.Field) -> pa.Field:
    """Return the field as it is given to steps: text is text, however it was stored, and also within lists and structs."""
    return field.with_type(_plain(field.type))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([plain_field(field) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(plain_field(kind.key_field), plain_field(kind.item_field))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(plain_field(kind.value_field), kind.list_size)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return (pa.large_list if pa.types.is_large_list(kind) else pa.list_)(plain_field(kind.value_field))
    return {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}.get(kind, kind)


def pieces(batch: pa.RecordBatch, limit: int) -> Iterator[pa.RecordBatch]:
    """Yield the batch in pieces that take at most `limit` bytes without their dictionaries; at least a row each."""
    if batch.num_rows > 1 and sum(map(plain_bytes, batch.columns)) > limit:
        half = batch.num_rows // 2
        yield from pieces(batch.slice(0, half), limit)
        yield from pieces(batch.slice(half), limit)
    elif any(map(_is_nested_dictionary, batch.schema.types)):
        yield pa.RecordBatch.from_arrays(list(map(_own, batch.columns)), schema=batch.schema)
    elif batch.num_rows or batch.num_columns == 0:
        yield batch


def _own(array: pa.Array) -> pa.Array:
    """Return nested dictionaries without what lies around the slice: a cast would decode all of the lists behind it."""
    if not _is_nested_dictionary(array.type):
        return array
    with contextlib.suppress(pa.ArrowNotImplementedError):  # views beside them cannot be taken
        return array.take(pa.array(range(len(array)), pa.int64()))
    return array


def _is_nested_dictionary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) and has_dictionary(kind))


def has_dictionary(kind: pa.DataType) -> bool:
    """Tell whether a type is a dictionary or holds one."""
    if pa.types.is_nested(kind):
        return any(has_dictionary(kind.field(index).type) for index in range(kind.num_fields))
    return bool(pa.types.is_dictionary(kind))


def plain_bytes(array: pa.Array) -> int:
    """Return what an array would take without dictionaries."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_binary(kind.value_type)):
            return int(array.nbytes)
        lengths = pc.cast(pc.binary_length(array.dictionary), pa.int64()).take(array.indices)
        return (pc.sum(lengths).as_py() or 0) + 4 * len(array)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return plain_bytes(array.flatten()) + 4 * len(array)
    if pa.types.is_map(kind):
        return plain_bytes(array.cast(pa.list_(pa.struct([kind.key_field, kind.item_field]))))
    if pa.types.is_struct(kind):
        return sum(map(plain_bytes, array.flatten()))
    return int(array.nbytes)


def together(batches: Iterator[pa.RecordBatch], least: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of at least `least` bytes out of smaller ones; the last may be small."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        if size >= least:
            yield _one(waiting)
            waiting, size = [], 0
    if waiting:
        yield _one(waiting)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def dictionary_entries(array: pa.Array) -> int:
    """Return how many entries the dictionaries of an array have, wherever in it they are."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return len(array.dictionary)
    if pa.types.is_struct(kind):
        return sum(dictionary_entries(array.field(index)) for index in range(kind.num_fields))
    if pa.types.is_map(kind):
        return dictionary_entries(array.keys) + dictionary_entries(array.items)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return dictionary_entries(array.values)
    return 0
