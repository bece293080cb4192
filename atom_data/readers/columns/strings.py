"""Columns of any type as the strings of a document: its id, text, URL and date."""

import uuid
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.text.buffers import string_buffers
from atom_data.text.utf8 import is_utf8

CONTROLS = frozenset(range(0x20)) | {0x7F}


@lru_cache(maxsize=256)
def can_be_strings(kind: pa.DataType) -> bool:
    """Tell whether a column of this type can be one of our strings."""
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    if pa.types.is_nested(kind):
        return False
    try:
        pa.array([], kind).cast(pa.string())
    except pa.ArrowException:
        return False
    return True


def strings_of(array: pa.Array) -> pa.Array:
    """Return a column as strings, whose bytes need not be UTF-8 yet.

    As in JSON lines: floats as Python writes them, NaN and booleans are null, NUL is left out. Times are ISO 8601 in UTC,
    a UUID has its 36 signs (RFC 9562, section 4), decimals have the digits of their type.
    """
    kind = array.type
    if pa.types.is_null(kind) or pa.types.is_boolean(kind):
        return pa.nulls(len(array), pa.string())
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return pa.array([None if value is None else str(_uuid(value)) for value in array.to_pylist()], pa.string())
        return strings_of(array.storage)
    if pa.types.is_floating(kind):
        values = array.to_numpy(zero_copy_only=False)  # a null comes as NaN
        return pa.array([None if np.isnan(value) else str(value) for value in values], pa.string())
    if pa.types.is_timestamp(kind):
        return pc.strftime(array.cast(pa.timestamp("s"), safe=False), format="%Y-%m-%dT%H:%M:%SZ")
    if _is_binary(kind):
        return without_nul(array.cast(pa.binary()).view(pa.string()))
    return without_nul(array.cast(pa.string()))


def ids_of(array: pa.Array) -> pa.Array:
    """Return a column as ids: strings, null where there is none. No two values become one.

    Bytes that are not UTF-8, bytes of a fixed size, and of a binary column those with control characters, are hexadecimal.
    Times keep their parts of a second.
    """
    if pa.types.is_timestamp(array.type):
        times = pc.strftime(array.cast(pa.timestamp(array.type.unit)), format="%Y-%m-%dT%H:%M:%SZ")
        return pc.replace_substring_regex(times, r"\.0+Z$", "Z")
    if pa.types.is_fixed_size_binary(array.type):
        return _each(array, bytes.hex)
    ids = strings_of(array)
    if _is_binary(array.type):
        ids = _each(array, lambda value: value.hex() if not CONTROLS.isdisjoint(value) else _or_hex(value))
    elif not is_utf8(string_buffers(ids)):
        ids = _each(ids.view(pa.binary()), _or_hex)
    return pc.if_else(pc.equal(ids, ""), pa.scalar(None, pa.string()), ids)


def repaired(strings: pa.Array) -> pa.Array:
    """Return strings in UTF-8: a byte that is none is written as in Python, \\xff, so that it can be recovered."""
    if is_utf8(string_buffers(strings)):
        return strings
    raw = strings.cast(pa.large_binary())
    return _each(raw, lambda value: value.decode("utf-8", "backslashreplace")).cast(strings.type)


def broken(strings: pa.Array) -> dict[int, tuple[int, bytes]]:
    """Return the rows whose bytes are not UTF-8, with the place of the first such byte, and the bytes."""
    rows: dict[int, tuple[int, bytes]] = {}
    if is_utf8(string_buffers(strings)):
        return rows
    for row, value in enumerate(strings.view(pa.binary())):
        data = value.as_py() or b""
        try:
            data.decode()
        except UnicodeDecodeError as error:
            rows[row] = error.start, data
    return rows


def without_nul(strings: pa.Array) -> pa.Array:
    """Return strings without NUL characters."""
    data, offsets = string_buffers(strings)
    seen = data[offsets[0] : offsets[-1]]
    if seen.size == 0 or seen.min():
        return strings
    return pc.replace_substring(strings, pattern="\0", replacement="")


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _each(array: pa.Array, change: Callable[[bytes], str]) -> pa.Array:
    return pa.array([None if value is None else change(value) for value in array.to_pylist()], pa.string())


def _or_hex(value: bytes) -> str:
    try:
        return value.decode().replace("\0", "")
    except UnicodeDecodeError:
        return value.hex()


def _uuid(value: uuid.UUID | bytes) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(bytes=value)
